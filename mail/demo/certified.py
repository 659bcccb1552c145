"""A certified letter (PEC), as a provider brings it: the letter in its transport envelope (RFC 6109)."""

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from xml.sax.saxutils import escape

PROVIDER = "posta-certificata@pec.demo.test"
PROVIDER_NAME = "Demo PEC S.p.A."
WORDS = "Messaggio di posta certificata.\r\nIl messaggio originale e' contenuto nel file postacert.eml."


def enveloped(raw: bytes, *, sender: str, to: str, at: datetime) -> bytes:
    """
    As the provider of `sender` would bring it. What stands for its signature is none: nobody here checks it, and who
    reads the letter is told so.
    """
    letter = message_from_bytes(raw, _class=EmailMessage, policy=SMTP)
    identifier = make_msgid("opec", PROVIDER.rsplit("@")[-1])
    head = EmailMessage(SMTP)
    head["X-Trasporto"] = "posta-certificata"
    head["From"] = f'"Per conto di: {sender}" <{PROVIDER}>'
    head["Reply-To"] = sender
    head["To"] = to
    head["Subject"] = f"POSTA CERTIFICATA: {letter['Subject']}"
    head["Date"] = format_datetime(at)
    head["Message-ID"] = identifier
    head["MIME-Version"] = "1.0"
    certificate = _certificate(letter, identifier, sender=sender, to=to, at=at)
    return bytes(head).rstrip() + b"\r\n" + _signed(raw, certificate)


def _signed(raw: bytes, certificate: str) -> bytes:
    inside = _multipart(
        "mixed",
        "=_inside",
        _part("text/plain", WORDS.encode()),
        _part("message/rfc822", raw, "postacert.eml"),
        _part("application/xml", certificate.encode(), "daticert.xml"),
    )
    signature = _part("application/x-pkcs7-signature", b"", "smime.p7s")
    return _multipart('signed; protocol="application/x-pkcs7-signature"', "=_signed", inside, signature)


def _multipart(kind: str, boundary: str, *parts: bytes) -> bytes:
    line = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _part(kind: str, content: bytes, name: str = "") -> bytes:
    named = f'; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"' if name else ""
    return f"Content-Type: {kind}{named}\r\n\r\n".encode() + content


def _certificate(letter: EmailMessage, identifier: str, *, sender: str, to: str, at: datetime) -> str:
    """What the provider says of the letter."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="posta-certificata" errore="nessuno">
  <intestazione>
    <mittente>{escape(sender)}</mittente>
    <destinatari tipo="certificato">{escape(to)}</destinatari>
    <risposte>{escape(sender)}</risposte>
    <oggetto>{escape(letter["Subject"])}</oggetto>
  </intestazione>
  <dati>
    <gestore-emittente>{PROVIDER_NAME}</gestore-emittente>
    <data zona="{at:%z}"><giorno>{at:%d/%m/%Y}</giorno><ora>{at:%H:%M:%S}</ora></data>
    <identificativo>{escape(identifier.strip("<>"))}</identificativo>
    <msgid>{escape(letter["Message-ID"].strip())}</msgid>
    <ricevuta tipo="completa"/>
  </dati>
</postacert>
"""
