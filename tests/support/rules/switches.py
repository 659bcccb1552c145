"""
The rules of switches, preferences and addresses in plain Python: R1, R3, R5, R10, R11, R13, R33, R34, R35, R41, R43,
R44, R46, R48.

The dicts below are what docs/rules.md says; tests compare them with the database (switches_done.py).
"""

from dataclasses import dataclass, field

from models.errors import ErrorCode
from models.notification_category import NotificationCategory

PEOPLE, PLACES, ADDRESSES, SLOTS = 2, 2, 3, 2
OFF = (False, False, False)
Switches = tuple[bool, bool, bool]
Named = dict[NotificationCategory, bool]
Spot = tuple[int, int]  # account, address
Shown = tuple[Switches, frozenset[int], frozenset[NotificationCategory]]  # with who holds it, and what is off
NOTHING: Named = {}


@dataclass
class Rules:
    """
    What should be: everything by number. `holds`: by person, the address in each field. `own`: addresses of the firm
    itself (R46).
    """

    holds: list[dict[int, int]]
    links: set[Spot] = field(default_factory=set)  # account, person
    on: dict[Spot, Switches] = field(default_factory=dict)
    off: dict[Spot, frozenset[NotificationCategory]] = field(default_factory=dict)
    former: dict[Spot, int] = field(default_factory=dict)
    activated: set[int] = field(default_factory=set)
    archived: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    places: int = PLACES
    addresses: int = ADDRESSES

    def of(self, place: int, one: int) -> Switches:
        return self.on.get((place, one), OFF)

    def muted(self, place: int, one: int) -> frozenset[NotificationCategory]:
        return self.off.get((place, one), frozenset())

    def holders(self, place: int, one: int) -> set[int]:
        return {person for at, person in self.links if at == place and one in self.holds[person].values()}

    def link(self, place: int, person: int, wanted: dict[int, Switches], named: Named = NOTHING) -> ErrorCode | None:
        if (place, person) in self.links:
            return ErrorCode.ALREADY_TAKEN
        after = {one: _either(self.of(place, one), on) for one, on in wanted.items()}
        muted = {one: self.muted(place, one) if self.holders(place, one) else frozenset() for one in wanted}
        goes_on = any(after[one] != self.of(place, one) or _any_on(muted[one], named) for one in wanted)
        if place in self.archived and goes_on:
            return ErrorCode.ACCOUNT_ARCHIVED
        if any(after[one][2] and not self.of(place, one)[2] for one in self.own & after.keys()):
            return ErrorCode.OWN_ADDRESS
        self.links.add((place, person))
        self.on |= {(place, one): on for one, on in after.items()}
        self.off |= {(place, one): _preferred(off, named) for one, off in muted.items()}
        return None

    def unlink(self, place: int, person: int) -> ErrorCode | None:
        if (place, person) not in self.links:
            return ErrorCode.NOT_LINKED
        self.links.discard((place, person))
        for one in range(self.addresses):
            came_from = one in self.holds[person].values() or self.former.get((place, one)) == person
            if came_from and not self.holders(place, one):
                self.on[place, one] = OFF
        return None

    def switch(self, place: int, one: int, wish: tuple[bool | None, ...]) -> ErrorCode | None:
        before, held = self.of(place, one), bool(self.holders(place, one))
        if not held and not before[0]:
            return ErrorCode.NOT_FOUND
        goes_on = any(want and not was for want, was in zip(wish, before, strict=True))
        if goes_on and place in self.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if goes_on and not held:
            return ErrorCode.NOT_LINKED
        if one in self.own and wish[2] and not before[2]:
            return ErrorCode.OWN_ADDRESS
        login, notify, sync = (was if want is None else want for want, was in zip(wish, before, strict=True))
        self.on[place, one] = (login, notify, sync)
        return None

    def prefer(self, place: int, one: int, named: Named) -> ErrorCode | None:
        """Whatever the switches say (R13)."""
        held, muted = bool(self.holders(place, one)), self.muted(place, one)
        if not held and not self.of(place, one)[0]:
            return ErrorCode.NOT_FOUND
        if _any_on(muted, named) and place in self.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if _any_on(muted, named) and not held:
            return ErrorCode.NOT_LINKED
        self.off[place, one] = _preferred(muted, named)
        return None

    def edit(self, person: int, slot: int, new: int | None) -> ErrorCode | None:
        before, after = self.holds[person], {**self.holds[person]}
        after.pop(slot, None)
        if new is not None:
            if new in after.values():
                return ErrorCode.ALREADY_TAKEN
            after[slot] = new
        old = before.get(slot)
        places = [place for place, who in self.links if who == person]
        rows = {(place, one): self.of(place, one) for place in places for one in range(self.addresses)}
        taken = {(place, one): self.holders(place, one) - {person} for place, one in rows}
        self.holds[person] = after
        if old is not None and old != new:
            for place in places:
                self._move(place, person, old, new, rows, taken)
        elif new is not None and old is None:
            self._add(person, new)
        return None

    def _add(self, person: int, one: int) -> None:
        """An address that nobody else of the account holds starts anew there."""
        for place in [place for place, who in self.links if who == person]:
            if self.holders(place, one) == {person}:
                self.off[place, one] = frozenset()

    def _move(
        self,
        place: int,
        person: int,
        old: int,
        new: int | None,
        rows: dict[Spot, Switches],
        taken: dict[Spot, set[int]],
    ) -> None:
        login, notify, sync = rows[place, old]
        stays = login and old in self.activated
        if not taken[place, old]:
            self.on[place, old] = (stays, False, False)
            if stays:
                self.former[place, old] = person
        if new is not None and not taken[place, new]:
            moved = login and old not in self.activated
            self.on[place, new] = (rows[place, new][0] or moved, notify, sync and new not in self.own)
            self.off[place, new] = self.muted(place, old)

    def archive(self, place: int, archived: bool) -> None:
        (self.archived.add if archived else self.archived.discard)(place)

    def activate(self, one: int) -> None:
        self.activated.add(one)

    def own_from_now(self, one: int) -> None:
        """A colleague has this address, too: its mail is synced no more (R46)."""
        self.own.add(one)
        self.on |= {spot: (*on[:2], False) for spot, on in self.on.items() if spot[1] == one}

    def adopt(self, place: int, one: int, person: int, slot: int) -> ErrorCode | None:
        """A contact takes an unlinked email (R35)."""
        if not self.of(place, one)[0] or self.holders(place, one):
            return ErrorCode.NOT_FOUND
        if (place, person) not in self.links:
            return ErrorCode.NOT_LINKED
        if slot in self.holds[person]:
            return ErrorCode.FIELD_TAKEN
        self.holds[person][slot] = one
        self._add(person, one)
        return None

    def drop(self, place: int, one: int) -> ErrorCode | None:
        """An unlinked email is deleted (R35)."""
        if not self.of(place, one)[0] or self.holders(place, one):
            return ErrorCode.NOT_FOUND
        self.on[place, one] = OFF
        return None

    def vanish(self, person: int) -> None:
        """Deleted (R48); a new one, who holds nothing, takes the number."""
        for place in [place for place, who in self.links if who == person]:
            self.unlink(place, person)
        self.holds[person] = {}
        self.former = {spot: who for spot, who in self.former.items() if who != person}

    def status(self, place: int) -> str:
        entering = {one for one in range(self.addresses) if self.of(place, one)[0]}
        if place in self.archived or not entering:
            return "OFFLINE"
        return "ACTIVE" if entering & self.activated else "PENDING"

    def shown(self, place: int) -> dict[int, Shown]:
        return {
            one: (self.of(place, one), frozenset(self.holders(place, one)), self.muted(place, one))
            for one in range(self.addresses)
            if self.holders(place, one) or self.of(place, one)[0]
        }


def _any_on(muted: frozenset[NotificationCategory], named: Named) -> bool:
    return any(on and category in muted for category, on in named.items())


def _preferred(muted: frozenset[NotificationCategory], named: Named) -> frozenset[NotificationCategory]:
    return (muted | {each for each, on in named.items() if not on}) - {each for each, on in named.items() if on}


def _either(was: Switches, wanted: Switches) -> Switches:
    """A link only switches on (R4)."""
    return (was[0] or wanted[0], was[1] or wanted[1], was[2] or wanted[2])
