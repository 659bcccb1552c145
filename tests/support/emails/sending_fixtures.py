"""Fixtures of the tests of sending."""

from collections.abc import AsyncIterator

import pytest

from tests.support.emails.sending_mailbox import a_sink
from tests.support.servers.smtp import SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with a_sink() as sink:
        yield sink
