"""
The rules of notices in plain Python, beside those of switches, preferences and addresses (switches.py) and of
invitations (invitations.py): who gets what, in which letter, with which banner. R13-R15, R17, R33, R36.
"""

from collections import Counter
from dataclasses import dataclass, field

from models.client_event import ClientEvent
from models.errors import ErrorCode
from models.letter import LetterState
from models.letter.standing import Stop
from models.notice import NotifyOutcome
from models.notification_category import NotificationCategory
from tests.support.rules.invitations import Offers
from tests.support.rules.switches import ADDRESSES, PLACES, Rules, Spot

MINUTE, HOUR = 60, 3600
MOST = 4
"""Letters with notices an hour to one address, as the test limits them."""


@dataclass
class Sheet:
    """A letter with notices, by their numbers. `written`, `due`: seconds from the start. `why`: it never left."""

    place: int
    one: int
    category: NotificationCategory
    written: int
    due: int
    notices: list[int] = field(default_factory=list)
    state: LetterState = LetterState.QUEUED
    why: Stop | None = None


@dataclass(frozen=True)
class Arrived:
    """
    What lies in somebody's mailbox. `banner`: "", "invited" by the link of the invitation that lives, or "ask" for one
    (R15). `names_account`: beside the firm's. `unsubscribes`: from this category there; None: it has no such link.
    """

    one: int
    place: int
    notices: tuple[int, ...]
    banner: str
    names_account: bool
    unsubscribes: NotificationCategory | None


@dataclass
class Raised:
    """A notice; `told`: as it was answered, by address (None: a contact without one)."""

    place: int
    event: ClientEvent
    at: int
    told: list[tuple[int | None, NotifyOutcome]] = field(default_factory=list)
    sheets: dict[int, Sheet] = field(default_factory=dict)


