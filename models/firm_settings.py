"""What a firm decides for itself: the words of its letters, where answers go, what clients may do without Login."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from asyncpg import Record
from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models import address, journal, software_url, text, time_zone
from models.errors import Conflict, ErrorCode, Faults, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import Actor, Asker, must_be_admin, must_be_in_person

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


def languages() -> list[str]:
    """Those that letters are written in: a folder of templates each."""
    return sorted(path.name for path in _TEMPLATES.iterdir() if path.is_dir())


def _language(value: str | None, path: str) -> str:
    """A BCP 47 tag whose language has templates, in its usual spelling (RFC 5646, 2.1.1): `it-CH` for `IT-ch`."""
    if value is None:
        return OTHERWISE
    tag = value.strip()
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag) or tag.partition("-")[0].lower() not in languages():
        tags = ", ".join(languages())
        raise Refusal(ErrorCode.INVALID, f"Letters cannot be written in this language. There are: {tags}.", path)
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *map(_spelled, rest)])


def _spelled(subtag: str) -> str:
    return subtag.upper() if len(subtag) == 2 else subtag.title() if len(subtag) == 4 else subtag.lower()


def _days(value: int | None, path: str) -> int:
    if value is None:
        return INVITATION_DAYS
    if not 1 <= value <= MOST_DAYS:
        raise Refusal(ErrorCode.INVALID, f"An invitation is good for 1 to {MOST_DAYS} days.", path)
    return value


def _firm_name(value: str | None, path: str) -> str:
    return text.one_line(value or "", path)


def _sender_name(value: str | None, path: str) -> str | None:
    return text.one_line(value, path) if value else None


def _address(value: str | None, path: str) -> str | None:
    return address.typed(value, path).text if value else None


def _actions(value: Collection[ClientAction] | None, _: str) -> tuple[ClientAction, ...]:
    return tuple(action for action in ClientAction if action in (value or ()))


def _otherwise_true(value: bool | None, _: str) -> bool:
    return value is not False


def _otherwise_false(value: bool | None, _: str) -> bool:
    return bool(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """
    `column` of the firm's table. `checked` gives what is kept of a wish, or raises a Refusal with the path it is given;
    of None it gives what every firm starts with. `read` gives what is shown of what is kept. `in_person`: an API token
    does not change it, so that a stolen one cannot send clients, or what they are sent, elsewhere.
    """

    column: Any
    checked: Callable[[Any, str], Any]
    read: Callable[[Any], Any] = lambda value: value
    in_person: bool = False


def decided(*setting: Any, **more: Any) -> Any:
    return field(metadata={Setting: Setting(*setting, **more)})


@dataclass(frozen=True, slots=True)
class FirmSettings:
    """Each is told here once, with its column and its rule. `sender_name` None: the firm's name."""

    id: UUID
    version: int
    name: str = decided(fields.CharField(200), _firm_name)
    language: str = decided(fields.CharField(LONGEST_TAG, default=OTHERWISE, db_default=OTHERWISE), _language)
    sender_name: str | None = decided(fields.CharField(200, null=True), _sender_name)
    reply_to: str | None = decided(fields.CharField(320, null=True), _address, in_person=True)
    copy_to: str | None = decided(fields.CharField(320, null=True), _address, in_person=True)
    invitation_days: int = decided(fields.IntField(default=INVITATION_DAYS, db_default=INVITATION_DAYS), _days)
    actions_without_login: tuple[ClientAction, ...] = decided(
        ArrayField("text", default=list, db_default=[]), _actions, lambda value: tuple(map(ClientAction, value))
    )
    clients_may_set_preferences: bool = decided(fields.BooleanField(default=True, db_default=True), _otherwise_true)
    time_zone: str = decided(
        fields.CharField(time_zone.LONGEST, default=time_zone.OTHERWISE, db_default=time_zone.OTHERWISE),
        time_zone.checked,
    )
    software_url: str | None = decided(
        fields.CharField(software_url.LONGEST_URL, null=True), software_url.checked_url, in_person=True
    )
    auto_save_attachments: bool = decided(fields.BooleanField(default=False, db_default=False), _otherwise_false)


