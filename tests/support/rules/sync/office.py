"""A firm with two mailboxes: what people and the worker do is done for real, and the rules are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mail.sync import Tools, sync_once
from models import account, contact, mailbox
from models.contact import ExistingContact
from models.ground import clock
from models.mailbox import MailboxChange, StoredEmails
from models.mailbox.ending import end_mailboxes
from models.mailbox.folders import LONGEST_REST
from models.viewer import TeamRole, Viewer
from tests.support.emails.synced_mailbox import connected
from tests.support.firm.factories import a_contact, a_firm, a_member, an_address, switched
from tests.support.rules.sync.rules import ADDRESSES, SPOTS, Box
from tests.support.rules.sync.servers import PEOPLE, Servers, folders, passes
from tests.support.servers.imap import ImapServer

MOST_CUTS = 8
"""In an example: at the twelfth a message would be quarantined."""


@dataclass(kw_only=True)
class Office(Servers):
    """With two accounts. `ids`: of the mailboxes that are connected."""

    by: Viewer
    accounts: list[UUID]
    addresses: list[UUID]
    tools: Tools
    ids: list[UUID | None] = field(default_factory=lambda: [None, None])
    paused: set[int] = field(default_factory=set)
    cuts: int = 0

    # What people do

    async def switch(self, spot: int, on: bool) -> None:
        at, address = SPOTS[spot]
        if at not in self.rules.archived:
            await switched(self.by, self.accounts[at], self.addresses[address], email_sync=on)
            self.rules.switch(at, address, on)

    async def archive(self, at: int, archived: bool) -> None:
        await account.archive(self.by, self.accounts[at], archived=archived)
        self.rules.archive(at, archived)

    async def connect(self, place: int) -> None:
        if self.ids[place] is None:
            server = self.servers[place].server
            self.ids[place] = await connected(self.by, server, address=f"studio{place}@firm.test")  # type: ignore[arg-type]
            self.rules.boxes[place] = Box()
            self.paused.discard(place)

    async def disconnect(self, place: int, forgets: bool) -> None:
        if box_id := self.ids[place]:
            await mailbox.disconnect(self.by, box_id, StoredEmails.FORGET if forgets else StoredEmails.KEEP)
            self.ids[place] = None
            self.rules.disconnect(place, forgets)

    async def end(self) -> None:
        await end_mailboxes()
        self.rules.end([self.there(0), self.there(1)])

    async def pause(self, place: int, paused: bool) -> None:
        if box_id := self.ids[place]:
            await mailbox.update(self.by, box_id, MailboxChange(paused=paused))
            (self.paused.add if paused else self.paused.discard)(place)

    # What the worker does

    async def look(self, place: int) -> None:
        if box := self._watched(place):
            assert await self._synced(place)
            assert box.known().isdisjoint(self.fetched(place)), "fetched again"
            self.rules.look(box, self.readable(place))
            box.blurred = self.refusing[place] is not None
        elif self.ids[place]:
            assert not await self._synced(place), "it is paused"

    async def look_cut(self, place: int, size: int) -> None:
        """The line breaks after so many bytes, if there are so many."""
        if self.cuts < MOST_CUTS and (box := self._watched(place)):
            self.cuts += 1
            self.servers[place].cut_after = size
            whole = await self._synced(place)
            self.servers[place].cut_after = None
            passes(LONGEST_REST)
            (self.rules.look if whole else self.rules.look_in_part)(box, self.readable(place))

    async def look_disturbed(self, place: int, after: int, verb: str, *given: Any) -> None:
        """Something happens on the servers while it looks, after so many messages or headers, if there are so many."""
        if box := self._watched(place):
            before = self.readable(place)
            happened = await self._while_looking(place, after, lambda: getattr(self, verb)(*given))
            if happened:
                self.rules.look_in_part(box, before)
                self.rules.look_in_part(box, self.readable(place))
                passes(LONGEST_REST)
            else:
                self.rules.look(box, before)

    async def look_switched(self, place: int, after: int, spot: int, on: bool) -> None:
        """Somebody switches while it looks."""
        at, address = SPOTS[spot]
        if at not in self.rules.archived and (box := self._watched(place)):
            tasks: list[asyncio.Task[None]] = []
            switching = switched(self.by, self.accounts[at], self.addresses[address], email_sync=on)
            happened = await self._while_looking(place, after, lambda: tasks.append(asyncio.create_task(switching)))
            await (tasks[0] if tasks else switching)
            look = self.rules.look_in_part if happened else self.rules.look
            look(box, self.readable(place))
            self.rules.switch(at, address, on)
            if happened:
                self.rules.look_in_part(box, self.readable(place))

    async def _while_looking(self, place: int, after: int, act: Callable[[], object]) -> bool:
        """Whether it came to that."""
        left = after

        def fetched(_: int) -> None:
            nonlocal left
            left -= 1
            if left == -1:
                act()

        self.servers[place].on_fetch = fetched
        await self._synced(place)
        self.servers[place].on_fetch = lambda _: None
        return left < 0

    def _watched(self, place: int) -> Box | None:
        return None if place in self.paused else self.rules.boxes[place]

    async def _synced(self, place: int) -> bool:
        box_id = self.ids[place]
        assert box_id
        self.servers[place].commands.clear()
        return await sync_once(box_id, self.tools)


@asynccontextmanager
async def an_office(tools: Tools) -> AsyncIterator[Office]:
    """Each account has the contacts of its addresses, and all is off."""
    by = await a_member(await a_firm(), role=TeamRole.OWNER)
    contacts = [await a_contact(by, PEOPLE[one]) for one in ADDRESSES]
    accounts = [(await account.create(by, account.NewAccount("X", account.AccountKind.OTHER))).ids[0] for _ in "12"]
    for at, address in SPOTS:
        await contact.link(by, accounts[at], ExistingContact(contacts[address]))
    addresses = [await an_address(by, PEOPLE[one]) for one in ADDRESSES]
    async with ImapServer(folders()) as first, ImapServer(folders()) as second:
        yield Office(servers=(first, second), by=by, accounts=accounts, addresses=addresses, tools=tools)
    clock.set_source(None)
