"""The demo firms, written into the database by the firm's own verbs."""

from datetime import datetime, timedelta
from uuid import UUID

from mail.demo.people import FIRMS, OWNER_PASSWORD, Account, Contact, Firm
from mail.demo.tokens import consent
from mail.demo.users import COLLEAGUE, STUDIO
from models import account, address, contact, firm, mailbox, password, team
from models.account import AccountKind, NewAccount
from models.contact import ExistingContact, FieldRef, NewContact, NewEmail
from models.ground import store
from models.ground.mendable import Mendable
from models.mailbox import MailboxChange, MailServer, NewMailbox
from models.toggles import NewToggles
from models.viewer import Actor, System

SINCE_ACTIVATION = timedelta(days=30)


async def seed(now: datetime) -> bool:
    """
    Makes the demo firms that the database lacks, each in one transaction; answers whether it made any.

    All colleagues get OWNER_PASSWORD, and so do the clients who activated, in the months before `now`.
    """
    made = [await _seed(demo, now) for demo in FIRMS]
    return any(made)


async def _seed(demo: Firm, now: datetime) -> bool:
    async with store.transaction():
        if await _named(demo.slug) is not None:
            return False
        by = await firm.create(name=demo.name, slug=demo.slug)
        for member in demo.colleagues:
            role, rights = member.role, member.manage_accounts
            await team.add(
                by, name=member.name, email=member.email, secret=OWNER_PASSWORD, role=role, manage_accounts=rights
            )
        contacts = {person.name: await _contact(by, person) for person in demo.contacts}
        addresses = await _addresses(by, demo)
        for client in demo.accounts:
            await _account(by, demo, client, contacts, addresses)
        await _activate(by, demo, addresses, now)
    return True


async def _contact(by: Actor, person: Contact) -> UUID:
    emails = tuple(NewEmail(FieldRef(name=field), text) for field, text in person.emails.items())
    return (await contact.create(by, NewContact(person.name, emails))).ids[0]


async def _addresses(by: Actor, demo: Firm) -> dict[str, UUID]:
    """Ids by text."""
    typed = {text: address.typed(text) for person in demo.contacts for text in person.emails.values()}
    ids = await address.ensure(by, typed.values())
    return {text: ids[email.key] for text, email in typed.items()}


async def _account(by: Actor, demo: Firm, client: Account, contacts: dict[str, UUID], ids: dict[str, UUID]) -> None:
    switches = {
        ids[entry.address]: NewToggles(entry.switches.login, entry.switches.notify, entry.switches.email_sync)
        for entry in demo.toggles()
        if entry.code == client.code
    }
    linked = tuple(
        ExistingContact(
            contacts[person.name], tuple((ids[text], switches[ids[text]]) for text in person.emails.values())
        )
        for person in demo.linked(client)
    )
    new = NewAccount(client.name, AccountKind(client.kind), client.code, linked)
    account_id = (await account.create(by, new)).ids[0]
    if client.archived:
        await account.archive(by, account_id, archived=True)


async def _activate(by: Actor, demo: Firm, addresses: dict[str, UUID], now: datetime) -> None:
    hashed = await password.hashed(OWNER_PASSWORD)
    for days, text in enumerate(sorted(demo.activated)):
        at = now - SINCE_ACTIVATION - timedelta(days=days)
        await address.activate(by, addresses[text], at=at, password_hash=hashed)


class NoDemo(Mendable):
    """The database has no demo firm."""

    def __init__(self) -> None:
        super().__init__("There is no demo here yet. `make run` makes it.")


async def main_firm() -> System:
    """Who may act for the main demo firm. Raises NoDemo where it has not been seeded."""
    firm_id = await _named(FIRMS[0].slug)
    if firm_id is None:
        raise NoDemo
    return System(firm_id)


async def _named(slug: str) -> UUID | None:
    firm_id: UUID | None = await store.value("SELECT id FROM firm WHERE slug = $1", slug)
    return firm_id


async def connect_demo_mailboxes(by: Actor, imap: MailServer, smtp: MailServer, *, token_port: int) -> None:
    """
    Connects the firm's, by password, and a colleague's, by OAuth, once, and tells them where their servers are now.
    """
    await _connect(by, NewMailbox(STUDIO.address, STUDIO.password, imap, smtp))
    colleague = await store.value(_COLLEAGUE, by.firm_id, address.compared(COLLEAGUE.address))
    secret = consent(COLLEAGUE.address, port=token_port)
    await _connect(by, NewMailbox(COLLEAGUE.address, secret, imap, smtp, colleague))


async def _connect(by: Actor, new: NewMailbox) -> None:
    existing = await store.row(_KNOWN, by.firm_id, address.compared(new.address), new.imap.port, new.smtp.port)
    if existing is None and not await store.value(_DISCONNECTED, by.firm_id, new.address):
        await mailbox.connect(by, new)
    elif existing is not None and not existing["there"]:
        await mailbox.update(by, existing["id"], MailboxChange(secret=new.secret, imap=new.imap, smtp=new.smtp))


_COLLEAGUE = "SELECT id FROM team_member WHERE firm_id = $1 AND email_key = $2"
_KNOWN = """
SELECT id, (imap_port, smtp_port) = ($3, $4) AS there FROM mailbox
WHERE firm_id = $1 AND address_key = $2 AND disconnected_at IS NULL
"""
# by a person, and so it stays
_DISCONNECTED = """
SELECT EXISTS (SELECT 1 FROM journal_entry
  WHERE firm_id = $1 AND kind = 'MAILBOX_DISCONNECTED' AND strpos(changes::text, $2) > 0)
"""
