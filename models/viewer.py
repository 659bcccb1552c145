"""Who is asking. Every read and every write begins with one; None is nobody."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from models.errors import ErrorCode, Refusal


class TeamRole(StrEnum):
    OWNER = "OWNER"
    ADMIN = "ADMIN"
    EMPLOYEE = "EMPLOYEE"


class ViewerKind(StrEnum):
    """Which door somebody signs in by: identities of the team and of clients are apart (R46)."""

    TEAM_MEMBER = "TEAM_MEMBER"
    PORTAL_USER = "PORTAL_USER"


class ApiScope(StrEnum):
    """What an API token may do: read, change, or tell clients of an event and nothing else."""

    READ = "READ"
    WRITE = "WRITE"
    NOTIFY_CLIENTS = "NOTIFY_CLIENTS"


class JournalSource(StrEnum):
    """By what somebody came who changed something: the journal tells it beside who it was."""

    SESSION = "SESSION"
    API_TOKEN = "API_TOKEN"  # noqa: S105 - a word
    LETTER_LINK = "LETTER_LINK"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    A signed-in team member, or an API token (`session_id` is its id then, and `scopes` what it may do) of theirs.
    `by_link`: whoever holds the link of a letter to them, for this one thing. `run_id`: the run that it acts for; every
    entry of the journal names it.
    """

    firm_id: UUID
    member_id: UUID
    session_id: UUID
    role: TeamRole
    manage_accounts: bool
    scopes: frozenset[ApiScope] | None = None
    by_link: bool = False
    run_id: UUID | None = None

    @property
    def person_id(self) -> UUID:
        return self.member_id

    @property
    def source(self) -> JournalSource:
        if self.scopes is not None:
            return JournalSource.API_TOKEN
        return JournalSource.LETTER_LINK if self.by_link else JournalSource.SESSION

    @property
    def is_admin(self) -> bool:
        return self.role is not TeamRole.EMPLOYEE

    @property
    def may_manage_accounts(self) -> bool:
        return self.is_admin or self.manage_accounts


@dataclass(frozen=True, slots=True)
class Client:
    """
    A signed-in client: the portal identity (PortalUser) of one address. `account_id` is the account in use (R36), as
    long as the address may enter it; None: none picked. `by_link`: as of a Viewer.
    """

    firm_id: UUID
    user_id: UUID
    address_id: UUID
    session_id: UUID
    account_id: UUID | None = None
    by_link: bool = False
    run_id: None = None
    member_id: None = None
    is_admin: bool = False
    may_manage_accounts: bool = False
    scopes: None = None

    @property
    def person_id(self) -> UUID:
        return self.user_id

    @property
    def source(self) -> JournalSource:
        return JournalSource.LETTER_LINK if self.by_link else JournalSource.SESSION


@dataclass(frozen=True, slots=True)
class System:
    """
    The program itself, working for one firm: sync, seeds, the command line. May do everything there. `run_id`: as of a
    Viewer.
    """

    firm_id: UUID
    run_id: UUID | None = None
    member_id: None = None
    is_admin: bool = True
    may_manage_accounts: bool = True
    source: JournalSource = JournalSource.SYSTEM

    @property
    def person_id(self) -> UUID:
        """Nobody in particular: the firm."""
        return self.firm_id


@dataclass(frozen=True, slots=True)
class LetterLink:
    """Whoever holds the link below a notice (R13), for this one thing: letters are handed on, so nobody knows who."""

    firm_id: UUID
    run_id: None = None
    member_id: None = None
    is_admin: bool = False
    may_manage_accounts: bool = False
    source: JournalSource = JournalSource.LETTER_LINK

    @property
    def person_id(self) -> UUID:
        """Nobody in particular: the firm."""
        return self.firm_id


Asker = Viewer | Client
"""Whoever has a session."""
Actor = Viewer | Client | System | LetterLink
"""Whoever can change something."""


def must_manage_accounts(by: Actor) -> None:
    """Raises NOT_ALLOWED."""
    if not by.may_manage_accounts:
        raise Refusal(
            ErrorCode.NOT_ALLOWED,
            "You may look at accounts, not change them. An owner or admin can give you the right.",
        )


def must_be_in_person(by: Actor, *path: str) -> None:
    """Not an API token, which acts as somebody but may not hand that on. Raises NOT_ALLOWED."""
    if isinstance(by, Viewer) and by.scopes is not None:
        raise Refusal(ErrorCode.NOT_ALLOWED, "An API token cannot do this. Sign in for that.", *path)


def must_be_admin_in_person(by: Actor) -> None:
    """Raises NOT_ALLOWED."""
    must_be_admin(by)
    must_be_in_person(by)


def must_be_admin(by: Actor) -> None:
    """Raises NOT_ALLOWED."""
    if not by.is_admin:
        raise Refusal(ErrorCode.NOT_ALLOWED, "Only an owner or an admin of the firm may do this.")
