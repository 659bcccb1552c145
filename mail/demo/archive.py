"""Gives the newcomer of the demo a long past, for a backfill that can be watched. The demo must be running.

    python -m mail.demo.archive 3000

So many letters of hers, two a day, in the folder Archive of the studio's mailbox, before Email sync is switched on for
her. Said again, as many more.
"""

import argparse
import imaplib
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mail.demo.letters import NEWCOMER
from mail.demo.send import letter
from mail.demo.typed import count as typed_count
from mail.demo.users import IMAP_PORT, STUDIO

FOLDER = "Archive"


def letters(count: int, *, until: datetime) -> Iterator[tuple[datetime, bytes]]:
    """With their times, the oldest first."""
    for number in range(count, 0, -1):
        at = until - timedelta(hours=12 * number)
        subject, text = f"Scontrini n. {count - number + 1}", "Buongiorno,\n\necco gli scontrini di oggi.\n\nOrnella"
        yield at, letter(sender=NEWCOMER.address, subject=subject, text=text, at=at)


def put(count: int, *, port: int) -> None:
    """Raises OSError or imaplib.IMAP4.error."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=60) as imap:
        imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each letter takes 40 ms
        imap.login(STUDIO.address, STUDIO.password)
        imap.create(FOLDER)  # a NO where it is there already
        for at, raw in letters(count, until=datetime.now(UTC) - timedelta(days=30)):
            answer, words = imap.append(FOLDER, "", imaplib.Time2Internaldate(at), raw)
            if answer != "OK":
                raise imaplib.IMAP4.error(words)


def main() -> int:
    args = _args()
    try:
        put(args.count, port=args.port)
    except (OSError, imaplib.IMAP4.error):
        print(f"No mail server takes them on 127.0.0.1, port {args.port}. Is the demo running?", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{args.count} letters of {NEWCOMER.contact} lie in the folder {FOLDER} of {STUDIO.address}.")  # noqa: T201
    return 0


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Puts old letters of {NEWCOMER.contact} into the studio's mailbox.")
    parser.add_argument("count", type=typed_count, nargs="?", default=3000, metavar="COUNT")
    parser.add_argument("--port", type=int, default=IMAP_PORT, help="of IMAP")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
