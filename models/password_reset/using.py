"""Using a link up: a new password, and the end of every session that began with the old one."""

from datetime import datetime
from typing import Any

from models import firm_key, journal, password, session
from models.access import MAY_ENTER
from models.errors import DeadLink, DeadLinkReason, ErrorCode, Refusal
from models.ground import clock, secret_link, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import Actor, Client, TeamRole, Viewer

SAID = {
    DeadLinkReason.USED: "This link has been used. If you need another new password, ask for a new link.",
    DeadLinkReason.EXPIRED: "This link has expired: it was good for an hour. Ask for a new one.",
    DeadLinkReason.SENT_AGAIN: "A newer link was sent since. Use that one.",
}
NO_MORE = "This link is not good any more. Ask for a new one."


async def use(*, token: str, secret: str) -> Done:
    """
    Sets the password and ends all sessions of the person. Uses the link up only where all of it was done.

    Raises NOT_FOUND (no such link), DEAD_LINK, LOGIN_OFF (a client who may enter no account now, R47), WEAK_PASSWORD.
    """
    reset = await _good(token)
    about = (reset["address"], reset["member_name"] or "", reset["firm_name"])
    hashed = await password.hashed(password.checked(secret, "password", about=about))
    async with store.transaction(reset["firm_id"]) as tx:
        # the person first, as where colleagues change their own password or are removed
        await store.row(_HOLD[reset["user_id"] is not None], reset["firm_id"], reset["user_id"] or reset["member_id"])
        reset = await _good(token, lock=True)
        by = _person(reset)
        await store.execute(_SET[reset["user_id"] is not None], reset["firm_id"], by.person_id, hashed)
        await store.execute(_END, reset["firm_id"], reset["id"], clock.now(), DeadLinkReason.USED)
        subject = (Subject.PORTAL_USER if reset["user_id"] else Subject.TEAM_MEMBER, by.person_id)
        journal.record(JournalKind.PASSWORD_RESET, by=by, subject=subject)
        await session.end(by, [by.person_id])
    return Done((by.person_id,), tx.cursor)


_HOLD = {
    False: "SELECT 1 FROM team_member WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE",
    True: "SELECT 1 FROM portal_user WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE",
}
_SET = {
    False: "UPDATE team_member SET password_hash = $3 WHERE firm_id = $1 AND id = $2",
    True: "UPDATE portal_user SET password_hash = $3 WHERE firm_id = $1 AND id = $2",
}
_END = "UPDATE password_reset SET ended_at = $3, end_reason = $4 WHERE firm_id = $1 AND id = $2"


async def _good(token: str, *, lock: bool = False) -> Any:
    """The reset that the token is of."""
    reset = await store.row(_FIND + ("FOR UPDATE OF r" if lock else ""), secret_link.row_of(token))
    if reset is None or not await _is_token(token, reset):
        raise Refusal(ErrorCode.NOT_FOUND, "This link is not complete. Copy all of it from the letter.", "token")
    if (reason := _dead(reset, clock.now())) is not None:
        raise DeadLink(SAID.get(reason, NO_MORE), "token", reason=reason)
    if reset["user_id"] and not reset["may_enter"]:
        raise Refusal(ErrorCode.LOGIN_OFF, "Your access is switched off. Ask the firm to switch it on.", "token")
    return reset


async def _is_token(token: str, reset: Any) -> bool:
    return secret_link.is_token(await firm_key.of(reset["firm_id"]), token, "reset", reset["id"], reset["seed"])


def _dead(reset: Any, now: datetime) -> DeadLinkReason | None:
    if reset["end_reason"]:
        return DeadLinkReason(reset["end_reason"])
    if reset["expires_at"] <= now:
        return DeadLinkReason.EXPIRED
    return DeadLinkReason.REVOKED if reset["member_id"] and reset["state"] != "ACTIVE" else None


_FIND = f"""
SELECT r.id, r.firm_id, r.seed, r.member_id, r.user_id, r.expires_at, r.end_reason, f.name AS firm_name,
  m.name AS member_name, m.state, m.role, m.manage_accounts, p.address_id, coalesce(m.email, e.address) AS address,
  {MAY_ENTER.format(and_also="")} AS may_enter
FROM password_reset r JOIN firm f ON f.id = r.firm_id
LEFT JOIN team_member m ON m.firm_id = r.firm_id AND m.id = r.member_id
LEFT JOIN portal_user p ON p.firm_id = r.firm_id AND p.id = r.user_id
LEFT JOIN email_address e ON e.firm_id = p.firm_id AND e.id = p.address_id
WHERE r.id = $1
"""


def _person(reset: Any) -> Actor:
    """Whoever holds the link is the person, for this one thing."""
    firm_id, link_id = reset["firm_id"], reset["id"]
    if reset["user_id"]:
        return Client(firm_id, reset["user_id"], reset["address_id"], link_id, by_link=True)
    return Viewer(firm_id, reset["member_id"], link_id, TeamRole(reset["role"]), reset["manage_accounts"], by_link=True)
