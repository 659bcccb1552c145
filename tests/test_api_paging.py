"""Pages over the API: forwards and backwards, and cursors that are not of this list."""

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from models.session import SignedIn
from tests.support.api.client import Api, TopLevelErrors
from tests.support.firm.factories import a_contact, a_firm, an_account, signed_in
from tests.support.firm.one_of_everything import World, a_letter, a_world

PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $order: AccountOrder! = CODE_ASC) {
  accounts(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    nodes { code } edges { cursor node { code } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
CODES = [f"A{n}" for n in range(1, 8)]


@pytest.fixture
async def owner(store: str) -> SignedIn:
    """Of a firm with seven accounts, in the order of CODES by code and by age."""
    by = await a_firm()
    for code in CODES:
        await an_account(by, name=f"Client {code}", code=code)
    return await signed_in(by)


async def page_of(api: Api, owner: SignedIn, **window: Any) -> Any:
    return (await api.ask(PAGE, window, as_=owner))["accounts"]


def codes(page: Any) -> list[str]:
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    assert page["pageInfo"]["startCursor"] == (page["edges"][0]["cursor"] if page["edges"] else None)
    assert page["pageInfo"]["endCursor"] == (page["edges"][-1]["cursor"] if page["edges"] else None)
    assert page["totalCount"] == len(CODES)
    return [one["code"] for one in page["nodes"]]


@pytest.mark.parametrize("order", ["CODE_ASC", "CODE_DESC", "NAME_ASC", "NAME_DESC", "NEWEST_FIRST"])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_pages_forwards_and_backwards_give_each_once_in_order(
    api: Api, owner: SignedIn, size: int, order: str
) -> None:
    expected = CODES if order.endswith("ASC") else CODES[::-1]
    found: list[str] = []
    window: dict[str, Any] = {"first": size}
    while True:
        page = await page_of(api, owner, order=order, **window)
        assert page["pageInfo"]["hasPreviousPage"] is bool(found)
        found += codes(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        window["after"] = page["pageInfo"]["endCursor"]
    assert found == expected
    backwards: list[str] = []
    window = {"last": size}
    while True:
        page = await page_of(api, owner, order=order, **window)
        assert page["pageInfo"]["hasNextPage"] is bool(backwards)
        backwards = codes(page) + backwards
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        window["before"] = page["pageInfo"]["startCursor"]
    assert backwards == expected


async def test_a_page_stays_between_two_cursors(api: Api, owner: SignedIn) -> None:
    cursors = [edge["cursor"] for edge in (await page_of(api, owner))["edges"]]
    between = {"after": cursors[0], "before": cursors[5]}
    assert codes(await page_of(api, owner, first=10, **between)) == CODES[1:5]
    assert codes(await page_of(api, owner, first=2, **between)) == CODES[1:3]
    assert codes(await page_of(api, owner, last=2, **between)) == CODES[3:5]
    assert codes(await page_of(api, owner, first=2, after=cursors[6])) == []


async def test_twenty_five_come_where_no_size_is_given(api: Api) -> None:
    by = await a_firm()
    for n in range(27):
        await a_contact(by, f"{n}@x.test", name=f"Contact {n}")
    me = await signed_in(by)
    told = await api.ask("{ contacts { nodes { id } pageInfo { hasNextPage } totalCount } }", as_=me)
    assert len(told["contacts"]["nodes"]) == 25
    assert (told["contacts"]["pageInfo"], told["contacts"]["totalCount"]) == ({"hasNextPage": True}, 27)


@pytest.mark.parametrize(
    "window",
    [{"first": 0}, {"first": -1}, {"first": 101}, {"first": 1000}, {"last": 0}, {"last": 101}, {"first": 1, "last": 1}],
)
async def test_a_page_of_an_impossible_size_is_refused(api: Api, owner: SignedIn, window: dict[str, int]) -> None:
    with pytest.raises(TopLevelErrors) as refused:
        await page_of(api, owner, **window)
    assert refused.value.codes == ["BAD_USER_INPUT"]


LISTS = {
    "accounts": "accounts(first: 1, after: $after) { edges { cursor } }",
    "accounts by code": "accounts(first: 1, after: $after, orderBy: CODE_ASC) { edges { cursor } }",
    "accounts filtered": 'accounts(first: 1, after: $after, filter: { search: "v" }) { edges { cursor } }',
    "contacts": "contacts(first: 1, after: $after) { edges { cursor } }",
    "emails": "emails(first: 1, after: $after) { edges { cursor } }",
    "emails of one account": "emails(first: 1, after: $after, filter: { accountId: $id }) { edges { cursor } }",
    "inbox": "inbox(first: 1, after: $after) { edges { cursor } }",
    "unread": "inbox(first: 1, after: $after, filter: { read: false }) { edges { cursor } }",
    "bulk updates": "bulkUpdates(first: 1, after: $after) { edges { cursor } }",
    "items": "bulkUpdate(id: $run) { report { items(first: 1, after: $after) { edges { cursor } } } }",
    "items with an outcome": "bulkUpdate(id: $run) { report {"
    " items(first: 1, after: $after, outcome: INVITED) { edges { cursor } } } }",
    "imports": "imports(first: 1, after: $after) { edges { cursor } }",
    "journal": "journal(first: 1, after: $after) { edges { cursor } }",
    "emails on an account": "node(id: $id) { ... on Account { emails(first: 1, after: $after) { edges { cursor } } } }",
    "accounts of a contact": "node(id: $key) { ...on Contact { accounts(after: $after) { edges { cursor } } } }",
}


async def read(api: Api, world: World, name: str, after: str | None) -> list[str]:
    kinds = {"after": "String", "id": "ID!", "key": "ID!", "run": "ID!"}
    used = {key: kind for key, kind in kinds.items() if f"${key}" in LISTS[name]}
    document = f"query({', '.join(f'${key}: {kind}' for key, kind in used.items())}) {{ {LISTS[name]} }}"
    values = {"after": after, "id": world.ids["account"], "key": world.ids["contact"], "run": world.ids["bulk_update"]}
    told = await api.ask(document, {key: values[key] for key in used}, as_=world.owner)
    return list(_cursors(told))


def _cursors(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        yield from (edge["cursor"] for edge in told)
    elif isinstance(told, dict):
        for inner in told.values():
            yield from _cursors(inner)


async def test_a_cursor_of_another_list_order_or_filter_is_refused(api: Api) -> None:
    world = await a_world()
    await a_letter(world.by, mailbox_id=world.mailbox)
    cursors = {name: (await read(api, world, name, None))[0] for name in LISTS}
    for name in LISTS:
        for other, cursor in cursors.items():
            if other == name:
                await read(api, world, name, cursor)
                continue
            with pytest.raises(TopLevelErrors) as refused:
                await read(api, world, name, cursor)
            assert refused.value.codes == ["BAD_USER_INPUT"], (name, other)


GARBAGE = (
    "",
    "x",
    "====",
    "\0",
    "é",
    "c12",
    "bnVsbA",
    "W10",
    "x" * 20_000,
    base64.urlsafe_b64encode(b"\xff" * 30).decode(),
)


@pytest.mark.parametrize("name", LISTS)
async def test_what_is_no_cursor_is_refused(api: Api, name: str) -> None:
    world = await a_world()
    cursor = (await read(api, world, name, None))[0]
    form, mark, value, key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    forged: tuple[Any, ...] = ([mark, value, "no uuid"], [mark, "not \0 of its type", key], [mark, None, key],
              [mark, {"a": 1}, key], [mark, value], [mark, value, key, 1], [[], [], []],
              [mark, "2026-99-99", key], [mark, "9" * 400, key], [mark, "infinity", key])  # fmt: skip
    others: tuple[Any, ...] = (form, mark, None, {}, [], [form], [[], [], []], [None, mark, value, key], [mark, value])
    texts = [*([form, *parts] for parts in forged), *others]
    packed = [base64.urlsafe_b64encode(orjson.dumps(one)).decode().rstrip("=") for one in texts]
    for garbage in (*GARBAGE, cursor[:-4], cursor + "AAAA", *packed):
        with pytest.raises(TopLevelErrors) as refused:
            await read(api, world, name, garbage)
        assert refused.value.codes == ["BAD_USER_INPUT"], (garbage, refused.value.errors)


OF_THE_FIRST_RELEASE = "WyI5Ry1iY1ZfSXNjTWUiLCJhMDAwMDAxIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDA3Il0"
OF_A_LATER_FORM = base64.urlsafe_b64encode(orjson.dumps([2, "signature", "a", "b", "c"])).decode()


@pytest.mark.parametrize("cursor", [OF_THE_FIRST_RELEASE, OF_A_LATER_FORM])
@pytest.mark.parametrize("name", LISTS)
async def test_who_pages_through_an_update_of_the_server_is_told_to_begin_anew(
    api: Api, name: str, cursor: str
) -> None:
    with pytest.raises(TopLevelErrors) as refused:
        await read(api, await a_world(), name, cursor)
    assert refused.value.codes == ["PAGE_CURSOR_OUTDATED"]


@pytest.mark.parametrize(
    "cursor", ["", "c", "1", "c-1", "c1.5", "c٣", "C1", "c1 ", "\0", "c" + "9" * 400, "x" * 99_999]
)
async def test_what_is_no_cursor_of_a_feed_is_refused(api: Api, cursor: str) -> None:
    world = await a_world()
    for feed in ("inboxNotifications", "emailArrived", "togglesChanged"):
        document = f"subscription($after: Cursor) {{ {feed}(after: $after) {{ __typename }} }}"
        async with api.follow(document, {"after": cursor}, as_=world.owner) as events:
            with pytest.raises(TopLevelErrors) as refused:
                await events.next()
        assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_from_the_cursor_of_a_page_the_feed_tells_what_the_page_does_not_show(api: Api) -> None:
    world = await a_world()
    page = (await api.ask("{ emails { feedCursor nodes { id } } }", as_=world.owner))["emails"]
    await a_letter(world.by, mailbox_id=world.mailbox)
    follow = """subscription($after: Cursor) { emailArrived(after: $after) {
      ... on FeedEvent { cursor } ... on EmailArrived { email { id } } } }"""
    async with api.follow(follow, {"after": page["feedCursor"]}, as_=world.owner) as feed:
        assert await feed.next() == {"cursor": page["feedCursor"]}
        came = (await feed.next())["email"]
    assert came not in page["nodes"]
    again = (await api.ask("{ emails { nodes { id } } }", as_=world.owner))["emails"]
    assert [came, *page["nodes"]] == again["nodes"]
