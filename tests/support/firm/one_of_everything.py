"""A small firm that has one of everything, by the names that tests use for it; and what stands in the database."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from uuid import UUID

from uuid_utils.compat import uuid7

from graph.ids import Kind, global_id
from models import (
    api_token,
    contact,
    document,
    email,
    email_field,
    firm_settings,
    invitation,
    journal,
    mailbox,
    notice,
    notification,
    session,
    stored_file,
    upload,
)
from models.bulk_update import BulkEdit
from models.client_event import ClientEvent
from models.contact import ContactEmail, FieldRef
from models.email import Incoming, Message, MessageAttachment, history
from models.ground import clock, store
from models.ground.page import Window
from models.journal import JournalFilter
from models.mailbox import MailServer, NewMailbox
from models.notice import AccountRef, NewNotice
from models.notification import InboxFilter
from models.participant import Participant, Role
from models.session import SignedIn
from models.toggles import Invite
from models.upload import NewUpload
from models.viewer import ApiScope, Client, System, TeamRole
from tests.support.firm.bulk_updates import DISABLE, ENABLE, kept_waiting, ran, these
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    MadeAccount,
    a_client,
    a_contact,
    a_firm,
    an_account,
    an_address,
    signed_in,
    toggles_of,
    with_password,
)
from tests.support.firm.imports import imported

FREE, PENDING = "free@client.test", "pending@client.test"
SERVER = MailServer("mail.client.test", 993)
PDF = b"%PDF-1.4 an invoice"
CLIENTS = b"Client;E-mail;Spouse\nRossi;rosa@rossi.test;ugo@rossi.test\n"


@dataclass(frozen=True, slots=True)
class World:
    """
    `ids`: global ids by noun; `free_contact` is on no account, `pending_address` on `pending_account` has been invited
    (`invitation`) by a run that has ended (`bulk_update`); another one waits (`queued_bulk_update`). `list` is a file
    of clients, `import` a dry run.
    `unlinked_address` may still enter `unlinked_account`, though its `former_contact` gave it up. `employee` may not
    manage accounts. `client` is ANNA, who works in `account`.
    """

    by: System
    owner: SignedIn
    employee: SignedIn
    client: SignedIn[Client]
    account: MadeAccount
    ids: dict[str, str]

    @property
    def mailbox(self) -> UUID:
        return UUID(self.ids["mailbox"].partition("_")[2])


async def a_world() -> World:
    """Two of these have the same names and addresses, so that what crosses from one to the other would be seen."""
    by = await a_firm()
    owner, employee = await signed_in(by), await signed_in(by, role=TeamRole.EMPLOYEE)
    account = await an_account(by, address=ANNA, login=True, notify=True, email_sync=True)
    free = await a_contact(by, FREE, name="Free")
    ids: dict[str, str] = {
        "firm": global_id(Kind.FIRM, by.firm_id),
        "member": global_id(Kind.TEAM_MEMBER, owner.viewer.member_id),
        "account": global_id(Kind.ACCOUNT, account.id),
        "contact": global_id(Kind.CONTACT, account.contact),
        "address": global_id(Kind.EMAIL_ADDRESS, account.address),
        "free_contact": global_id(Kind.CONTACT, free),
        "free_address": global_id(Kind.EMAIL_ADDRESS, await an_address(by, FREE)),
    }
    client = await a_client(by, account)
    ids |= await _import(owner)
    ids |= await _pending(by, owner) | await _unlinked(by)
    letters, more = await _letters(by, owner), await _more(by, owner, account, client.viewer)
    ids["colleague"] = global_id(Kind.TEAM_MEMBER, employee.viewer.member_id)
    elsewhere = await session.start_for_member(firm_id=by.firm_id, member_id=owner.viewer.member_id, days=1)
    ids["session"] = global_id(Kind.SESSION, elsewhere.viewer.session_id)
    return World(by, owner, employee, client, account, ids | letters | more)


async def _import(owner: SignedIn) -> dict[str, str]:
    """A file that waits to be imported, and a dry run that has ended, with a row that no account was made for."""
    new = NewUpload("clients.csv", "text/csv", len(CLIENTS))
    run = await imported(owner.viewer, [{"Contact": "Nobody's"}], dry_run=True)
    return {
        "list": global_id(Kind.UPLOAD, await upload.keep(owner.viewer, new, BytesIO(CLIENTS))),
        "import": global_id(Kind.IMPORT, run.id),
    }


async def _pending(by: System, owner: SignedIn) -> dict[str, str]:
    made = await an_account(by, name="Attesa", address=PENDING)
    enable = BulkEdit(these(made.id), login=ENABLE, invite=Invite("Welcome"))
    run_id = await ran(owner.viewer, enable)
    waits = BulkEdit(these(made.id), email_sync=DISABLE)
    view = await toggles_of(owner.viewer, made.id, made.address)
    assert view is not None
    (invitation_view,) = (await invitation.of_toggles(owner.viewer, [view.id])).values()
    return {
        "pending_account": global_id(Kind.ACCOUNT, made.id),
        "pending_address": global_id(Kind.EMAIL_ADDRESS, made.address),
        "invitation": global_id(Kind.INVITATION, invitation_view.id),
        "bulk_update": global_id(Kind.BULK_UPDATE, run_id),
        "queued_bulk_update": global_id(Kind.BULK_UPDATE, await kept_waiting(owner.viewer, waits)),
    }


async def _unlinked(by: System) -> dict[str, str]:
    made = await an_account(by, name="Scollegata", address="former@client.test", login=True)
    await with_password(by, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    return {
        "unlinked_account": global_id(Kind.ACCOUNT, made.id),
        "unlinked_address": global_id(Kind.EMAIL_ADDRESS, made.address),
        "former_contact": global_id(Kind.CONTACT, made.contact),
    }


async def _letters(by: System, owner: SignedIn) -> dict[str, str]:
    box = (await mailbox.connect(owner.viewer, NewMailbox("box@firm.test", "secret", SERVER, SERVER))).ids[0]
    await firm_settings.update(by, {"auto_save_attachments": True})
    received = await a_letter(by, mailbox_id=box, attachment=PDF)
    (view,) = (await email.by_ids(owner.viewer, [received])).values()
    (attachment,) = (await email.attachments_of(owner.viewer, [received]))[received]
    (saved,) = (await document.of_attachments(owner.viewer, [attachment.id]))[attachment.id]
    (entry, *_) = (await notification.page(owner.viewer, InboxFilter(), Window())).rows
    return {
        "mailbox": global_id(Kind.MAILBOX, box),
        "email": global_id(Kind.EMAIL, received),
        "attachment": global_id(Kind.ATTACHMENT, attachment.id),
        "document": global_id(Kind.DOCUMENT, saved.id),
        "thread": global_id(Kind.THREAD, view.thread_id),
        "notification": global_id(Kind.NOTIFICATION, entry.id),
    }


async def _more(by: System, owner: SignedIn, account: MadeAccount, client: Client) -> dict[str, str]:
    view = await toggles_of(owner.viewer, account.id, account.address)
    assert view is not None
    token = await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.READ])
    upload_id = await upload.keep(owner.viewer, NewUpload("offer.pdf", "application/pdf", len(PDF)), BytesIO(PDF))
    told = NewNotice(AccountRef(account.id), ClientEvent.INVOICE_SENT, "Invoice 12", "It is due in May.")
    await notice.notify(owner.viewer, told, key="the world's")
    (noticed,) = (await notice.of_accounts(owner.viewer, [account.id], Window()))[account.id].rows
    entry = (await journal.page(owner.viewer, JournalFilter(), Window())).rows[-1]
    return {
        "toggles": global_id(Kind.TOGGLES, view.id),
        "field": global_id(Kind.EMAIL_FIELD, (await email_field.of_firm(owner.viewer))[0].id),
        "person": global_id(Kind.PORTAL_USER, client.user_id),
        "notice": global_id(Kind.NOTICE, noticed.id),
        "token": global_id(Kind.API_TOKEN, token.done.ids[0]),
        "entry": global_id(Kind.JOURNAL_ENTRY, entry.id),
        "upload": global_id(Kind.UPLOAD, upload_id),
    }


async def a_letter(
    by: System,
    *,
    mailbox_id: UUID,
    sender: str = ANNA,
    subject: str = "Invoice 12",
    attachment: bytes | None = None,
    name: str = "invoice.pdf",
    content_type: str = "application/pdf",
    at: datetime | None = None,
    certified_by: str | None = None,
) -> UUID:
    """Arrived just now, from somebody whose Email sync is on; its id."""
    source = f"From: {sender}\nSubject: {subject}\n\nHere it is. {uuid7()}\n".encode()
    kept = []
    if attachment is not None:
        (file,) = await stored_file.keep(by.firm_id, [attachment])
        kept = [MessageAttachment(name, content_type, None, len(attachment), file)]
    message = Message(
        fingerprint=hashlib.sha256(source).digest(),
        message_id=f"<{uuid7()}@client.test>",
        references=(),
        subject=subject,
        participants=(Participant(Role.FROM, "Anna", sender), Participant(Role.TO, None, "box@firm.test")),
        sent_at=at or clock.now(),
        received_at=at or clock.now(),
        automatic=False,
        text="Here it is.",
        safe_html=None,
        blocked_images=0,
        snippet="Here it is.",
        words=("invoice",),
        attachments=tuple(kept),
        raw_file=(await stored_file.keep(by.firm_id, [source]))[0],
        parser_version=1,
        certified_by=certified_by,
    )
    async with store.transaction():
        await history.lock(by.firm_id)
        (received,) = await email.receive(by, mailbox_id, [Incoming(message, arrival=True)])
    assert received.email_id is not None
    return received.email_id


async def everything() -> dict[str, str]:
    """A digest of every table, sessions apart: equal means that nothing has changed anywhere."""
    rows = await store.rows(_DIGESTS or await _learned())
    return {row["name"]: row["digest"] for row in rows}


_DIGESTS = ""


async def _learned() -> str:
    """The same text each time, so that PostgreSQL plans it once."""
    global _DIGESTS
    tables = await store.rows(
        "SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename NOT IN ('session', 'tortoise_migrations')"
    )
    digest = "SELECT '{0}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest FROM \"{0}\" t"
    _DIGESTS = " UNION ALL ".join(digest.format(table["tablename"]) for table in tables)
    return _DIGESTS
