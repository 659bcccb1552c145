"""Inviting where Login is on already: the first time, or again (R9)."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from models import firm, idempotency, store
from models.access import Spot
from models.errors import ErrorCode, Refusal, Refusals
from models.idempotency import Done
from models.invitation.inviting import Asked, Invite, checked_message, invite, objections
from models.toggles.table import IS_HELD
from models.viewer import Actor, must_manage_accounts

MOST_AT_ONCE = 100


async def send(by: Actor, spots: Sequence[Spot], *, message: str | None = None, key: str | None = None) -> Done:
    """
    Earlier links die. Answers the ids of the toggles, in order.

    Raises Refusals with a path each: NOT_FOUND, INVITE_NEEDS_LOGIN, ALREADY_ACTIVE, ADDRESS_SUPPRESSED,
    ACCOUNT_ARCHIVED; INVALID, RATE_LIMITED; NOT_ALLOWED without the right `manageAccounts`.
    """
    must_manage_accounts(by)
    if not 1 <= len(spots) <= MOST_AT_ONCE:
        raise Refusal(ErrorCode.INVALID, f"Give 1 to {MOST_AT_ONCE} toggles at once, not {len(spots)}.", "toggles")
    wanted = Invite(checked_message(message, "message"), again=True)
    do = partial(_send, by, spots, wanted)
    return await idempotency.once(by, key, verb="send invitations", asked={"toggles": spots, "invite": wanted}, do=do)


async def _send(by: Actor, spots: Sequence[Spot], wanted: Invite) -> tuple[Any, ...]:
    await firm.one_at_a_time(by.firm_id)
    rows = await store.rows(_LOCKED, by.firm_id, [one for one, _ in spots], [one for _, one in spots])
    found = {(row["account_id"], row["address_id"]): row for row in rows}
    refusals = [
        Refusal(one.code, one.message, "toggles", index)
        for index, spot in enumerate(spots)
        for one in _objections(wanted, found.get(spot))
    ]
    if refusals:
        raise Refusals(refusals)
    await invite(by, [Asked(account_id, address_id, wanted) for account_id, address_id in dict.fromkeys(spots)])
    return tuple(found[spot]["id"] for spot in spots)


def _objections(wanted: Invite, row: Any) -> Iterator[Refusal]:
    if row is None or not (row["held"] or row["login"]):
        yield Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
    elif row["login"] and row["activated"]:
        yield Refusal(ErrorCode.ALREADY_ACTIVE, "This person has activated already, and can sign in.")
    else:
        yield from objections(wanted, row, login=row["login"])


_LOCKED = f"""
SELECT t.*, a.archived_at IS NOT NULL AS archived, {IS_HELD} AS held, e.suppressed_at IS NOT NULL AS suppressed,
  p.id IS NOT NULL AS activated
FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
WHERE t.firm_id = $1 AND (t.account_id, t.address_id) IN (SELECT * FROM unnest($2::uuid[], $3::uuid[]))
ORDER BY t.id FOR UPDATE OF t
"""
