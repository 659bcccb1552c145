"""
The accounts, contacts, addresses and switches that a chunk is about: as they are and, row by row, as they become. A dry
run keeps them from chunk to chunk and writes nothing, so that each row meets what earlier rows would have made.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from models.text import code_key
from models.toggles import Switch


def name_key(name: str) -> str:
    """How names are compared: without regard to case and repeated spaces (R40)."""
    return " ".join(name.casefold().split())


@dataclass(slots=True)
class KnownAccount:
    id: UUID
    code: str
    name: str
    archived: bool = False


@dataclass(slots=True)
class KnownContact:
    """`fields`: the key of the address in each. `met`: an earlier row of this import is about it."""

    id: UUID
    name: str
    fields: dict[UUID, str] = field(default_factory=dict)
    accounts: set[UUID] = field(default_factory=set)
    met: bool = False


@dataclass(slots=True)
class KnownAddress:
    """
    `id` None: the firm does not have it yet. `live`: it has an invitation that can be accepted. `written_to`: by this
    import; `written_before`: in an earlier chunk. `room`: how many invitations may still be sent to it in this hour.
    """

    key: str
    text: str
    id: UUID | None = None
    suppressed: bool = False
    our_own: bool = False
    activated: bool = False
    live: bool = False
    written_to: bool = False
    written_before: bool = False
    room: int = 0


@dataclass(slots=True)
class KnownSpot:
    """The switches of an address on an account. `held`: by a contact of the account (R41)."""

    on: set[Switch] = field(default_factory=set)
    held: bool = False

    @property
    def is_new(self) -> bool:
        """Off and held by nobody, so that no colleague sees it (R41): the file's settings apply (R40)."""
        return not self.held and not self.on


@dataclass(slots=True)
class Known:
    """
    `letters_left`: of the firm in this hour. `last_number`: the highest of codes such as V12, of the firm and of the
    file. `address_ids`: by key, of addresses that the firm has, whoever holds them. What is known already is not read
    again.
    """

    letters_left: int = 0
    last_number: int = 0
    accounts: dict[UUID, KnownAccount] = field(default_factory=dict)
    by_code: dict[str, KnownAccount] = field(default_factory=dict)
    by_name: dict[str, list[KnownAccount]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[UUID, KnownContact] = field(default_factory=dict)
    addresses: dict[str, KnownAddress] = field(default_factory=dict)
    spots: dict[tuple[UUID, str], KnownSpot] = field(default_factory=dict)
    address_ids: dict[str, UUID] = field(default_factory=dict)
    holders: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    linked: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def learn_account(self, account: KnownAccount) -> None:
        if account.id not in self.accounts:
            self.accounts[account.id] = account
            self.by_code[code_key(account.code)] = account
            self.by_name[name_key(account.name)].append(account)

    def learn_contact(self, contact: KnownContact) -> None:
        if contact.id in self.contacts:
            return
        self.contacts[contact.id] = contact
        for key in contact.fields.values():
            self.holders[key].add(contact.id)
        for account_id in contact.accounts:
            self.linked[account_id].add(contact.id)

    def learn_address(self, address: KnownAddress) -> None:
        self.addresses.setdefault(address.key, address)
        if address.id is not None:
            self.address_ids[address.key] = address.id

    def spot(self, account_id: UUID, key: str) -> KnownSpot:
        return self.spots.setdefault((account_id, key), KnownSpot())
