"""Fixtures of the tests of the sync."""

from collections.abc import AsyncIterator

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools
from models.viewer import System, TeamRole, Viewer
from tests.support.firm.factories import a_member
from tests.support.servers.imap import ImapServer
from tests.support.waiting import PATIENCE


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as server:
        yield server


@pytest.fixture
async def writer(by: System) -> Viewer:
    return await a_member(by, role=TeamRole.OWNER)


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with ParserPool(workers=1) as parsers:
        yield Tools(parsers, development=True, timeout=PATIENCE)
