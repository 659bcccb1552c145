"""An event of togglesChanged tells of 100 accounts and 100 toggles at most, and says where that is not all (P4)."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from models import account, contact, journal
from models.account import AccountKind, NewAccount
from models.contact import ExistingContact, FieldRef, NewContact, NewEmail
from models.ground import store
from models.journal import JournalKind
from models.session import SignedIn
from models.toggles import Switch, lock_where, switch
from models.viewer import System
from tests.support.api.client import Api
from tests.support.firm.factories import FIELDS, a_contact, an_account, linked

MOST = 100
CHANGED = """subscription { togglesChanged { __typename
  ... on TogglesChanged { accounts { id } truncated toggles { id } } } }"""
ALONE = "subscription { togglesChanged { __typename ... on TogglesChanged { truncated } } }"
Told = tuple[int, int, bool]
"""How many accounts and toggles, and whether that is not all."""


def a_person(number: int, addresses: int = len(FIELDS)) -> NewContact:
    emails = (NewEmail(FieldRef(name=field), f"{n}-{number}@client.test") for n, field in enumerate(FIELDS))
    return NewContact(f"Person {number}", tuple(emails)[:addresses])


def people(addresses: int) -> tuple[NewContact, ...]:
    """Who have so many addresses together, each at most three."""
    whole, rest = divmod(addresses, len(FIELDS))
    return (*map(a_person, range(whole)), *([a_person(whole, rest)] if rest else ()))


async def an_account_of(by: System, addresses: int) -> UUID:
    new = NewAccount("Vetreria Grande", AccountKind.COMPANY, contacts=people(addresses))
    return (await account.create(by, new)).ids[0]


async def toggles_of_all(by: System) -> Sequence[UUID]:
    return [row["id"] for row in await store.rows("SELECT id FROM toggles WHERE firm_id = $1 ORDER BY id", by.firm_id)]


async def test_what_has_room_is_told_in_whole_and_one_more_says_that_it_was_cut(
    api: Api, by: System, owner: SignedIn
) -> None:
    accounts = [(await an_account(by)).id for _ in range(MOST + 1)]
    toggles = await toggles_of_all(by)
    async with api.follow(CHANGED, as_=owner) as feed, api.follow(ALONE, as_=owner) as alone:
        await feed.next()
        await alone.next()
        for some, rows in ((1, 1), (MOST, MOST), (MOST + 1, 1), (1, MOST + 1), (MOST + 1, MOST + 1), (MOST, 0)):
            async with store.transaction():  # in several entries, some said twice
                for each in (accounts[:some], accounts[:1]):
                    journal.record(JournalKind.TOGGLES_CHANGED, by=by, accounts=each, touched=toggles[:rows])
            event = await feed.next()
            cut = max(some, rows) > MOST
            assert told(event) == (min(some, MOST), min(rows, MOST), cut)
            assert await alone.next() == {"__typename": "TogglesChanged", "truncated": cut}


def told(event: dict[str, list[object]]) -> Told:
    return len(event["accounts"]), len(event["toggles"]), bool(event["truncated"])


@pytest.mark.parametrize(("addresses", "shown"), [(MOST, (1, MOST, False)), (MOST + 1, (1, MOST, True))])
async def test_switches_of_one_account_that_move_at_once_are_told_or_cut(
    api: Api, by: System, owner: SignedIn, addresses: int, shown: Told
) -> None:
    await an_account_of(by, addresses)
    async with api.follow(CHANGED, as_=owner) as feed:
        await feed.next()
        async with store.transaction():
            all_of_them = await lock_where(by, "true")
            await switch(by, [(one, {Switch.NOTIFY: True}) for one in all_of_them])
        assert told(await feed.next()) == shown


@pytest.mark.parametrize(("addresses", "shown"), [(MOST, (1, MOST, False)), (MOST + 1, (1, MOST, True))])
async def test_what_links_brought_is_told_or_cut(
    api: Api, by: System, owner: SignedIn, addresses: int, shown: Told
) -> None:
    async with api.follow(CHANGED, as_=owner) as feed, api.follow(ALONE, as_=owner) as alone:
        await feed.next()
        await alone.next()
        await an_account_of(by, addresses)
        assert told(await feed.next()) == shown
        assert (await alone.next())["truncated"] is shown[-1]


async def test_a_link_to_an_account_with_many_addresses_tells_of_what_it_brought_alone(
    api: Api, by: System, owner: SignedIn
) -> None:
    big = await an_account_of(by, MOST + 1)
    contact_id = await a_contact(by, "0-0@client.test", "new@client.test")  # the first has been there before
    async with api.follow(CHANGED, as_=owner) as feed:
        await feed.next()
        await linked(by, big, contact_id)
        assert told(await feed.next()) == (1, 2, False)


@pytest.mark.parametrize("accounts", [MOST, MOST + 1])
async def test_links_to_many_accounts_are_told_or_cut(api: Api, by: System, owner: SignedIn, accounts: int) -> None:
    contact_id = await a_contact(by, "anna@client.test")
    empty = NewAccount("Senza contatti", AccountKind.COMPANY)
    made = [(await account.create(by, empty)).ids[0] for _ in range(accounts)]
    async with api.follow(CHANGED, as_=owner) as feed:
        await feed.next()
        async with store.transaction():
            for account_id in made:
                await contact.link(by, account_id, ExistingContact(contact_id))
        assert told(await feed.next()) == (MOST, MOST, accounts > MOST)
