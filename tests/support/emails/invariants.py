"""What must hold for every message that was read, whatever its bytes."""

import re
from dataclasses import fields, is_dataclass

from mail.parse import ParsedEmail


def strings(found: object) -> list[str]:
    if isinstance(found, str):
        return [found]
    if isinstance(found, tuple):
        return [text for one in found for text in strings(one)]
    if is_dataclass(found):
        return [text for one in fields(found) for text in strings(getattr(found, one.name))]
    return []


def assert_storable(said: ParsedEmail) -> None:
    for text in strings(said):
        assert "\0" not in text
        text.encode()  # fails for a lone surrogate
    assert_one_line(said.subject, said.snippet, *(one.name for one in said.attachments))
    assert len(said.snippet) <= 200
    assert len(said.text) <= 1_000_000
    assert len(said.words) <= 4_000
    for file in said.attachments:
        assert file.name
        assert not re.search(r"[/\\]|^\.", file.name)


def assert_one_line(*texts: str) -> None:
    for text in texts:
        text.encode()
        assert not re.search("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)
