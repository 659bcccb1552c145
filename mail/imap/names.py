"""Folder names on the wire: modified UTF-7 (RFC 3501, 5.1.3), and quoting."""

import binascii
import re
from base64 import b64decode, b64encode

_TO_ENCODE = re.compile(r"&|[^\x20-\x7e]+")
_ENCODED = re.compile(r"&([^&-]*+)-")


def to_wire(name: str) -> str:
    """A folder's name as servers write it: "Entwürfe" is "Entw&APw-rfe"."""
    return _TO_ENCODE.sub(lambda match: _encode(match.group()), name)


def from_wire(name: str) -> str:
    """The other way. What is not modified UTF-7 stays as it stands."""
    return _ENCODED.sub(lambda match: _decode(match), name)


def quoted(text: str) -> str:
    """An argument in quotes. It must be ASCII without control characters, or a ValueError is raised."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("only printable ASCII can be quoted")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line_of(*words: str | bytes) -> tuple[str, tuple[bytes, ...]]:
    """
    A command's arguments: the line, and what follows whenever the server says "+". A str stands as it is; bytes are a
    name, in quotes, or where it fits in none a literal (RFC 3501, 4.3).
    """
    pieces = [b""]
    for word in words:
        if isinstance(word, str):
            pieces[-1] += b" " + word.encode()
        elif word.isascii() and word.decode().isprintable():
            pieces[-1] += b" " + quoted(word.decode()).encode()
        else:
            pieces[-1] += b" {%d}" % len(word)
            pieces.append(word)
    return pieces[0].decode().strip(), tuple(pieces[1:])


def _encode(run: str) -> str:
    if run == "&":
        return "&-"
    return "&" + b64encode(run.encode("utf-16-be", "surrogatepass"), b"+,").decode().rstrip("=") + "-"


def _decode(match: re.Match[str]) -> str:
    run = match.group(1)
    if not run:
        return "&"
    try:
        return b64decode(run + "=" * (-len(run) % 4), b"+,", validate=True).decode("utf-16-be", "surrogatepass")
    except (binascii.Error, ValueError):
        return match.group()
