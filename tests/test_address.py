"""Addresses: what is one, and when two are the same."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import address, clock, keys, store
from models.address import compared, typed
from models.errors import ErrorCode, Refusal
from models.viewer import Viewer
from tests.make import a_contact, a_firm, a_member, an_account, an_address
from tests.refused import refused

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def by(store: str) -> Viewer:
    return await a_member(await a_firm())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marta@Vetreria.example", "marta@vetreria.EXAMPLE"),
        (" marta@x.test ", "marta@x.test"),
        ("m@bücher.example", "m@xn--bcher-kva.example"),
        ("M@BÜCHER.example", "m@bücher.example"),
        ("JOSÉ@x.test", "josé@x.test"),
        ("jose\u0301@x.test", "josé@x.test"),
    ],
)
def test_one_address_written_in_two_ways_is_one(one: str, other: str) -> None:
    assert typed(one).key == typed(other).key == compared(one) == compared(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.v@x.test", "mv@x.test"),
        ("m+v@x.test", "m@x.test"),
        ("m@x.test", "m@y.test"),
        ("m@straße.example", "m@strasse.example"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str) -> None:
    assert typed(one).key != typed(other).key


@pytest.mark.parametrize(
    "text",
    ["", "x", "@x.test", "a@", "a b@x.test", "a@x..test", "a@b@c.test", "a@x.test\r\nBcc: b@y.test", "\0@x.test"],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str) -> None:
    with refused(ErrorCode.ADDRESS_INVALID, "emails", 0):
        typed(text, "emails", 0)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_address_is_called_empty(text: str) -> None:
    with pytest.raises(Refusal, match=r"^The e-mail address is empty"):
        typed(text)


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_an_address_or_a_refusal(text: str) -> None:
    for given_ in (text, f"{text}@x.test", f"a@{text}.test"):
        try:
            found = typed(given_)
        except Refusal:
            continue
        assert found.key == compared(found.text) == compared(found.key)
        assert max(len(found.key), len(found.text)) <= 320


@given(st.text(max_size=400))
def test_anything_can_be_compared(text: str) -> None:
    assert compared(text) == compared(text)
    assert "\0" not in compared(text)


async def test_the_typed_form_is_kept_for_display(by: Viewer) -> None:
    first = await an_address(by, "Marta@Vetreria.example")
    assert await an_address(by, "marta@vetreria.example") == first
    assert (await address.by_ids(by, [first]))[first].address == "Marta@vetreria.example"


async def test_two_contacts_may_hold_the_same_address_and_it_is_one_row(by: Viewer) -> None:
    for name in ("Marta", "Luca"):
        await a_contact(by, "family@x.test", name=name)
    assert await store.value("SELECT count(*) FROM email_address") == 1


async def test_an_address_is_made_once_however_many_need_it_at_once(by: Viewer) -> None:
    found = await asyncio.gather(*(an_address(by, "a@x.test") for _ in range(8)))
    assert len(set(found)) == 1


async def test_the_ledger_knows_an_address_by_a_hash_of_its_firm(by: Viewer) -> None:
    address_id = await an_address(by, "A@x.test")
    known = await store.value("SELECT hash FROM email_address WHERE id = $1", address_id)
    assert known == keys.address_hash(by.firm_id, "a@x.test")


async def test_activation_is_per_address_and_for_good(by: Viewer) -> None:
    """R5"""
    made = await an_account(by)
    assert (await address.by_ids(by, [made.address]))[made.address].portal_user is None
    first = await address.activate(by, made.address, at=clock.now())
    (view,) = (await address.by_ids(by, [made.address])).values()
    assert await address.activate(by, made.address, at=clock.now()) == first
    assert (await address.by_ids(by, [made.address]))[made.address] == view
    assert view.portal_user is not None
    assert view.portal_user.id == first
    assert await address.address_of_portal_users(by, [first]) == {first: made.address}


async def test_one_person_in_two_firms_is_two_identities(by: Viewer) -> None:
    other = await a_member(await a_firm())
    here, there = await an_address(by, "a@x.test", activated=True), await an_address(other, "a@x.test")
    assert here != there
    assert (await address.by_ids(other, [there]))[there].portal_user is None
    assert await address.by_ids(other, [here]) == {}
