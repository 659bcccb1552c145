"""
The rules of invitations in plain Python, beside those of switches and addresses (switches.py): R6-R9, R33, R42, R44.
"""

from dataclasses import dataclass, field
from typing import Any

from models.errors import ErrorCode
from tests.support.rules.switches import Rules, Spot

WHY = {
    "switch": "LOGIN_OFF",
    "archive": "LOGIN_OFF",
    "unlink": "UNLINKED",
    "vanish": "UNLINKED",
    "edit": "ADDRESS_CHANGED",
}


@dataclass
class Offer:
    """
    `left`: accounts that left its coverage while it went on for others. `dead`: why. `run`: the bulk update that sent
    it, by its number.
    """

    covers: set[int]
    left: set[int] = field(default_factory=set)
    dead: str | None = None
    expired: bool = False
    bounced: bool = False
    run: int | None = None
    ended_with: set[int] = field(default_factory=set)

    def die(self, why: str) -> None:
        if self.dead is None:
            self.dead = "EXPIRED" if self.expired else why

    @property
    def told(self) -> str | None:
        return self.dead or ("EXPIRED" if self.expired else None)

    @property
    def lives(self) -> bool:
        return not (self.dead or self.expired or self.bounced)

    def cover(self, places: set[int]) -> None:
        self.covers |= places
        self.left -= places

    def uncover(self, places: set[int], why: str) -> None:
        """The last ones end it, and it is told of them still."""
        if places & self.covers and self.covers <= places:
            self.die(why)
            self.ended_with, self.covers = self.covers, set()
        else:
            self.left |= places & self.covers
            self.covers -= places


@dataclass
class Offers:
    """
    `made`: by address, the oldest first. `letters`: to whom an invitation, or word of more accounts, was written, and
    in which `minute`; None: to somebody of another sort.
    """

    rules: Rules
    made: dict[int, list[Offer]] = field(default_factory=dict)
    letters: list[tuple[int | None, int]] = field(default_factory=list)
    minute: int = 0
    suppressed: set[int] = field(default_factory=set)  # nobody is invited there (R17)

    def unended(self, one: int) -> Offer | None:
        last = self.made.get(one, [])[-1:]
        return last[0] if last and last[0].dead is None else None

    def entering(self) -> set[Spot]:
        rules = self.rules
        return {(p, one) for p in range(rules.places) for one in range(rules.addresses) if rules.of(p, one)[0]}

    def do(self, verb: str, *given: Any) -> ErrorCode | None:
        """A step of switches.py, and what follows from it here."""
        before = self.entering()
        moving = self.moving(*given) if verb == "edit" else set[int]()
        code: ErrorCode | None = getattr(self.rules, verb)(*given)
        if code is None:
            suspended = {spot for spot in before if verb == "archive" and spot[0] == given[0] and given[1]}
            gone = suspended | (before - self.entering())
            for one in {each for _, each in gone}:
                if offer := self.unended(one):
                    offer.uncover({place for place, each in gone if each == one}, WHY[verb])
            if moving:
                self.offer(moving, given[2], again=False)
        return code

    def moving(self, person: int, slot: int, new: int | None) -> set[int]:
        """Where the address that goes had been invited, and its Login moves to the new one (R33, R43)."""
        old, rules = self.rules.holds[person].get(slot), self.rules
        offer = None if old is None else self.unended(old)
        taken = {*rules.holds[person].values(), *self.suppressed}
        if old is None or offer is None or new is None or new in taken:
            return set()
        return {
            place
            for place, who in rules.links
            if who == person and place in offer.covers and not rules.of(place, new)[0]
            if old not in rules.activated and rules.of(place, old)[0] and not rules.holders(place, new) - {person}
        }

    def state(self, place: int, one: int) -> str:
        """Of the account, where Login is on, by the last one that ever covered it."""
        if one in self.rules.activated:
            return "ACCEPTED"
        for offer in reversed(self.made.get(one, [])):
            if place in offer.covers | offer.ended_with:
                return "EXPIRED" if offer.told == "EXPIRED" else "REVOKED" if offer.told else "NOT_SENT"
            if place in offer.left:
                break
        return "NOT_SENT"

    def offer(self, places: set[int], one: int, *, again: bool) -> None:
        """One letter at most, for all of them: an invitation, or word of the accounts that it may enter now (R8)."""
        if one in self.rules.activated:
            self.letters.append((one, self.minute))
            return
        if (live := self.unended(one)) and live.lives and not again:
            live.cover(places)
            return
        kept = set[int]()
        for last in self.made.get(one, [])[-1:]:
            kept = {p for p in last.covers if self.rules.of(p, one)[0] and p not in self.rules.archived}
            last.die("SENT_AGAIN")
        self.made.setdefault(one, []).append(Offer(places | kept))
        self.letters.append((one, self.minute))

    def invite(self, place: int, one: int, switch_on: bool, again: bool) -> ErrorCode | None:
        rules = self.rules
        held, login = bool(rules.holders(place, one)), rules.of(place, one)[0]
        if not held:
            return ErrorCode.NOT_LINKED if login else ErrorCode.NOT_FOUND
        if not login and not switch_on:
            return ErrorCode.INVITE_NEEDS_LOGIN
        if place in rules.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if one in self.suppressed:
            return ErrorCode.ADDRESS_SUPPRESSED
        rules.on[place, one] = (True, *rules.of(place, one)[1:])
        self.offer({place}, one, again=again)
        return None

    def revoke(self, one: int) -> ErrorCode | None:
        if not (last := self.made.get(one, [])[-1:]):
            return ErrorCode.NOT_FOUND
        if last[0].told == "REVOKED":
            return None
        if last[0].told is not None:
            return ErrorCode.ALREADY_ACTIVE if last[0].told == "USED" else ErrorCode.DEAD_LINK
        last[0].die("REVOKED")
        return None

    def accept(self, one: int) -> ErrorCode | None:
        if not (last := self.made.get(one, [])[-1:]):
            return ErrorCode.NOT_FOUND
        if last[0].told is not None:
            return ErrorCode.DEAD_LINK
        last[0].die("USED")
        self.rules.activate(one)
        return None

    def ask(self, one: int) -> None:
        places = {place for place in range(self.rules.places) if self.rules.of(place, one)[0]} - self.rules.archived
        if places and one not in self.rules.activated:
            self.offer(places, one, again=False)

    def wait(self) -> None:
        for some in self.made.values():
            for offer in some:
                offer.expired = offer.expired or offer.dead is None
