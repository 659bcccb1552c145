"""Keys and cursors are compared by a form that a release does not change by adding a field, or in passing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from uuid import UUID

import pytest

from models.account import AccountFilter, AccountKind, NewAccount
from models.client_event import ClientEvent
from models.client_import import ImportField, NewImport
from models.contact import ContactFilter, ExistingContact, FieldRef, NewContact, NewEmail
from models.email import EmailFilter
from models.ground.canonical import canonical
from models.ground.unset import UNSET
from models.journal import JournalFilter
from models.mailbox import MailSecurity, MailServer, NewMailbox
from models.notice import AccountRef, NewNotice
from models.notification import InboxFilter, NotificationKind
from models.toggles import Invite, NewToggles, TogglesWish

ONE, TWO = UUID(int=1), UUID(int=2)
CONTACT = NewContact("Marta", (NewEmail(FieldRef(name="Email"), "m@client.test", NewToggles(login=True)),))
SERVER = MailServer("mail.test", 993, MailSecurity.TLS)
FORMS: list[tuple[object, str]] = [
    (
        NewAccount("Vetreria", AccountKind.COMPANY, contacts=(CONTACT, ExistingContact(ONE))),
        '{"contacts":[{"emails":[{"address":"m@client.test","field":{"name":"Email"},"toggles":{"login":true}}],'
        '"name":"Marta"},{"contact_id":"00000000000000000000000000000001"}],"kind":"COMPANY","name":"Vetreria"}',
    ),
    (
        [TogglesWish(ONE, TWO, login=False, invite=Invite(again=True))],
        '[{"account_id":"00000000000000000000000000000001","address_id":"00000000000000000000000000000002",'
        '"invite":{"again":true},"login":false}]',
    ),
    (
        NewMailbox("box@firm.test", "a secret", SERVER, SERVER),
        '{"address":"box@firm.test","imap":{"host":"mail.test","port":993},"smtp":{"host":"mail.test","port":993}}',
    ),
    (
        NewNotice(AccountRef(code="V1"), ClientEvent.INVOICE_SENT, "Invoice 12", "It is due.", link="/x"),
        '{"account":{"code":"V1"},"event":"INVOICE_SENT","link":"/x","subject":"Invoice 12","text":"It is due."}',
    ),
    (
        NewImport(ONE, (("Client", ImportField.ACCOUNT_NAME), ("PEC", FieldRef(name="PEC"))), NewToggles(login=True)),
        '{"columns":[["Client","ACCOUNT_NAME"],["PEC",{"name":"PEC"}]],"toggles":{"login":true},'
        '"upload_id":"00000000000000000000000000000001"}',
    ),
    (AccountFilter(), "{}"),
    (ContactFilter(search="r"), '{"search":"r"}'),
    (EmailFilter(account_id=ONE), '{"account_id":"00000000000000000000000000000001"}'),
    (InboxFilter(read=False, kinds=(NotificationKind.EMAIL_RECEIVED,)), '{"kinds":["EMAIL_RECEIVED"],"read":false}'),
    (
        JournalFilter(since=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        '{"since":"2025-12-31T23:00:00+00:00"}',
    ),
    ({"name": UNSET, "emails": (), "id": None}, '{"emails":[],"id":null}'),
    ("half a \ud800 surrogate", '"half a \\ud800 surrogate"'),
]
"""What programs have sent and will send again. A form that differs is another one, and needs a new number."""


@pytest.mark.parametrize(("asked", "form"), FORMS)
def test_the_forms_stay_as_they_are(asked: object, form: str) -> None:
    assert canonical("verb", asked) == f"verb {form}"


@dataclass
class Asked:
    name: str


@dataclass
class AskedLater:
    name: str
    more: int | None = None
    tags: list[str] = field(default_factory=list)


def test_a_field_that_a_release_adds_changes_nothing_until_it_is_given() -> None:
    assert canonical("verb", AskedLater("x")) == canonical("verb", Asked("x"))
    assert canonical("verb", AskedLater("x", 1)) != canonical("verb", Asked("x"))
    assert canonical("verb", AskedLater("x", tags=["a"])) != canonical("verb", AskedLater("x", tags=["b"]))


def test_lists_and_verbs_are_told_apart() -> None:
    assert canonical("accounts", AccountFilter()) != canonical("contacts", ContactFilter())


def test_what_has_no_form_is_an_error_and_no_guess() -> None:
    class Odd(Enum):
        ONE = object()

    for odd in ({1, 2}, object(), Odd.ONE.value):
        with pytest.raises(TypeError):
            canonical("verb", odd)


def test_times_of_one_moment_are_one() -> None:
    utc = datetime(2026, 1, 1, tzinfo=UTC)
    assert canonical("verb", utc) == canonical("verb", utc.astimezone(timezone(timedelta(hours=5))))
