"""Sends a letter of the demo back, as a mail server would that does not know its address.

    python -m mail.demo.bounce --to hannah@whitmoreinteriors.example
    python -m mail.demo.bounce --to hannah@whitmoreinteriors.example --status 5.2.2 --text "Mailbox full"

The newest letter to that address. The report lies in the installation's return mailbox when this returns; a moment
later the address is suppressed, where it says that there is nobody, and Inbox+ tells of it.
"""

import argparse
import asyncio
import imaplib
import sys
from email.message import EmailMessage

from mail.demo.read import is_to, letters
from mail.demo.users import IMAP_PORT, RETURNS, SMTP_PORT
from mail.smtp import Smtp, SmtpError, SmtpServer
from models.mailbox.server import MailSecurity

SERVER = "mx.demo.test"
FAILED, DELAYED = "failed", "delayed"


def report(letter: EmailMessage, *, to: str, status: str, text: str) -> bytes:
    """RFC 3464, as Postfix writes it: words for people, the status, the headers of the letter."""
    action = DELAYED if status.startswith("4") else FAILED
    reply = f"{status[0]}50 {status} <{to}>: {text}"
    head = "".join(f"{name}: {' '.join(str(value).split())}\r\n" for name, value in letter.raw_items())
    lines = [
        "Return-Path: <>",
        f"From: Mail Delivery System <MAILER-DAEMON@{SERVER}>",
        f"To: {RETURNS.address}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_returned"',
        "",
        "--=_returned",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"This is the mail system at host {SERVER}. Your message was not delivered.",
        f"<{to}>: {reply}",
        "--=_returned",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {SERVER}",
        "",
        f"Final-Recipient: rfc822; {to}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {reply}",
        "--=_returned",
        "Content-Type: text/rfc822-headers",
        "",
        f"{head}--=_returned--",
        "",
    ]
    return "\r\n".join(lines).encode()


async def put_back(raw: bytes, *, port: int) -> None:
    """From nowhere, as reports come (RFC 5321, 4.5.5). Raises SmtpError."""
    async with Smtp.open(SmtpServer("127.0.0.1", port, MailSecurity.NONE)) as smtp:
        await smtp.deliver(raw, sender="", to=[RETURNS.address])


def main() -> int:
    args = _args()
    try:
        letter = next((letter for letter in letters(port=args.imap_port) if is_to(letter, args.to)), None)
        if letter is None:
            return _failed(f"There is no letter to {args.to} yet.")
        raw = report(letter, to=args.to, status=args.status, text=args.text)
        asyncio.run(put_back(raw, port=args.port))
    except (OSError, imaplib.IMAP4.error, SmtpError):
        return _failed(f"No mail server answers on 127.0.0.1, ports {args.imap_port} and {args.port}. Does it run?")
    print(f"“{letter['Subject']}” to {args.to} has come back: {args.status} {args.text}")  # noqa: T201
    return 0


def _failed(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 1


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sends the newest letter to an address back, as if nobody were there.")
    parser.add_argument("--to", required=True, metavar="ADDRESS")
    parser.add_argument("--status", default="5.1.1", help="an enhanced code (RFC 3463)")
    parser.add_argument("--text", default="Recipient address rejected: User unknown")
    parser.add_argument("--port", type=int, default=SMTP_PORT)
    parser.add_argument("--imap-port", type=int, default=IMAP_PORT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
