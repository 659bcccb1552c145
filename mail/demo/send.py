"""Writes to the demo firm as one of its clients would.

    python -m mail.demo.send --from hannah@whitmoreinteriors.example --text "Could we meet on Friday?"

The default sender has Email sync on: the letter shows in Whitmore Interiors' Emails and in Inbox+ a moment later. With
`--answers` and the Message-ID that an earlier one told, it goes on with that thread; with `--certified` it comes as
certified mail (PEC), in its provider's envelope.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid

from mail.demo.certified import PROVIDER, enveloped
from mail.demo.people import BELLANDI
from mail.demo.users import SMTP_PORT, STUDIO
from mail.smtp import Smtp, SmtpError, SmtpServer, Unreachable
from models.mailbox.server import MailSecurity

SENDER = "hannah@whitmoreinteriors.example"
SUBJECT = "The invoice from the marble yard"
TEXT = """Good morning,

the marble yard sent its invoice twice, once with VAT and once without. Which of the two should we pay?

Many thanks,
Hannah"""


def letter(*, sender: str, subject: str, text: str, at: datetime, answers: str | None = None) -> bytes:
    """
    As a mail program would hand it over; `sender` is called by name if the firm knows the address. `answers`: the
    Message-ID of the one before.
    """
    message = EmailMessage(SMTP)
    message["From"] = formataddr((_name_of(sender), sender))
    message["To"] = formataddr((BELLANDI.name, STUDIO.address))
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=sender.rsplit("@")[-1])
    if answers:
        message["In-Reply-To"] = message["References"] = answers
    message.set_content(text)
    return bytes(message)


def _name_of(address: str) -> str:
    names = (contact.name for contact in BELLANDI.contacts if address.casefold() in contact.emails.values())
    return next(names, "")


async def send(raw: bytes, *, sender: str, host: str, port: int) -> None:
    """Raises SmtpError."""
    async with Smtp.open(SmtpServer(host, port, MailSecurity.NONE)) as smtp:
        await smtp.deliver(raw, sender=sender, to=[STUDIO.address])


def main() -> int:
    args = _args()
    now = datetime.now(UTC)
    raw = letter(sender=args.sender, subject=args.subject, text=args.text, at=now, answers=args.answers)
    sent = enveloped(raw, sender=args.sender, to=STUDIO.address, at=now) if args.certified else raw
    try:
        asyncio.run(send(sent, sender=PROVIDER if args.certified else args.sender, host=args.host, port=args.port))
    except Unreachable:
        print(f"No mail server answers on {args.host}, port {args.port}. Is the demo running?", file=sys.stderr)  # noqa: T201
        return 1
    except SmtpError as refusal:
        print(f"The mail server did not take the letter: {refusal.message}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Sent to {STUDIO.address} from {args.sender}: {args.subject}")  # noqa: T201
    print(f"Its Message-ID: {message_from_bytes(raw)['Message-ID'].strip()}")  # noqa: T201
    return 0


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Writes to {STUDIO.address} as one of the demo's clients would.")
    parser.add_argument("--from", dest="sender", type=_address, default=SENDER, metavar="ADDRESS")
    parser.add_argument("--subject", default=SUBJECT)
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--answers", type=_message_id, metavar="MESSAGE-ID")
    parser.add_argument("--certified", action="store_true", help="as certified mail (PEC)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=SMTP_PORT)
    return parser.parse_args()


def _address(typed: str) -> str:
    local, at, domain = typed.rpartition("@")
    if not (local and at and domain and typed.isascii() and typed.isprintable()) or " " in typed:
        raise argparse.ArgumentTypeError(f"“{typed}” is not an e-mail address")
    return typed


def _message_id(typed: str) -> str:
    if not (typed.isascii() and typed.isprintable() and typed.startswith("<") and typed.endswith(">")):
        raise argparse.ArgumentTypeError(f"“{typed}” is not a Message-ID such as <1@client.example>")
    return typed


if __name__ == "__main__":
    sys.exit(main())
