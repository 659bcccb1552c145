"""API tokens of the firm's other software."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import Shows
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import given
from graph.node import Node, made_id, reads
from models import api_token
from models.viewer import ApiScope

strawberry.enum(
    ApiScope,
    description="READ: queries and subscriptions. WRITE: mutations. NOTIFY_CLIENTS: `notifyClients` alone, and of its"
    " `recipients` the addresses and the names of contacts. To a token without READ a payload tells of what was"
    " changed the plain fields alone: numbers, times, states, ids, names. Below them every field that leads to another"
    " object, that quotes a letter or is a link is null, with the error FORBIDDEN (where it is never null, the nearest"
    " field above that may be); it was done all the same, and `errors` and `cursor` say so.",
)


@strawberry.type
class ApiToken(Node, Shows[api_token.ApiTokenView]):
    id: strawberry.ID = made_id(Kind.API_TOKEN)
    name: str
    scopes: list[ApiScope]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@reads(Kind.API_TOKEN)
async def api_token_of(info: Info, key: UUID) -> ApiToken | None:
    return ApiToken.of((await api_token.by_ids(viewer_of(info), [key])).get(key))


@strawberry.input
class CreateApiTokenInput:
    name: str
    scopes: list[ApiScope]
    expires_at: datetime | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class CreateApiTokenPayload(Payload):
    api_token: ApiToken | None = None
    token: str | None = None


@strawberry.input
class RevokeApiTokenInput:
    id: strawberry.ID


@strawberry.type
class RevokeApiTokenPayload(Payload):
    api_token: ApiToken | None = None


@strawberry.type
class ApiTokenMutation:
    @strawberry.mutation(
        description="For the firm's other software; it acts as you, within its scopes. The payload's `token` is shown"
        " this once."
    )
    @refusable(CreateApiTokenPayload)
    async def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenPayload:
        created = await api_token.create(
            viewer_of(info),
            name=input.name,
            scopes=input.scopes,
            expires_at=given(input.expires_at),
            key=given(input.idempotency_key),
        )
        made = await api_token_of(info, created.done.ids[0])
        return CreateApiTokenPayload(api_token=made, token=created.token, cursor=cursor_of(created.done))

    @strawberry.mutation
    @refusable(RevokeApiTokenPayload)
    async def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenPayload:
        key = key_of(Kind.API_TOKEN, input.id)
        ended = await api_token_of(info, key)
        done = await api_token.revoke(viewer_of(info), key)
        return RevokeApiTokenPayload(api_token=ended, cursor=cursor_of(done))
