"""
Whoever follows `togglesChanged` throughout a bulk update hears of every chunk once, in order, and shows in the end what
a fresh read shows (P4, R39).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from graph.scalars import cursor_at
from models import journal
from models.bulk_update import BulkEdit, Runner
from models.ground import store as database
from models.journal import Effect, FeedKind, JournalKind
from models.run import Pace
from models.session import SignedIn
from models.toggles import Invite
from models.viewer import Actor, System
from tests.support.api.client import Api
from tests.support.api.toy_server import until
from tests.support.firm.bulk_updates import ALL, DISABLE, ENABLE, asked
from tests.support.firm.factories import a_firm, linked, signed_in
from tests.support.firm.many_addresses import people

ADDRESSES = 600
ALWAYS = 1_000
"""More events than there are."""
RUNS = [BulkEdit(ALL, login=ENABLE, notify=ENABLE, invite=Invite()), BulkEdit(ALL, notify=DISABLE, email_sync=ENABLE)]
SWITCHES = "id toggles { id login notify emailSync loginState }"
PAGE = f"""query ($after: String) {{ accounts(first: 100, after: $after) {{
  nodes {{ {SWITCHES} }} pageInfo {{ hasNextPage endCursor }} feedCursor }} }}"""
FOLLOW = """subscription ($after: Cursor) { togglesChanged(after: $after) { __typename
  ... on FeedEvent { cursor }
  ... on TogglesChanged { truncated toggles { id login notify emailSync loginState } } } }"""


class Small(Pace):
    """So that what a chunk touches has room in one event, and there are many."""

    FIRST = MOST = LEAST = 40


class Window:
    """A list of all clients in a browser: read once, then told."""

    def __init__(self, api: Api, owner: SignedIn) -> None:
        self.api, self.owner = api, owner
        self.shows: dict[str, dict[str, Any]] = {}
        self.after: str | None = None
        self.events: list[dict[str, Any]] = []

    @classmethod
    async def opened(cls, api: Api, owner: SignedIn) -> "Window":
        window = cls(api, owner)
        window.after = await window.read()
        return window

    async def read(self) -> str:
        """Where the feed goes on from there: from the first page, since later ones are no older."""
        pages = [await self._page(None)]
        while pages[-1]["pageInfo"]["hasNextPage"]:
            pages.append(await self._page(pages[-1]["pageInfo"]["endCursor"]))
        self.shows = {each["id"]: each for page in pages for account in page["nodes"] for each in account["toggles"]}
        cursor: str = pages[0]["feedCursor"]
        return cursor

    async def _page(self, after: str | None) -> Any:
        return (await self.api.ask(PAGE, {"after": after}, as_=self.owner))["accounts"]

    async def hear(self, at_once: int) -> None:
        """On one connection after the other, so many events on each."""
        while True:
            async with self.api.follow(FOLLOW, {"after": self.after}, as_=self.owner) as feed:
                assert (await feed.next())["__typename"] == "FeedReady"
                for _ in range(at_once):
                    await self._take(await feed.next())

    async def _take(self, event: dict[str, Any]) -> None:
        assert event["__typename"] == "TogglesChanged"
        self.events.append(event)
        if event["truncated"]:
            await self.read()
        else:
            self.shows |= {each["id"]: each for each in event["toggles"]}
        self.after = event["cursor"]


@asynccontextmanager
async def hearing(window: Window, at_once: int) -> AsyncIterator[None]:
    """Meanwhile, and until it has heard what has been written last."""
    start = await journal.head(window.owner.viewer.firm_id)
    task = asyncio.create_task(window.hear(at_once))
    try:
        yield
        written = await written_since(window.owner.viewer, start)
        await until(lambda: window.after == written[-1] or task.done())
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def clients(by: System) -> None:
    """Some hold their address on two accounts."""
    spots = await people(by, ADDRESSES)
    for (account_id, _), (contact_id, _) in zip(spots[:9], spots[9:18], strict=True):
        await linked(by, account_id, contact_id)


async def written_since(by: Actor, start: int) -> list[str]:
    """The cursors of all transactions that touched switches."""
    kinds = [kind for kind in (*JournalKind, *FeedKind) if Effect.SWITCHES in kind.effects]
    rows = await database.rows(_WRITTEN, by.firm_id, start, kinds)
    return [cursor_at(row["batch"]) for row in rows]


_WRITTEN = """
SELECT DISTINCT batch FROM journal_entry
WHERE firm_id = $1 AND position > $2 AND kind = ANY($3::text[]) AND account_ids <> '{}' ORDER BY batch
"""


@pytest.mark.parametrize("pace", [Small, Pace])
async def test_whoever_follows_throughout_hears_all_and_shows_what_a_fresh_read_shows(
    api: Api, pace: type[Pace]
) -> None:
    """Also who comes back in between, again and again."""
    by = await a_firm()
    owner = await signed_in(by)
    await clients(by)
    start = await journal.head(by.firm_id)
    throughout, returning = await Window.opened(api, owner), await Window.opened(api, owner)
    async with hearing(throughout, ALWAYS), hearing(returning, 2):
        for edit in RUNS:
            await asked(owner.viewer, edit)
        while await Runner(pace).look():
            pass
    written = await written_since(by, start)
    fresh = await Window.opened(api, owner)
    for window in (throughout, returning):
        assert [event["cursor"] for event in window.events] == written
        assert window.shows == fresh.shows
        assert any(event["truncated"] for event in window.events) is (pace is Pace)
    assert len(written) >= 2 * ADDRESSES // pace.MOST
