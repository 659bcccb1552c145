"""What a demo firm is made of: plain tables, before there is a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.viewer import TeamRole

EMAIL, WORK_EMAIL, SPOUSE_EMAIL = "Email", "Work email", "Spouse email"
EMAIL_FIELDS = (EMAIL, WORK_EMAIL, SPOUSE_EMAIL)


class Kind(StrEnum):
    COMPANY = "COMPANY"
    INDIVIDUAL = "INDIVIDUAL"
    OTHER = "OTHER"


class Language(StrEnum):
    ENGLISH = "en"
    ITALIAN = "it"


@dataclass(frozen=True, slots=True)
class Colleague:
    name: str
    email: str
    role: TeamRole = TeamRole.EMPLOYEE
    manage_accounts: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """One address for each e-mail field at most; None: the field is empty."""

    name: str
    language: Language
    email: str | None = None
    work: str | None = None
    spouse: str | None = None

    @property
    def emails(self) -> dict[str, str]:
        """Address by field, the empty ones left out."""
        addresses = (self.email, self.work, self.spouse)
        return {name: address for name, address in zip(EMAIL_FIELDS, addresses, strict=True) if address}


@dataclass(frozen=True, slots=True)
class Switches:
    login: bool = False
    notify: bool = False
    email_sync: bool = False

    @classmethod
    def spelled(cls, letters: str) -> "Switches":
        """`LNE`: Login, Notify and Email sync are on; `N`: Notify only; `-`: none."""
        if set(letters) - set("LNE-"):
            raise ValueError(f"“{letters}” does not spell switches")
        return cls(login="L" in letters, notify="N" in letters, email_sync="E" in letters)


@dataclass(frozen=True, slots=True)
class Account:
    """`contacts`: for each name one word of switches for each address, in the order of the fields, as in `LNE -`."""

    code: str
    name: str
    kind: Kind
    contacts: Mapping[str, str]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class AddressOnAccount:
    """One row of the central table: contacts who share an address on an account share it."""

    code: str
    address: str
    switches: Switches


@dataclass(frozen=True, slots=True)
class Firm:
    """`mailbox` is the address of its shared mailbox on the demo mail server."""

    slug: str
    name: str
    language: Language
    mailbox: str
    colleagues: tuple[Colleague, ...]
    contacts: tuple[Contact, ...]
    accounts: tuple[Account, ...]
    activated: frozenset[str] = field(default_factory=frozenset)

    @property
    def owner(self) -> Colleague:
        return next(colleague for colleague in self.colleagues if colleague.role is TeamRole.OWNER)

    def contact(self, name: str) -> Contact:
        return next(contact for contact in self.contacts if contact.name == name)

    def account(self, code: str) -> Account:
        return next(account for account in self.accounts if account.code == code)

    def linked(self, account: Account) -> list[Contact]:
        return [self.contact(name) for name in account.contacts]

    def toggles(self) -> list[AddressOnAccount]:
        """One for each (account, address) that is held, in the order of the accounts."""
        entries = {(entry.code, entry.address): entry for account in self.accounts for entry in self._held(account)}
        return list(entries.values())

    def _held(self, account: Account) -> Iterator[AddressOnAccount]:
        for name, letters in account.contacts.items():
            addresses = self.contact(name).emails.values()
            for address, word in zip(addresses, letters.split(), strict=True):
                yield AddressOnAccount(account.code, address, Switches.spelled(word))
