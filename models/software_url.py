"""
The firm's own software: where it is (`softwareUrl`), and paths below it (R14).

Whoever raises a notice names a path alone, and it is read here as the worst of all readers would read it: browsers take
`\\` for `/` and follow dot segments also where they are percent-encoded, servers and proxies decode once more, and some
take what follows a `;` for no part of the name. So a stolen token cannot send the firm's clients elsewhere.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

import idna

from models.errors import ErrorCode, Refusal

LONGEST_URL = 500  # characters
LONGEST_PATH = 2_000  # characters, with query and fragment
HTTPS = 443
_ENCODED = "%[0-9A-Fa-f]{2}"
_PATH = rf"(?:/(?:[\w\-.~!$&'()*+,;=:]|{_ENCODED})*)"
_MORE = rf"(?:[\w\-.~!$&'()*+,;=:@/?]|{_ENCODED})*"
_BELOW = re.compile(rf"(?P<path>{_PATH}+)(?:\?{_MORE})?(?:#{_MORE})?", re.ASCII)  # RFC 3986, without a user name
_URL = re.compile(r"https://(?P<host>[^/?#@:\\]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)?", re.IGNORECASE)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*(?=[a-z]){_LABEL}")  # one that ends in a number is an address to browsers


def checked_url(url: str | None, at: str) -> str | None:
    """
    As it is kept: `https`, the host's ASCII form, no `/` at the end. None or blank: the firm has no such software.
    Raises INVALID.
    """
    if url is None or not url.strip():
        return None
    clean = _spelled(url.strip()) if len(url) <= 2 * LONGEST_URL else ""
    if not clean or len(clean) > LONGEST_URL:
        raise Refusal(
            ErrorCode.INVALID,
            "Give the address of your software as https://clients.firm.example or https://firm.example/clients: https,"
            f" a host by its name, no user name, no query, {LONGEST_URL} characters at most.",
            at,
        )
    return clean


def _spelled(url: str) -> str:
    """'': it is no place of software."""
    if (parts := _URL.fullmatch(url)) is None:
        return ""
    host, port, path = _ascii(parts["host"]), int(parts["port"] or HTTPS), parts["path"] or ""
    if not host or not 0 < port < 65_536 or (path and (_fault(path) or "?" in path or "#" in path)):
        return ""
    return f"https://{host}{'' if port == HTTPS else f':{port}'}{path.removesuffix('/')}"


def _ascii(host: str) -> str:
    """As browsers look it up; '': it is no name of a host."""
    try:
        name = idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""
    return name if _HOST.fullmatch(name) else ""


def checked_path(link: str, *at: str) -> str:
    """A path below `softwareUrl`, as it was given; with a query or a fragment, if need be. Raises INVALID."""
    if fault := _fault(link):
        raise Refusal(ErrorCode.INVALID, fault, *at)
    return link


def below(software_url: str | None, path: str | None) -> str | None:
    """The URL to open, asked anew each time; None: there is none, as the firm has no software, or this is no path."""
    return f"{software_url}{path}" if software_url and path and not _fault(path) else None


def _fault(link: str) -> str:
    """What keeps it from being a path below, in plain words; '': nothing."""
    return next(_faults(link), "")


def _faults(link: str) -> Iterator[str]:
    if len(link) > LONGEST_PATH:
        yield f"A link has {LONGEST_PATH:,} characters at most."
    if not link.startswith("/"):
        yield "A link is a path that begins with /, such as /invoices/12: the firm's softwareUrl is put in front of it."
    if (written := _BELOW.fullmatch(link)) is None:
        yield "A link has no blanks, \\, user name (@) or letters with accents: write %20 for a blank, and so on."
        return
    plain, path = _decoded(link), _decoded(written["path"])
    if plain is None or any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in plain):
        yield "A link has no control characters, also not percent-encoded, and what is encoded is UTF-8."
    elif path is None or "\\" in path or _leads_away([_name(part) for part in path.split("/")[1:]]):
        yield "A link has no empty part (//), none of dots alone (..) and no \\, also not percent-encoded."


def _decoded(text: str) -> str | None:
    """As whoever decodes again what is decoded reads it; None: it is no UTF-8."""
    try:
        while (plain := unquote(text, errors="strict")) != text:
            text = plain
    except UnicodeDecodeError:
        return None
    return text


def _name(part: str) -> str:
    """Of `..;x=1`, `..`, which is what some servers see."""
    return part.partition(";")[0].strip()


def _leads_away(names: list[str]) -> bool:
    return "" in names[:-1] or any(set(name) == {"."} for name in names)
