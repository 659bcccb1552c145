"""Switching: many at once, all or nothing; the singular is the plural with one element."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from models import firm, idempotency, journal, store
from models.access import lose_access
from models.checkpoint import checkpoint
from models.email import history
from models.errors import Conflict, DeadLinkReason, ErrorCode, Refusal, Refusals
from models.idempotency import Done
from models.invitation.inviting import Asked, Invite, invite, objections
from models.journal import JournalKind, Subject
from models.our_own import IS_OUR_OWN
from models.toggles.table import IS_HELD, Switch, ensure
from models.viewer import Actor, must_manage_accounts

MOST_AT_ONCE = 100
API_NAMES = {Switch.LOGIN: "login", Switch.NOTIFY: "notify", Switch.EMAIL_SYNC: "emailSync"}


@dataclass(frozen=True, slots=True)
class TogglesWish:
    """How the switches of one address on one account shall be; None: as it is. `invite`: acts even so (R3)."""

    account_id: UUID
    address_id: UUID
    login: bool | None = None
    notify: bool | None = None
    email_sync: bool | None = None
    expected_version: int | None = None
    invite: Invite | None = None

    def wants(self) -> dict[Switch, bool]:
        given = {Switch.LOGIN: self.login, Switch.NOTIFY: self.notify, Switch.EMAIL_SYNC: self.email_sync}
        return {switch: on for switch, on in given.items() if on is not None}


@dataclass(frozen=True, slots=True)
class NewToggles:
    """What a new link starts with: all off unless given (R4)."""

    login: bool = False
    notify: bool = False
    email_sync: bool = False
    invite: Invite | None = None

    def wants(self) -> dict[Switch, bool]:
        given = {Switch.LOGIN: self.login, Switch.NOTIFY: self.notify, Switch.EMAIL_SYNC: self.email_sync}
        return {switch: True for switch, on in given.items() if on}


@dataclass(frozen=True, slots=True)
class Start:
    """How the switches of an address start. `path`: where in the input the address stands, its `toggles` below."""

    toggles: NewToggles = NewToggles()
    path: tuple[str | int, ...] = ()


async def set_toggles(by: Actor, wishes: Sequence[TogglesWish], *, key: str | None = None) -> Done:
    """
    Answers the ids in the order of the wishes. What is set already changes nothing and tells nobody (R3).

    Raises Refusals with a path each: NOT_FOUND, NOT_LINKED, ACCOUNT_ARCHIVED, OWN_ADDRESS, CHANGED_MEANWHILE, INVALID,
    INVITE_NEEDS_LOGIN, ADDRESS_SUPPRESSED; RATE_LIMITED; NOT_ALLOWED without the right `manageAccounts`.
    """
    must_manage_accounts(by)
    if not 1 <= len(wishes) <= MOST_AT_ONCE:
        raise Refusal(ErrorCode.INVALID, f"Give 1 to {MOST_AT_ONCE} toggles at once, not {len(wishes)}.", "toggles")
    if len({(wish.account_id, wish.address_id) for wish in wishes}) != len(wishes):
        raise Refusal(ErrorCode.INVALID, "An address of an account stands twice in the list.", "toggles")
    done = await idempotency.once(by, key, verb="set toggles", asked=wishes, do=partial(_set, by, wishes))
    checkpoint("after the commit of switches")
    return done


async def _set(by: Actor, wishes: Sequence[TogglesWish]) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)  # nobody is unlinked, archived or invited between the look and the change
    if any(wish.email_sync for wish in wishes):
        await history.lock(by.firm_id)
    found = {(row["account_id"], row["address_id"]): row for row in await _locked(by, wishes)}
    refusals: list[Refusal] = []
    for index, wish in enumerate(wishes):
        row = found.get((wish.account_id, wish.address_id))
        refusals += [_placed(refusal, "toggles", index) for refusal in _objections(wish, row)]
    if refusals:
        raise Refusals(refusals)
    await switch(by, [(found[wish.account_id, wish.address_id], wish.wants()) for wish in wishes])
    checkpoint("after switches were set")
    await invite(by, [Asked(wish.account_id, wish.address_id, wish.invite) for wish in wishes if wish.invite])
    checkpoint("before the commit of switches")
    return tuple(found[wish.account_id, wish.address_id]["id"] for wish in wishes)


def _placed(refusal: Refusal, *path: str | int) -> Refusal:
    refusal.path = (*map(str, path), *refusal.path)
    return refusal


def _objections(wish: TogglesWish, row: Any) -> Iterable[Refusal]:
    if row is None or not (row["held"] or row["login"]):
        yield Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
        return
    if wish.expected_version is not None and wish.expected_version != row["version"]:
        yield Conflict("Somebody changed these switches since you looked.", subject=(Subject.TOGGLES, row["id"]))
    for switch_, on in wish.wants().items():
        if on and not row[switch_]:
            yield from _why_not_on(switch_, row)
    if wish.invite:
        yield from _why_not_invited(wish.invite, row, wish.login)


def _why_not_invited(wanted: Invite, row: Any, login: bool | None) -> Iterable[Refusal]:
    if row["login"] and not row["held"]:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", "invite")
    else:
        yield from objections(wanted, row, login=row["login"] if login is None else login)


def _why_not_on(switch_: Switch, row: Any) -> Iterable[Refusal]:
    name = API_NAMES[switch_]
    if row["archived"]:
        yield Refusal(ErrorCode.ACCOUNT_ARCHIVED, "The account is archived. Take it back before switching on.", name)
    elif not row["held"]:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", name)
    elif switch_ is Switch.EMAIL_SYNC and row["our_own"]:
        yield Refusal(ErrorCode.OWN_ADDRESS, "This is an address of the firm itself; its mail is not synced.", name)


async def _locked(by: Actor, wishes: Sequence[TogglesWish]) -> Sequence[Any]:
    return await store.rows(
        _LOCKED, by.firm_id, [wish.account_id for wish in wishes], [wish.address_id for wish in wishes]
    )


_LOCKED = f"""
SELECT t.*, a.archived_at IS NOT NULL AS archived, {IS_HELD} AS held, {IS_OUR_OWN} AS our_own,
  e.suppressed_at IS NOT NULL AS suppressed
FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
WHERE t.firm_id = $1 AND (t.account_id, t.address_id) IN (SELECT * FROM unnest($2::uuid[], $3::uuid[]))
ORDER BY t.id FOR UPDATE OF t
"""


async def start(by: Actor, account_id: UUID, starts: Mapping[UUID, Start]) -> list[Asked]:
    """
    Gives each address of a new link its row, and switches on what is wanted there. Answers whom to `invite` at the end.

    Runs inside a transaction, under `history.lock`. Raises Refusals: OWN_ADDRESS, ACCOUNT_ARCHIVED, INVITE_NEEDS_LOGIN,
    ADDRESS_SUPPRESSED, INVALID.
    """
    await ensure(by, [(account_id, address_id) for address_id in starts])
    acting = {id_: start for id_, start in starts.items() if start.toggles.wants() or start.toggles.invite}
    if not acting:
        return []
    rows = {row["address_id"]: row for row in await _locked(by, [TogglesWish(account_id, each) for each in acting])}
    refusals = [
        _placed(refusal, *start.path, "toggles")
        for address_id, start in acting.items()
        for refusal in _not_started(start.toggles, rows[address_id])
    ]
    if refusals:
        raise Refusals(refusals)
    await switch(by, [(rows[address_id], start.toggles.wants()) for address_id, start in acting.items()])
    return [Asked(account_id, id_, start.toggles.invite) for id_, start in acting.items() if start.toggles.invite]


def _not_started(wanted: NewToggles, row: Any) -> Iterable[Refusal]:
    for switch_ in wanted.wants():
        if not row[switch_]:  # on already: another contact of the account holds the address (R3)
            yield from _why_not_on(switch_, row)
    if wanted.invite:
        yield from _why_not_invited(wanted.invite, row, wanted.login or None)


async def switch(
    by: Actor, wanted: Sequence[tuple[Any, dict[Switch, bool]]], *, why: DeadLinkReason = DeadLinkReason.LOGIN_OFF
) -> list[UUID]:
    """
    Sets locked rows as wanted, with an entry for each that changes; answers those. Asks nobody: the caller has checked.
    Where Login goes off, invitations cover it no more; `why` is what their links then say (R9).

    Runs inside a transaction, under `history.lock` where Email sync goes on.
    """
    changing = [(row, after) for row, on in wanted if (after := {s: v for s, v in on.items() if row[s] != v})]
    if not changing:
        return []
    await store.execute(
        _SWITCH,
        by.firm_id,
        [row["id"] for row, _ in changing],
        *([after.get(column, row[column]) for row, after in changing] for column in Switch),
    )
    for row, after in changing:
        _record(by, row, after)
    if off := [(row["account_id"], row["address_id"]) for row, after in changing if after.get(Switch.LOGIN) is False]:
        await lose_access(by, off, why)
    synced = [row["address_id"] for row, after in changing if after.get(Switch.EMAIL_SYNC)]
    if synced:
        await history.wanted(by.firm_id, synced)
    return [row["id"] for row, _ in changing]


_SWITCH = """
UPDATE toggles t SET login = n.login, notify = n.notify, email_sync = n.email_sync, version = t.version + 1
FROM unnest($2::uuid[], $3::bool[], $4::bool[], $5::bool[]) AS n(id, login, notify, email_sync)
WHERE t.firm_id = $1 AND t.id = n.id
"""


def _record(by: Actor, row: Any, after: dict[Switch, bool]) -> None:
    journal.record(
        JournalKind.TOGGLES_CHANGED,
        by=by,
        subject=(Subject.TOGGLES, row["id"]),
        accounts=[row["account_id"]],
        touched=[row["id"]],
        changes=journal.changes_between(
            {API_NAMES[column]: row[column] for column in after},
            {API_NAMES[column]: on for column, on in after.items()},
        ),
    )
