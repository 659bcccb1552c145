"""What the letters of notices say: each event, many at once, the banner, how to have no more, the copy."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from mail import wording
from mail.compose import Sender, compose
from mail.wording import FOLDER
from models.client_event import ClientEvent
from models.firm_settings import ClientAction
from models.ground import keys, secret_link
from models.letter import Claimed, LetterKind
from models.letter.standing import Offer
from models.notification_category import NotificationCategory
from tests.support.database.store import KEY
from tests.support.firm.notices import BELLANDI, a_line, about_notices
from tests.support.letters.composed import SENDER, a_letter, is_golden, tags
from tests.support.letters.outbox import opened, text_of

OFFER = Offer(UUID(int=7), b"s" * 32)
THREE = [
    a_line("Fattura 12", ClientEvent.INVOICE_SENT),
    a_line("Fattura 11", ClientEvent.INVOICE_REMINDER, text="Scade domani.", link="/invoices/11"),
    a_line("Grazie", ClientEvent.PAYMENT_CONFIRMED),
]


@pytest.fixture(autouse=True, scope="module")
def _key() -> None:
    keys.use(KEY)


def a_notice(language: str = "en", *lines: dict[str, Any], more: int = 0, **standing: Any) -> Claimed:
    lines = lines or (a_line("Bilancio 2025"),)
    letter = a_letter(LetterKind.NOTICE, language, notices=list(lines), more=more)
    return replace(letter, **about_notices(ClientEvent[lines[0]["event"]].category, **standing))


def both(letter: Claimed, sender: Sender = SENDER) -> str:
    raw = compose(letter, sender)
    return text_of(raw) + text_of(raw, "html")


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("many", a_notice("", *THREE, more=2)),
        ("invited", a_notice("", pending=True, offer=OFFER, among_several=True)),
        ("pending", a_notice("", pending=True)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_each_form_of_a_notice_says_what_it_should(name: str, letter: Claimed, language: str) -> None:
    raw = compose(replace(letter, language=language), SENDER)
    headers = "".join(f"{header}: {value}\n" for header, value in opened(raw).items())
    assert is_golden(f"{language}/notice_{name}.txt", f"{headers}\n{text_of(raw)}")
    assert is_golden(f"{language}/notice_{name}.html", text_of(raw, "html"))


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize("event", ClientEvent)
def test_each_event_has_its_heading_and_button_in_each_language(event: ClientEvent, language: str) -> None:
    heading, button = (FOLDER / language / "events" / f"{event.lower()}.txt").read_text().strip().split("\n")
    said = text_of(compose(a_notice(language, a_line("Il bilancio", event)), SENDER))
    assert f"{heading}:\n\nIl bilancio\n" in said
    assert f"{button}:\nhttps://" in said


@pytest.mark.parametrize("language", wording.languages())
@pytest.mark.parametrize("category", NotificationCategory)
def test_each_category_has_its_words(category: NotificationCategory, language: str) -> None:
    event = next(event for event in ClientEvent if event.category is category)
    raw = compose(a_notice(language, a_line("one", event), a_line("two", event)), SENDER)
    subject = str(opened(raw)["Subject"])
    assert subject.startswith("2 ")
    assert subject.partition(": ")[2] in text_of(raw).partition("-- \n")[2]


def test_a_single_notice_has_the_callers_subject_and_a_list_says_how_many() -> None:
    assert opened(compose(a_notice(), SENDER))["Subject"] == "Bilancio 2025"
    assert opened(compose(a_notice("en", *THREE), SENDER))["Subject"] == "3 new: invoices and payments"
    assert opened(compose(a_notice("it", *THREE, more=7), SENDER))["Subject"] == "10 novità: fatture e pagamenti"


def test_the_account_is_named_beside_the_firm_where_the_address_has_several() -> None:
    assert "Vetreria Valsecchi" not in both(a_notice())
    assert both(a_notice(among_several=True)).count("Studio Bellandi · Vetreria Valsecchi") == 2


@pytest.mark.parametrize(
    ("standing", "banner"),
    [
        ({"pending": True, "offer": OFFER}, "live"),
        ({"pending": True}, "ask"),
        ({"offer": OFFER}, None),
        ({}, None),
    ],
)
def test_the_banner_stands_where_the_person_is_pending(standing: dict[str, Any], banner: str | None) -> None:
    """With the link of an invitation that lives, else of the page where one can be asked for (R15, R42)."""
    said = both(a_notice(**standing))
    live = f"{SENDER.base_url}/invitation/{secret_link.token(keys.Key(KEY), 'invitation', OFFER.id, OFFER.seed)}"
    assert said.count(live) == (2 if banner == "live" else 0)
    assert said.count(f"{SENDER.base_url}/invitation") == (2 if banner else 0)
    assert ("Your access" in said) == bool(banner)


def test_the_button_does_what_the_firm_allows_without_login_else_leads_to_the_portal() -> None:
    assert both(a_notice()).count(f"{SENDER.base_url}/action/") == 2
    for settings in (replace(BELLANDI, actions_without_login=()), replace(BELLANDI, software_url=None)):
        said = both(a_notice(settings=settings))
        assert "/action/" not in said
        assert said.count(f"{SENDER.base_url}/portal?account=") == 2
    upload = {**a_line("Ricevute", ClientEvent.CLIENT_REQUEST_SENT), "action": "UPLOAD_DOCUMENTS"}
    allowed = replace(BELLANDI, actions_without_login=(ClientAction.UPLOAD_DOCUMENTS,))
    assert "/action/" in both(a_notice("en", upload, settings=allowed))


def test_a_reader_can_have_no_more_of_the_category_where_the_firm_lets_them() -> None:
    raw = compose(a_notice("en", *THREE, among_several=True), SENDER)
    link = str(opened(raw)["List-Unsubscribe"])
    assert link.startswith(f"<{SENDER.base_url}/unsubscribe/")
    assert opened(raw)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (text_of(raw) + text_of(raw, "html")).count(link.strip("<>")) == 2
    assert "No more letters about invoices and payments for Vetreria Valsecchi" in text_of(raw, "html")
    locked = compose(a_notice(settings=replace(BELLANDI, clients_may_set_preferences=False)), SENDER)
    assert opened(locked)["List-Unsubscribe"] is opened(locked)["List-Unsubscribe-Post"] is None
    assert "unsubscribe" not in text_of(locked) + text_of(locked, "html")


def test_one_click_is_asked_for_by_https_alone() -> None:
    """RFC 8058, 3.1."""
    raw = compose(a_notice(), Sender(SENDER.address, "http://127.0.0.1:8000"))
    assert "List-Unsubscribe" in opened(raw)
    assert "List-Unsubscribe-Post" not in opened(raw)


def test_the_copy_for_the_firm_has_no_link_and_names_the_account() -> None:
    letter = a_notice("en", *THREE, pending=True, offer=OFFER)
    facts = {**letter.facts, "copyOf": "anna@client.test"}
    raw = compose(replace(letter, facts=facts, copy_of=UUID(int=9), aim=None, standing=None), SENDER)
    said = text_of(raw) + text_of(raw, "html")
    assert "http" not in said
    assert "Your access" not in said
    assert said.count("Studio Bellandi · Vetreria Valsecchi") == 2
    assert "List-Unsubscribe" not in opened(raw)


@pytest.mark.parametrize(
    "odd",
    [
        '"Saldo" <b>2025</b> & \'altro\'',
        "<script>alert(1)</script>",
        "Conto שלום עולם",
        "x" * 200,
        "Über " * 40,
        "{{ 7 * 7 }}{% raw %}",
        "-- ",
    ],
)  # fmt: skip
def test_what_the_caller_and_the_firm_typed_stays_text_and_nothing_is_cut(odd: str) -> None:
    odd = odd.strip()
    letter = a_notice("en", a_line(odd, text=f"{odd}\nsecond line"), among_several=True)
    letter = replace(letter, facts={**letter.facts, "accountName": odd, "firmName": odd})
    raw = compose(letter, SENDER)
    assert opened(raw)["Subject"] == odd
    assert f"{odd} · {odd}\n\nA new document for you:\n\n{odd}\n\n{odd}\nsecond line\n" in text_of(raw)
    assert set(tags(text_of(raw, "html"))) == set(tags(text_of(compose(a_notice(), SENDER), "html")))


def test_nothing_typed_turns_the_reading_direction_or_ends_a_line() -> None:
    odd = "gnp\u202etxt.\u2066exe\r\nBcc: all@client.test\u2028"
    raw = compose(a_notice("en", a_line(odd, text=odd)), SENDER)
    assert opened(raw)["Bcc"] is None
    said = text_of(raw) + text_of(raw, "html")
    assert not {"\u202e", "\u2066", "\u2028"} & set(said)


def test_a_language_without_the_words_of_an_event_has_them_in_english() -> None:
    """As a language does that nobody has finished."""
    assert "A new document for you" in text_of(compose(a_notice("xx"), SENDER))