@dataclass
class Notices:
    """`there`: when a client last worked in an account. `arrived`: since somebody last looked."""

    offers: Offers
    now: int = 0
    locked: bool = False
    raised: list[Raised] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    there: dict[Spot, int] = field(default_factory=dict)
    activated_at: dict[int, int] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)

    @property
    def rules(self) -> Rules:
        return self.offers.rules

    def do(self, verb: str, *given: object) -> ErrorCode | None:
        return self.offers.do(verb, *given)

    def invite(self, place: int, one: int, switch_on: bool, again: bool) -> ErrorCode | None:
        return self.offers.invite(place, one, switch_on, again)

    def revoke(self, one: int) -> ErrorCode | None:
        return self.offers.revoke(one)

    def accept(self, one: int) -> ErrorCode | None:
        code = self.offers.accept(one)
        if code is None:
            self.activated_at[one] = self.now
        return code

    def wait(self) -> None:
        """Longer than two minutes, so that whatever waits is due, and what comes next leaves at once."""
        self.now += 2 * MINUTE + 30

    def sleep(self) -> None:
        """Longer than a day, for which the firm's invitations live here."""
        self.now += 25 * HOUR
        self.offers.wait()

    def lock(self, locked: bool) -> None:
        self.locked = locked

    def suppress(self, one: int) -> None:
        self.offers.suppressed.add(one)

    def lift(self, one: int) -> None:
        self.offers.suppressed.discard(one)

    def notify(self, place: int, event: ClientEvent) -> ErrorCode | None:
        if place in self.rules.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        notice, held = (
            Raised(place, event, self.now),
            [one for one in range(ADDRESSES) if self.rules.holders(place, one)],
        )
        self.raised.append(notice)
        notice.told = [(one, self._tell(notice, one)) for one in held]
        without = [who for at, who in self.rules.links if at == place and not self.rules.holds[who]]
        notice.told += [(None, NotifyOutcome.NO_ADDRESS) for _ in without]
        return None

    def again(self, back: int) -> None:
        """The same key says the same, and does nothing."""

    def _tell(self, notice: Raised, one: int) -> NotifyOutcome:
        spot, category = (notice.place, one), notice.event.category
        if not self.rules.of(*spot)[1]:
            return NotifyOutcome.NOTIFY_OFF
        if category in self.rules.muted(*spot):
            return NotifyOutcome.CATEGORY_OFF
        if one in self.offers.suppressed:
            return NotifyOutcome.ADDRESS_SUPPRESSED
        such = [sheet for sheet in self.sheets if (sheet.place, sheet.one, sheet.category) == (*spot, category)]
        sheet = next((sheet for sheet in such if sheet.state is LetterState.QUEUED and sheet.due > self.now), None)
        if sheet is None:
            if sum(sheet.one == one and sheet.written > self.now - HOUR for sheet in self.sheets) >= MOST:
                return NotifyOutcome.LIMIT_REACHED
            after = max((min(last.due, self.now) + MINUTE for last in such), default=self.now)
            sheet = Sheet(*spot, category, self.now, max(self.now, after))
            self.sheets.append(sheet)
        sheet.notices.append(len(self.raised) - 1)
        notice.sheets[one] = sheet
        return NotifyOutcome.QUEUED

    def deliver(self) -> None:
        """All that is due is asked once more, and leaves or never will (R14); how things stand, it says now (R15)."""
        for sheet in self.sheets:
            if sheet.state is LetterState.QUEUED and sheet.due <= self.now:
                sheet.why = self._stop(sheet)
                sheet.state = LetterState.CANCELLED if sheet.why else LetterState.SENT
                self.arrived += [] if sheet.why else [self._as_it_arrives(sheet)]

    def _stop(self, sheet: Sheet) -> Stop | None:
        spot = sheet.place, sheet.one
        against = {
            Stop.NOT_HELD: not self.rules.holders(*spot),
            Stop.ARCHIVED: sheet.place in self.rules.archived,
            Stop.SUPPRESSED: sheet.one in self.offers.suppressed,
            Stop.NOTIFY_OFF: not self.rules.of(*spot)[1],
            Stop.CATEGORY_OFF: sheet.category in self.rules.muted(*spot),
        }
        return next((why for why, stands in against.items() if stands), None)

    def _as_it_arrives(self, sheet: Sheet) -> Arrived:
        others = {place for place in range(PLACES) if self.rules.holders(place, sheet.one)} - {sheet.place}
        return Arrived(
            sheet.one,
            sheet.place,
            tuple(sheet.notices),
            self._banner(sheet.place, sheet.one),
            bool(others - self.rules.archived),
            None if self.locked else sheet.category,
        )

    def _banner(self, place: int, one: int) -> str:
        if not self.rules.of(place, one)[0] or one in self.rules.activated:
            return ""
        offer = self.offers.unended(one)
        return "invited" if offer and not offer.expired and place in offer.covers else "ask"

    def unsubscribe(self, place: int, one: int, category: NotificationCategory, on: bool) -> ErrorCode | None:
        """By the link of a letter, or back."""
        if not self.rules.holders(place, one):
            return ErrorCode.NOT_FOUND
        return self.rules.prefer(place, one, {category: on})

    def visit(self, place: int, one: int) -> None:
        """Signs in and works in this account; where it may not enter that, in the only one that it may, if any."""
        if entered := [there for there in self.open_to(one) if there == place] or self.open_to(one):
            self.there |= {(entered[0], one): self.now} if len(entered) == 1 else {}

    def open_to(self, one: int) -> list[int]:
        """The accounts that a client sees in the portal."""
        if one not in self.rules.activated:
            return []
        return [place for place in range(PLACES) if self.rules.of(place, one)[0] and place not in self.rules.archived]

    def waiting(self, place: int, one: int) -> Counter[NotificationCategory]:
        """For this address since it last worked there, whatever became of the letters (R36)."""
        since = max(self.activated_at.get(one, 0), self.there.get((place, one), 0))
        return Counter(
            notice.event.category
            for notice in self.raised
            if notice.place == place and notice.at > since and one in dict(notice.told)
        )
