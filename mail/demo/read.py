"""Reads what the demo has sent to its clients, and to anybody else outside.

    python -m mail.demo.read                                        the newest letter
    python -m mail.demo.read --to hannah@whitmoreinteriors.example  the newest to that address

The text part, with its link, as the recipient would see it.
"""

import argparse
import imaplib
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from mail.demo.users import IMAP_PORT, OUTSIDE


def letters(*, port: int) -> Iterator[EmailMessage]:
    """The newest first. Raises OSError or imaplib.IMAP4.error."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=10) as imap:
        imap.login(OUTSIDE.address, OUTSIDE.password)
        imap.select("INBOX", readonly=True)
        _, (uids,) = imap.uid("SEARCH", "ALL")
        for uid in reversed(uids.split()):
            _, answer = imap.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
            raw = next(part[1] for part in answer if isinstance(part, tuple))
            message = message_from_bytes(raw, policy=default)
            assert isinstance(message, EmailMessage), "so the policy makes it"
            yield message


def is_to(message: EmailMessage, address: str) -> bool:
    return address.casefold() in str(message["To"]).casefold()


def shown(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    headers = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Date", "Subject"))
    return f"{headers}\n\n{part.get_content() if part else ''}"


def main() -> int:
    args = _args()
    try:
        letter = next((letter for letter in letters(port=args.port) if not args.to or is_to(letter, args.to)), None)
    except (OSError, imaplib.IMAP4.error):
        print(f"No mail server answers on 127.0.0.1, port {args.port}. Is the demo running?", file=sys.stderr)  # noqa: T201
        return 1
    if letter is None:
        print(f"There is no letter{f' to {args.to}' if args.to else ''} yet.", file=sys.stderr)  # noqa: T201
        return 1
    print(shown(letter))  # noqa: T201
    return 0


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prints the newest letter that the demo has sent.")
    parser.add_argument("--to", metavar="ADDRESS", default="")
    parser.add_argument("--port", type=int, default=IMAP_PORT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
