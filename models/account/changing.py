"""Creating, changing and archiving accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from asyncpg import Record
from uuid_utils.compat import uuid7

from models import firm, idempotency, journal, text
from models.access import lose_access
from models.account.account import AccountKind
from models.account.making import MadeAccount, last_number, write
from models.contact.linking import LinkedContact, link_all
from models.email import history
from models.errors import Conflict, DeadLinkReason, ErrorCode, Faults, Refusal
from models.ground import clock, store
from models.ground.unset import UNSET, Unset
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.toggles import Toggles, lock_where
from models.viewer import Actor, must_manage_accounts

LONGEST_CODE = 30


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`code` None: the next free one."""

    name: str
    kind: AccountKind
    code: str | None = None
    contacts: tuple[LinkedContact, ...] = ()


async def create(by: Actor, new: NewAccount, *, key: str | None = None) -> Done:
    """
    With its contacts, their addresses and switches (R2). Answers the id.

    Raises, for all that is at fault at once: ALREADY_TAKEN for a code in use, INVALID, ADDRESS_INVALID, NOT_FOUND,
    OWN_ADDRESS, INVITE_NEEDS_LOGIN, ADDRESS_SUPPRESSED; RATE_LIMITED, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    return await idempotency.once(by, key, verb="create account", wish=new, do=partial(_create, by, new))


async def _create(by: Actor, new: NewAccount) -> tuple[UUID, ...]:
    faults = Faults()
    account_id = uuid7()
    name, code = "", account_id.hex[:LONGEST_CODE]  # after a fault only to find further ones: all is rolled back
    with faults:
        name = text.one_line(new.name, "name")
    with faults:
        code = await _next_code(by.firm_id) if new.code is None else await _free_code(by.firm_id, new.code)
    await write(by, [MadeAccount(account_id, code, name, new.kind)])
    with faults:
        await link_all(by, account_id, new.contacts)
    faults.must_be_none()
    return (account_id,)


async def _free_code(firm_id: UUID, code: str, *, apart_from: UUID | None = None) -> str:
    clean = text.one_line(code, "code", noun="The code", longest=LONGEST_CODE)
    await firm.one_at_a_time(firm_id)
    query = "SELECT id FROM account WHERE firm_id = $1 AND code_key = $2"
    holder = await store.value(query, firm_id, text.code_key(clean))
    if holder not in {None, apart_from}:
        raise Refusal(ErrorCode.ALREADY_TAKEN, f"Another account has the code {clean}. Choose a different one.", "code")
    return clean


async def _next_code(firm_id: UUID) -> str:
    await firm.one_at_a_time(firm_id)
    return f"V{await last_number(firm_id) + 1}"


async def update(
    by: Actor,
    account_id: UUID,
    *,
    code: str | Unset = UNSET,
    name: str | Unset = UNSET,
    kind: AccountKind | Unset = UNSET,
    expected_version: int | None = None,
) -> Done:
    """Raises NOT_FOUND, CHANGED_MEANWHILE, ALREADY_TAKEN, INVALID, NOT_ALLOWED."""
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        if code is not UNSET:
            await firm.one_at_a_time(by.firm_id)
        account = await _locked(by, account_id, expected_version)
        before = {"code": account["code"], "name": account["name"], "kind": account["kind"]}
        after, faults = dict(before), Faults()
        with faults:
            if code is not UNSET:
                after["code"] = await _free_code(by.firm_id, code, apart_from=account_id)
        with faults:
            if name is not UNSET:
                after["name"] = text.one_line(name, "name")
        faults.must_be_none()
        if kind is not UNSET:
            after["kind"] = kind.value
        if after != before:
            await _save(by, account_id, before, after)
    return Done((account_id,), tx.cursor)


async def _save(by: Actor, account_id: UUID, before: dict[str, str], after: dict[str, str]) -> None:
    await store.execute(
        "UPDATE account SET code = $3, code_key = $4, name = $5, sort_key = $6, kind = $7, words = $8,"
        " version = version + 1 WHERE firm_id = $1 AND id = $2",
        by.firm_id,
        account_id,
        after["code"],
        text.code_key(after["code"]),
        after["name"],
        text.sort_key(after["name"]),
        after["kind"],
        text.words(after["code"], after["name"]),
    )
    _record_change(by, account_id, journal.changes_between(before, after))


async def archive(by: Actor, account_id: UUID, *, archived: bool, expected_version: int | None = None) -> Done:
    """
    Suspends its switches, which keep their positions, and takes it out of invitations. Taken back, access is as it was
    and the e-mails that came meanwhile are linked, but invitations must be sent again (R44).
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        if not archived:
            await history.lock(by.firm_id)
        account = await _locked(by, account_id, expected_version)
        if (account["archived_at"] is not None) != archived:
            await _archive(by, account_id, archived)
    return Done((account_id,), tx.cursor)


async def _archive(by: Actor, account_id: UUID, archived: bool) -> None:
    query = "UPDATE account SET archived_at = $3, version = version + 1 WHERE firm_id = $1 AND id = $2"
    await store.execute(query, by.firm_id, account_id, clock.now() if archived else None)
    entering: Sequence[Toggles] = []
    if archived:
        entering = await lock_where(by, "t.account_id = $2 AND t.login", account_id)
        lost = [(account_id, toggles.address_id) for toggles in entering]
        await lose_access(by, lost, DeadLinkReason.LOGIN_OFF)
    else:
        await history.wanted_by_account(by, account_id)
    changes = journal.changes_between({"archived": not archived}, {"archived": archived})
    _record_change(by, account_id, changes, touched=[toggles.id for toggles in entering])


def _record_change(by: Actor, account_id: UUID, changes: list[journal.Change], *, touched: Sequence[UUID] = ()) -> None:
    subject = (Subject.ACCOUNT, account_id)
    journal.record(
        JournalKind.ACCOUNT_CHANGED, by=by, subject=subject, accounts=[account_id], touched=touched, changes=changes
    )


async def _locked(by: Actor, account_id: UUID, expected_version: int | None) -> Record:
    account = await store.row(_LOCKED, by.firm_id, account_id)
    if account is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.", "id")
    if expected_version is not None and expected_version != account["version"]:
        raise Conflict("Somebody changed this account since you looked.", subject=(Subject.ACCOUNT, account_id))
    return account


# not FOR UPDATE: a sign-in that holds toggles we wait for must be able to name the account
_LOCKED = "SELECT * FROM account WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE"
