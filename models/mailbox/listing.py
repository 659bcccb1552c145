"""Mailboxes and their health, as the team sees them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from models.errors import ErrorCode
from models.ground import clock, store
from models.mailbox.mailbox import MailboxState, SkipReason
from models.mailbox.server import MailSecurity, MailServer
from models.viewer import Viewer

NEWEST_QUARANTINED = 100


@dataclass(frozen=True, slots=True)
class Backfill:
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in plain words; `path` names the part of ConnectMailboxInput to mend."""

    code: ErrorCode
    message: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quarantined:
    id: UUID
    folder: str
    uid: int
    found_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FolderHealth:
    """`why`: why it is not `synced`, or what is wrong with it alone, in plain words."""

    name: str
    synced: bool
    why: str | None
    on_server: int
    stored: int = 0
    pending: int = 0
    skipped: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class MailboxHealth:
    """
    `on_server` = `stored` + `pending` + all `skipped` + `quarantined` (R22), as in each of the `folders`.
    `lag_seconds`: of pending arrivals; how far history is, `Backfill` says.
    """

    on_server: int = 0
    stored: int = 0
    pending: int = 0
    quarantined: int = 0
    skipped: tuple[tuple[SkipReason, int], ...] = ()
    lag_seconds: int | None = None
    folders: tuple[FolderHealth, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()


@dataclass(frozen=True, slots=True)
class MailboxView:
    """`figures`, where they were read along; they are no part of what makes two views differ."""

    id: UUID
    address: str
    owner_id: UUID | None
    username: str
    imap: MailServer
    smtp: MailServer
    sent_folder: str | None
    folders_left_out: tuple[str, ...]
    keeps_sent: bool | None
    state: MailboxState
    fault: Fault | None
    last_sync_at: datetime | None
    backfill: Backfill | None
    version: int
    figures: MailboxHealth | None = field(default=None, compare=False)


async def of_firm(by: Viewer) -> list[MailboxView]:
    mailboxes = await store.rows(f"{_SELECT} AND firm_id = $1 ORDER BY address_key", by.firm_id)
    return [_view(mailbox) for mailbox in mailboxes]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, MailboxView]:
    mailboxes = await store.rows(f"{_SELECT} AND firm_id = $1 AND id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {mailbox["id"]: _view(mailbox) for mailbox in mailboxes}


async def health_of(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, MailboxHealth]:
    """In three statements, however many mailboxes and folders."""
    tallies = await _by_mailbox(_TALLIES, by.firm_id, list(ids))
    folders = await _by_mailbox(_FOLDERS, by.firm_id, list(ids))
    quarantine = await _by_mailbox(_QUARANTINE, by.firm_id, list(ids), NEWEST_QUARANTINED)
    return {mailbox_id: _health(tallies[mailbox_id], folders[mailbox_id], quarantine[mailbox_id]) for mailbox_id in ids}


async def _by_mailbox(query: str, *values: object) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for record in await store.rows(query, *values):
        grouped[record["mailbox_id"]].append(record)
    return grouped


_SELECT = "SELECT * FROM mailbox WHERE disconnected_at IS NULL"
_TALLIES = """
SELECT mailbox_id, folder_id, state, skip_reason, count(*) AS count,
  min(received_at) FILTER (WHERE state = 'PENDING' AND arrival) AS oldest FROM occurrence
WHERE firm_id = $1 AND mailbox_id = ANY($2::uuid[]) AND gone_at IS NULL
GROUP BY mailbox_id, folder_id, state, skip_reason
"""
_FOLDERS = """
SELECT id, mailbox_id, name, synced, why, on_server FROM mail_folder
WHERE firm_id = $1 AND mailbox_id = ANY($2::uuid[]) AND listed
ORDER BY synced DESC, array_position('{ALL,INBOX,SENT}', kind), name
"""
_QUARANTINE = """
SELECT q.*, f.name FROM unnest($2::uuid[]) AS m(id) CROSS JOIN LATERAL (
  SELECT id, mailbox_id, folder_id, uid, found_at, reason FROM occurrence
  WHERE firm_id = $1 AND mailbox_id = m.id AND state = 'QUARANTINED' AND gone_at IS NULL
  ORDER BY found_at DESC, id DESC LIMIT $3) q
JOIN mail_folder f ON f.firm_id = $1 AND f.id = q.folder_id
"""


def _health(tallies: list[Any], folders: list[Any], quarantine: list[Any]) -> MailboxHealth:
    by_state, by_reason, by_folder = Counter[str](), Counter[str](), defaultdict[UUID, Counter[str]](Counter)
    for tally in tallies:
        by_state[tally["state"]] += tally["count"]
        by_folder[tally["folder_id"]][tally["state"]] += tally["count"]
        if tally["skip_reason"]:
            by_reason[tally["skip_reason"]] += tally["count"]
    oldest = min((tally["oldest"] for tally in tallies if tally["oldest"]), default=None)
    return MailboxHealth(
        on_server=sum(folder["on_server"] for folder in folders),
        stored=by_state["STORED"],
        pending=by_state["PENDING"],
        quarantined=by_state["QUARANTINED"],
        skipped=tuple((SkipReason(reason), count) for reason, count in by_reason.items()),
        lag_seconds=max(0, int((clock.now() - oldest).total_seconds())) if oldest else 0,
        folders=tuple(_folder(folder, by_folder[folder["id"]]) for folder in folders),
        quarantine=tuple(
            Quarantined(message["id"], message["name"], message["uid"], message["found_at"], message["reason"] or "")
            for message in quarantine
        ),
    )


def _folder(folder: Any, by_state: Counter[str]) -> FolderHealth:
    return FolderHealth(
        name=folder["name"],
        synced=folder["synced"],
        why=folder["why"],
        on_server=folder["on_server"],
        **{state.lower(): by_state[state] for state in ("STORED", "PENDING", "SKIPPED", "QUARANTINED")},
    )


def _view(mailbox: Any) -> MailboxView:
    return MailboxView(
        id=mailbox["id"],
        address=mailbox["address"],
        owner_id=mailbox["owner_id"],
        username=mailbox["username"],
        imap=MailServer(mailbox["imap_host"], mailbox["imap_port"], MailSecurity(mailbox["imap_security"])),
        smtp=MailServer(mailbox["smtp_host"], mailbox["smtp_port"], MailSecurity(mailbox["smtp_security"])),
        sent_folder=mailbox["sent_folder"],
        folders_left_out=tuple(mailbox["folders_left_out"]),
        keeps_sent=mailbox["keeps_sent"],
        state=MailboxState(mailbox["state"]),
        fault=_fault(mailbox),
        last_sync_at=mailbox["last_sync_at"],
        backfill=Backfill(mailbox["backfill_done"], mailbox["backfill_total"]) if mailbox["backfill_total"] else None,
        version=mailbox["version"],
    )


def _fault(mailbox: Any) -> Fault | None:
    """What is wrong with reading, or else with the door for sending."""
    for door in ("", "smtp_"):
        if mailbox[f"{door}error_code"] is not None:
            path = mailbox[f"{door}error_path"]
            message = mailbox[f"{door}error_message"]
            return Fault(ErrorCode(mailbox[f"{door}error_code"]), message, tuple(path.split(".")) if path else ())
    return None
