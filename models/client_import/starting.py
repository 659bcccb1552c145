"""Asking for an import: the file is read and checked at once; what its rows come to, a worker finds out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from uuid import UUID

import orjson

from models import email_field, idempotency, journal, run, upload
from models.client_import import columns
from models.client_import.client_import import ClientImport, ImportColumn, as_json
from models.client_import.columns import ImportField, Target
from models.contact import FieldRef
from models.email_field import EmailFieldView, key_of_name
from models.errors import ErrorCode, Faults, Refusal
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.invitation.inviting import checked_message
from models.journal import Change, JournalKind, Subject
from models.run import NewRun, RunKind
from models.sheet.sheet import Row, Sheet
from models.toggles import NewToggles
from models.toggles.preferences import named_twice
from models.viewer import Viewer, must_manage_accounts

VERB = "import clients"
AT_ONCE = 2_000
"""Rows that are written in one statement."""
NO_TOGGLES = NewToggles()


@dataclass(frozen=True, slots=True)
class NewImport:
    """`columns` None: as guessed. `toggles`: for every address that is new to its account."""

    upload_id: UUID
    columns: tuple[tuple[str, Target], ...] | None = None
    toggles: NewToggles = NO_TOGGLES
    dry_run: bool = False


async def start(by: Viewer, new: NewImport, *, key: str | None = None) -> Done:
    """
    Asks for it and answers the run's id; a worker begins it when its turn comes.

    Raises NOT_ALLOWED without the right `manageAccounts`; NOT_FOUND for an upload that is not theirs or a day old, and
    for an e-mail field; INVALID for a file that cannot be read, with the row where there is one, for columns that make
    no sense, for more e-mail fields than a firm may have, for a category twice, a message too long, and where too many
    runs wait; INVITE_NEEDS_LOGIN where nothing can switch it on; IDEMPOTENCY_KEY_REUSED.
    """
    must_manage_accounts(by)
    if (answered := await idempotency.earlier(by, key, verb=VERB, wish=new)) is not None:
        return answered
    return await start_of(by, new, await _sheet(by, new.upload_id), key=key)


async def start_of(by: Viewer, new: NewImport, sheet: Sheet, *, key: str | None = None) -> Done:
    """The same, with a file that has been read."""
    must_manage_accounts(by)
    wish = await _checked(by, new, sheet)
    done = await idempotency.once(by, key, verb=VERB, wish=new, do=partial(_start, by, wish, sheet))
    checkpoint("after a run was asked for")
    return done


async def _sheet(by: Viewer, upload_id: UUID) -> Sheet:
    from models.client_import import file  # loads obstore, which a process that only migrates does without

    uploads = await upload.by_ids(by, [upload_id])
    gone = Refusal(
        ErrorCode.NOT_FOUND, "There is no such upload. Upload the file anew: it is kept for a day.", "uploadId"
    )
    if upload_id not in uploads:
        raise gone
    try:
        return await file.read(uploads[upload_id].file, by.firm_id)
    except FileNotFoundError:
        raise gone from None


async def _checked(by: Viewer, new: NewImport, sheet: Sheet) -> ClientImport:
    fields = await email_field.of_firm(by)
    faults, targets, toggles = Faults(), dict[str, Target](), new.toggles
    with faults:
        targets = _targets(new, sheet, fields)
    with faults:
        toggles = _toggles(new.toggles, targets)
    faults.must_be_none()
    samples = columns.samples(sheet)
    names = {field.id: field.name for field in fields}
    import_columns = [_column(header, samples[header], targets.get(header), names) for header in sheet.headers]
    return ClientImport(import_columns, toggles, new.dry_run, sheet.warnings, sheet.delimiter)


def _column(header: str, samples: tuple[str, ...], target: Target | None, names: dict[UUID, str]) -> ImportColumn:
    if not isinstance(target, FieldRef):
        return ImportColumn(header, samples, target)
    name = names[target.id] if target.id else target.name
    return ImportColumn(header, samples, email=target, email_field=name)


def _targets(new: NewImport, sheet: Sheet, fields: Sequence[EmailFieldView]) -> dict[str, Target]:
    if new.columns is None:
        targets = columns.guess(sheet, [field.name for field in fields])
    else:
        targets = columns.chosen(sheet.headers, new.columns)
    places = {header: at for at, (header, _) in enumerate(new.columns or ())}
    faults, met, made = Faults(), set[str](), set[str]()
    names = {field.id: field.name for field in fields}
    keys = {key_of_name(field.name) for field in fields}
    for header, target in targets.items():
        if not isinstance(target, FieldRef):
            continue
        path = ("columns", places[header], "into", "email") if header in places else ("columns",)
        with faults:
            if target.id is not None and target.id not in names:
                raise Refusal(ErrorCode.NOT_FOUND, "There is no such e-mail field.", *path)
            name = email_field.checked_name(names[target.id] if target.id else target.name or "", *path)
            if (key := key_of_name(name)) in met:
                raise Refusal(
                    ErrorCode.INVALID, f"Another column goes into {name}. Each has a field of its own.", *path
                )
            met.add(key)
            if key not in keys:
                made.add(key)
    with faults:
        _must_fit(len(keys) + len(made))
    faults.must_be_none()
    return targets


def _must_fit(fields: int) -> None:
    if fields > email_field.MOST:
        message = f"A firm has {email_field.MOST} e-mail fields at most, and with these columns it would have {fields}."
        raise Refusal(ErrorCode.INVALID, message, "columns")


def _toggles(toggles: NewToggles, targets: dict[str, Target]) -> NewToggles:
    """As they are kept: the message cleaned as letters need it."""
    faults = Faults()
    for refusal in _against(toggles, targets):
        with faults:
            raise refusal
    invite = toggles.invite
    with faults:
        message = checked_message(invite.message, "toggles", "invite", "message") if invite else None
        invite = replace(invite, message=message) if invite else None
    faults.must_be_none()
    return replace(toggles, invite=invite)


def _against(toggles: NewToggles, targets: dict[str, Target]) -> Iterator[Refusal]:
    if toggles.invite and not toggles.login and ImportField.LOGIN not in targets.values():
        message = "Nothing switches Login on, so nobody can be invited. Switch it on, or choose a column for it."
        yield Refusal(ErrorCode.INVITE_NEEDS_LOGIN, message, "toggles", "invite")
    yield from named_twice(toggles.preferences, "toggles", "notificationPreferences")


async def _start(by: Viewer, wish: ClientImport, sheet: Sheet) -> tuple[UUID, ...]:
    acting = await run.write(by, NewRun(RunKind.CLIENT_IMPORT, as_json(wish), total=len(sheet.rows)))
    assert acting.run_id is not None
    rows = iter(sheet.rows)
    while some := list(islice(rows, AT_ONCE)):
        await _keep(by.firm_id, acting.run_id, some)
    if not wish.dry_run:
        changes = [Change("rows", None, str(len(sheet.rows)))]
        journal.record(JournalKind.IMPORT_STARTED, by=acting, subject=(Subject.IMPORT, acting.run_id), changes=changes)
    checkpoint("before the commit of a run that is asked for")
    return (acting.run_id,)


async def _keep(firm_id: UUID, run_id: UUID, rows: Sequence[Row]) -> None:
    cells = [orjson.dumps(row.cells).decode() for row in rows]
    values = [row.number for row in rows], cells, [row.fault for row in rows]
    await store.execute(_KEEP, firm_id, run_id, *values)


_KEEP = """
INSERT INTO client_import_row (firm_id, run_id, number, cells, fault)
SELECT $1, $2, n.number, n.cells::jsonb, n.fault
FROM unnest($3::int[], $4::text[], $5::text[]) AS n(number, cells, fault)
"""
