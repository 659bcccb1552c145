"""Connecting a mailbox."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, firm, idempotency, journal, our_own, text
from models.errors import ErrorCode, Faults, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.mailbox.left_out import left_out
from models.mailbox.mailbox import Mailbox, MailboxState
from models.mailbox.ports import must_be_mail_port
from models.mailbox.secret import Secret, clean, is_loopback, sealed, signature
from models.mailbox.server import MailSecurity, MailServer
from models.viewer import Actor, must_be_admin


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """
    `owner_id` None: shared by the firm. `username` None: the address. `sent_folder` None: found by itself.
    `keeps_sent`: whether its server keeps its own copy of what is sent; None: found out by itself.
    """

    address: str
    secret: Secret = field(repr=False)
    imap: MailServer
    smtp: MailServer
    owner_id: UUID | None = None
    username: str | None = None
    sent_folder: str | None = None
    folders_left_out: tuple[str, ...] = ()
    keeps_sent: bool | None = None


async def connect(by: Actor, new: NewMailbox, *, key: str | None = None) -> Done:
    """
    Answers its id; it starts as CHECKING. When it has signed in, Email sync of its own address goes off (R46).

    Any team member may connect their own, OWNER and ADMIN also the firm's and others'; an address that a contact holds
    takes the right `manageAccounts`. Raises ADDRESS_INVALID and INVALID for all fields at fault at once; ALREADY_TAKEN,
    NOT_FOUND, NOT_ALLOWED.
    """
    must_own(by, new.owner_id)
    _must_be_sound(new)
    wish = {"mailbox": new, **await signature(by.firm_id, new.secret)}
    return await idempotency.once(by, key, verb="connect mailbox", wish=wish, do=partial(_connect, by, new))


def must_own(by: Actor, owner_id: UUID | None) -> None:
    if owner_id is None or owner_id != by.member_id:
        must_be_admin(by)


def _must_be_sound(new: NewMailbox) -> None:
    faults = Faults()
    for check in (
        partial(address.typed, new.address, "address"),
        partial(clean, new.secret),
        partial(columns_of, new.imap, "imap"),
        partial(columns_of, new.smtp, "smtp"),
        partial(one_line, new.username, "username"),
        partial(one_line, new.sent_folder, "sentFolder"),
        partial(left_out, new.folders_left_out),
    ):
        with faults:
            check()
    faults.must_be_none()


async def _connect(by: Actor, new: NewMailbox) -> tuple[UUID, ...]:
    typed = address.typed(new.address, "address")
    await firm.one_at_a_time(by.firm_id)
    await must_be_colleague(by, new.owner_id)
    await our_own.must_not_be_held(by, typed.key, "address")
    taken = "SELECT 1 FROM mailbox WHERE firm_id = $1 AND address_key = $2 AND disconnected_at IS NULL"
    if await store.value(taken, by.firm_id, typed.key):
        raise Refusal(ErrorCode.ALREADY_TAKEN, f"The mailbox {typed.text} is connected already.", "address")
    mailbox_id = uuid7()
    await Mailbox.create(
        id=mailbox_id,
        firm_id=by.firm_id,
        address=typed.text,
        address_key=typed.key,
        owner_id=new.owner_id,
        username=one_line(new.username, "username") or typed.text,
        **await sealed(by.firm_id, mailbox_id, new.secret),
        **columns_of(new.imap, "imap"),
        **columns_of(new.smtp, "smtp"),
        sent_folder=one_line(new.sent_folder, "sentFolder"),
        folders_left_out=left_out(new.folders_left_out),
        keeps_sent=new.keeps_sent,
        state=MailboxState.CHECKING,
        created_at=clock.now(),
        changed_by=by.member_id,
    )
    record(by, JournalKind.MAILBOX_CONNECTED, mailbox_id, [journal.Change("address", None, typed.text)])
    return (mailbox_id,)


def one_line(typed: str | None, name: str) -> str | None:
    return None if typed is None else text.one_line(typed, name, noun="This", longest=255)


def columns_of(server: MailServer, name: str) -> dict[str, Any]:
    """Without invisible characters pasted into the host. Raises INVALID for all faults at once."""
    columns, faults = {f"{name}_port": server.port, f"{name}_security": server.security}, Faults()
    with faults:
        must_be_mail_port(server.port, name, "port")
    with faults:
        columns[f"{name}_host"] = text.one_line(server.host, name, "host", noun="The host", longest=255)
    with faults:
        _must_be_secure(server, name)
    faults.must_be_none()
    return columns


def _must_be_secure(server: MailServer, name: str) -> None:
    if server.security is MailSecurity.NONE and not is_loopback(server.host.strip()):
        message = "Without TLS the password would be readable on the way. Choose TLS or STARTTLS."
        raise Refusal(ErrorCode.INVALID, message, name, "security")


async def must_be_colleague(by: Actor, owner_id: UUID | None) -> None:
    query = "SELECT 1 FROM team_member WHERE firm_id = $1 AND id = $2 AND state <> 'REMOVED'"
    if owner_id is not None and not await store.value(query, by.firm_id, owner_id):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such team member.", "ownerId")


def record(by: Actor, kind: JournalKind, mailbox_id: UUID, changes: list[journal.Change]) -> None:
    journal.record(kind, by=by, subject=(Subject.MAILBOX, mailbox_id), changes=changes)
