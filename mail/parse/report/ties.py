"""By what a report may name a letter of ours: looked for wherever it may stand, and checked elsewhere."""

import re
from collections.abc import Iterable, Sequence

MOST = 20
"""Of each kind: a real report names one letter."""
_OUR_HEADER = re.compile(r"x-switchboard-letter:((?:[ \t]*(?:\r?\n[ \t]+)?[\w.-]{1,100}){1,6})", re.IGNORECASE)
_SIGNED = re.compile(r"[0-9a-f-]{36}\.[\w-]{43}", re.IGNORECASE)
_MESSAGE_ID = re.compile(
    r"(?<![\w.-])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@[a-z0-9.-]{1,200})", re.IGNORECASE
)
_RETURN_TOKEN = re.compile(r"(?<![a-z2-7])([a-z2-7]{45})(?=@)", re.IGNORECASE)


def signed(text: str) -> tuple[str, ...]:
    """What stands in our own header, also where a server has folded it."""
    values = ("".join(found[1].split()) for found in _OUR_HEADER.finditer(text))
    return _once(found[0] for value in values if (found := _SIGNED.match(value)))


def message_ids(text: str) -> tuple[str, ...]:
    return _once(found[1].lower().rstrip(".-") for found in _MESSAGE_ID.finditer(text))


def return_tokens(text: str) -> tuple[str, ...]:
    """In lower case: servers on the way change it at will."""
    return _once(found[1].lower() for found in _RETURN_TOKEN.finditer(text))


def is_null(paths: Sequence[str]) -> bool:
    """Of all that a server wrote on top: somebody may have put an empty one below it."""
    return bool(paths) and all(path.strip() == "<>" for path in paths)


def _once(found: Iterable[str]) -> tuple[str, ...]:
    kept = dict[str, None]()
    for each in found:
        kept[each] = None
        if len(kept) == MOST:
            break
    return tuple(kept)
