"""Changing a colleague's name, role and rights, and removing them from the team."""

from typing import Any
from uuid import UUID

from models import firm, journal, letter, mailbox, our_own, second_factor, session, text
from models.errors import Conflict, DeadLinkReason, ErrorCode, Refusal
from models.ground import store
from models.ground.unset import UNSET, Unset
from models.idempotency import Done
from models.invitation.ending import end_of_colleague
from models.journal import JournalKind, Subject
from models.team.member import TeamMemberState
from models.team.own_password import end_resets
from models.team.ruling import must_still_rule
from models.viewer import TeamRole, Viewer, must_be_admin_in_person


async def update(
    by: Viewer,
    member_id: UUID,
    *,
    name: str | Unset = UNSET,
    role: TeamRole | Unset = UNSET,
    manage_accounts: bool | Unset = UNSET,
    reset_two_factor: bool = False,
    expected_version: int | None = None,
) -> Done:
    """
    OWNER and ADMIN, signed in themselves; only an OWNER makes or unmakes an OWNER, and takes a second factor off.

    `reset_two_factor`: of somebody else, who lost it.
    Raises NOT_FOUND, NOT_ALLOWED, LAST_OWNER, CHANGED_MEANWHILE, INVALID.
    """
    must_be_admin_in_person(by)
    async with store.transaction(by.firm_id) as tx:
        member = await _locked(by, member_id)
        if expected_version is not None and member["version"] != expected_version:
            raise Conflict("Somebody changed this colleague meanwhile.", subject=(Subject.TEAM_MEMBER, member_id))
        before = {"name": member["name"], "role": TeamRole(member["role"]), "manageAccounts": member["manage_accounts"]}
        after = dict(before)
        if name is not UNSET:
            after["name"] = text.one_line(name, "name")
        if role is not UNSET:
            after["role"] = role
        if manage_accounts is not UNSET:
            after["manageAccounts"] = manage_accounts
        if after["role"] is not before["role"] and TeamRole.OWNER in (after["role"], before["role"]):
            await _must_rule_owners(by, member, "role")
        if reset_two_factor:
            before, after = await _without_two_factor(by, member, before, after)
        if after != before:
            await store.execute(_UPDATE, by.firm_id, member_id, after["name"], after["role"], after["manageAccounts"])
            _record(by, JournalKind.MEMBER_CHANGED, member_id, journal.changes_between(before, after))
    return Done((member_id,), tx.cursor)


_UPDATE = """
UPDATE team_member SET name = $3, role = $4, manage_accounts = $5, version = version + 1
WHERE firm_id = $1 AND id = $2
"""


async def _without_two_factor(
    by: Viewer, member: Any, before: dict[str, Any], after: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    if by.role is not TeamRole.OWNER:
        raise Refusal(ErrorCode.NOT_ALLOWED, "Only an owner takes a colleague's second factor off.", "twoFactor")
    if member["id"] == by.member_id:  # a session alone, which may be stolen, does not change how its owner signs in
        raise Refusal(ErrorCode.NOT_ALLOWED, "End your own with your password and a code of it.", "twoFactor")
    if member["totp_since"] is None:
        return before, after
    await second_factor.forget(by.firm_id, member["id"])
    return {**before, "twoFactor": True}, {**after, "twoFactor": False}


async def remove(by: Viewer, member_id: UUID) -> Done:
    """
    Ends the person's sessions, API tokens, invitations and resets at once; no letter leaves to them any more, and their
    mailboxes become the firm's. What they did stays told under their name.

    OWNER and ADMIN, signed in themselves; an OWNER is removed by an OWNER. Raises NOT_FOUND, NOT_ALLOWED, LAST_OWNER.
    """
    must_be_admin_in_person(by)
    async with store.transaction(by.firm_id) as tx:
        member = await _locked(by, member_id)
        if member["role"] == TeamRole.OWNER:
            await _must_rule_owners(by, member, "id")
        await store.execute(_REMOVE, by.firm_id, member_id)
        await second_factor.forget(by.firm_id, member_id)
        await session.end(by, [member_id])
        await store.execute("DELETE FROM api_token WHERE firm_id = $1 AND member_id = $2", by.firm_id, member_id)
        await end_of_colleague(by, member_id, DeadLinkReason.REVOKED)
        await end_resets(by, member_id)
        await letter.cancel_all_to(by, member_id)
        await mailbox.left_by(by, member_id)
        if member["state"] == TeamMemberState.ACTIVE:  # else the address never was the firm's own
            await our_own.left(by, member["email_key"])
        changes = [journal.Change("state", member["state"], "REMOVED")]
        _record(by, JournalKind.MEMBER_REMOVED, member_id, changes)
    return Done((member_id,), tx.cursor)


_REMOVE = """
UPDATE team_member SET state = 'REMOVED', password_hash = NULL, version = version + 1 WHERE firm_id = $1 AND id = $2
"""


async def _locked(by: Viewer, member_id: UUID) -> Any:
    """Under the firm's lock: of two owners who remove each other at once one stays. Raises NOT_ALLOWED, NOT_FOUND."""
    await firm.one_at_a_time(by.firm_id)
    await must_still_rule(by)
    query = "SELECT * FROM team_member WHERE firm_id = $1 AND id = $2 AND state <> 'REMOVED' FOR UPDATE"
    member = await store.row(query, by.firm_id, member_id)
    if member is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such colleague.", "id")
    return member


async def _must_rule_owners(by: Viewer, member: Any, path: str) -> None:
    """Before an OWNER is made, unmade or removed. Raises NOT_ALLOWED, LAST_OWNER."""
    if await must_still_rule(by) is not TeamRole.OWNER:
        raise Refusal(ErrorCode.NOT_ALLOWED, "Only an owner makes, unmakes or removes an owner.", path)
    if member["role"] == TeamRole.OWNER and not await store.value(_OTHER_OWNERS, by.firm_id, member["id"]):
        raise Refusal(ErrorCode.LAST_OWNER, "This is the firm's last owner. Make another one first.", path)


_OTHER_OWNERS = """
SELECT count(*) FROM team_member WHERE firm_id = $1 AND id <> $2 AND role = 'OWNER' AND state = 'ACTIVE'
"""


def _record(by: Viewer, kind: JournalKind, member_id: UUID, changes: list[journal.Change]) -> None:
    journal.record(kind, by=by, subject=(Subject.TEAM_MEMBER, member_id), changes=changes)
