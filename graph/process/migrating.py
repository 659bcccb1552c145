"""`switchboard migrate`: the database up to date."""

import typer

from models.ground import store
from models.ground.settings import Settings


async def migrate(settings: Settings) -> None:
    """Two at once: the second waits for the first. Raises OSError or asyncpg.PostgresError where it is out of reach."""
    if settings.database_url is None:
        await _migrate_our_own(settings)
        return
    applied = await store.migrate(settings.database_url.get_secret_value())
    typer.echo("Applied: " + ", ".join(applied) if applied else "The database is up to date.")


async def _migrate_our_own(settings: Settings) -> None:
    from graph.process.opening import opened  # at every deployment there is a DATABASE_URL, and nothing to wait for

    async with opened(settings):
        typer.echo("The database under var/ is up to date.")
