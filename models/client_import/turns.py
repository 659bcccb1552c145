"""
Which rows are of one account (R40). Found once, when an import begins, from the whole file and all accounts of the
firm: by code; a code that no account has, and a row without a code, by name without regard to case and repeated spaces.

A name is matched with no account whose own code stands in the file beside another one: two clients may have one name.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from models.account import AccountKind
from models.client_import.known import Known, KnownAccount, name_key
from models.client_import.values import ClientRow
from models.text import code_key


@dataclass(frozen=True, slots=True)
class Turn:
    """
    All rows of one account, in their order. `account_id`: the account matched when the import began, if any.
    `is_ambiguous`: it may be one of several.
    """

    rows: Sequence[ClientRow]
    account_id: UUID | None = None
    is_ambiguous: bool = False

    @property
    def code(self) -> str | None:
        return next((row.account_code for row in self._good() if row.account_code), None)

    @property
    def name(self) -> str | None:
        return next((row.account_name for row in self._good() if row.account_name), None)

    @property
    def kind(self) -> AccountKind:
        return next((row.account_kind for row in self._good() if row.account_kind), AccountKind.OTHER)

    def _good(self) -> Iterator[ClientRow]:
        return (row for row in self.rows if not row.errors)


def accounts_of(facts: Known, turn: Turn) -> Sequence[KnownAccount]:
    """The account that was matched; else those that are there by now, by code or else by name."""
    if turn.is_ambiguous:
        return []
    if turn.account_id is not None:
        return [facts.accounts[turn.account_id]]
    if turn.code is not None:
        account = facts.by_code.get(code_key(turn.code))
        return [account] if account else []
    return facts.by_name.get(name_key(turn.name), []) if turn.name else []


@dataclass(slots=True)
class _Group:
    """The numbers of the rows that name the same account."""

    rows: list[int] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    account_id: UUID | None = None
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says of its account, as far as it can be read."""

    number: int
    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its turn; turns count from 1, in the order of their first rows."""

    number: int
    turn: int
    account_id: UUID | None
    is_ambiguous: bool


def placed(rows: Sequence[Said], accounts: Iterable[tuple[UUID, str, str]]) -> list[Placed]:
    """`accounts`: id, code and name of each that the firm has."""
    groups = _matched(_groups(rows), {code_key(row.code) for row in rows if row.code}, accounts)
    groups.sort(key=lambda group: min(group.rows))
    return [
        Placed(number, turn, group.account_id, group.is_ambiguous)
        for turn, group in enumerate(groups, 1)
        for number in sorted(group.rows)
    ]


def _groups(rows: Sequence[Said]) -> list[_Group]:
    """A row without a code belongs to the group with its name; where several have it, it is ambiguous."""
    codes_of = defaultdict[str, set[str]](set)
    for row in rows:
        if row.code and row.name:
            codes_of[name_key(row.name)].add(code_key(row.code))
    groups: dict[tuple[str, str], _Group] = {}
    for row in rows:
        code, name = code_key(row.code) if row.code else "", name_key(row.name)
        codes = codes_of.get(name, set()) if not code else set()
        if len(codes) == 1:
            (code,) = codes
        group = groups.setdefault((code, "" if code else name or f" {row.number}"), _Group())
        group.rows.append(row.number)
        group.codes |= {code} - {""}
        if name and name not in group.names:
            group.names.append(name)
        group.is_ambiguous |= len(codes) > 1
    return list(groups.values())


def _matched(groups: list[_Group], codes: set[str], accounts: Iterable[tuple[UUID, str, str]]) -> list[_Group]:
    """Gives each group its account, and joins groups of one account."""
    by_code, by_name = dict[str, UUID](), defaultdict[str, list[tuple[str, UUID]]](list)
    names = {name for group in groups for name in group.names if name}
    for account_id, code, name in accounts:
        if (key := code_key(code)) in codes:
            by_code[key] = account_id
        if (key := name_key(name)) in names:
            by_name[key].append((code_key(code), account_id))
    for group in groups:
        _match(group, codes, by_code, by_name)
    return _merged(groups)


def _match(
    group: _Group, codes: set[str], by_code: dict[str, UUID], by_name: dict[str, list[tuple[str, UUID]]]
) -> None:
    account_ids = {by_code[code] for code in group.codes if code in by_code}
    if not account_ids:
        account_ids = {
            account_id
            for name in group.names[:1]
            for code, account_id in by_name.get(name, ())
            if not group.codes or code not in codes
        }
    group.is_ambiguous |= len(account_ids) > 1
    group.account_id = None if group.is_ambiguous else next(iter(account_ids), None)


def _merged(groups: list[_Group]) -> list[_Group]:
    merged: dict[UUID, _Group] = {}
    unmatched = []
    for group in groups:
        if group.account_id is None:
            unmatched.append(group)
            continue
        first = merged.setdefault(group.account_id, group)
        if first is not group:
            first.rows += group.rows
            first.is_ambiguous |= bool(first.codes and group.codes)  # by its name two codes would be one account
            first.codes |= group.codes
    for group in merged.values():
        if group.is_ambiguous:
            group.account_id = None
    return [*merged.values(), *unmatched]
