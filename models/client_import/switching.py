"""How the switches of a row's addresses are to be, and what stands against it (R4, R6, R17, R40, R44, R46)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models.client_import.deeds import Deeds
from models.client_import.known import Known, KnownAccount, KnownAddress, KnownContact, KnownSpot
from models.client_import.options import Options, RowEmail
from models.client_import.values import ClientRow, RowError
from models.errors import ErrorCode
from models.toggles import Switch
from models.toggles.switches import SWITCHES


@dataclass(slots=True)
class Said:
    """
    What rows of one account say of a switch. `anywhere`: some row does, so that the file's setting does not apply.
    `done`: by which row, so that no later one says the contrary.
    """

    anywhere: set[tuple[str, Switch]] = field(default_factory=set)
    done: dict[tuple[str, Switch], tuple[bool, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[ClientRow]) -> "Said":
        return cls(
            {
                (address.key, switch)
                for row in rows
                if not row.errors
                for address in row.addresses.values()
                for switch in row.switches
            }
        )


@dataclass(frozen=True, slots=True)
class Wishes:
    """By key of an address: the switches that change, and whether an invitation goes with them."""

    switches: dict[str, dict[Switch, bool]]
    fresh: frozenset[str] = frozenset()
    invited: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    errors: tuple[RowError, ...] = ()


class Asking:
    """Of one row. `account` None: it is to be made, and no address has a switch there."""

    def __init__(
        self, facts: Known, options: Options, account: KnownAccount | None, row: ClientRow, answers: Said
    ) -> None:
        self._known, self._options, self._account, self._row, self._said = facts, options, account, row, answers
        self._errors: list[RowError] = []
        self._letters: list[str] = []

    def wishes(self, of: Sequence[RowEmail]) -> Wishes:
        self._errors += self._without_address()
        emails = {email.address.key: email.column for email in of}
        switches = {key: self._changes(key, column) for key, column in emails.items()}
        fresh = frozenset(key for key in emails if self._spot(key).is_new)
        invited: list[str] = []
        if self._options.toggles.invite is not None:
            invited = [key for key in emails if switches[key].get(Switch.LOGIN)]
            for key in invited:
                self._errors += self._why_not_invited(key, emails[key])
        return Wishes(switches, fresh, tuple(invited), tuple(self._letters), tuple(self._errors))

    def _spot(self, key: str) -> KnownSpot:
        nothing = KnownSpot()
        return nothing if self._account is None else self._known.spots.get((self._account.id, key), nothing)

    def _without_address(self) -> Iterator[RowError]:
        if self._row.addresses:
            return
        for switch, on in self._row.switches.items():
            if on:
                message = "There is no e-mail address to switch it on for. Give one."
                yield RowError(self._row.number, self._column(switch), ErrorCode.NO_ADDRESS, message)

    def _column(self, switch: Switch) -> str | None:
        return self._options.headings.switches.get(switch)

    def _changes(self, key: str, column: str | None) -> dict[Switch, bool]:
        spot, changes = self._spot(key), {}
        for switch in SWITCHES:
            on = self._shall_be(key, spot, switch)
            if on is None or on is (switch in spot.on):
                continue
            changes[switch] = on
            if on:
                self._errors += self._why_not_on(switch, self._known.addresses[key], column)
        return changes

    def _shall_be(self, key: str, spot: KnownSpot, switch: Switch) -> bool | None:
        if (own := self._row.switches.get(switch)) is not None:
            self._errors += self._contradicts(key, switch, own)
            return own
        is_default = spot.is_new and (key, switch) not in self._said.anywhere
        return True if is_default and switch in self._options.toggles.switched_on() else None

    def _contradicts(self, key: str, switch: Switch, own: bool) -> Iterator[RowError]:
        on, number = self._said.done.get((key, switch), (own, 0))
        if on is not own:
            text = self._known.addresses[key].text
            message = f"Row {number} says {'yes' if on else 'no'} of {text} on this account, and this one the contrary."
            yield RowError(self._row.number, self._column(switch), ErrorCode.INVALID, message)

    def _why_not_on(self, switch: Switch, address: KnownAddress, column: str | None) -> Iterator[RowError]:
        where = self._column(switch) if switch in self._row.switches else column
        if self._account is not None and self._account.archived:
            message = "The account is archived. Take it back before switching on."
            yield RowError(self._row.number, where, ErrorCode.ACCOUNT_ARCHIVED, message)
        elif switch is Switch.EMAIL_SYNC and address.our_own:
            message = f"{address.text} is an address of the firm itself; its mail is not synced."
            yield RowError(self._row.number, where, ErrorCode.OWN_ADDRESS, message)

    def _why_not_invited(self, key: str, column: str | None) -> Iterator[RowError]:
        address = self._known.addresses[key]
        if self._account is not None and self._account.archived:
            return  # said of Login
        if address.suppressed:
            message = f"Letters to {address.text} came back, so no invitation is sent. Mend the address."
            yield RowError(self._row.number, column, ErrorCode.ADDRESS_SUPPRESSED, message)
        elif not self._needs_letter(address):
            return
        elif address.room < 1 or self._known.letters_left <= len(self._letters):
            message = "The letters of this hour are used up, the firm's or those to this address. Import the row later."
            yield RowError(self._row.number, column, ErrorCode.RATE_LIMITED, message)
        else:
            self._letters.append(key)

    def _needs_letter(self, address: KnownAddress) -> bool:
        """One letter for a person and import; a live invitation covers the account, too."""
        invite = self._options.toggles.invite
        assert invite is not None
        return not address.written_to and (address.activated or not address.live or invite.again)


def begin(
    facts: Known,
    deeds: Deeds,
    account: KnownAccount,
    contact: KnownContact,
    row: ClientRow,
    wishes: Wishes,
    answers: Said,
) -> None:
    """The row is good: from now on its addresses have these switches in what is known."""
    for key in list(contact.fields.values()):
        facts.spot(account.id, key).held = True
    for address in row.addresses.values():
        for switch, on in row.switches.items():
            answers.done.setdefault((address.key, switch), (on, row.number))
    for key, changes in wishes.switches.items():
        _switch(facts.spot(account.id, key), changes)
        if changes:
            deeds.switches[account.id, key].update(changes)
    deeds.fresh |= {(account.id, key) for key in wishes.fresh}
    deeds.invited |= dict.fromkeys((account.id, key) for key in wishes.invited)
    for key in wishes.letters:
        _write_to(facts, deeds, facts.addresses[key])


def _switch(spot: KnownSpot, changes: dict[Switch, bool]) -> None:
    spot.on |= {switch for switch, on in changes.items() if on}
    spot.on -= {switch for switch, on in changes.items() if not on}


def _write_to(facts: Known, deeds: Deeds, address: KnownAddress) -> None:
    facts.letters_left -= 1
    address.room -= 1
    address.written_to = True
    if not address.activated:
        address.live = True
        deeds.invited_count += 1
