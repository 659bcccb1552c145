"""The mail server of `make run` and of the tests: SMTP in, IMAP out, loopback only, in a process of its own.

    python -m mail.demo.server --folder var/demo/mail --imap-port 1143 --smtp-port 1025
    python -m mail.demo.server --folder var/dovecot --dovecot    with Dovecot for IMAP, where one is installed

Prints one line of JSON when it is ready, {"imap_port": …, "smtp_port": …, "token_port": …, "mail": where it lies}, or
{"error": …} and ends with status 1; port 0 means any free one. What SMTP accepts goes to
the INBOX of each recipient who has a mailbox here, and once to outside@demo.test for all others: nothing leaves this
machine. It ends at SIGTERM or SIGINT, and when the process that started it does.
"""

import argparse
import asyncio
import fcntl
import json
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mail.demo.doors import HOST, Deliver, inboxes_of, open_imap, open_smtp, open_tokens
from mail.demo.dovecot import SHORT, Dovecot, home_in
from mail.demo.mailboxes import KeptMailboxSet
from mail.demo.maildir import Maildir
from mail.demo.tokens import Tokens
from mail.demo.users import MAILBOXES
from models.ground.mendable import Mendable

STDIN = 0
PARENT_CHECK_SECONDS = 0.5


class CannotStart(Exception):
    """In plain words."""


async def serve(folder: Path, *, imap_port: int, smtp_port: int, token_port: int, dovecot: bool = False) -> None:
    """Until told to stop. Raises CannotStart if a port or the folder is taken, and Mendable."""
    stopping = asyncio.Event()
    _stop_with_signals_or_parent(stopping)
    with _locked(folder):
        async with AsyncExitStack() as stack:
            open_mail = _open_dovecot if dovecot else _open_pymap
            tokens = Tokens()
            imap, deliver, mail = await open_mail(folder, tokens, imap_port, stack)
            smtp = await _opened("SMTP", smtp_port, open_smtp(deliver, tokens, port=smtp_port, stack=stack))
            token = await _opened("access tokens", token_port, open_tokens(tokens, port=token_port, stack=stack))
            report = {"imap_port": imap, "smtp_port": smtp, "token_port": token, "mail": str(mail)}
            print(json.dumps(report), flush=True)  # noqa: T201 - the launcher reads it
            await stopping.wait()


async def _open_pymap(folder: Path, tokens: Tokens, port: int, stack: AsyncExitStack) -> tuple[int, Deliver, Path]:
    mailboxes = {user.address: KeptMailboxSet(folder, mailbox=user.address) for user in MAILBOXES}
    opened = await _opened("IMAP", port, open_imap(mailboxes, tokens, port=port, stack=stack))
    return opened, inboxes_of(mailboxes), folder


async def _open_dovecot(folder: Path, tokens: Tokens, port: int, stack: AsyncExitStack) -> tuple[int, Deliver, Path]:
    home = home_in(folder)
    passwords = {user.address: user.password for user in MAILBOXES}
    token_folder = Path(stack.enter_context(TemporaryDirectory(prefix="dovecot-tokens-", dir=SHORT)))
    dovecot = Dovecot(home.data, home.user, port or _a_free_port(), passwords, tokens=token_folder)
    settings = stack.enter_context(dovecot.running())
    tokens.granted = dovecot.grant

    def withdraw(address: str) -> None:
        dovecot.forget(address)
        dovecot.send_away(address, settings)

    tokens.withdrawn = withdraw

    async def deliver(address: str, raw: bytes) -> None:
        Maildir(home.data, address, "INBOX", user=home.user).keep(raw, datetime.now(UTC))

    return dovecot.port, deliver, home.data


def _a_free_port() -> int:
    """Which another program may take before Dovecot does."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


async def _opened(purpose: str, port: int, opening: Coroutine[None, None, int]) -> int:
    try:
        return await opening
    except OSError as error:
        raise CannotStart(f"port {port} for {purpose} is in use by another program") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"another demo mail server is using {folder}. Stop it, or set SWITCHBOARD_VAR to another folder"
            ) from error
        yield


def _stop_with_signals_or_parent(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if _is_held_by_a_parent():
        loop.add_reader(STDIN, _read_end, stopping)
    # A process forked by the parent may hold the other end of stdin when the parent is gone: hence both.
    loop.call_soon(_watch_parent, stopping, os.getppid())


def _is_held_by_a_parent() -> bool:
    if sys.stdin is None:  # started without one: its number may be a socket of ours by now
        return False
    mode = os.fstat(STDIN).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _read_end(stopping: asyncio.Event) -> None:
    if not os.read(STDIN, 4096):
        asyncio.get_running_loop().remove_reader(STDIN)
        stopping.set()


def _watch_parent(stopping: asyncio.Event, parent: int) -> None:
    if os.getppid() != parent:
        stopping.set()
    else:
        asyncio.get_running_loop().call_later(PARENT_CHECK_SECONDS, _watch_parent, stopping, parent)


def main() -> int:
    parser = argparse.ArgumentParser(description="The demo mail server: SMTP in, IMAP out, on 127.0.0.1 only.")
    parser.add_argument("--folder", type=Path, required=True, help="where the mail is kept")
    parser.add_argument("--imap-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--token-port", type=int, default=0, help="of access tokens; 0: any free one")
    parser.add_argument("--dovecot", action="store_true", help="Dovecot for IMAP")
    args = parser.parse_args()
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's, which tells of each odd line at WARNING
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # which tells of peers that have gone while we wrote to them
    try:
        ports = {"imap_port": args.imap_port, "smtp_port": args.smtp_port, "token_port": args.token_port}
        asyncio.run(serve(args.folder, **ports, dovecot=args.dovecot))
    except (CannotStart, Mendable) as reason:
        print(json.dumps({"error": f"The demo mail server cannot start: {reason}".rstrip(".") + "."}), flush=True)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
