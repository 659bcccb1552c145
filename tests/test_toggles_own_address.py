"""No Email sync for an address of the firm itself (R46): once the mailbox has signed in or the colleague joined."""

import asyncio
import importlib
from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from models import contact, journal, mailbox, notification, team
from models.contact import ContactEmail, FieldRef
from models.errors import ErrorCode
from models.ground import secret_link, store
from models.ground.page import Window
from models.invitation import Invitation, accepting
from models.mailbox import MailboxChange, MailSecurity, MailServer, NewMailbox, connect
from models.notification import InboxFilter, NotificationKind, NotificationView
from models.viewer import TeamRole, Viewer
from tests.support.database.store import firms_key
from tests.support.emails.synced_mailbox import letter, past, row_of, synced
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import STUDIO
from tests.support.firm.factories import PASSWORD, MadeAccount, a_member, an_account, spelled, switched
from tests.support.refusals import refused
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")
NOBODY_THERE = MailServer("127.0.0.1", 1, MailSecurity.NONE)
by = owner_of_a_new_firm


async def _connected(by: Viewer, at: MailServer, text: str = STUDIO, *, owner_id: UUID | None = None) -> UUID:
    return (await connect(by, NewMailbox(text, "secret", at, at, username="anna", owner_id=owner_id))).ids[0]


async def _invited(by: Viewer, email: str) -> str:
    """The token of the link by which they join."""
    done = await team.invite(by, name="Davide", email=email, role=TeamRole.EMPLOYEE)
    offer = await Invitation.get(member_id=done.ids[0], ended_at=None)
    return secret_link.token(firms_key(by.firm_id), "invitation", offer.id, offer.seed)


async def _ended(by: Viewer) -> list[NotificationView]:
    """What this colleague's Inbox+ says about Email sync that ended."""
    return list((await notification.page(by, InboxFilter(kinds=(NotificationKind.EMAIL_SYNC_ENDED,)), Window(9))).rows)


async def _can_be_switched(by: Viewer, made: MadeAccount) -> None:
    for on in (False, True):
        await switched(by, made.id, made.address, email_sync=on)
    assert await spelled(by, made.id, made.address) == "E"


