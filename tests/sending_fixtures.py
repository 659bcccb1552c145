"""Fixtures of the tests of sending."""

from collections.abc import AsyncIterator

import pytest

from tests.sending_out import a_sink
from tests.smtp_server import SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with a_sink() as sink:
        yield sink
