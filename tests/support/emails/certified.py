"""Certified mail (PEC) as providers make it: a letter in its transport envelope, and a receipt of delivery."""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest

from tests.support.emails.synced_mailbox import letter

SAMPLES = Path(os.environ.get("CASES_DIR", Path(__file__).parents[4] / "shared" / "cases")) / "pec"
PROVIDER = "posta-certificata@pec.provider.test"
SENDER = "marta@client.test"
LETTER_ID = "letter-1@client.test"


def sample(name: str) -> bytes:
    if not SAMPLES.is_dir():
        pytest.skip(f"no folder {SAMPLES}: set CASES_DIR to the folder of cases")
    return (SAMPLES / f"{name}.eml").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def a_certificate(
    *,
    sender: str = SENDER,
    message_id: str | None = LETTER_ID,
    identifier: str = "opec1@pec.provider.test",
    kind: str = "posta-certificata",
    provider: str = "Provider Test PEC",
) -> str:
    """`daticert.xml`."""
    said = "" if message_id is None else f"<msgid>{escape(f'<{message_id}>')}</msgid>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="{kind}" errore="nessuno"><intestazione>'
        f"<mittente>{escape(sender)}</mittente><oggetto>x</oggetto></intestazione><dati><gestore-emittente>"
        f"{escape(provider)}</gestore-emittente><identificativo>{identifier}</identificativo>{said}</dati></postacert>"
    )


def a_part(kind: str, name: str, content: bytes | str, *, more: str = "") -> bytes:
    content = content.encode() if isinstance(content, str) else content
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: inline; filename="{name}"\r\n{more}\r\n'
    return head.encode() + content


def a_letter(**said: str) -> bytes:
    return letter(**{"message_id": LETTER_ID, **said})  # type: ignore[arg-type]


def an_envelope(
    inside: bytes | None = None,
    *,
    certificate: str | None = None,
    parts: Sequence[bytes] | None = None,
    on_behalf_of: str = SENDER,
    reply_to: str = SENDER,
    to: str = "studio@firm.test",
    identifier: str = "opec1@pec.provider.test",
    transport: str = "X-Trasporto: posta-certificata",
    kind: str = "multipart/signed",
    more: Sequence[str] = (),
) -> bytes:
    """`parts` stand in the place of the letter and of its certificate."""
    inside = a_letter() if inside is None else inside
    parts = parts or [
        a_part("message/rfc822", "postacert.eml", inside),
        a_part("application/xml", "daticert.xml", certificate or a_certificate(identifier=identifier)),
    ]
    head = [
        *([transport] if transport else []),
        f'From: "Per conto di: {on_behalf_of}" <{PROVIDER}>',
        *([f"Reply-To: {reply_to}"] if reply_to else []),
        f"To: {to}",
        "Subject: POSTA CERTIFICATA: x",
        "Date: Mon, 2 Mar 2026 09:12:46 +0100",
        f"Message-ID: <{identifier}>",
        *more,
        "MIME-Version: 1.0",
        f'Content-Type: {kind}; protocol="application/x-pkcs7-signature"; boundary="sig"',
    ]
    words = b"Content-Type: text/plain\r\n\r\nMessaggio di posta certificata"
    outer = b"".join(b"--out\r\n" + part + b"\r\n" for part in (words, *parts)) + b"--out--\r\n"
    signed = b'--sig\r\nContent-Type: multipart/mixed; boundary="out"\r\n\r\n' + outer
    signature = a_part(
        "application/x-pkcs7-signature", "smime.p7s", "MIIBAA==", more="Content-Transfer-Encoding: base64\r\n"
    )
    return "\r\n".join([*head, "", ""]).encode() + signed + b"--sig\r\n" + signature + b"\r\n--sig--\r\n"
