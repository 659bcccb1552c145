"""Changing a mailbox. Whatever was wrong is tried again; where its secret is sent changes only with the secret."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models import firm, journal, submission
from models.errors import Conflict, ErrorCode, Faults, Refusal
from models.ground import store
from models.ground.unset import UNSET, Unset
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.mailbox import folders
from models.mailbox.connecting import columns_of, must_be_colleague, must_own, one_line, record
from models.mailbox.left_out import left_out
from models.mailbox.mailbox import Mailbox, MailboxState
from models.mailbox.secret import Secret, sealed
from models.mailbox.server import MailServer
from models.viewer import Actor, must_be_in_person

SERVERS = {
    f"{server}_{part}": f"{server}.{part}" for server in ("imap", "smtp") for part in ("host", "port", "security")
}
API_NAMES = {
    "owner_id": "ownerId",
    "sent_folder": "sentFolder",
    "folders_left_out": "foldersLeftOut",
    "keeps_sent": "keepsSent",
    **SERVERS,
}


@dataclass(frozen=True, slots=True)
class MailboxChange:
    """What is absent stays as it is."""

    owner_id: UUID | Unset | None = UNSET
    username: str | Unset = UNSET
    secret: Secret | Unset = field(default=UNSET, repr=False)
    imap: MailServer | Unset = UNSET
    smtp: MailServer | Unset = UNSET
    sent_folder: str | Unset | None = UNSET
    folders_left_out: tuple[str, ...] | Unset = UNSET
    keeps_sent: bool | Unset | None = UNSET
    paused: bool | Unset = UNSET


async def update(by: Actor, mailbox_id: UUID, change: MailboxChange, *, expected_version: int | None = None) -> Done:
    """
    Whatever was wrong is tried again at once (R23). Another host, port, security or username needs the secret anew,
    and a person: no API token. Raises NOT_FOUND, CHANGED_MEANWHILE, INVALID, NOT_ALLOWED.
    """
    async with store.transaction(by.firm_id) as tx:
        if change.owner_id is not UNSET:
            await firm.one_at_a_time(by.firm_id)  # nobody removes the new owner meanwhile
        mailbox = await store.row(_MAILBOX, by.firm_id, mailbox_id)
        if mailbox is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such mailbox.", "id")
        must_own(by, mailbox["owner_id"])
        if expected_version is not None and expected_version != mailbox["version"]:
            raise Conflict("Somebody changed this mailbox since you looked.", subject=(Subject.MAILBOX, mailbox_id))
        columns = await _columns(by, mailbox_id, change)
        _must_know_the_secret(by, mailbox, columns)
        await _save(by, mailbox, columns)
    return Done((mailbox_id,), tx.cursor)


_MAILBOX = "SELECT * FROM mailbox WHERE firm_id = $1 AND id = $2 AND disconnected_at IS NULL FOR UPDATE"


async def left_by(by: Actor, member_id: UUID) -> None:
    """The mailboxes of a colleague who is removed become the firm's, and are read on. Runs inside a transaction."""
    for mailbox in await store.rows(_LEFT, by.firm_id, member_id):
        changes = journal.changes_between({"ownerId": member_id}, {"ownerId": None})
        record(by, JournalKind.MAILBOX_CHANGED, mailbox["id"], changes)


_LEFT = """
UPDATE mailbox SET owner_id = NULL, version = version + 1 WHERE firm_id = $1 AND owner_id = $2 RETURNING id
"""


async def _columns(by: Actor, mailbox_id: UUID, change: MailboxChange) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    faults = Faults()
    with faults:
        if change.owner_id is not UNSET:
            must_own(by, change.owner_id)
            await must_be_colleague(by, change.owner_id)
            columns["owner_id"] = change.owner_id
    with faults:
        if change.username is not UNSET:
            columns["username"] = one_line(change.username, "username")
    with faults:
        if change.secret is not UNSET:
            columns |= await sealed(by.firm_id, mailbox_id, change.secret)
    with faults:
        if change.sent_folder is not UNSET:
            columns["sent_folder"] = one_line(change.sent_folder, "sentFolder")
    with faults:
        if change.folders_left_out is not UNSET:
            columns["folders_left_out"] = left_out(change.folders_left_out)
    for name, server in (("imap", change.imap), ("smtp", change.smtp)):
        with faults:
            if server is not UNSET:
                columns |= columns_of(server, name)
    faults.must_be_none()
    if change.keeps_sent is not UNSET:
        columns["keeps_sent"] = change.keeps_sent
    if change.paused is not UNSET:
        columns["state"] = MailboxState.PAUSED if change.paused else MailboxState.CHECKING
    return columns


def _must_know_the_secret(by: Actor, mailbox: Any, columns: dict[str, Any]) -> None:
    """A new server gets a new secret: else the kept one could be sent to anybody's. Raises NOT_ALLOWED, INVALID."""
    if all(columns.get(name, mailbox[name]) == mailbox[name] for name in _WHERE_IT_GOES):
        return
    must_be_in_person(by)
    if "secret" not in columns:
        message = "What is kept here to sign in with is sent to no other server, port or name. Enter it anew with this."
        raise Refusal(ErrorCode.INVALID, message, "secret")


_WHERE_IT_GOES = ("username", *SERVERS)


async def _save(by: Actor, mailbox: Any, columns: dict[str, Any]) -> None:
    if all(mailbox[name] == value for name, value in columns.items()):
        return
    state = columns.pop("state", mailbox["state"])
    if state != MailboxState.PAUSED:
        state = MailboxState.CHECKING
    token = {"access_token": None, "access_until": None} if "secret" in columns else {}
    elsewhere = any(mailbox[name] != columns.get(name, mailbox[name]) for name in ("imap_host", "smtp_host"))
    found_out = {"found_keeps_sent": None} if elsewhere else {}
    await Mailbox.filter(firm_id=by.firm_id, id=mailbox["id"]).update(
        **columns, **token, **found_out, **_FRESH, state=state, changed_by=by.member_id, version=mailbox["version"] + 1
    )
    await submission.hurry(by.firm_id, mailbox["id"])
    if any(mailbox[name] != columns.get(name, mailbox[name]) for name in ("imap_host", "username")):
        await folders.start_over(by.firm_id, mailbox["id"])
    record(by, JournalKind.MAILBOX_CHANGED, mailbox["id"], _told(mailbox, {**columns, "state": state}))


_FRESH: dict[str, Any] = {
    **dict.fromkeys(("error_code", "error_message", "error_path", "retry_at")),
    **dict.fromkeys(("smtp_error_code", "smtp_error_message", "smtp_error_path", "smtp_retry_at")),
    **dict.fromkeys(("failures", "refusals", "smtp_failures"), 0),
}
"""Whatever was wrong is tried again at once, and what is wrong then is found out anew."""


def _told(mailbox: Any, columns: dict[str, Any]) -> list[journal.Change]:
    """For the journal, in the words of the API; of a secret only that it changed."""
    shown = {name: value for name, value in columns.items() if name not in {"secret", "secret_kind"}}
    changes = journal.changes_between(
        {API_NAMES.get(name, name): _named(mailbox[name]) for name in shown},
        {API_NAMES.get(name, name): _named(value) for name, value in shown.items()},
    )
    return [*changes, *([journal.Change("secret", None, None)] if "secret" in columns else [])]


def _named(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value
