"""What a chunk has to write, gathered so that it is written together."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from models.account.making import MadeAccount
from models.address import TypedAddress
from models.toggles import Switch

Spot = tuple[UUID, str]
"""An account, and the key of an address."""


@dataclass(slots=True)
class Deeds:
    """
    `emails`: contact, field and key of an address. `changed`: contacts that were there and get more addresses, with
    these. `spots`: who newly holds an address on an account. `switches`: their new positions. `invited`: in the order
    of the rows.
    """

    accounts: list[MadeAccount] = field(default_factory=list)
    contacts: dict[UUID, str] = field(default_factory=dict)
    addresses: dict[str, TypedAddress] = field(default_factory=dict)
    emails: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    changed: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    links: list[tuple[UUID, UUID]] = field(default_factory=list)
    spots: dict[Spot, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    switches: dict[Spot, dict[Switch, bool]] = field(default_factory=lambda: defaultdict(dict))
    fresh: set[Spot] = field(default_factory=set)
    invited: dict[Spot, None] = field(default_factory=dict)
    contacts_matched: int = 0
    invited_count: int = 0
