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
        for one in demo.colleagues:
            rights = one.manage_accounts
            await team.add(
                by, name=one.name, email=one.email, secret=OWNER_PASSWORD, role=one.role, manage_accounts=rights
            )
        contacts = {one.name: await _contact(by, one) for one in demo.contacts}
        addresses = await _addresses(by, demo)
        for client in demo.accounts:
            await _account(by, demo, client, contacts, addresses)
        await _activate(by, demo, addresses, now)
    return True


async def _contact(by: Actor, one: Contact) -> UUID:
    emails = tuple(NewEmail(FieldRef(name=field), text) for field, text in one.emails.items())
    return (await contact.create(by, NewContact(one.name, emails))).ids[0]


async def _addresses(by: Actor, demo: Firm) -> dict[str, UUID]:
    """Ids by text."""
    typed = {text: address.typed(text) for one in demo.contacts for text in one.emails.values()}
    ids = await address.ensure(by, typed.values())
    return {text: ids[one.key] for text, one in typed.items()}


async def _account(
    by: Actor, demo: Firm, client: Account, contacts: dict[str, UUID], addresses: dict[str, UUID]
) -> None:
    switches = {
        addresses[row.address]: NewToggles(row.switches.login, row.switches.notify, row.switches.email_sync)
        for row in demo.toggles()
        if row.code == client.code
    }
    linked = tuple(
        ExistingContact(
            contacts[one.name], tuple((addresses[text], switches[addresses[text]]) for text in one.emails.values())
        )
        for one in demo.linked(client)
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
    found: UUID | None = await store.value("SELECT id FROM firm WHERE slug = $1", slug)
    return found


async def connect_demo_mailboxes(by: Actor, imap: MailServer, smtp: MailServer, *, token_port: int) -> None:
    """
    Connects the firm's, by password, and a colleague's, by OAuth, once, and tells them where their servers are now.
    """
    await _connect(by, NewMailbox(STUDIO.address, STUDIO.password, imap, smtp))
    colleague = await store.value(_COLLEAGUE, by.firm_id, address.compared(COLLEAGUE.address))
    secret = consent(COLLEAGUE.address, port=token_port)
    await _connect(by, NewMailbox(COLLEAGUE.address, secret, imap, smtp, colleague))


async def _connect(by: Actor, new: NewMailbox) -> None:
    known = await store.row(_KNOWN, by.firm_id, address.compared(new.address), new.imap.port, new.smtp.port)
    if known is None and not await store.value(_DISCONNECTED, by.firm_id, new.address):
        await mailbox.connect(by, new)
    elif known is not None and not known["there"]:
        await mailbox.update(by, known["id"], MailboxChange(secret=new.secret, imap=new.imap, smtp=new.smtp))


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
