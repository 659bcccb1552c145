"""
What letters say, compared with tests/golden_letters; and what nobody can make them say.

To change the words: change the templates, delete the golden files, run this, and look at what it wrote.
"""

import re
from dataclasses import replace
from email.utils import getaddresses
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail import wording
from mail.compose import compose, recipient
from mail.own_letter import is_own_letter
from mail.parse import parse
from models.address import compared
from models.ground import keys, secret_link
from models.letter import LetterKind
from models.notification import NotificationKind
from tests.support.database.store import KEY
from tests.support.letters.composed import SENDER, a_letter, is_golden, tags
from tests.support.letters.outbox import opened, text_of

pytestmark = pytest.mark.usefixtures("_key")


@pytest.fixture(autouse=True, scope="module")
def _key() -> None:
    keys.use(KEY)


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize(
    ("kind", "copy"),
    [
        *((kind, False) for kind in LetterKind),
        (LetterKind.INVITATION, True),
        (LetterKind.ACCOUNT_ADDED, True),
        (LetterKind.NOTICE, True),
    ],
)
def test_each_letter_says_what_it_should(kind: LetterKind, language: str, copy: bool) -> None:
    letter = a_letter(kind, language)
    if copy:
        facts = {**letter.facts, "copyOf": "anna@client.test"}
        letter = replace(
            letter, facts=facts, copy_of=UUID(int=9), to_address="files@firm.test", aim=None, standing=None
        )
    raw = compose(letter, SENDER)
    message = opened(raw)
    headers = "".join(f"{name}: {value}\n" for name, value in message.items())
    name = f"{language}/{kind.lower()}{'_copy' if copy else ''}"
    assert is_golden(f"{name}.txt", f"{headers}\n{text_of(raw)}")
    assert is_golden(f"{name}.html", text_of(raw, "html"))
    assert ("https://" in text_of(raw)) != copy


@pytest.mark.parametrize("kind", LetterKind)
def test_a_letter_is_the_same_bytes_each_time_and_fits_any_mail_server(kind: LetterKind) -> None:
    raw = compose(a_letter(kind, "it"), SENDER)
    assert raw == compose(a_letter(kind, "it"), SENDER)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    lines = [line for line in raw.split(b"\r\n") if not line.startswith(b"List-Unsubscribe:")]
    assert max(map(len, lines)) <= 120


def test_the_link_opens_what_it_is_for_and_nothing_else() -> None:
    letter = a_letter()
    assert letter.seed
    token = text_of(compose(letter, SENDER)).partition("/invitation/")[2].split()[0]
    row_id = UUID(int=3)
    assert secret_link.row_of(token) == row_id
    assert secret_link.is_token(letter.key, token, "invitation", row_id, letter.seed)
    assert not secret_link.is_token(letter.key, token, "reset", row_id, letter.seed)
    assert token not in repr(letter)
    assert "ssss" not in repr(letter)


def test_our_own_letters_are_known_again_and_trigger_nothing() -> None:
    said = parse(compose(a_letter(), SENDER))
    assert is_own_letter(said.letter_id)
    assert said.automatic
    assert said.message_id == "1@portal.firm.test"


@pytest.mark.parametrize("kind", LetterKind)
def test_no_machine_is_to_answer_any_letter(kind: LetterKind) -> None:
    for letter in (a_letter(kind), replace(a_letter(kind), copy_of=UUID(int=9))):
        message = opened(compose(letter, SENDER))
        assert message.get_all("Auto-Submitted") == ["auto-generated"]
        assert message.get_all("X-Auto-Response-Suppress") == ["All"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("it-CH", "valido fino al giorno 26 dicembre 2026"),
        ("IT", "valido fino al giorno 26 dicembre 2026"),
        ("en-GB", "works until 26 December 2026"),
        ("en", "works until December 26, 2026"),
        ("xx", "works until December 26, 2026"),
        ("../it", "works until December 26, 2026"),
        ("", "works until December 26, 2026"),
    ],
)
def test_a_language_that_is_not_there_falls_back(language: str, words: str) -> None:
    assert words in text_of(compose(a_letter(language=language), SENDER))


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("UTC", "en", "until November 26, 2026, 11:30\u202fPM UTC."),
        ("Europe/Rome", "it", "fino al giorno 27 novembre 2026, 00:30 (Ora standard dell’Europa centrale)."),
        ("America/New_York", "en", "until November 26, 2026, 6:30\u202fPM (Eastern Standard Time)."),
        ("Mars/Olympus_Mons", "en", "until November 26, 2026, 11:30\u202fPM UTC."),
        ("Etc/GMT+5", "en", "until November 26, 2026, 6:30\u202fPM (GMT-05:00)."),
    ],
)
def test_times_go_by_the_firms_clock_and_say_so(zone: str, language: str, words: str) -> None:
    letter = a_letter(LetterKind.PASSWORD_RESET, language, expiresAt="2026-11-26T23:30:00+00:00", timeZone=zone)
    raw = compose(letter, SENDER)
    assert words in text_of(raw)
    assert words in text_of(raw, "html")


