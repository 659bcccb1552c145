"""All that takes a session, or something of it, away: for tests that what is open then ends."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

from models import account, contact, password_reset, portal, session, team
from models.contact import ContactEmail, FieldRef
from models.ground import store
from models.session import SignedIn
from models.viewer import Asker, Client, System, TeamRole
from tests.support.api.client import Api, Following
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_client,
    a_firm,
    an_account,
    reset_token,
    signed_in,
    switched,
)

EMAIL = FieldRef(name="Email")
NEW_PASSWORD = "battery staple"
LIVE = "subscription { emailArrived { __typename } }"


@dataclass
class Firm:
    """Somebody of each kind; `client` works in `account` and may enter `second`, `other` is of another account."""

    by: System
    owner: SignedIn
    colleague: SignedIn
    colleague_elsewhere: SignedIn
    account: MadeAccount
    second: MadeAccount
    client: SignedIn[Client]
    other: SignedIn[Client]


async def a_firm_with_people() -> Firm:
    """`colleague_elsewhere` is the colleague once more, on another device."""
    by = await a_firm()
    first, second = await an_account(by), await an_account(by)
    client, other = await a_client(by, first, second.id), await a_client(by)
    colleague = await signed_in(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    elsewhere = await session.start_for_member(firm_id=by.firm_id, member_id=colleague.viewer.member_id, days=1)
    return Firm(by, await signed_in(by), colleague, elsewhere, first, second, client, other)


async def login_off(firm: Firm) -> None:
    await switched(firm.by, firm.account.id, firm.account.address, login=False)


async def archived(firm: Firm) -> None:
    await account.archive(firm.by, firm.account.id, archived=True)


async def unlinked(firm: Firm) -> None:
    await contact.unlink(firm.by, firm.account.id, firm.account.contact)


async def contact_deleted(firm: Firm) -> None:
    await contact.delete(firm.by, firm.account.contact)


async def address_changed(firm: Firm) -> None:
    """R34: it can still enter, as an unlinked email."""
    await contact.update(firm.by, firm.account.contact, emails=[ContactEmail(EMAIL, "anew@client.test")])


async def address_removed(firm: Firm) -> None:
    """R34: the same."""
    await contact.update(firm.by, firm.account.contact, emails=[ContactEmail(EMAIL, None)])


async def unlinked_email_deleted(firm: Firm) -> None:
    """R35"""
    await address_removed(firm)
    await contact.delete_email(firm.by, firm.account.id, firm.account.address)


async def another_account_picked(firm: Firm) -> None:
    await portal.select(firm.client.viewer, firm.second.id)


async def client_signed_out(firm: Firm) -> None:
    await session.sign_out(firm.client.viewer, everywhere=True)


async def client_reset_password(firm: Firm) -> None:
    """R47"""
    query = "SELECT address FROM email_address WHERE id = $1"
    await _reset(await store.value(query, firm.account.address))


async def _reset(email: str) -> None:
    await password_reset.use(token=await reset_token(email), secret=NEW_PASSWORD)


async def removed(firm: Firm) -> None:
    await team.remove(firm.owner.viewer, _colleague(firm))


async def right_lost(firm: Firm) -> None:
    await team.update(firm.owner.viewer, _colleague(firm), manage_accounts=False)


async def role_changed(firm: Firm) -> None:
    await team.update(firm.owner.viewer, _colleague(firm), role=TeamRole.ADMIN)


async def colleague_reset_password(firm: Firm) -> None:
    await _reset(await store.value("SELECT email FROM team_member WHERE id = $1", _colleague(firm)))


async def password_changed_elsewhere(firm: Firm) -> None:
    """The session that did it goes on."""
    await team.change_password(firm.colleague_elsewhere.viewer, current=PASSWORD, new=NEW_PASSWORD)


def _colleague(firm: Firm) -> UUID:
    return firm.colleague.viewer.member_id


Loses = Callable[[Firm], Awaitable[None]]
CLIENT_LOSES: tuple[Loses, ...] = (
    login_off,
    archived,
    unlinked,
    contact_deleted,
    unlinked_email_deleted,
    another_account_picked,
    client_signed_out,
    client_reset_password,
)
CLIENT_KEEPS: tuple[Loses, ...] = (address_changed, address_removed)
COLLEAGUE_LOSES: tuple[Loses, ...] = (
    removed,
    right_lost,
    role_changed,
    colleague_reset_password,
    password_changed_elsewhere,
)


async def feed_begun(stack: AsyncExitStack, api: Api, who: SignedIn[Asker] | str) -> Following:
    feed = await stack.enter_async_context(api.follow(LIVE, as_=who))
    await feed.next()
    return feed
