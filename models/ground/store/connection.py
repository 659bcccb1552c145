"""Opening, closing and migrating the database."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext

from models.ground import tracing
from models.ground.store.migrating import Migrations
from models.ground.store.named import NAME, Connection
from models.ground.store.transaction import queue_for

NOUNS = [
    "models.firm",
    "models.firm_key",
    "models.team",
    "models.session.session",
    "models.api_token",
    "models.account.account",
    "models.run.run",
    "models.bulk_update.item",
    "models.client_import.row",
    "models.contact.contact",
    "models.email_field",
    "models.address",
    "models.our_own",
    "models.toggles.toggles",
    "models.invitation.invitation",
    "models.letter.letter",
    "models.return_mailbox",
    "models.password_reset.password_reset",
    "models.portal.visit",
    "models.mailbox.mailbox",
    "models.email.email",
    "models.document.document",
    "models.submission.submission",
    "models.notice.notice",
    "models.notification.notification",
    "models.inbox_mail.digests",
    "models.journal.entry",
    "models.idempotency",
    "models.errand.errand",
    "models.stored_file",
    "models.upload",
    "models.installation.installation",
]
MIGRATION_LOCK = 0x53574954  # "SWIT"; one migrator at a time per database
SERVER_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    # a plan kept from when a table was small, or empty, would read it from end to end for each row of a bulk, and each
    # check of a foreign key; where no index helps it is done all the same
    "enable_seqscan": "off",
}
_context: TortoiseContext | None = None


def tortoise_config(url: str, *, pool_size: int = 10, name: str = NAME) -> dict[str, Any]:
    """Tortoise's configuration for a PostgreSQL URL, as libpq reads it (`?host=/folder` names a socket)."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    credentials: dict[str, Any] = {
        "host": query.pop("host", parts.hostname),
        "port": int(query.pop("port", parts.port or 5432)),
        "user": unquote(parts.username or query.pop("user", "postgres")),
        "password": unquote(parts.password) if parts.password else None,
        "database": parts.path.lstrip("/") or "postgres",
        "minsize": 2,
        "maxsize": pool_size,
        "command_timeout": 35,
        "reset": _nothing_to_reset,
        "server_settings": {**SERVER_SETTINGS, "application_name": name},
        "connection_class": Connection,
    }
    if "sslmode" in query:
        credentials["ssl"] = query["sslmode"]
    if tracing.is_on():
        credentials["init"] = tracing.watch
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {
            "models": {"models": NOUNS, "migrations": "models.ground.migrations", "default_connection": "default"}
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def _nothing_to_reset(_: object) -> None:
    """
    What a connection that goes back to the pool still needs, after the ROLLBACK that the pool sees to itself.

    asyncpg would forget locks, cursors and settings of the session, in a round trip after each statement. We make none:
    whatever we set or lock ends with its transaction.
    """


async def open_store(url: str, *, pool_size: int = 10, name: str = NAME) -> None:
    """
    Opens the database for every task of this process. `name`: as PostgreSQL shows its connections.

    Raises OSError or asyncpg.PostgresError where it cannot be reached.
    """
    global _context
    _context = await Tortoise.init(
        config=tortoise_config(url, pool_size=pool_size, name=name), _enable_global_fallback=True
    )
    queue_for(pool_size)
    with _context:
        await get_connections().get("default").execute_query("SELECT 1")


async def close() -> None:
    """Closes every connection; nothing may use the store afterwards."""
    global _context
    if _context is not None:
        context, _context = _context, None
        with context:
            await Tortoise.close_connections()


def is_open() -> bool:
    return _context is not None


async def migrate(url: str) -> list[str]:
    """Brings the database up to date and answers what was applied. Two at once: the second waits for the first."""
    guard = await asyncpg.connect(url)
    try:
        # another process holds it, so there is nothing to wait on
        while not await guard.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return await _apply(url)
    finally:
        await guard.close()


async def _apply(url: str) -> list[str]:
    applied: list[str] = []

    def note(event: str, _: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    context = await Tortoise.init(config=tortoise_config(url))
    with context:
        try:
            await _executor().migrate(direction="forward", progress=note)
        finally:
            await Tortoise.close_connections()
    return applied


async def pending_migrations() -> list[str]:
    """Names of the migrations that the open database lacks."""
    return [step.migration.name for step in await _executor().plan()]


def _executor() -> Migrations:
    handler = get_connections()
    return Migrations(handler.get("default"), tortoise_config("postgres:///")["apps"])
