"""The link below a notice: which category it takes off, and taking it off (R13)."""

import strawberry

from graph.context import Info
from graph.errors import Payload, cursor_of, refusable
from graph.sign_in import caller_of
from models import unsubscribe
from models.notification_category import NotificationCategory


@strawberry.type(description="`accountName`: where several accounts hold the address.")
class UnsubscribeOffer:
    firm_name: str
    account_name: str | None
    category: NotificationCategory
    on: bool


async def _offer_of(token: str) -> UnsubscribeOffer | None:
    offer = await unsubscribe.offer(token)
    if offer is None:
        return None
    return UnsubscribeOffer(
        firm_name=offer.firm_name, account_name=offer.account_name, category=offer.category, on=offer.on
    )


@strawberry.type
class UnsubscribeQuery:
    @strawberry.field(description="Public: what the link below a notice would switch off. Null: no such link.")
    async def unsubscribe_offer(self, token: str) -> UnsubscribeOffer | None:
        return await _offer_of(token)


@strawberry.input(description="`token`: the last part of the link, as in `/unsubscribe/<token>`.")
class UnsubscribeInput:
    token: str
    on: bool = False


@strawberry.type
class UnsubscribePayload(Payload):
    offer: UnsubscribeOffer | None = None


@strawberry.type
class UnsubscribeMutation:
    @strawberry.mutation(
        description="Public: what the link below a notice does, and takes back; one category of one address on one"
        " account (R13)."
    )
    @refusable(UnsubscribePayload, clients=True)
    async def unsubscribe(self, info: Info, input: UnsubscribeInput) -> UnsubscribePayload:
        done = await unsubscribe.change(input.token, on=input.on, caller=caller_of(info))
        return UnsubscribePayload(offer=await _offer_of(input.token), cursor=cursor_of(done))