async def test_email_sync_is_refused_for_a_colleagues_address_and_a_mailbox(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46"""
    await a_member(by, email="Giulia@Firm.test")
    await synced(await _connected(by, server.server), tools)
    for text in ("giulia@firm.test", "Studio@Firm.test"):
        made = await an_account(by, address=text)
        with refused(ErrorCode.OWN_ADDRESS, "toggles", 0, "emailSync"):
            await switched(by, made.id, made.address, email_sync=True)
        await switched(by, made.id, made.address, login=True, notify=True)
        assert await spelled(by, made.id, made.address) == "LN"


async def test_a_mailbox_that_never_signed_in_ends_nobodys_email_sync(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46"""
    made = await an_account(by, address=STUDIO, email_sync=True)
    mailbox_id = await _connected(by, NOBODY_THERE)
    assert not await sync_once(mailbox_id, tools)
    await _can_be_switched(by, made)
    await mailbox.update(by, mailbox_id, MailboxChange(imap=server.server, username="wrong", secret="secret"))
    for _ in range(3):
        assert not await sync_once(mailbox_id, tools)
    await _can_be_switched(by, made)
    assert await _ended(by) == []


async def test_the_first_time_a_mailbox_signs_in_email_sync_of_its_address_ends_and_everybody_is_told(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46, R38"""
    made = await an_account(by, name="Vetreria", address="Studio@firm.test", login=True, email_sync=True)
    second = await an_account(by, name="Officina", address=STUDIO, email_sync=True)
    other = await an_account(by, address="other@x.test", email_sync=True)
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    mailbox_id = await _connected(by, server.server)
    head = await journal.head(by.firm_id)
    await synced(mailbox_id, tools)
    assert [await spelled(by, each.id, each.address) for each in (made, second, other)] == ["L", "-", "E"]
    told = [entry for batch in await journal.since(by.firm_id, head) for entry in batch.of("TOGGLES_CHANGED")]
    assert [entry.account_ids for entry in told] == [(made.id,), (second.id,)]
    for member in (by, colleague):
        (entry,) = await _ended(member)
        assert entry.text == (
            "Email sync of studio@firm.test is off, for it is the address of a mailbox of the firm now:"
            " Vetreria, Officina"
        )
    await synced(mailbox_id, tools)
    assert len(await _ended(by)) == 1


async def test_an_invitation_ends_email_sync_when_it_is_accepted(by: Viewer) -> None:
    """R46, R38"""
    made = await an_account(by, name="Vetreria", address="davide@firm.test", email_sync=True)
    await _invited(by, "Davide@firm.test")
    await _can_be_switched(by, made)
    token = await _invited(by, "davide@firm.test")
    await _can_be_switched(by, made)
    assert await _ended(by) == []
    await accepting.accept(token, PASSWORD, days=1)
    assert await spelled(by, made.id, made.address) == "-"
    with refused(ErrorCode.OWN_ADDRESS):
        await switched(by, made.id, made.address, email_sync=True)
    (entry,) = await _ended(by)
    assert entry.text == "Email sync of davide@firm.test is off, for it is the address of a colleague now: Vetreria"


async def test_a_colleague_who_can_sign_in_at_once_is_our_own_at_once(by: Viewer) -> None:
    """R46"""
    made = await an_account(by, address="davide@firm.test", login=True, email_sync=True)
    await team.add(by, name="Davide", email="Davide@firm.test", secret="long enough", role=TeamRole.EMPLOYEE)
    assert await spelled(by, made.id, made.address) == "L"
    assert len(await _ended(by)) == 1


async def test_the_address_of_a_contact_is_connected_by_whoever_may_change_clients(by: Viewer) -> None:
    """R46"""
    made = await an_account(by, address=STUDIO, email_sync=True)
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    with refused(ErrorCode.NOT_ALLOWED, "address"):
        await _connected(colleague, NOBODY_THERE, "Studio@FIRM.test", owner_id=colleague.member_id)
    assert await store.value("SELECT count(*) FROM mailbox") == 0
    await _connected(colleague, NOBODY_THERE, "other@firm.test", owner_id=colleague.member_id)
    entrusted = await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    await _connected(entrusted, NOBODY_THERE, owner_id=entrusted.member_id)
    assert await spelled(by, made.id, made.address) == "E"


async def test_the_right_is_asked_for_again_when_the_mailbox_signs_in(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46: the address became a client's after a colleague without rights had connected it to a server that waits."""
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    mailbox_id = await _connected(colleague, server.server, owner_id=colleague.member_id)
    made = await an_account(by, address=STUDIO, email_sync=True)
    past(server.inbox, letter(STUDIO))
    for _ in range(2):
        assert not await sync_once(mailbox_id, tools)
        row = await row_of(mailbox_id)
        assert (row["state"], row["error_code"], row["error_path"]) == ("NEEDS_ATTENTION", "NOT_ALLOWED", "address")
        await _can_be_switched(by, made)
        await mailbox.update(colleague, mailbox_id, MailboxChange(paused=False))
    assert not await sync_once(mailbox_id, tools)
    assert await store.value("SELECT count(*) FROM mail_folder") == 0
    await mailbox.update(by, mailbox_id, MailboxChange(paused=False))
    await synced(mailbox_id, tools)
    assert await spelled(by, made.id, made.address) == "-"


async def test_whoever_lost_the_right_meanwhile_ends_no_email_sync(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46"""
    made = await an_account(by, address=STUDIO, email_sync=True)
    entrusted = await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    mailbox_id = await _connected(entrusted, server.server, owner_id=entrusted.member_id)
    await team.update(by, entrusted.member_id, manage_accounts=False)
    assert not await sync_once(mailbox_id, tools)
    assert await spelled(by, made.id, made.address) == "E"
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), "elsewhere@client.test")])
    await mailbox.update(entrusted, mailbox_id, MailboxChange(paused=False))
    await synced(mailbox_id, tools)
    assert (await row_of(mailbox_id))["signed_in_at"] is not None


async def test_email_sync_that_goes_on_just_as_the_mailbox_signs_in_ends_off(
    by: Viewer, server: ImapServer, tools: Tools
) -> None:
    """R46"""
    for n in range(8):
        made = await an_account(by, address=f"box{n}@firm.test")
        mailbox_id = await _connected(by, server.server, f"box{n}@firm.test")
        switching = switched(by, made.id, made.address, email_sync=True)
        await asyncio.gather(sync_once(mailbox_id, tools), switching, return_exceptions=True)
        assert await spelled(by, made.id, made.address) == "-"
        assert (await row_of(mailbox_id))["state"] == "LIVE"


async def test_a_mailbox_that_was_synced_before_the_update_counts_as_signed_in(by: Viewer) -> None:
    migration = importlib.import_module("models.ground.migrations.0011_mailboxes_signed_in")
    for name in ("synced", "begun", "new"):
        await _connected(by, NOBODY_THERE, f"{name}@firm.test")
    await store.execute("UPDATE mailbox SET last_sync_at = now() WHERE address = 'synced@firm.test'")
    await store.execute(
        "INSERT INTO mail_folder (id, firm_id, mailbox_id, name, uidvalidity, watermark, on_server)"
        " SELECT gen_random_uuid(), firm_id, id, 'INBOX', 1, 1, 0 FROM mailbox WHERE address = 'begun@firm.test'"
    )
    await store.execute(migration.SIGNED_IN)
    rows = await store.rows("SELECT address, signed_in_at IS NOT NULL AS signed_in FROM mailbox ORDER BY 1")
    assert [row["signed_in"] for row in rows] == [True, False, True]
