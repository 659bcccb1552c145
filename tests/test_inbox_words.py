"""Entries of Inbox+ are in the firm's language, as it is when they are raised (R38)."""

from dataclasses import replace
from inspect import isfunction

import pytest

from models import firm_settings, letter, mailbox
from models.email import history
from models.errors import ErrorCode
from models.firm_settings import FirmWish
from models.ground import store
from models.invitation import accepting
from models.mailbox import MailServer, NewMailbox, health, lease
from models.notification.words import LANGUAGES, English, Italian, words_in
from models.notification_category import NotificationCategory
from models.our_own import OurOwn
from models.toggles import end_email_sync
from models.viewer import System, Viewer
from tests.support.emails.received import a_message, received
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD, a_firm, a_member, an_account, invited
from tests.support.letters.outbox import written


@pytest.fixture
async def by(store: str) -> Viewer:
    owner = await a_member(await a_firm())
    await firm_settings.update(owner, FirmWish(language="it-CH"))
    return owner


async def texts() -> list[str]:
    return [row["text"] for row in await store.rows("SELECT text FROM notification ORDER BY id")]


async def a_mailbox(by: Viewer) -> lease.Leased:
    server = MailServer("mail.firm.test", 993)
    done = await mailbox.connect(by, NewMailbox("box@firm.test", "a secret", server, server))
    leased = await lease.claim_one("me", done.ids[0])
    assert leased is not None
    return leased


async def test_an_accepted_invitation(by: Viewer) -> None:
    made = await an_account(by, name="Vetreria", address=ANNA)
    await accepting.accept(await invited(by, made.id, made.address), PASSWORD, days=1)
    assert await texts() == [f"{ANNA} ha accettato l'invito e ora può entrare: Vetreria"]


async def test_a_letter_that_came_back(by: Viewer) -> None:
    await written(by, ANNA)
    (claimed,) = await letter.claim("me", most=1)
    assert await letter.refused(claimed, "The mail server refused the letter: 550 No.")
    (text,) = await texts()
    assert text.startswith(f"La lettera a {ANNA} non è stata consegnata.")
    assert text.endswith("The mail server refused the letter: 550 No.")


async def test_email_sync_that_ended(by: Viewer) -> None:
    await an_account(by, name="Vetreria", address=ANNA, email_sync=True)
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        await end_email_sync(by, ANNA, of=OurOwn.COLLEAGUE)
    assert await texts() == [f"Email sync di {ANNA} è spento, perché ora è l'indirizzo di un collega: Vetreria"]


async def test_an_email_without_a_subject(by: Viewer) -> None:
    await an_account(by, address=ANNA, email_sync=True)
    leased = await a_mailbox(by)
    await received(System(by.firm_id), leased.mailbox_id, replace(a_message(1), subject=""), arrival=True)
    assert await texts() == ["Anna: (senza oggetto)"]


async def test_a_mailbox_whose_password_is_refused(by: Viewer) -> None:
    message = "The mail server refused the name or the password."
    await health.failed(await a_mailbox(by), ErrorCode.MAILBOX_SECRET_REFUSED, message, hopeless=True)
    (text,) = await texts()
    assert text.startswith("box@firm.test: il server di posta non accetta")


async def test_what_was_raised_stays_as_it_was_when_the_language_changes(by: Viewer) -> None:
    await written(by, ANNA)
    await written(by, "other@client.test")
    first, second = await letter.claim("me", most=2)
    await letter.refused(first, "No.")
    await firm_settings.update(by, FirmWish(language="en"))
    assert [text[:10] for text in await texts()] == ["La lettera"]
    await letter.refused(second, "No.")
    assert [text[:10] for text in await texts()] == ["The letter"]


def test_each_language_of_letters_has_words_for_entries_too() -> None:
    assert sorted(LANGUAGES) == firm_settings.languages()
    sentences = {name for name, member in vars(English).items() if isfunction(member)}
    assert vars(Italian).keys() >= sentences, "where a sentence is missing it is in English"


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_a_complaint_names_each_category(words: English) -> None:
    told = {words.letter_unwanted(ANNA, category) for category in [None, *NotificationCategory]}
    assert len(told) == len(NotificationCategory) + 1


@pytest.mark.parametrize("tag", ["fr", "", "x-odd", "EN-us"])
def test_a_language_without_words_is_english(tag: str) -> None:
    assert words_in(tag).email_received("Anna", "") == "Anna: (no subject)"
