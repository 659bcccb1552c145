"""Fixtures of the tests of mailboxes that sign in by OAuth."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.ground import clock
from models.viewer import System
from tests.support.emails.synced_mailbox import connected
from tests.support.servers.imap import ImapServer
from tests.support.servers.tokens import TokenServer


@pytest.fixture
async def tokens(server: ImapServer) -> AsyncIterator[TokenServer]:
    """The mail server takes the newest access token, and no other."""
    async with TokenServer() as tokens:
        tokens.granted = lambda token: setattr(server, "token", token)
        yield tokens


@pytest.fixture
async def mailbox_id(server: ImapServer, tokens: TokenServer, by: System) -> UUID:
    return await connected(by, server.server, password=tokens.oauth)


@pytest.fixture
def later() -> Iterator[Any]:
    """Moves the firm's clock."""
    moved = timedelta()

    def move(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)

    clock.set_source(lambda: datetime.now(UTC) + moved)
    yield move
    clock.set_source(None)
