"""
When two addresses are one: the key that addresses are compared by. Nothing of ours is imported here: the parser's
processes compare addresses too, and need no database.
"""

import re
import unicodedata
from functools import lru_cache

import idna

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NEEDS_NO_QUOTES = re.compile(r'[^\s"\\(),:;<>@\[\]\x00-\x20\x7f]+')
_LONGEST_REMEMBERED = 100  # characters


def compared(address: str) -> str:
    """
    The key that addresses are compared by: NFC, each character of the local part in lower case, without quotes that it
    does not need (RFC 5321, 4.1.2), the domain in its ASCII form (RFC 5890). A key's key is the key itself.

    Never by full case folding, for which ß is ss and ﬁ is fi: those are two people's addresses.
    """
    return _remembered(address) if len(address) <= _LONGEST_REMEMBERED else _made(address)


def _made(address: str) -> str:
    local, domain = _parts(address)
    return f"{_lower(_unquoted(unicodedata.normalize('NFC', local)))}@{_ascii(domain)}"


_remembered = lru_cache(4_096)(_made)  # a mailbox is full of the same people, and a message asks a dozen times


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.replace("\0", "").strip().rpartition("@")
    return local, domain


def _ascii(domain: str) -> str:
    """What is no domain, as a stranger's mail may have it, is folded: nobody can type such an address here."""
    try:  # not Python's own codec: that is IDNA 2003, for which straße.example and strasse.example are one domain
        return (domain if domain.isascii() else idna.encode(domain, uts46=True).decode()).lower()
    except idna.IDNAError:
        return domain.casefold()


def _unquoted(local: str) -> str:
    """Of all ways to write it the one with the fewest quotes. `a..b` needs them, yet nobody else can be meant by it."""
    if (quoted := _QUOTED.fullmatch(local)) is None:
        return local
    content = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    if _NEEDS_NO_QUOTES.fullmatch(content):
        return content
    return '"' + re.sub(r'(["\\])', r"\\\1", content) + '"'


def _lower(text: str) -> str:
    """
    Each character by itself, where its lower case is one character: `İ` stays. Not `str.lower()` on the whole, for
    which Σ at the end of a word is another letter than within.
    """
    if text.isascii():
        return text.lower()
    lower = "".join(small if len(small := char.lower()) == 1 else char for char in unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", lower)  # `T̈` is two characters, `ẗ` is one


def compared_before(address: str) -> str:
    """
    The key as it was made until 2026: by full case folding. The ledger keeps hashes of such keys of the mail that it
    met then, so it is asked by both; what it finds is compared by the right one once its headers are read.
    """
    local, domain = _parts(address)
    return f"{_folded(local)}@{_ascii(domain)}"


def _folded(local: str) -> str:
    if local.isascii():
        return local.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", local).casefold())
