"""Factories: each makes only what a test is about, and answers what the test goes on with."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher
from tortoise.connection import get_connections
from uuid_utils.compat import uuid7

from models import account, address, contact, firm, firm_key, mailbox, password_reset, session, toggles
from models.account import AccountKind, NewAccount
from models.account_columns import AccountColumn
from models.address import PortalUser
from models.contact import ExistingContact, FieldRef, NewContact, NewEmail
from models.errand.running import run_errands
from models.ground import clock, secret_link, store
from models.ground.settings import Settings
from models.invitation import Invitation
from models.session import SignedIn
from models.team import TeamMember, TeamMemberState
from models.toggles import Invite, NewToggles, TogglesView, TogglesWish, setting
from models.viewer import Actor, Client, System, TeamRole, Viewer

PASSWORD = "correct horse"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # as good a hash, and cheap
FIELDS = ("Email", "Work email", "Spouse email")
_made: Counter[str] = Counter()


def _next(noun: str) -> int:
    _made[noun] += 1
    return _made[noun]


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """`contact` and `address`: of the one contact that it was made with."""

    id: UUID
    contact: UUID
    address: UUID


async def a_firm(name: str = "Studio Bellandi", slug: str | None = None) -> System:
    """A firm, and who may do everything in it."""
    return await firm.create(name=name, slug=slug or f"firm-{_next('firm')}")


async def signed_in(
    by: Actor,
    *,
    role: TeamRole = TeamRole.OWNER,
    manage_accounts: bool = False,
    name: str = "Chiara",
    email: str | None = None,
) -> SignedIn:
    """A new colleague with a session, and its token. Their password is PASSWORD."""
    email = email or f"colleague-{_next('member')}@firm.test"
    member = await TeamMember.create(
        id=uuid7(),
        firm_id=by.firm_id,
        name=name,
        email=email,
        email_key=address.compared(email),
        password_hash=_HASH,
        role=role,
        manage_accounts=manage_accounts,
        state=TeamMemberState.ACTIVE,
        account_columns=list(AccountColumn),
        created_at=clock.now(),
    )
    return await session.start_for_member(firm_id=by.firm_id, member_id=member.id, days=30)


async def a_member(
    by: Actor, *, role: TeamRole = TeamRole.OWNER, manage_accounts: bool = False, email: str | None = None
) -> Viewer:
    """A new colleague, signed in."""
    return (await signed_in(by, role=role, manage_accounts=manage_accounts, email=email)).viewer


async def a_client(
    by: Actor, account: MadeAccount | None = None, *more: UUID, address_id: UUID | None = None
) -> SignedIn[Client]:
    """
    A client who may enter `account` and `more` accounts, and works in the first. It has activated, with PASSWORD.

    Its address is that of the contact of `account`, who is linked to `more` too; or `address_id`.
    """
    account = account or await an_account(by)
    address_id = address_id or account.address
    user_id = await with_password(by, address_id)
    for account_id in more:
        await linked(by, account_id, account.contact)
    for account_id in (account.id, *more):
        await switched(by, account_id, address_id, login=True)
    return await session.start_for_client(
        firm_id=by.firm_id, user_id=user_id, address_id=address_id, days=30, account_id=account.id
    )


@contextmanager
def mail_ports(*more: int) -> Iterator[None]:
    """As outside of development: mailboxes are on the usual ports and on these."""
    mailbox.limit_ports(Settings(development=False, mail_ports=more))
    try:
        yield
    finally:
        mailbox.limit_ports(Settings())


async def answered(asking: Awaitable[None]) -> None:
    """By a form; and the errand that it leaves is done."""
    await asking
    await run_errands()


async def reset_token(email: str) -> str:
    """Of the link to a new password that this address gets."""
    await answered(password_reset.ask(email=email, key=f"reset {_next('reset')}"))
    row = await store.row("SELECT id, firm_id, seed FROM password_reset WHERE ended_at IS NULL ORDER BY id DESC")
    assert row is not None, "nobody to be written to"
    return secret_link.token(await firm_key.of(row["firm_id"]), "reset", row["id"], row["seed"])


async def with_password(by: Actor, address_id: UUID) -> UUID:
    """Activates an address, with PASSWORD; its identity."""
    user_id = await address.activate(by, address_id, at=clock.now())
    await PortalUser.filter(id=user_id).update(password_hash=_HASH)
    return user_id


async def an_address(by: Actor, text: str | None = None, *, activated: bool = False) -> UUID:
    """An address that the firm knows, whoever holds it."""
    typed = address.typed(text or f"person-{_next('address')}@client.test")
    async with store.transaction():
        address_id = (await address.ensure(by, [typed]))[typed.key]
    if activated:
        await address.activate(by, address_id, at=clock.now())
    return address_id


async def a_contact(by: Actor, *addresses: str, name: str = "Marta Valsecchi", on: UUID | None = None) -> UUID:
    """Its addresses stand in the fields in their order (FIELDS); `on`: linked to that account, all switches off."""
    emails = tuple(NewEmail(FieldRef(name=field), text) for field, text in zip(FIELDS, addresses, strict=False))
    return (await contact.create(by, NewContact(name, emails), account_id=on)).ids[0]


async def an_account(
    by: Actor,
    *,
    name: str = "Vetreria Valsecchi",
    code: str | None = None,
    kind: AccountKind = AccountKind.COMPANY,
    address: str | None = None,
    login: bool = False,
    notify: bool = False,
    email_sync: bool = False,
) -> MadeAccount:
    """An account with one contact, who holds one address with these switches there."""
    text = address or f"person-{_next('address')}@client.test"
    contact_id, address_id = await a_contact(by, text), await an_address(by, text)
    switches = ((address_id, NewToggles(login=login, notify=notify, email_sync=email_sync)),)
    new = NewAccount(name, kind, code, (ExistingContact(contact_id, switches),))
    return MadeAccount((await account.create(by, new)).ids[0], contact_id, address_id)


async def linked(by: Actor, account_id: UUID, contact_id: UUID) -> None:
    """All switches off, where the contact's addresses are new to the account."""
    await contact.link(by, account_id, ExistingContact(contact_id))


