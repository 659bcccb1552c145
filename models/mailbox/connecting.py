"""Connecting a mailbox, and mending it."""

import ipaddress
import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, clock, firm, idempotency, journal, keys, store, text
from models.email import history
from models.errors import Conflict, ErrorCode, Refusal
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.mailbox import folders
from models.mailbox.server import MailSecurity, MailServer
from models.mailbox.tables import Mailbox, MailboxState
from models.unset import UNSET, Unset
from models.viewer import Actor, must_be_admin

LONGEST_SECRET = 1000
API_NAMES = {"owner_id": "ownerId", "sent_folder": "sentFolder"} | {
    f"{server}_{part}": f"{server}.{part}" for server in ("imap", "smtp") for part in ("host", "port", "security")
}


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """`owner_id` None: shared by the firm. `username` None: the address. `sent_folder` None: found by itself."""

    address: str
    password: str = field(repr=False)
    imap: MailServer
    smtp: MailServer
    owner_id: UUID | None = None
    username: str | None = None
    sent_folder: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxChange:
    """What is absent stays as it is."""

    owner_id: UUID | Unset | None = UNSET
    username: str | Unset = UNSET
    password: str | Unset = field(default=UNSET, repr=False)
    imap: MailServer | Unset = UNSET
    smtp: MailServer | Unset = UNSET
    sent_folder: str | Unset | None = UNSET
    paused: bool | Unset = UNSET


async def connect(by: Actor, new: NewMailbox, *, key: str | None = None) -> Done:
    """
    Answers its id; it starts as CHECKING, and Email sync of its own address goes off (R46).

    Any team member may connect their own, OWNER and ADMIN also the firm's and others'. Raises ALREADY_TAKEN,
    ADDRESS_INVALID, INVALID, NOT_FOUND, NOT_ALLOWED.
    """
    _must_own(by, new.owner_id)
    asked = (new, keys.signature("mailbox password", _sayable(new.password)))
    return await idempotency.once(by, key, verb="connect mailbox", asked=asked, do=partial(_connect, by, new))


def _must_own(by: Actor, owner_id: UUID | None) -> None:
    if owner_id is None or owner_id != by.member_id:
        must_be_admin(by)


async def _connect(by: Actor, new: NewMailbox) -> tuple[UUID, ...]:
    typed = address.typed(new.address, "address")
    _check_server(new.imap, "imap")
    _check_server(new.smtp, "smtp")
    await firm.one_at_a_time(by.firm_id)
    await _must_be_colleague(by, new.owner_id)
    await history.lock(by.firm_id)  # nobody switches Email sync on for it meanwhile
    taken = "SELECT 1 FROM mailbox WHERE firm_id = $1 AND address_key = $2"
    if await store.value(taken, by.firm_id, typed.key):
        raise Refusal(ErrorCode.ALREADY_TAKEN, f"The mailbox {typed.text} is connected already.", "address")
    mailbox_id = uuid7()
    await Mailbox.create(
        id=mailbox_id,
        firm_id=by.firm_id,
        address=typed.text,
        address_key=typed.key,
        owner_id=new.owner_id,
        username=_one_line(new.username, "username") or typed.text,
        secret=sealed(by.firm_id, mailbox_id, new.password),
        imap_host=new.imap.host,
        imap_port=new.imap.port,
        imap_security=new.imap.security,
        smtp_host=new.smtp.host,
        smtp_port=new.smtp.port,
        smtp_security=new.smtp.security,
        sent_folder=_one_line(new.sent_folder, "sentFolder"),
        state=MailboxState.CHECKING,
        created_at=clock.now(),
    )
    await address.now_our_own(by, typed.key)
    _record(by, JournalKind.MAILBOX_CONNECTED, mailbox_id, [journal.Change("address", None, typed.text)])
    return (mailbox_id,)


def sealed(firm_id: UUID, mailbox_id: UUID, password: str) -> bytes:
    """Raises INVALID for a password that no server can be told."""
    return keys.seal(_sayable(password), firm_id, mailbox_id, "password")


def _sayable(password: str) -> str:
    """RFC 3501 has no NUL, CR or LF in a string."""
    if not 1 <= len(password) <= LONGEST_SECRET or _UNSPEAKABLE.search(password):
        message = f"The password must have 1 to {LONGEST_SECRET} characters and no line breaks."
        raise Refusal(ErrorCode.INVALID, message, "secret", "password")
    return password


_UNSPEAKABLE = re.compile("[\0\r\n\ud800-\udfff]")


def unsealed(firm_id: UUID, mailbox_id: UUID, secret: bytes) -> str:
    """Raises keys.WrongKey."""
    return keys.unseal(secret, firm_id, mailbox_id, "password")


def _one_line(given: str | None, name: str) -> str | None:
    return None if given is None else text.one_line(given, name, what="This", longest=255)


