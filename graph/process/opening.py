"""What a process opens before it does anything, and closes after it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from models import attempts, feed, installation, letter, mailbox, reindexing, respelling, session, submission
from models.ground import files, keys, store, tracing, var
from models.ground.mendable import Mendable
from models.ground.settings import Settings


class NotMigrated(Mendable):
    """The database lacks migrations; says what to do."""


@asynccontextmanager
async def opened(settings: Settings, *, known_key: bool = True) -> AsyncIterator[str]:
    """
    Keys, database, files and wake-ups, for one process. Gives the database's URL.

    Without DATABASE_URL it starts a server of our own and brings it up to date; with one it refuses a database that
    lacks migrations. `known_key`: must be the one that the database was made with; where it is to be changed, this
    process goes by another name, so that it is told from those that must not run. Raises keys.WrongKey, NotMigrated,
    models.ground.embedded.EmbeddedFailed, var.NoFolder, OSError.
    """
    keys.load(settings)
    letter.limit(settings)
    session.limit(settings)
    letter.name_by(settings)
    submission.limit(settings)
    mailbox.limit_ports(settings)
    async with AsyncExitStack() as stack:
        if settings.otel_endpoint:
            tracing.open_tracing(settings.otel_endpoint)
            stack.push_async_callback(tracing.close_tracing)
        url = await _database(settings, stack)
        await store.open_store(url, pool_size=settings.pool_size, name=store.NAME if known_key else store.ALONE)
        stack.push_async_callback(store.close)
        if missing := await store.pending_migrations():
            raise NotMigrated(f"The database lacks {len(missing)} migrations. Run `switchboard migrate` first.")
        if known_key:
            await installation.check_key()
            await respelling.compare_anew()
            await reindexing.index_anew()
        files.open_files(settings)
        await feed.hub.open(settings.wakeups_url or url)
        stack.push_async_callback(feed.hub.close)
        await attempts.share(settings.wakeups_url)
        stack.push_async_callback(attempts.share, None)
        yield url


async def _database(settings: Settings, stack: AsyncExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    from models.ground.embedded import Embedded  # needs Linux or macOS; who gives a DATABASE_URL needs neither

    server = await asyncio.to_thread(Embedded.start, var.folder(settings) / "postgres")
    stack.push_async_callback(asyncio.to_thread, server.stop)
    await store.migrate(server.url)
    return server.url
