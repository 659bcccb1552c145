"""Fixtures: a mailbox at each of three servers, and the line to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pymap.backend.dict.mailbox import MailboxSet

from mail.demo.doors import open_imap
from mail.demo.tokens import Tokens
from mail.demo.users import MAIL_PASSWORD, MAILBOXES, STUDIO
from tests.support.servers.any_mailbox import OverDovecot, OverImap, Place, Scripted
from tests.support.servers.dovecot import Dovecot, dovecot
from tests.support.servers.imap import ImapServer
from tests.support.servers.relay import Relay


@pytest.fixture(scope="module")
def a_dovecot() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture(params=["scripted", "pymap", "dovecot"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    match request.param:
        case "scripted":
            opened = _scripted()
        case "pymap":
            opened = _pymap()
        case _:
            opened = _dovecot(request.getfixturevalue("a_dovecot"))
    async with opened as place:
        yield place


@pytest.fixture
async def relay(place: Place) -> AsyncIterator[Relay]:
    """What happens on the line."""
    async with Relay(place.port) as relay:
        yield relay


@asynccontextmanager
async def _scripted() -> AsyncIterator[Place]:
    async with ImapServer() as server:
        yield Scripted(server)


@asynccontextmanager
async def _pymap() -> AsyncIterator[Place]:
    """Its own folders in memory, not those that the demo keeps."""
    async with AsyncExitStack() as stack:
        port = await open_imap({user.address: MailboxSet() for user in MAILBOXES}, Tokens(), port=0, stack=stack)
        place = OverImap(port, STUDIO.address, MAIL_PASSWORD, sent="Sent", nests_by="/")
        await place.create("Sent")
        yield place


@asynccontextmanager
async def _dovecot(server: Dovecot) -> AsyncIterator[Place]:
    """A mailbox of its own."""
    yield OverDovecot(server)
