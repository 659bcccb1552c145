"""Whoever fills in a form hears of all its faults at once, each where it stands."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from models import account, api_token, contact, firm_settings, mailbox, team
from models.account import AccountKind, NewAccount
from models.contact import ContactEmail, ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import Refusals
from models.firm_settings import FirmWish
from models.ground import store
from models.mailbox import MailboxChange, MailSecurity, MailServer, NewMailbox
from models.toggles import Invite, NewToggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.factories import a_firm, an_account, signed_in

pytestmark = pytest.mark.usefixtures("store")

NAMELESS = NewContact(
    "",
    (
        NewEmail(FieldRef(name="Email"), "no address"),
        NewEmail(FieldRef(name="Work email"), "good@client.test"),
        NewEmail(FieldRef(name="Home email"), "none either"),
    ),
)
NOBODY = UUID(int=7)
IMAP = [("imap", "port"), ("imap", "security")]
OF_THE_CONTACT = [("name",), ("emails", "0", "address"), ("emails", "2", "address")]


async def create_account(by: Viewer) -> None:
    uninvited = NewContact("Anna", (NewEmail(FieldRef(name="Email"), "anna@client.test", NewToggles(invite=Invite())),))
    contacts = (NAMELESS, ExistingContact(NOBODY), uninvited)
    await account.create(by, NewAccount(name=" ", code="V1", kind=AccountKind.COMPANY, contacts=contacts))


async def update_account(by: Viewer) -> None:
    other = await an_account(by, code="V2")
    await account.update(by, other.id, code="V1", name="\n")


async def update_contact(by: Viewer) -> None:
    made = await an_account(by, code="V2")
    emails = [ContactEmail(FieldRef(name=each.field.name), each.address) for each in NAMELESS.emails]
    await contact.update(by, made.contact, name="", emails=emails)


async def create_contact(by: Viewer) -> None:
    await contact.create(by, NAMELESS)


async def with_two_strange_fields(by: Viewer) -> None:
    fields = (FieldRef(id=NOBODY), FieldRef(name=""), FieldRef(name="x" * 1000))
    await contact.create(by, NewContact("Anna", tuple(NewEmail(each, "a@client.test") for each in fields[1:])))


async def update_firm(by: Viewer) -> None:
    wish = FirmWish(name="", language="tlh", reply_to="nobody", copy_to="@", invitation_days=0)
    await firm_settings.update(by, wish)


async def invite_colleague(by: Viewer) -> None:
    await team.invite(by, name="", email="nobody", role=TeamRole.EMPLOYEE)


SERVER = MailServer("mail.test", 70_000, MailSecurity.NONE)


async def connect_mailbox(by: Viewer) -> None:
    await mailbox.connect(by, NewMailbox("nobody", "\0", SERVER, SERVER, username="", sent_folder="\n"))


async def update_mailbox(by: Viewer) -> None:
    good = MailServer("mail.test", 993, MailSecurity.TLS)
    box = (await mailbox.connect(by, NewMailbox("box@firm.test", "secret", good, good))).ids[0]
    await mailbox.update(by, box, MailboxChange(owner_id=NOBODY, username="", secret="", imap=SERVER, smtp=good))


async def create_token(by: Viewer) -> None:
    await api_token.create(by, name="", scopes=[])


@pytest.mark.parametrize(
    ("verb", "paths"),
    [
        (
            create_account,
            [
                ("name",),
                ("code",),
                *(("contacts", "0", "new", *path) for path in OF_THE_CONTACT),
                ("contacts", "1", "existing", "contactId"),
                ("contacts", "2", "new", "emails", "0", "toggles", "invite"),
            ],
        ),
        (update_account, [("code",), ("name",)]),
        (create_contact, OF_THE_CONTACT),
        (update_contact, OF_THE_CONTACT),
        (with_two_strange_fields, [("emails", "0", "field", "name"), ("emails", "1", "field", "name")]),
        (update_firm, [("name",), ("language",), ("replyTo",), ("copyTo",), ("invitationDays",)]),
        (invite_colleague, [("name",), ("email",)]),
        (create_token, [("name",), ("scopes",)]),
        (
            connect_mailbox,
            [
                ("address",),
                ("secret", "password"),
                *IMAP,
                *(("smtp", *path[1:]) for path in IMAP),
                ("username",),
                ("sentFolder",),
            ],
        ),
        (update_mailbox, [("ownerId",), ("username",), ("secret", "password"), *IMAP]),
    ],
)
async def test_all_that_is_wrong_is_told_at_once(
    verb: Callable[[Viewer], Awaitable[None]], paths: list[tuple[str, ...]]
) -> None:
    by = await a_firm()
    owner = (await signed_in(by)).viewer
    await an_account(by, code="V1")
    with pytest.raises(Refusals) as refused:
        await verb(owner)
    assert [refusal.path for refusal in refused.value.refusals] == paths


async def test_an_account_with_faults_is_not_made() -> None:
    by = await a_firm()
    owner = (await signed_in(by)).viewer
    await an_account(by, code="V1")
    with pytest.raises(Refusals):
        await create_account(owner)
    assert [found["code"] for found in await store.rows("SELECT code FROM account")] == ["V1"]
