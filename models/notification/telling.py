"""Tells the feed of Inbox+ which entries are new, moved, read, archived or gone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from models import journal
from models.at_once import MOST_AT_ONCE
from models.viewer import Actor

FEW = 10
"""Entries of a member up to which one journal entry tells the whole team, though each then reads the others', too."""
Touched = tuple[UUID, UUID]
"""Whose entry, and its id."""


def tell(by: Actor, touched: Iterable[Touched]) -> None:
    """In order, with at most 100 entries of a member in one journal entry. Inside a transaction."""
    of_member: dict[UUID, list[UUID]] = defaultdict(list)
    for member_id, entry_id in touched:
        of_member[member_id].append(entry_id)
    if all(len(entries) <= FEW for entries in of_member.values()):
        _record(by, of_member, [entry_id for entries in of_member.values() for entry_id in entries])
        return
    for member_id, entries in of_member.items():
        for hundred in _in_hundreds(entries):
            _record(by, [member_id], hundred)


def _in_hundreds(entries: Iterable[UUID]) -> Iterator[list[UUID]]:
    left = iter(entries)
    while hundred := list(islice(left, MOST_AT_ONCE)):
        yield hundred


def _record(by: Actor, members: Iterable[UUID], entries: list[UUID]) -> None:
    if entries:
        journal.record(journal.FeedKind.NOTIFICATIONS_MOVED, by=by, touched=entries, audience=members)
