"""What a password must be, and that each is verified as it was set."""

import pytest

from models import password
from models.errors import ErrorCode, Refusal

ABOUT = ("Marta.Valsecchi@Client.test", "Studio Bellandi")


@pytest.mark.parametrize(
    "good", ["correct horse", "demo password", "12 Fire!", "a \0 b \0 c", "пароль-пароль", "\ud800 half a pair"]
)
def test_any_characters_in_any_mixture_are_good(good: str) -> None:
    assert password.checked(good, about=ABOUT) == good


@pytest.mark.parametrize(
    ("weak", "word"),
    [
        ("", "too short"),
        ("seven77", "too short"),
        ("x" * 129, "too long"),
        ("password", "most common"),
        ("PassWord1", "most common"),
        ("qwertyuiop", "most common"),
        ("marta.valsecchi@client.test", "your address"),
        ("Marta Valsecchi", "your address"),
        ("MartaValsecchi2026!", "your address"),
        ("studio-bellandi", "firm's name"),
        ("StudioBellandi1", "firm's name"),
        (" " * 8, "blank"),
        ("\0" * 8, "blank"),
        ("\u3164\u2800\u200b\u00a0 \t\0\u202e", "blank"),
        ("xyxyxyxyxyxy", "same key"),
        ("€" * 8, "same key"),
        ("Switchboard", "name of this program"),
        ("switchboard2026!", "name of this program"),
    ],
)
def test_what_a_stranger_would_try_first_is_refused_in_plain_words(weak: str, word: str) -> None:
    with pytest.raises(Refusal, match=word) as told:
        password.checked(weak, "password", about=ABOUT)
    assert (told.value.code, told.value.path) == (ErrorCode.WEAK_PASSWORD, ("password",))


def test_short_names_do_not_forbid_what_contains_them() -> None:
    assert password.checked("a long day", about=("a@x.test", "A"))


@pytest.mark.parametrize(("weak", "word"), [("e\u0301" * 4, "too short"), ("ｐａｓｓｗｏｒｄ１", "most common")])
def test_it_is_judged_as_it_is_kept(weak: str, word: str) -> None:
    with pytest.raises(Refusal, match=word):
        password.checked(weak)


async def test_the_longest_is_good_however_a_keyboard_composes_it() -> None:
    assert await password.matches("e\u0301" * password.LONGEST, await password.hashed("é" * password.LONGEST))


async def test_a_letter_composed_in_two_ways_is_one_letter() -> None:
    hashed = await password.hashed("caffè corretto")
    assert await password.matches("caffe\u0300 corretto", hashed)
    assert not await password.matches("caffe corretto", hashed)
