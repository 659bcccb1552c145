"""Fixtures of the tests of the sync."""

from collections.abc import AsyncIterator

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools
from models.viewer import System
from tests.support.firm.factories import a_firm
from tests.support.servers.imap import ImapServer
from tests.support.waiting import PATIENCE


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as server:
        yield server


@pytest.fixture
async def by(store: str) -> System:
    return await a_firm()


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with ParserPool(workers=1) as parsers:
        yield Tools(parsers, development=True, timeout=PATIENCE)
