"""Absent and null in inputs: absent is `strawberry.UNSET` here and `UNSET` or None in models/."""

from typing import Any, TypeVar
from uuid import UUID

import strawberry

from graph.ids import Kind, key_of
from models.ground.unset import UNSET, Unset
from models.toggles import Invite

T = TypeVar("T")

SEARCH = "Only white space: no search. Without a letter or a digit it finds nothing."
"""What each `search` says of itself, beside where it looks; `models/text.py` decides."""


def optional(description: str, *, name: str | None = None) -> Any:
    """A field of an input that may be absent; `name`: in the schema, where Python takes the word for itself."""
    return strawberry.field(default=strawberry.UNSET, name=name, description=description)


def given(value: T | None) -> T | None:
    """None where it is null or absent."""
    return None if value is strawberry.UNSET else value


def changed(value: T | None, *, cleared: T) -> T | Unset:
    """UNSET where it is absent; `cleared` for null, which the noun's rules then take or refuse."""
    if value is strawberry.UNSET:
        return UNSET
    return cleared if value is None else value


def asked_id(kind: Kind, id: strawberry.ID | None) -> UUID | None:
    """The key of an id; None where none is given, NOTHING where it is malformed."""
    id_given = given(id)
    return None if id_given is None else key_of(kind, id_given)


@strawberry.input(description="Absent: nobody is mailed (R6). Only with Login on.")
class InviteInput:
    message: str | None = optional("Plain text, at most 500 characters.")
    again: bool = strawberry.field(default=False, description="Also those who have been invited before.")


def invite_of(input: InviteInput | None) -> Invite | None:
    invite = given(input)
    return Invite(given(invite.message), invite.again) if invite else None