async def switched(
    by: Actor,
    account_id: UUID,
    address_id: UUID,
    *,
    login: bool | None = None,
    notify: bool | None = None,
    email_sync: bool | None = None,
) -> None:
    wish = TogglesWish(account_id, address_id, login=login, notify=notify, email_sync=email_sync)
    await setting.set_toggles(by, [wish])


async def invited(
    by: Actor, account_id: UUID, address_id: UUID, *, message: str | None = None, again: bool = False
) -> str:
    """Login is on there, and the address invited; the token of the invitation that it has now."""
    wish = TogglesWish(account_id, address_id, login=True, invite=Invite(message, again))
    await setting.set_toggles(by, [wish])
    return await token_of(address_id)


async def token_of(address_id: UUID) -> str:
    """Of the last invitation that an address got, as its letter prints it."""
    last = await Invitation.filter(address_id=address_id).order_by("-id").first()
    assert last is not None
    return secret_link.token(await firm_key.of(last.firm_id), "invitation", last.id, last.seed)


async def toggles_of(by: Viewer, account_id: UUID, address_id: UUID) -> TogglesView | None:
    """Also those that are hidden (R41); None: there was never a row."""
    return (await toggles.on_accounts(by, [(account_id, address_id)])).get((account_id, address_id))


async def spelled(by: Viewer, account_id: UUID, address_id: UUID) -> str:
    """The switches that are on, as in `LNE`; `-`: none."""
    view = await toggles_of(by, account_id, address_id)
    if view is None:
        return "-"
    letters = zip("LNE", (view.login, view.notify, view.email_sync), strict=True)
    return "".join(letter for letter, on in letters if on) or "-"


NOT_COUNTED = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SELECT pg_advisory_unlock_all()",  # as a pool takes a connection back
    "SELECT current_setting('jit')",  # as asyncpg learns of a type: once for each connection
    "SELECT set_config('jit'",
    "WITH RECURSIVE typeinfo_tree",
)


@asynccontextmanager
async def counting() -> AsyncIterator[list[str]]:
    """The statements really sent meanwhile by the open store, whoever sends them; BEGIN and its like apart."""
    statements: list[str] = []

    def note(sent: asyncpg.connection.LoggedQuery) -> None:
        if not " ".join(sent.query.split()).startswith(NOT_COUNTED):
            statements.append(sent.query)

    connections = await _pooled()
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield statements
    finally:
        for connection in connections:
            connection.remove_query_logger(note)


async def _pooled() -> list[asyncpg.Connection]:
    """Every connection that the pool will ever hand out. Those it has not made yet are made now."""
    pool = get_connections().get("default")._pool
    for holder in pool._holders:
        if not holder.is_connected():
            await holder.connect()
    return [holder._con for holder in pool._holders]
