"""What every test of the nouns stands on: a real database of its own, a known key, a clock nobody has touched."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models import clock, files, keys, password_reset, session
from models import store as database
from models.invitation import asking
from models.settings import Settings

pytest_plugins = ["tests.postgres", "tests.client", "tests.redis"]

KEY = bytes(range(32))
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background of a shell: programs would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The store, open on an empty database; its URL."""
    keys.use(KEY)
    files.open_files(Settings(var=tmp_path))
    clock.set_source(None)
    await session.attempts.forget()
    await password_reset.attempts.forget()
    await asking.attempts.forget()
    await database.open_store(database_url)
    try:
        yield database_url
    finally:
        await database.close()
        clock.set_source(None)
