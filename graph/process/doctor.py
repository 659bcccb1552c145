"""`switchboard doctor`: what is wrong, in plain words, and what to do."""

from collections.abc import AsyncIterator

import typer

from graph.process.opening import opened
from mail.outbox import Route
from mail.returns.place import Place
from mail.smtp import SmtpError
from models import return_mailbox
from models.errand import overview as errands
from models.ground import store, var
from models.ground.settings import Settings
from models.run import overview as runs


async def examine(settings: Settings) -> None:
    """Prints one line for each thing looked at; exits with 1 where something needs a person."""
    troubles = 0
    async for fine, line in _findings(settings):
        troubles += not fine
        typer.echo(f"{'ok   ' if fine else 'MEND '} {line}")
    if troubles:
        raise SystemExit(1)


async def _findings(settings: Settings) -> AsyncIterator[tuple[bool, str]]:
    where = "the server under var/" if settings.database_url is None else "DATABASE_URL"
    async with opened(settings):  # a wrong key, an old or unreachable database end it here, with a line of their own
        yield True, f"Database: {where}, {await store.value('SHOW server_version')}, all migrations applied."
        yield True, "Key: the one that this database knows."
        yield _exposure(settings)
        yield _privacy(settings)
        yield await _letters(settings)
        if (place := Place.of(settings)) is not None:
            yield await _returns(place)
        yield await _runs()
        yield await _errands()
        firms = await store.value("SELECT count(*) FROM firm")
        yield firms > 0, f"Firms: {firms}." + ("" if firms else " Make one with `switchboard create-firm`.")
        for mailbox in await store.rows(
            "SELECT address, state, error_message, last_sync_at FROM mailbox"
            " WHERE disconnected_at IS NULL ORDER BY address"
        ):
            error, fine = mailbox["error_message"], mailbox["error_message"] is None
            yield fine, f"Mailbox {mailbox['address']}: {mailbox['state']}. {error or _seen(mailbox['last_sync_at'])}"


async def _letters(settings: Settings) -> tuple[bool, str]:
    """By calling the mail server and signing in there; no letter is sent."""
    route = Route.of(settings)
    if route is None:
        return False, str(settings.letters_wait)
    waiting = await store.value("SELECT count(*) FROM letter WHERE settled_at IS NULL")
    try:
        smtp = await route.connect()
    except SmtpError as error:
        return False, f"Letters: {waiting} wait. {error.message} Look at SWITCHBOARD_SMTP_URL."
    await smtp.close()
    return True, f"Letters: {waiting} wait; {route.server.host} takes them, from {route.sender.address}."


async def _returns(place: Place) -> tuple[bool, str]:
    """By calling the mail server and opening the folder there; nothing is read."""
    from mail.calling import NoAddress
    from mail.imap import ImapError
    from mail.returns.running import reach

    try:
        async with await reach(place) as imap:
            held = (await imap.examine(place.folder)).exists
    except (NoAddress, ImapError) as error:
        return False, f"Return mailbox: {error.message} Look at SWITCHBOARD_RETURN_MAILBOX."
    if trouble := (await return_mailbox.state()).trouble:
        return False, f"Return mailbox: {place.name} can be read, and holds {held} messages. {trouble}"
    return True, f"Return mailbox: {place.name} is read; it holds {held} messages."


async def _runs() -> tuple[bool, str]:
    unended = sum((await runs.states()).values())
    if await runs.stand_still():
        return False, (
            f"Runs (bulk updates, imports): {unended} wait, and nothing goes on with them. Start `switchboard worker`,"
            " or `serve` without `--no-worker`; where one runs, its log says what fails."
        )
    return True, f"Runs (bulk updates, imports): {unended} wait or are under way."


async def _errands() -> tuple[bool, str]:
    waiting = f"Errands (new passwords, new invitations): {await errands.waiting()} wait"
    if await errands.stand_still():
        return False, (
            f"{waiting}, and nobody does them. Start `switchboard worker`, or `serve` without `--no-worker`; where one"
            " runs, its log says what fails."
        )
    return True, f"{waiting}."


def _exposure(settings: Settings) -> tuple[bool, str]:
    if settings.development and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        return False, "Development mode on a public address. Set SWITCHBOARD_DEVELOPMENT=false."
    return True, "Mode: " + ("development, on this machine only." if settings.development else "production.")


def _privacy(settings: Settings) -> tuple[bool, str]:
    if exposed := " ".join(map(str, var.exposed(settings))):
        return False, f"Files: other users of this machine may read them. As their owner: chmod -R go-rwx {exposed}"
    return True, f"Files: no other user of this machine reads {settings.var}."


def _seen(last_sync_at: object) -> str:
    return f"Last looked at {last_sync_at:%Y-%m-%d %H:%M} UTC." if last_sync_at else "Not looked at yet."
