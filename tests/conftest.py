"""What every test stands on."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.database.postgres",
    "tests.support.database.store",
    "tests.support.api.toy_server",
    "tests.support.api.client",
    "tests.support.firm.acting",
    "tests.support.emails.sync_fixtures",
    "tests.support.emails.oauth_fixtures",
    "tests.support.emails.sending_fixtures",
    "tests.support.emails.submission_fixtures",
    "tests.support.servers.redis",
    "tests.support.servers.collector",
]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background of a shell: programs would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # no test asserts time
settings.load_profile("house")


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """The loop is the session's; what a test leaves running ends with the test."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