def test_days_go_by_the_firms_clock() -> None:
    late = a_letter(expiresAt="2026-12-26T23:30:00+00:00")
    assert "until December 26, 2026." in text_of(compose(late, SENDER))
    in_rome = replace(late, facts={**late.facts, "timeZone": "Europe/Rome"})
    assert "until December 27, 2026." in text_of(compose(in_rome, SENDER))


def test_every_language_has_every_template() -> None:
    english = {path.relative_to(wording.FOLDER / "en") for path in (wording.FOLDER / "en").rglob("*")}
    for language in wording.languages():
        folder = wording.FOLDER / language
        assert {path.relative_to(folder) for path in folder.rglob("*")} == english


ODD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80) | st.sampled_from(
    [
        "Anna\r\nBcc: everybody@client.test",
        "Anna\nContent-Type: text/html\n\n<script>",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}{% raw %}",
        '"quoted" <other@client.test>, third@client.test',
        "=?utf-8?q?Bcc:_x?=",
        "a\u2028b\u202ec\x00d",
        ".\r\n.\r\n",
        "è" * 300,
    ]
)


@pytest.mark.parametrize("kind", LetterKind)
def test_letters_that_say_the_same_have_their_own_address_and_links(kind: LetterKind) -> None:
    """Their words are rendered once."""
    first = replace(a_letter(kind), to_address="carla@client.test")
    other = replace(first, id=UUID(int=8), to_address="bruno@client.test", seed=b"t" * 32)
    if other.aim is not None:
        other = replace(other, aim=replace(other.aim, address_id=UUID(int=8)))
    raws = [compose(letter, SENDER) for letter in (first, other, first)]
    assert raws[0] == raws[2] != raws[1]
    links = [set(re.findall(r"https://\S+/\S+", text_of(raw))) for raw in raws]
    assert links[0]
    assert not {link for link in links[0] & links[1] if "inbox" not in link and link != f"{SENDER.base_url}/portal"}
    assert "carla@client.test" not in text_of(raws[1])


@pytest.mark.parametrize("typed", ["\0000\0", "\0", "0", "{{ link }}", "\\0"])
def test_nobody_can_type_the_place_of_a_link(typed: str) -> None:
    letter = a_letter(message=f"<{typed}>", inviterName=typed)
    assert text_of(compose(letter, SENDER)).count("https://") == text_of(compose(a_letter(), SENDER)).count("https://")


@pytest.mark.parametrize(("language", "more"), [("en", "A19, and 1,980 more"), ("it", "A19 e altri 1.980")])
def test_of_thousands_of_accounts_a_letter_names_the_first_and_says_how_many_more(language: str, more: str) -> None:
    names = [f"A{number}" for number in range(2_000)]
    raw = compose(a_letter(accountNames=names, language=language), SENDER)
    for kind in ("plain", "html"):
        assert f"A18, {more}" in " ".join(text_of(raw, kind).split())
    assert len(raw) < 20_000
    few = text_of(compose(a_letter(accountNames=names[:21], language=language), SENDER))
    assert "A20" in few


@settings(deadline=None, max_examples=60)
@given(ODD, ODD, ODD)
def test_nothing_typed_adds_a_header_a_recipient_or_a_tag(firm: str, person: str, message: str) -> None:
    said: dict[str, Any] = {
        "firmName": firm,
        "senderName": firm,
        "inviterName": person,
        "accountNames": [person],
        "message": message,
    }
    letter = a_letter(**said)
    raw = compose(letter, SENDER)
    head = raw.partition(b"\r\n\r\n")[0].decode()
    usual = compose(a_letter(), SENDER)
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith(" ")]
    usual_head = usual.partition(b"\r\n\r\n")[0].decode()
    assert names == [line.partition(":")[0] for line in usual_head.split("\r\n") if not line.startswith(" ")]
    received = opened(raw)
    assert [address for _, address in getaddresses([str(received["To"])])] == ["anna@client.test"]
    assert [each.addr_spec for each in received["From"].addresses] == ["portal@switchboard.test"]
    assert set(tags(text_of(raw, "html"))) <= set(tags(text_of(usual, "html")))
    assert b"\r\n.\r\n" not in raw


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([LetterKind.INBOX_ENTRY, LetterKind.INBOX_DIGEST]), ODD, ODD)
def test_nothing_that_a_client_writes_adds_a_header_or_a_tag_to_a_letter_about_it(
    kind: LetterKind, name: str, text: str
) -> None:
    entry = {"kind": "EMAIL_RECEIVED", "text": text, "count": 1, "archived": False}
    raw = compose(a_letter(kind, personName=name, entry=entry, entries=[entry]), SENDER)
    usual = compose(a_letter(kind), SENDER)
    names, usual_names = (list(opened(each)) for each in (raw, usual))
    assert names == usual_names
    assert set(tags(text_of(raw, "html"))) <= set(tags(text_of(usual, "html")))