SETTINGS: dict[str, Setting] = {attr.name: attr.metadata[Setting] for attr in fields_of(FirmSettings) if attr.metadata}
FirmWish = dict[str, Any]
"""What is to change, by the names of the settings; None: cleared, or as every firm starts."""


class Columns:
    """Those of the settings, for the firm's table."""


for _name, _setting in SETTINGS.items():
    setattr(Columns, _name, _setting.column)


async def of(by: Asker) -> FirmSettings:
    """The viewer's own firm's."""
    return await _read(by.firm_id)


async def update(by: Actor, wish: FirmWish, *, expected_version: int | None = None) -> Done:
    """
    OWNER and ADMIN. Raises NOT_ALLOWED, also with the paths of what is changed in person only; CHANGED_MEANWHILE;
    INVALID and ADDRESS_INVALID, with their paths, for all fields at fault.
    """
    must_be_admin(by)
    async with store.transaction(by.firm_id) as tx:
        before = await _read(by.firm_id, "FOR NO KEY UPDATE")
        if expected_version is not None and before.version != expected_version:
            raise Conflict("Somebody changed the firm's settings meanwhile.", subject=(Subject.FIRM, by.firm_id))
        after = replace(before, **_checked(wish))
        _must_be_in_person(by, before, after)
        if after != before:
            await _save(by, before, after)
    return Done((by.firm_id,), tx.cursor)


async def _read(firm_id: UUID, lock: str = "") -> FirmSettings:
    firm = await store.row(f"SELECT id, version, {', '.join(SETTINGS)} FROM firm WHERE id = $1 {lock}", firm_id)
    assert firm is not None, "a session belongs to a firm"
    return settings_of(firm)


def settings_of(firm: Record) -> FirmSettings:
    """Of a record with the firm's id, its version and the columns of all settings."""
    shown = {name: setting.read(firm[name]) for name, setting in SETTINGS.items()}
    return FirmSettings(id=firm["id"], version=firm["version"], **shown)


async def _save(by: Actor, before: FirmSettings, after: FirmSettings) -> None:
    assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(SETTINGS, 2))
    query = f"UPDATE firm SET {assignments}, version = version + 1 WHERE id = $1"
    await store.execute(query, by.firm_id, *(getattr(after, name) for name in SETTINGS))
    await store.execute(_NOTE_AUTO_SAVE, by.firm_id, clock.now())
    changes = journal.changes_between(_as_told(before), _as_told(after))
    journal.record(JournalKind.FIRM_CHANGED, by=by, subject=(Subject.FIRM, by.firm_id), changes=changes)


_NOTE_AUTO_SAVE = """
UPDATE firm SET auto_save_since = CASE WHEN auto_save_attachments THEN coalesce(auto_save_since, $2) END WHERE id = $1
"""


def _as_told(settings: FirmSettings) -> dict[str, object]:
    return {_told(name): getattr(settings, name) for name in SETTINGS}


def _told(name: str) -> str:
    """`invitationDays` of `invitation_days`: as the API, and so the journal, has it."""
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _checked(wish: FirmWish) -> dict[str, Any]:
    assert wish.keys() <= SETTINGS.keys(), "a wish names settings"
    checked: dict[str, Any] = {}
    faults = Faults()
    for name, setting in SETTINGS.items():
        with faults:
            if name in wish:
                checked[name] = setting.checked(wish[name], _told(name))
    faults.must_be_none()
    return checked


def _must_be_in_person(by: Actor, before: FirmSettings, after: FirmSettings) -> None:
    faults = Faults()
    for name, setting in SETTINGS.items():
        with faults:
            if setting.in_person and getattr(after, name) != getattr(before, name):
                must_be_in_person(by, _told(name))
    faults.must_be_none()


async def allows(firm_id: UUID, action: ClientAction) -> bool:
    """Whether clients of the firm may do this without Login."""
    query = "SELECT $2 = ANY(actions_without_login) FROM firm WHERE id = $1"
    return bool(await store.value(query, firm_id, action))
