"""A firm that writes from two mailboxes: what people do and what the worker does is done for real, the rules hear."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from mail.own_email import signed
from mail.sync import Tools, sync_once
from models import account, contact, email, firm_settings, mailbox, submission, suppression
from models.contact import ExistingContact
from models.errors import ErrorCode
from models.ground import clock, store
from models.idempotency import Done
from models.mailbox import MailboxChange, MailSecurity, MailServer, StoredEmails
from models.mailbox.ending import end_mailboxes
from models.submission import AttachmentRef, NewEmail, Reply, ReplyRecipients
from models.viewer import Client, TeamRole, Viewer
from tests.support.emails.synced_mailbox import connected
from tests.support.firm.factories import a_contact, a_firm, a_member, an_address, switched, with_password
from tests.support.rules.submission.outside import Outside, once
from tests.support.rules.submission.post import Post, moment_of
from tests.support.rules.submission.provider import PEOPLE, Keeping, two_providers
from tests.support.rules.submission.rules import SPOTS, Rules
from tests.support.rules.submission.ways import CLIENTS, STUDIOS, Box, Letter
from tests.support.rules.switches_done import code_of


@dataclass(kw_only=True)
class Office(Outside):
    """`portal`: each client in each account. `ids`: of the mailboxes that are connected; `emails`: written here."""

    by: Viewer
    accounts: list[UUID]
    addresses: list[UUID]
    portal: dict[tuple[int, int], Client]
    tools: Tools
    ids: list[UUID | None] = field(default_factory=lambda: [None, None])
    emails: dict[int, UUID] = field(default_factory=dict)

    def ticks(self) -> None:
        self.rules.now += 1
        moment = moment_of(self.rules.now)
        clock.set_source(lambda: moment)

    # What colleagues do

    async def switch(self, spot: int, on: bool) -> None:
        at, client = SPOTS[spot]
        await switched(self.by, self.accounts[at], self.addresses[client], email_sync=on)
        self.rules.switch(at, client, on)

    async def auto_save(self, on: bool) -> None:
        await firm_settings.update(self.by, {"auto_save_attachments": on})
        self.rules.auto_save(on)

    async def lift(self, client: int) -> None:
        await suppression.lift(self.by, self.addresses[client])
        self.rules.suppressed.discard(client)

    async def connect(self, place: int, says: bool) -> None:
        """`says`: whether somebody says by hand that the provider keeps copies of what is sent."""
        if self.ids[place] is None:
            provider = self.post.providers[place]
            smtp = MailServer("127.0.0.1", provider.smtp.port, MailSecurity.NONE)
            box_id = await connected(self.by, provider.imap.server, address=PEOPLE[STUDIOS[place]], smtp=smtp)  # type: ignore[arg-type]
            if says:
                keeps = provider.keeping is not Keeping.NOT
                await mailbox.update(self.by, box_id, MailboxChange(keeps_sent=keeps))
            self.ids[place], self.rules.boxes[place] = box_id, Box()

    async def disconnect(self, place: int, forgets: bool) -> None:
        if box_id := self.ids[place]:
            await mailbox.disconnect(self.by, box_id, StoredEmails.FORGET if forgets else StoredEmails.KEEP)
            await end_mailboxes()
            self.ids[place] = None
            self.rules.disconnect(place, forgets)

    async def write(self, place: int, to: Sequence[int], cc: Sequence[int]) -> None:
        to, cc = once(to, STUDIOS[place]), once(cc, STUDIOS[place], *to)
        if (box_id := self.ids[place]) and to:
            new = NewEmail(box_id, _addresses(to), _addresses(cc), str(len(self.rules.letters)), "What do you say?")
            await self._write(place, to, cc, lambda: submission.send(self.by, new, key=str(uuid4())))

    async def reply(self, place: int, index: int, everybody: bool, with_file: bool) -> None:
        """To any letter that is stored, from either mailbox."""
        there = sorted(self.rules.people)
        if (box_id := self.ids[place]) and there:
            number = there[index % len(there)]
            email_id = await self._email_id(number)
            whom = ReplyRecipients.ALL if everybody else ReplyRecipients.SENDER
            answer = Reply(email_id, "So it is.", whom, box_id, await self._files(email_id) if with_file else ())
            to, cc = self.rules.answered(number, place, everybody=everybody)
            original = self.rules.letters[number]
            await self._write(place, to, cc, lambda: submission.reply(self.by, answer, key=str(uuid4())), original)

    async def _write(
        self,
        place: int,
        to: Sequence[int],
        cc: Sequence[int],
        verb: Callable[[], Awaitable[Done]],
        original: Letter | None = None,
    ) -> None:
        """Nothing but suppression stops it (R45)."""
        barred = self.rules.suppressed.intersection((*to, *cc))
        if barred or not to:
            assert await code_of(verb) == (ErrorCode.ADDRESS_SUPPRESSED if barred else ErrorCode.INVALID)
            return
        email_id = (await verb()).ids[0]
        number = len(self.rules.letters)
        self.emails[number], self.post.numbers[signed(email_id)] = email_id, number
        called = await store.value("SELECT message_id FROM email WHERE id = $1", email_id)
        letter = Letter(number, STUDIOS[place], tuple(to), tuple(cc), message_id=called, at=self.rules.now)
        self.rules.write(letter, place, conversation=original.names if original else ())

    async def _email_id(self, number: int) -> UUID:
        query = "SELECT id FROM email WHERE firm_id = $1 AND message_id = $2"
        email_id: UUID = await store.value(query, self.by.firm_id, self.rules.letters[number].message_id)
        return email_id

    async def _files(self, email_id: UUID) -> tuple[AttachmentRef, ...]:
        views = (await email.attachments_of(self.by, [email_id])).get(email_id, [])
        return tuple(AttachmentRef(attachment_id=view.id) for view in views)

    # What servers do

    def refuse(self, place: int, person: int) -> None:
        self.post.providers[place].refuse(person)

    def later(self, place: int) -> None:
        self.post.providers[place].later()

    def cut(self, place: int, took: bool) -> None:
        self.post.providers[place].cuts.append(took)

    def cut_when_put(self, place: int) -> None:
        self.post.providers[place].cut_when_put()

    def relent(self, place: int) -> None:
        self.post.providers[place].relent()

    # What the worker does

    async def look(self, place: int) -> None:
        """Reads all, and sends what is due; so much later that everything is, but what is looked for in Sent first."""
        if box_id := self.ids[place]:
            provider, suppressed = self.post.providers[place], set(self.rules.suppressed)
            provider.begin()
            lies, reports = list(self.post.lies(place)), list(self.post.reports_at(place))
            await store.execute(_LATER, box_id)
            assert await sync_once(box_id, self.tools) is not provider.was_cut
            self.post.put_there(place)
            self.rules.perhaps |= self.post.names
            self.rules.look(place, lies, reports, copies=not provider.was_cut)
            self.rules.sends(place, provider.trouble, provider.seen, suppressed)


_LATER = """
WITH way AS (
  UPDATE submission SET copy_due_at = now() - interval '1 hour',
    due_at = CASE WHEN state = 'QUEUED' OR copy IS NULL THEN now() ELSE due_at END
  WHERE mailbox_id = $1)
