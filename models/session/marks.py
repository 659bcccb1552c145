"""
Devices that somebody has signed in on before, known again by a mark that they keep as a cookie (OWASP: device cookies).

A mark keeps its owner from being locked out by strangers who try wrong passwords (`signing_in`). It signs nobody in and
replaces no second factor. It is good for one person of one firm at one address for 180 days, and ends with the
password: by a reset, a change, or the person's removal. Nothing of it stands in the database: it is signed, and the
password's hash is part of what is signed. A device keeps those of the five people who signed in last.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from models.ground import clock, keys, store
from models.viewer import Viewer

GOOD_FOR = timedelta(days=180)
MOST = 5
LONGEST = 2_000  # characters of a cookie that are looked at
_TAG = 8  # characters: it finds, and proves nothing


class Owner(NamedTuple):
    """The person whose mark it is. `password_hash`: as it is now."""

    firm_id: UUID
    person_id: UUID
    password_hash: str | None


def mark(address_key: str, owner: Owner) -> str:
    """A new mark, which nobody can make without the installation's secret."""
    whose = _tag("address", address_key) + _tag("person", f"{owner.firm_id} {owner.person_id}")
    until = str(int((clock.now() + GOOD_FOR).timestamp()))
    own = secrets.token_urlsafe(9)
    return ".".join((whose, until, own, keys.installation().signature("device", _signed(owner, until, own))))


async def mark_of(by: Viewer) -> str:
    """A new mark for a colleague who is signed in."""
    colleague = await store.row(_COLLEAGUE, by.firm_id, by.member_id)
    assert colleague is not None
    return mark(colleague["email_key"], Owner(by.firm_id, by.member_id, colleague["password_hash"]))


_COLLEAGUE = "SELECT email_key, password_hash FROM team_member WHERE firm_id = $1 AND id = $2"


def kept(cookie: str, new: str) -> str:
    """The new value of the cookie: the new mark, and those of other people that it had."""
    older = [old for old in _marks(cookie) if old.partition(".")[0] != new.partition(".")[0]]
    return "~".join([new, *older][:MOST])


def of_address(cookie: str, address_key: str) -> list[str]:
    """Marks that may be of this address; `known` says whether they are."""
    return [mark for mark in _marks(cookie) if mark.startswith(_tag("address", address_key))]


def known(marks: Sequence[str], owner: Owner | None) -> str | None:
    """Their own name of this device; None: they have not signed in on it, or the mark has ended."""
    if owner is None:
        return None
    return next((own for mark in marks if (own := _good(mark, owner))), None)


def _good(mark: str, owner: Owner) -> str | None:
    parts = mark.split(".")
    if len(parts) != 4:
        return None
    _, until, own, signature = parts
    if not keys.installation().is_signed("device", _signed(owner, until, own), signature):
        return None
    return own if int(until) > clock.now().timestamp() else None


def _marks(cookie: str) -> list[str]:
    return [mark for mark in cookie[:LONGEST].split("~") if mark][:MOST]


def _signed(owner: Owner, until: str, own: str) -> str:
    return " ".join((str(owner.firm_id), str(owner.person_id), owner.password_hash or "", until, own))


def _tag(of: str, text: str) -> str:
    return keys.installation().signature(f"device of {of}", text)[:_TAG]
