"""`switchboard`: serve, worker, demo, migrate, schema, doctor, create-firm, rotate-key, replace-key."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from models.errors import Refusal
from models.ground.mendable import Mendable
from models.ground.settings import Settings

Outcome = TypeVar("Outcome")
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"


@app.command()
def serve(
    worker: Annotated[bool, typer.Option(help="Also fetch mail in this process.")] = True,
) -> None:
    """The API, on HOST and PORT. Ctrl-C and SIGTERM stop it."""
    from graph.process import serving

    _run(lambda settings: serving.serve(settings, worker=worker))


@app.command()
def worker() -> None:
    """Fetches mail. Run as many as you like; they share the work by themselves."""
    from graph.process import working

    _run(working.work)


@app.command()
def demo(
    dovecot: Annotated[bool, typer.Option("--dovecot", help="Its mail server is Dovecot 2.3, installed here.")] = False,
) -> None:
    """Two demo firms, a mail server with three years of mail, and the API: all on this machine, kept under var/."""
    from graph.process import demo

    _run(lambda settings: demo.show(settings, dovecot=dovecot))


@app.command()
def migrate() -> None:
    """Brings the database up to date. Several at once do no harm."""
    from graph.process import migrating

    _run(migrating.migrate)


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 where schema.graphql is stale.")] = False,
) -> None:
    """Writes schema.graphql."""
    from graph.schema import schema as built

    text = built.as_str() + "\n"
    if not check:
        SCHEMA_FILE.write_text(text)
    elif not SCHEMA_FILE.exists() or SCHEMA_FILE.read_text() != text:
        _fail("schema.graphql is stale. Write it anew with `switchboard schema`.")


@app.command()
def doctor() -> None:
    """Looks at settings, key, database and mailboxes, and says in plain words what is wrong."""
    from graph.process.doctor import examine

    _run(examine)


@app.command("rotate-key")
def rotate_key(
    leaked: Annotated[
        bool, typer.Option("--leaked", help="Somebody may have the old key: each firm gets a new one, and links die.")
    ] = False,
) -> None:
    """From the old key (SWITCHBOARD_OLD_KEY, or var/key.old) to the present one. Nothing is lost; nobody is asked."""
    from graph.process import upkeep

    _run(lambda settings: upkeep.rotate_key(settings, leaked=leaked))


@app.command("replace-key")
def replace_key(
    sure: Annotated[bool, typer.Option(prompt="What was sealed with the lost key stays lost. Go on?")],
) -> None:
    """After the key was lost: goes on with the present one. Mailboxes wait for passwords; second factors are off."""
    from graph.process import upkeep

    if sure:
        _run(upkeep.replace_key)


@app.command("create-firm")
def create_firm(
    name: str,
    slug: str,
    owner_name: Annotated[str, typer.Option(prompt=True)],
    owner_email: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """A new firm and its first owner."""
    from graph.process import upkeep

    _run(lambda settings: upkeep.create_firm(settings, name, slug, owner_name, owner_email, password))


def _run(command: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Runs a command to its end, and turns what people can mend into one line of plain words."""
    os.umask(0o077)  # whatever it keeps, no other user of the machine reads
    try:
        run(_stoppable(command(_settings())))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return
    except Exception as error:
        if (words := _plain(error)) is None:
            raise
        _fail(words)


def run(main: Coroutine[Any, Any, Outcome]) -> Outcome:
    """As asyncio.run, on uvloop where that is installed (it is not for Windows), which is quicker."""
    with asyncio.Runner(loop_factory=_loops()) as runner:
        return runner.run(main)


def _loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop  # by itself: uvicorn's choice would bring the whole server
    except ImportError:
        return None
    return new_event_loop


async def _stoppable(command: Coroutine[Any, Any, None]) -> None:
    """
    SIGTERM ends it in order, as Ctrl-C does, also before and after the server handles signals itself; and where Ctrl-C
    is ignored, as in a shell's background job.
    """
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert running

    def end() -> None:
        if not running.cancelling():  # a second time would hit it while it gives back what it has
            running.cancel()

    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(end))
    await command


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as wrong:
        lines = [f"{_variable(str(fault['loc'][0]))}: {fault['msg']}" for fault in wrong.errors()]
        _fail("A setting is wrong. " + "; ".join(lines))
        raise


def _variable(setting: str) -> str:
    """The setting's name in the environment."""
    return setting if setting.isupper() else f"SWITCHBOARD_{setting.upper()}"


def _plain(error: Exception) -> str | None:
    from asyncpg import PostgresError

    if isinstance(error, Mendable | Refusal):
        return str(error)
    if isinstance(error, PostgresError | OSError):
        why = str(error).partition("\n")[0]
        return f"The database cannot be reached: {why}. Look at DATABASE_URL, and whether PostgreSQL runs."
    return None


def _fail(words: str) -> None:
    print(words, file=sys.stderr)
    raise SystemExit(1)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