def _check_server(server: MailServer, name: str) -> None:
    if not 1 <= server.port <= 65_535:
        raise Refusal(ErrorCode.INVALID, "A port is a number from 1 to 65535.", name, "port")
    text.one_line(server.host, name, "host", what="The host", longest=255)
    if server.security is MailSecurity.NONE and not is_loopback(server.host):
        message = "Without TLS the password would be readable on the way. Choose TLS or STARTTLS."
        raise Refusal(ErrorCode.INVALID, message, name, "security")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _must_be_colleague(by: Actor, owner_id: UUID | None) -> None:
    query = "SELECT 1 FROM team_member WHERE firm_id = $1 AND id = $2 AND state <> 'REMOVED'"
    if owner_id is not None and not await store.value(query, by.firm_id, owner_id):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such team member.", "ownerId")


async def update(by: Actor, mailbox_id: UUID, change: MailboxChange, *, expected_version: int | None = None) -> Done:
    """
    Whatever was wrong is tried again at once (R23). Raises NOT_FOUND, CHANGED_MEANWHILE, INVALID, NOT_ALLOWED.
    """
    async with store.transaction() as tx:
        if change.owner_id is not UNSET:
            await firm.one_at_a_time(by.firm_id)  # nobody removes the new owner meanwhile
        row = await store.row("SELECT * FROM mailbox WHERE firm_id = $1 AND id = $2 FOR UPDATE", by.firm_id, mailbox_id)
        if row is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such mailbox.", "id")
        _must_own(by, row["owner_id"])
        if expected_version is not None and expected_version != row["version"]:
            raise Conflict("Somebody changed this mailbox since you looked.", subject=(Subject.MAILBOX, mailbox_id))
        await _save(by, row, await _columns(by, mailbox_id, change))
    return Done((mailbox_id,), tx.cursor)


async def left_by(by: Actor, member_id: UUID) -> None:
    """Those of a colleague who is removed are the firm's from now on, and go on. Runs inside a transaction."""
    for row in await store.rows(_LEFT, by.firm_id, member_id):
        changes = journal.changes_between({"ownerId": member_id}, {"ownerId": None})
        _record(by, JournalKind.MAILBOX_CHANGED, row["id"], changes)


_LEFT = """
UPDATE mailbox SET owner_id = NULL, version = version + 1 WHERE firm_id = $1 AND owner_id = $2 RETURNING id
"""


async def _columns(by: Actor, mailbox_id: UUID, change: MailboxChange) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if change.owner_id is not UNSET:
        _must_own(by, change.owner_id)
        await _must_be_colleague(by, change.owner_id)
        columns["owner_id"] = change.owner_id
    if change.username is not UNSET:
        columns["username"] = _one_line(change.username, "username")
    if change.password is not UNSET:
        columns["secret"] = sealed(by.firm_id, mailbox_id, change.password)
    if change.sent_folder is not UNSET:
        columns["sent_folder"] = _one_line(change.sent_folder, "sentFolder")
    for name, server in (("imap", change.imap), ("smtp", change.smtp)):
        if server is not UNSET:
            _check_server(server, name)
            columns |= {f"{name}_host": server.host, f"{name}_port": server.port, f"{name}_security": server.security}
    if change.paused is not UNSET:
        columns["state"] = MailboxState.PAUSED if change.paused else MailboxState.CHECKING
    return columns


async def _save(by: Actor, row: Any, columns: dict[str, Any]) -> None:
    if all(row[name] == value for name, value in columns.items()):
        return
    state = columns.pop("state", row["state"])
    if state != MailboxState.PAUSED:
        state = MailboxState.CHECKING
    fresh = {
        "state": state,
        "error_code": None,
        "error_message": None,
        "error_path": None,
        "failures": 0,
        "refusals": 0,
    }
    await Mailbox.filter(firm_id=by.firm_id, id=row["id"]).update(
        **columns, **fresh, retry_at=None, version=row["version"] + 1
    )
    if any(row[name] != columns.get(name, row[name]) for name in ("imap_host", "username")):
        await folders.start_over(by.firm_id, row["id"])
    _record(by, JournalKind.MAILBOX_CHANGED, row["id"], _told(row, {**columns, "state": state}))


def _told(row: Any, columns: dict[str, Any]) -> list[journal.Change]:
    """In the words of the API; of a password only that it changed."""
    shown = {name: value for name, value in columns.items() if name != "secret"}
    changes = journal.changes_between(
        {API_NAMES.get(name, name): row[name] for name in shown},
        {API_NAMES.get(name, name): value for name, value in shown.items()},
    )
    return [*changes, *([journal.Change("secret", None, None)] if "secret" in columns else [])]


def _record(by: Actor, kind: JournalKind, mailbox_id: UUID, changes: list[journal.Change]) -> None:
    journal.record(kind, by=by, subject=(Subject.MAILBOX, mailbox_id), changes=changes)