@pytest.mark.parametrize("language", wording.languages())
def test_a_kind_of_entry_without_words_of_its_own_has_the_general_ones_of_the_language(language: str) -> None:
    entry = {"kind": "OF_TOMORROW", "text": "So it is.", "count": 1, "archived": False}
    said = text_of(compose(a_letter(LetterKind.INBOX_ENTRY, language, entry=entry), SENDER))
    assert "So it is." in said
    assert {"en": "News in your", "it": "Novità:"}.get(language, "") in said


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize("kind", [LetterKind.INBOX_ENTRY, LetterKind.INBOX_DIGEST])
def test_that_a_bulk_update_finished_is_said_in_each_language(kind: LetterKind, language: str) -> None:
    entry = {"kind": "BULK_UPDATE_FINISHED", "text": "212 on", "count": 1, "archived": False}
    said = text_of(compose(a_letter(kind, language, entry=entry, entries=[entry]), SENDER))
    assert {"en": "A bulk update has finished", "it": "Un aggiornamento in blocco è terminato"}[language] in said


@pytest.mark.parametrize("language", wording.languages())
def test_each_language_has_words_for_every_kind_of_entry_and_for_no_other(language: str) -> None:
    """One misspelt would never be seen, and a letter would call its kind no more than news."""
    source = (wording.FOLDER / language / "inbox_kinds.txt").read_text()
    assert set(re.findall(r'"(\w+)":', source)) == set(NotificationKind)


def test_a_long_entry_is_cut_in_the_subject_alone() -> None:
    text = "a " * 240 + "end"
    entry = {"kind": "EMAIL_RECEIVED", "text": text, "count": 1, "archived": True}
    raw = compose(a_letter(LetterKind.INBOX_ENTRY, entry=entry), SENDER)
    assert len(str(opened(raw)["Subject"])) < 150
    assert text in text_of(raw)
    assert "until you have read it" not in text_of(raw)


def test_a_name_that_looks_encoded_is_shown_as_it_was_typed() -> None:
    odd = "=?utf-8?q?Bank?="
    assert opened(compose(a_letter(senderName=odd), SENDER))["From"].addresses[0].display_name == odd


def test_an_address_outside_of_ascii() -> None:
    letter = replace(a_letter(), to_address="jürgen@bücher.test")
    assert recipient(letter) == "jürgen@xn--bcher-kva.test"
    assert "To: jürgen@xn--bcher-kva.test\r\n" in compose(letter, SENDER).decode()


@pytest.mark.parametrize("to", ['"a..b"@docomo.example', '"a b"@client.test', '"a@b, c"@x.test', '"\\"@\\\\"@x.test'])
def test_an_address_in_quotes_is_one_recipient(to: str) -> None:
    letter = replace(a_letter(), to_address=to)
    assert recipient(letter) == to
    [named] = opened(compose(letter, SENDER))["To"].addresses
    assert compared(named.addr_spec) == compared(to)


@pytest.mark.parametrize("odd", ['"a"b"@c.test', '"a" <b@c.test>', '"a\\"@c.test', '"a\r\nBcc: b"@c.test', '""@c.test'])
def test_quotes_hide_no_second_recipient(odd: str) -> None:
    with pytest.raises(ValueError, match="one plain e-mail address"):
        compose(replace(a_letter(), to_address=odd), SENDER)


@pytest.mark.parametrize("odd", ["a@b.test, c@d.test", "a@b.test\r\nBcc: c@d.test", "<a@b.test>", "a b@c.test", "@x"])
def test_what_is_not_one_address_is_never_written(odd: str) -> None:
    with pytest.raises(ValueError, match="one plain e-mail address"):
        compose(replace(a_letter(), to_address=odd), SENDER)
