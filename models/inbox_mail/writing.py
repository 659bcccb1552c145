"""Letters to colleagues about their Inbox+, as far as there is room for them (R38)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models import letter
from models.address import TypedAddress
from models.letter import LetterKind, NewLetter, ToBe
from models.viewer import System


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who is written to."""

    id: UUID
    name: str
    email: TypedAddress


@dataclass(frozen=True, slots=True)
class ToColleague:
    to: Colleague
    facts: dict[str, Any]


async def write(by: System, kind: LetterKind, letters: Sequence[ToColleague]) -> list[datetime | None]:
    """
    In order: None for one that is written now, else when there may be room for it. Inside a transaction that has taken
    `firm.one_at_a_time`.
    """
    full = await letter.room(by, [ToBe(kind, new.to.email.key) for new in letters])
    now = [_new(kind, new) for new, why in zip(letters, full, strict=True) if why is None]
    await letter.write(by, now)
    return [why.retry_at if why else None for why in full]


def _new(kind: LetterKind, new: ToColleague) -> NewLetter:
    facts = {"personName": new.to.name, **new.facts}
    return NewLetter(kind, new.to.email, facts, member_id=new.to.id)
