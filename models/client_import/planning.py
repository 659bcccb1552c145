"""
The planner: what becomes of each row, given what is known (R40). A dry run and an import both ask it alone.

A row is done as a whole or not at all: what stands against a part of it is an error of the row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from uuid_utils.compat import uuid7

from models.account.making import MadeAccount
from models.client_import.contacts import Match, match
from models.client_import.deeds import Deeds
from models.client_import.known import Known, KnownAccount, KnownContact
from models.client_import.options import Options
from models.client_import.result import RowOutcome, RowResult
from models.client_import.switching import Asking, Said, begin
from models.client_import.turns import Turn, accounts_of
from models.client_import.values import ClientRow, RowError
from models.errors import ErrorCode

NEXT_CODE = "V{number}"


@dataclass(slots=True)
class Plan:
    """Of a chunk: the result of each row, and what is to be written."""

    results: list[RowResult] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)


def plan(facts: Known, options: Options, turns: Sequence[Turn]) -> Plan:
    """`facts` has all that these turns are about, and is changed as they change it."""
    made = Plan()
    for turn in turns:
        made.results += _Turn(facts, options, turn, made.deeds).results()
    made.results.sort(key=lambda result: result.number)
    return made


def not_allowed(turns: Sequence[Turn]) -> Plan:
    """Whoever began the import has lost the right: nothing of these turns is done (R27)."""
    message = "Whoever started this may no longer manage accounts, or its API token has ended."
    numbers = sorted(row.number for turn in turns for row in turn.rows)
    errors = [RowError(number, None, ErrorCode.NOT_ALLOWED, message) for number in numbers]
    return Plan([RowResult(error.row, RowOutcome.ERROR, errors=(error,)) for error in errors])


class _Turn:
    def __init__(self, facts: Known, options: Options, turn: Turn, deeds: Deeds) -> None:
        self._known, self._options, self._turn, self._deeds = facts, options, turn, deeds
        accounts = accounts_of(facts, turn)
        self._account = accounts[0] if accounts else None
        self._is_ambiguous = turn.is_ambiguous or len(accounts) > 1
        self._said = Said.of(turn.rows)

    def results(self) -> list[RowResult]:
        return [self._result(row) for row in self._turn.rows]

    def _result(self, row: ClientRow) -> RowResult:
        if errors := row.errors or list(self._without_account(row)):
            return RowResult(row.number, RowOutcome.ERROR, errors=tuple(errors))
        emails, names_contact = self._options.emails(row), bool(row.contact_name or row.addresses)
        person = match(self._known, self._account, row, emails, self._options.headings) if names_contact else Match()
        wishes = Asking(self._known, self._options, self._account, row, self._said).wishes(emails)
        if faults := (*person.errors, *wishes.errors):
            return RowResult(row.number, RowOutcome.ERROR, errors=faults)
        makes = self._account is None or (names_contact and person.found is None)
        account = self._account = self._account or self._make_account()
        outcome = RowOutcome.CREATED if makes else RowOutcome.MATCHED
        if not names_contact:
            return RowResult(row.number, outcome)
        contact = self._settle(account, row, person)
        begin(self._known, self._deeds, account, contact, row, wishes, self._said)
        return RowResult(row.number, outcome, contact.id)

    def _without_account(self, row: ClientRow) -> Iterator[RowError]:
        headings, turn = self._options.headings, self._turn
        if self._is_ambiguous:
            message = (
                f"{turn.name or turn.code} may be one of several accounts. Give the code of the one that is meant."
            )
            yield RowError(row.number, headings.account_name, ErrorCode.AMBIGUOUS_ACCOUNT, message)
        elif turn.code is None and turn.name is None:
            message = "The row says no account. Give its name or its code."
            yield RowError(row.number, headings.account_name or headings.account_code, ErrorCode.INVALID, message)
        elif self._account is None and turn.name is None:
            message = f"No account has the code {turn.code}. Give its name, too, and it is made."
            yield RowError(row.number, headings.account_name or headings.account_code, ErrorCode.INVALID, message)

    def _make_account(self) -> KnownAccount:
        name = self._turn.name
        assert name is not None, "a row without an account is an error"
        account = KnownAccount(uuid7(), self._turn.code or self._next_code(), name)
        self._known.learn_account(account)
        self._deeds.accounts.append(MadeAccount(account.id, account.code, account.name, self._turn.kind))
        return account

    def _next_code(self) -> str:
        self._known.last_number += 1
        return NEXT_CODE.format(number=self._known.last_number)

    def _settle(self, account: KnownAccount, row: ClientRow, match: Match) -> KnownContact:
        """Finds or makes the row's contact, gives it its addresses, and links it to the account."""
        contact = match.found or self._make_contact(row.contact_name or account.name)
        if not contact.met:
            contact.met = True
            self._deeds.contacts_matched += match.found is not None
        added = self._give_addresses(contact, match)
        newly = added if account.id in contact.accounts else list(contact.fields.values())
        if account.id not in contact.accounts:
            contact.accounts.add(account.id)
            self._known.linked[account.id].add(contact.id)
            self._deeds.links.append((account.id, contact.id))
        for key in newly:
            self._deeds.spots[account.id, key].add(contact.id)
        for account_id in contact.accounts - {account.id}:
            for key in added:
                self._deeds.spots[account_id, key].add(contact.id)
        return contact

    def _make_contact(self, name: str) -> KnownContact:
        contact = KnownContact(uuid7(), name)
        self._known.learn_contact(contact)
        self._deeds.contacts[contact.id] = name
        return contact

    def _give_addresses(self, contact: KnownContact, match: Match) -> list[str]:
        for email in match.adds:
            key = email.address.key
            contact.fields[email.field_id] = key
            self._known.holders[key].add(contact.id)
            self._deeds.emails.append((contact.id, email.field_id, key))
            self._deeds.addresses.setdefault(key, email.address)
            if contact.id not in self._deeds.contacts:
                self._deeds.changed[contact.id].append(key)
        return [email.address.key for email in match.adds]
