"""Enums whose members know more than their text."""

from enum import StrEnum
from typing import Self


class TextWithFacts(StrEnum):
    """Members as `NAME = "NAME", fact, …`: the text is the value; the enum's `__init__` is given text and facts."""

    def __new__(cls, text: str, *facts: object) -> Self:
        member = str.__new__(cls, text)
        member._value_ = text
        return member