UPDATE mailbox SET smtp_retry_at = NULL, retry_at = NULL WHERE id = $1
"""


def _addresses(people: Sequence[int]) -> tuple[str, ...]:
    return tuple(PEOPLE[person] for person in people)


@asynccontextmanager
async def an_office(tools: Tools, keeping: Sequence[Keeping]) -> AsyncIterator[Office]:
    """Each client may enter each of its accounts, and all else is off."""
    by = await a_member(await a_firm(), role=TeamRole.OWNER)
    contacts = [await a_contact(by, PEOPLE[client]) for client in CLIENTS]
    accounts = [(await account.create(by, account.NewAccount("X", account.AccountKind.OTHER))).ids[0] for _ in "12"]
    addresses = [await an_address(by, PEOPLE[client]) for client in CLIENTS]
    portal: dict[tuple[int, int], Client] = {}
    for at, client in SPOTS:
        await contact.link(by, accounts[at], ExistingContact(contacts[client]))
        await switched(by, accounts[at], addresses[client], login=True)
        user_id = await with_password(by, addresses[client])
        portal[at, client] = Client(by.firm_id, user_id, addresses[client], uuid4(), accounts[at])
    async with two_providers(keeping) as providers:
        try:
            yield Office(
                by=by,
                accounts=accounts,
                addresses=addresses,
                portal=portal,
                tools=tools,
                post=Post(providers),
                rules=Rules(),
            )
        finally:
            clock.set_source(None)
