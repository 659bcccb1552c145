"""Colleagues: invited, changed, removed."""

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.firm import TeamMember, member_of
from graph.ids import Kind, key_of
from graph.inputs import changed, given, optional
from models import team
from models.errors import ErrorCode, Refusal
from models.ground.unset import UNSET
from models.viewer import TeamRole


@strawberry.input
class InviteTeamMemberInput:
    email: str
    name: str
    role: TeamRole = TeamRole.EMPLOYEE
    manage_accounts: bool = False
    idempotency_key: str


@strawberry.type
class InviteTeamMemberPayload(Payload):
    member: TeamMember | None = None


@strawberry.input
class UpdateTeamMemberInput:
    id: strawberry.ID
    name: str | None = strawberry.UNSET
    role: TeamRole | None = strawberry.UNSET
    manage_accounts: bool | None = strawberry.UNSET
    two_factor: bool | None = optional("`false`, by an OWNER: off, for a colleague who lost it. Never `true`.")
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class UpdateTeamMemberPayload(Payload):
    member: TeamMember | None = None


@strawberry.input
class RemoveTeamMemberInput:
    id: strawberry.ID


@strawberry.type
class RemoveTeamMemberPayload(Payload):
    member: TeamMember | None = None


@strawberry.type
class TeamMutation:
    @strawberry.mutation(
        description="OWNER and ADMIN only. Also sends again, to whoever has not accepted yet; the old link dies."
    )
    @refusable(InviteTeamMemberPayload)
    async def invite_team_member(self, info: Info, input: InviteTeamMemberInput) -> InviteTeamMemberPayload:
        done = await team.invite(
            viewer_of(info),
            name=input.name,
            email=input.email,
            role=input.role,
            manage_accounts=input.manage_accounts,
            key=input.idempotency_key,
        )
        return InviteTeamMemberPayload(member=await member_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(
        description="OWNER and ADMIN only. Only an OWNER makes or unmakes an OWNER; the last one stays."
    )
    @refusable(UpdateTeamMemberPayload)
    async def update_team_member(self, info: Info, input: UpdateTeamMemberInput) -> UpdateTeamMemberPayload:
        done = await team.update(
            viewer_of(info),
            key_of(Kind.TEAM_MEMBER, input.id),
            name=changed(input.name, cleared=""),
            role=given(input.role) or UNSET,
            manage_accounts=changed(input.manage_accounts, cleared=False),
            reset_two_factor=_reset(given(input.two_factor)),
            expected_version=given(input.expected_version),
        )
        return UpdateTeamMemberPayload(member=await member_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(
        description="OWNER and ADMIN only; an OWNER is removed by an OWNER, and the last one stays. Sessions and API"
        " tokens of the person end at once."
    )
    @refusable(RemoveTeamMemberPayload)
    async def remove_team_member(self, info: Info, input: RemoveTeamMemberInput) -> RemoveTeamMemberPayload:
        done = await team.remove(viewer_of(info), key_of(Kind.TEAM_MEMBER, input.id))
        return RemoveTeamMemberPayload(member=await member_of(info, done.ids[0]), cursor=cursor_of(done))


def _reset(two_factor: bool | None) -> bool:
    if two_factor:
        raise Refusal(ErrorCode.INVALID, "Everybody sets their second factor up for themselves.", "twoFactor")
    return two_factor is False
