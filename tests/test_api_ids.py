"""Lists of ids in an input: each that is malformed, or of nothing that is there, is told where it stands."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.support.api.client import Api
from tests.support.api.isolation import NOT_IDS, never_was
from tests.support.firm.one_of_everything import World, a_world, everything

Ids = dict[str, str]
LISTS: dict[str, tuple[str, Callable[[Ids, Sequence[str]], Any], str]] = {
    "switches": ("setToggles", lambda _, given: {"toggles": [_pair(id_) for id_ in given]}, "toggles {}"),
    "invitations": (
        "sendInvitations",
        lambda _, given: {"toggles": [_pair(id_) for id_ in given], "idempotencyKey": "send"},
        "toggles {}",
    ),
    "notifications": (
        "markNotifications",
        lambda _, given: {"notifications": {"ids": given}},
        "notifications ids {}",
    ),
    "addresses of a link": (
        "linkContact",
        lambda ids, given: {"accountId": ids["account"], **_existing(ids["free_contact"], given)},
        "toggles {} addressId",
    ),
    "addresses of a contact of a new account": (
        "createAccount",
        lambda ids, given: _account([_existing(ids["free_contact"], given)]),
        "contacts 0 existing toggles {} addressId",
    ),
    "contacts of a new account": (
        "createAccount",
        lambda _, given: _account([_existing(id_, ()) for id_ in given]),
        "contacts {} existing contactId",
    ),
    "fields of a contact": (
        "updateContact",
        lambda ids, given: {"id": ids["contact"], "emails": _emails(given)},
        "emails {} field",
    ),
    "fields of a new contact": (
        "createContact",
        lambda _, given: {"name": "Bruno", "emails": _emails(given)},
        "emails {} field",
    ),
}


def _pair(id_: str) -> Any:
    return {"accountId": id_, "addressId": id_}


def _existing(contact: str, addresses: Sequence[str]) -> Any:
    toggles = [{"addressId": address, "toggles": {"login": True}} for address in addresses]
    return {"contactId": contact, "toggles": toggles}


def _account(contacts: Sequence[Any]) -> Any:
    return {"name": "Nuova", "kind": "COMPANY", "contacts": [{"existing": contact} for contact in contacts]}


def _emails(fields: Sequence[str]) -> Any:
    return [{"field": {"id": field}, "address": f"b{number}@new.test"} for number, field in enumerate(fields)]


async def errors_of(api: Api, world: World, name: str, input_: Any) -> Any:
    kind = name[0].upper() + name[1:]
    document = f"mutation ($input: {kind}Input!) {{ done: {name}(input: $input) {{ errors {{ code path }} }} }}"
    return (await api.ask(document, {"input": input_}, as_=world.owner))["done"]["errors"]


@pytest.mark.parametrize("listed", LISTS)
async def test_each_id_of_nothing_is_told_where_it_stands(api: Api, listed: str) -> None:
    name, input_of, path = LISTS[listed]
    world = await a_world()
    before = await everything()
    unknown = never_was(world.ids["account"])
    for given in (NOT_IDS, ("nonsense", "nonsense"), (unknown, unknown), (unknown, "nonsense")):
        expected = [{"code": "NOT_FOUND", "path": path.format(number).split()} for number in range(len(given))]
        assert await errors_of(api, world, name, input_of(world.ids, given)) == expected, given
    assert await everything() == before


async def test_what_is_there_and_stands_twice_is_told_so(api: Api) -> None:
    world = await a_world()
    pair = {"accountId": world.ids["account"], "addressId": world.ids["address"], "notify": True}
    assert await errors_of(api, world, "setToggles", {"toggles": [pair, pair]}) == [
        {"code": "INVALID", "path": ["toggles"]}
    ]
    twice = _existing(world.ids["free_contact"], [world.ids["free_address"]] * 2)
    assert await errors_of(api, world, "linkContact", {"accountId": world.ids["account"], **twice}) == [
        {"code": "INVALID", "path": ["toggles", "1", "addressId"]}
    ]
