"""By what a report may name a letter or an e-mail of ours, wherever it stands; mail.returns.settling checks it."""

import re
from collections.abc import Iterable, Sequence

MOST = 20
"""Of each kind: a real report names one letter."""
_VALUE = r":((?:[ \t]*(?:\r?\n[ \t]+)?[\w.-]{1,100}){1,6})"
_LETTER_HEADER = re.compile("x-switchboard-letter" + _VALUE, re.IGNORECASE)
_EMAIL_HEADER = re.compile("x-switchboard-email" + _VALUE, re.IGNORECASE)
_SIGNED = re.compile(r"[0-9a-f-]{36}\.[\w-]{43}", re.IGNORECASE)
_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@[a-z0-9.-]{1,200})"
_MESSAGE_ID = re.compile(r"(?<![\w.-])" + _ID, re.IGNORECASE)
_RETURNED_ID = re.compile(r"message-id:[ \t]*(?:\r?\n[ \t]+)?<?" + _ID, re.IGNORECASE)
_RETURN_TOKEN = re.compile(r"(?<![a-z2-7])([a-z2-7]{45})(?=@)", re.IGNORECASE)


def signed(text: str) -> tuple[str, ...]:
    """What stands in our own header of letters, also where a server has folded it."""
    return _signed(_LETTER_HEADER, text)


def signed_emails(text: str) -> tuple[str, ...]:
    """The same of what a person wrote from here."""
    return _signed(_EMAIL_HEADER, text)


def _signed(header: re.Pattern[str], text: str) -> tuple[str, ...]:
    values = ("".join(match[1].split()) for match in header.finditer(text))
    return _once(match[0] for value in values if (match := _SIGNED.match(value)))


def message_ids(text: str) -> tuple[str, ...]:
    return _once(match[1].lower().rstrip(".-") for match in _MESSAGE_ID.finditer(text))


def returned_ids(text: str) -> tuple[str, ...]:
    """What the message that came back is called itself: an answer also names all that it answers."""
    return _once(match[1].lower().rstrip(".-") for match in _RETURNED_ID.finditer(text))


def return_tokens(text: str) -> tuple[str, ...]:
    """In lower case: servers on the way change it at will."""
    return _once(match[1].lower() for match in _RETURN_TOKEN.finditer(text))


def is_null(paths: Sequence[str]) -> bool:
    """Of all that a server wrote on top: somebody may have put an empty one below it."""
    return bool(paths) and all(path.strip() == "<>" for path in paths)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    distinct = dict[str, None]()
    for name in names:
        distinct[name] = None
        if len(distinct) == MOST:
            break
    return tuple(distinct)
