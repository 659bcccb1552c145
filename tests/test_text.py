"""How names are written, sorted and found."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ErrorCode, Refusal
from models.text import LONGEST_NAME, beginnings, code_key, folded, one_line, sort_key, words


@pytest.mark.parametrize("given_", ["", "   ", "a\nb", "a\rb", "a\tb", "a\0b", "a\u2028b", "a\ud800b", "x" * 201])
def test_a_name_that_cannot_be_shown_on_one_line_is_refused(given_: str) -> None:
    with pytest.raises(Refusal) as refused:
        one_line(given_, "contacts", 3, "name")
    assert refused.value.code is ErrorCode.INVALID
    assert refused.value.path == ("contacts", "3", "name")
    assert refused.value.message.startswith("The name ")


@pytest.mark.parametrize("mark", [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))])
def test_what_turns_the_direction_of_a_name_is_left_out(mark: str) -> None:
    """It is invisible: whoever pastes it could not see what to take out."""
    assert one_line(f"{mark}Studio {mark}fdp.exe{mark} ", "name") == "Studio fdp.exe"
    with pytest.raises(Refusal, match="is empty"):
        one_line(f"{mark} {mark}", "name")


@pytest.mark.parametrize("text", ["\u200b", "\ufeff", "\u200b \u200d", "\u00ad", "\u200e\u200f", "\u2060" * 300])
def test_what_nobody_can_see_is_no_name(text: str) -> None:
    """The subject of a letter, the name of an account: a blank place that cannot be clicked."""
    with pytest.raises(Refusal, match="is empty"):
        one_line(text, "name")


def test_what_right_to_left_names_need_stays() -> None:
    name = "\u200fשלום\u200e (Ltd)"
    assert one_line(name, "name") == name


@given(st.text())
def test_what_is_accepted_is_trimmed_composed_and_stays_so(text: str) -> None:
    try:
        clean = one_line(text, "name")
    except Refusal:
        return
    assert 1 <= len(clean) <= LONGEST_NAME
    assert clean == clean.strip() == unicodedata.normalize("NFC", clean) == one_line(clean, "name")


@pytest.mark.parametrize(("one", "other"), [("Ré", "RE"), ("STRASSE", "Straße"), ("ﬁn", "fin"), ("İ", "i")])
def test_case_and_accents_do_not_tell_names_apart(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_numbers_sort_by_value() -> None:
    codes = ["V2", "V10", "V1", "V100", "V09", "V99999999999999999999"]
    assert sorted(codes, key=sort_key) == ["V1", "V2", "V09", "V10", "V100", "V99999999999999999999"]


@given(st.integers(0, 10**40), st.integers(0, 10**40))
def test_keys_of_numbers_compare_as_the_numbers_do(one: int, other: int) -> None:
    assert (sort_key(f"V{one}") < sort_key(f"V{other}")) == (one < other)
    assert sort_key(f"V{one}") == sort_key(f"v000{one}")


@given(st.text(max_size=200))
def test_a_key_fits_its_column(text: str) -> None:
    assert len(sort_key(text)) <= 400
    assert all(len(word) <= 60 for word in words(text))


def test_a_text_is_found_by_its_words_each_once() -> None:
    assert words("Vetreria D'Amico", "d.amico@posta.example") == ["amico", "d", "example", "posta", "vetreria"]


@pytest.mark.parametrize("search", ["'", "\\", "&|!()", ":*", "' OR '1", "\0"])
def test_a_search_cannot_break_out_of_its_query(search: str) -> None:
    assert all("'" not in one[1:-3] and "\\" not in one for one in beginnings(search))


def test_a_search_has_at_most_eight_words() -> None:
    assert len(beginnings("a b c d e f g h i j")) == 8
    assert beginnings("Vetr") == ["'vetr':*"]


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("Łódź", "lodz"),
        ("lodz", "ŁÓDŹ"),
        ("Smørrebrød ApS", "smorrebrod"),
        ("Ærøskøbing", "aeroskobing"),
        ("Nguyễn Đình Đức", "dinh duc"),
        ("Işık Sanayi", "isik"),
        ("Þórr hf.", "thorr"),
        ("Œuvre", "oeuvre"),
        ("Ħal Qormi", "hal"),
        ("Ǿrsted", "orsted"),
        ("四半期の請求書を送ります", "請求書"),
        ("四半期の請求書を送ります", "書を"),
        ("四半期の請求書", "書"),
        ("四半期の請求書", "四"),
        ("東京都港区株式会社山田2026年度ABC", "山田 abc"),
        ("ﾔﾏﾀﾞ電機", "ヤマダ"),
        ("㈱山田", "山田"),
        ("増値税发票已经开好", "发票"),
        ("𠮷野家", "𠮷野"),
    ],
)
def test_a_text_is_found_by_what_people_type(text: str, search: str) -> None:
    assert is_found(text, search)


@pytest.mark.parametrize(("text", "search"), [("請求 書", "請求書"), ("四半期", "期半"), ("lod", "lodz")])
def test_a_text_is_not_found_by_what_does_not_stand_there(text: str, search: str) -> None:
    assert not is_found(text, search)


def is_found(text: str, search: str) -> bool:
    """As PostgreSQL takes `beginnings`: each word of the search begins a word of the text."""
    return all(any(word.startswith(query[1:-3]) for word in words(text)) for query in beginnings(search))


def test_names_stand_where_a_reader_expects_them() -> None:
    names = ["Łukasz", "Lidia", "Zeta", "Øst", "Obel", "Ostia", "Đorđe", "Dora", "Ærø", "Adler"]
    assert sorted(names, key=sort_key) == [
        *("Adler", "Ærø", "Dora", "Đorđe", "Lidia", "Łukasz", "Obel", "Øst", "Ostia", "Zeta")
    ]


def test_codes_that_differ_by_a_stroke_are_two() -> None:
    """What tells accounts apart stays as it was, however their names are found."""
    assert code_key("Ł1") != code_key("L1") == code_key("l01")
