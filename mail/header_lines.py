"""What people are called and what they typed, as lines of a header: nothing of it can end a line or add another."""

import re
from email.header import Header

import idna

from models.text import TURNING

LINE = 76
UNSAFE = {*' ,;:<>()[]"\\'}
HIDDEN = re.compile(rf"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|{TURNING.pattern}")  # but line feeds
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\]|\\.)+"')  # within its quotes all of these are one name (RFC 5321, 4.1.2)


def one_line(text: str) -> str:
    """Without what could end a line or turn the reading direction."""
    return text if text.isprintable() else HIDDEN.sub(" ", text.replace("\n", " ")).strip()


def named(name: str, address: str) -> str:
    """A person, of a name of one line and a plain address."""
    if name.isascii() and "=?" not in name:  # else some read it as RFC 2047, quoted or not
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{encoded(name, 'From')}\r\n <{address}>"


def encoded(text: str, header: str) -> str:
    """As RFC 2047 has it, folded."""
    plain = text.isascii() and "=?" not in text and len(text) < LINE
    return text if plain else Header(text, "utf-8", maxlinelen=LINE, header_name=header).encode(linesep="\r\n")


def plain_address(text: str) -> str:
    """
    As the envelope has it: the domain in its ASCII form (RFC 5890). Raises ValueError where it could be more than one
    address.
    """
    local, _, domain = text.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    address = f"{local}@{domain}"
    unquoted = domain if _QUOTED_LOCAL.fullmatch(local) else address
    if not local or not domain or not address.isprintable() or UNSAFE & set(unquoted):
        raise ValueError("This is not one plain e-mail address.")
    return address
