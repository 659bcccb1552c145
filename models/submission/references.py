"""How an answer names what it answers (RFC 5322, 3.6.4)."""

import re
from collections.abc import Sequence

MOST_REFERENCES = 100
MOST_CHARACTERS = 16_000
"""Of all of them: there are servers that refuse a longer header."""
_SAYABLE = re.compile(r"[!-;=?-~]{1,900}")  # on one line, and without what ends it


def references_of_answer(references: Sequence[str], message_id: str | None) -> tuple[str, ...]:
    """
    Those of the message that is answered, and itself last: at most 100, the first, where the conversation began, and
    the newest. What cannot stand in a header is left out.
    """
    in_order = [*references, *([message_id] if message_id else [])]
    sayable = [name for name in reversed(in_order) if _SAYABLE.fullmatch(name)]
    names = list(dict.fromkeys(sayable))[::-1]
    return (*names[:1], *_newest(names[1:], MOST_CHARACTERS - len("".join(names[:1]))))


def _newest(names: Sequence[str], room: int) -> list[str]:
    newest: list[str] = []
    for name in reversed(names[-(MOST_REFERENCES - 1) :]):
        room -= len(name)
        if room < 0:
            break
        newest.append(name)
    return newest[::-1]
