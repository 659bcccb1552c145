"""Absent and null in inputs: absent is `strawberry.UNSET` here and `UNSET` or None in models/."""

from typing import TypeVar
from uuid import UUID

import strawberry

from graph.ids import Kind, key_of
from models.ground.unset import UNSET, Unset
from models.toggles import Invite

T = TypeVar("T")

SEARCH = "Only white space: no search. Without a letter or a digit it finds nothing."
"""What each `search` says of itself, beside where it looks; `models/text.py` decides."""


def given(value: T | None) -> T | None:
    """None where it is null or absent."""
    return None if value is strawberry.UNSET else value


def changed(value: T | None, *, cleared: T) -> T | Unset:
    """UNSET where it is absent; `cleared` for null, which the rules of the noun then take or refuse."""
    if value is strawberry.UNSET:
        return UNSET
    return cleared if value is None else value


def asked_id(kind: Kind, asked: strawberry.ID | None) -> UUID | None:
    """None where no id is given; the id of nothing where it is malformed."""
    wanted = given(asked)
    return None if wanted is None else key_of(kind, wanted)


@strawberry.input(description="Absent: nobody is mailed (R6). Only with Login on.")
class InviteInput:
    message: str | None = strawberry.field(default=strawberry.UNSET, description="Plain text, at most 500 characters.")
    again: bool = strawberry.field(default=False, description="Also those who have been invited before.")


def invite_of(asked: InviteInput | None) -> Invite | None:
    wanted = given(asked)
    return Invite(given(wanted.message), wanted.again) if wanted else None


def cleared_or(value: T | None) -> T | Unset | None:
    """UNSET where it is absent, None for null."""
    return UNSET if value is strawberry.UNSET else value
