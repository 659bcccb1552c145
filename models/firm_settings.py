"""What a firm decides for itself: the words of its letters, where answers go, what clients may do without Login."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from models import address, journal, text
from models.errors import Conflict, ErrorCode, Faults, Refusal
from models.ground import store
from models.ground.unset import UNSET, Unset
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import Actor, Asker, must_be_admin

OTHERWISE = "en"
INVITATION_DAYS = 30
MOST_DAYS = 365
LONGEST_TAG = 35  # characters
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_TEMPLATES = Path(__file__).parents[1] / "mail" / "templates"


class ClientAction(StrEnum):
    """What a firm may let clients do from a letter's link, without Login (R12)."""

    VIEW_DOCUMENTS = "VIEW_DOCUMENTS"
    SIGN_DOCUMENTS = "SIGN_DOCUMENTS"
    UPLOAD_DOCUMENTS = "UPLOAD_DOCUMENTS"
    PAY_INVOICES = "PAY_INVOICES"
    COMPLETE_REQUESTS = "COMPLETE_REQUESTS"


@dataclass(frozen=True, slots=True)
class FirmSettings:
    """`sender_name` None: the firm's name."""

    firm_id: UUID
    language: str
    sender_name: str | None
    reply_to: str | None
    copy_to: str | None
    invitation_days: int
    actions_without_login: tuple[ClientAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmWish:
    """UNSET: as it is. None: cleared, which for the language and the days means as every firm starts."""

    name: str | Unset = UNSET
    language: str | Unset | None = UNSET
    sender_name: str | Unset | None = UNSET
    reply_to: str | Unset | None = UNSET
    copy_to: str | Unset | None = UNSET
    invitation_days: int | Unset | None = UNSET
    actions_without_login: Sequence[ClientAction] | Unset = UNSET


async def of(by: Asker) -> FirmSettings:
    """The viewer's own firm's."""
    row = await store.row(f"SELECT {_COLUMNS} FROM firm WHERE id = $1", by.firm_id)
    assert row is not None, "a session belongs to a firm"
    return FirmSettings(
        firm_id=by.firm_id,
        language=row["language"],
        sender_name=row["sender_name"],
        reply_to=row["reply_to"],
        copy_to=row["copy_to"],
        invitation_days=row["invitation_days"],
        actions_without_login=tuple(map(ClientAction, row["actions_without_login"])),
    )


async def update(by: Actor, wish: FirmWish, *, expected_version: int | None = None) -> Done:
    """
    OWNER and ADMIN. Raises NOT_ALLOWED, CHANGED_MEANWHILE; INVALID and ADDRESS_INVALID, with their paths, for all
    fields at fault.
    """
    must_be_admin(by)
    async with store.transaction(by.firm_id) as tx:
        row = await store.row(f"SELECT {_COLUMNS}, version FROM firm WHERE id = $1 FOR NO KEY UPDATE", by.firm_id)
        assert row is not None
        if expected_version is not None and row["version"] != expected_version:
            raise Conflict("Somebody changed the firm's settings meanwhile.", subject=(Subject.FIRM, by.firm_id))
        before: dict[str, Any] = {name: row[setting.column] for name, setting in SETTINGS.items()}
        after = {**before, **_wanted(wish)}
        if after != before:
            await _save(by, before, after)
    return Done((by.firm_id,), tx.cursor)


async def _save(by: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{setting.column} = ${place}" for place, setting in enumerate(SETTINGS.values(), 2))
    await store.execute(
        f"UPDATE firm SET {assignments}, version = version + 1 WHERE id = $1",
        by.firm_id,
        *(after[name] for name in SETTINGS),
    )
    journal.record(
        JournalKind.FIRM_CHANGED,
        by=by,
        subject=(Subject.FIRM, by.firm_id),
        changes=journal.changes_between(_as_told(before), _as_told(after)),
    )


def _as_told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "actionsWithoutLogin": " ".join(values["actionsWithoutLogin"])}


def _wanted(wish: FirmWish) -> dict[str, Any]:
    """What is to change, checked, by the API's names."""
    wanted: dict[str, Any] = {}
    faults = Faults()
    for name, setting in SETTINGS.items():
        value = getattr(wish, setting.column)
        with faults:
            if value is not UNSET:
                wanted[name] = setting.checked(value)
    faults.must_be_none()
    return wanted


def languages() -> list[str]:
    """Those that letters are written in: a folder of templates each."""
    return sorted(path.name for path in _TEMPLATES.iterdir() if path.is_dir())


def _language(given: str | None) -> str:
    """A BCP 47 tag whose language has templates, in its usual spelling (RFC 5646, 2.1.1): `it-CH` for `IT-ch`."""
    if given is None:
        return OTHERWISE
    tag = given.strip()
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag) or tag.partition("-")[0].lower() not in languages():
        known = ", ".join(languages())
        raise Refusal(ErrorCode.INVALID, f"Letters cannot be written in this language. There are: {known}.", "language")
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *map(_spelled, rest)])


def _spelled(subtag: str) -> str:
    return subtag.upper() if len(subtag) == 2 else subtag.title() if len(subtag) == 4 else subtag.lower()


def _days(given: int | None) -> int:
    if given is None:
        return INVITATION_DAYS
    if not 1 <= given <= MOST_DAYS:
        raise Refusal(ErrorCode.INVALID, f"An invitation is good for 1 to {MOST_DAYS} days.", "invitationDays")
    return given


def _sender_name(given: str | None) -> str | None:
    return text.one_line(given, "senderName") if given else None


def _address(name: str, given: str | None) -> str | None:
    return address.typed(given, name).text if given else None


def _actions(given: Sequence[ClientAction]) -> list[str]:
    return [action.value for action in ClientAction if action in given]


@dataclass(frozen=True, slots=True)
class Setting:
    """`column` of the firm, and its name in a FirmWish; `checked` gives what is kept, or raises a Refusal."""

    column: str
    checked: Callable[[Any], Any]


SETTINGS = {
    "name": Setting("name", lambda given: text.one_line(given, "name")),
    "language": Setting("language", _language),
    "senderName": Setting("sender_name", _sender_name),
    "replyTo": Setting("reply_to", partial(_address, "replyTo")),
    "copyTo": Setting("copy_to", partial(_address, "copyTo")),
    "invitationDays": Setting("invitation_days", _days),
    "actionsWithoutLogin": Setting("actions_without_login", _actions),
}
"""By the API's names, which the journal tells them by."""
_COLUMNS = ", ".join(setting.column for setting in SETTINGS.values())


async def allows(firm_id: UUID, action: ClientAction) -> bool:
    """Whether clients of the firm may do this without Login."""
    found = "SELECT $2 = ANY(actions_without_login) FROM firm WHERE id = $1"
    return bool(await store.value(found, firm_id, action))
