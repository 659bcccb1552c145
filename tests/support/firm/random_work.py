"""A firm at work: somebody who does what comes to mind, to see what the others' windows make of it."""

from random import Random
from uuid import UUID

import asyncpg

from models import account, contact, email, invitation, letter, notification, suppression
from models.contact import ContactEmail, ExistingContact, FieldRef
from models.email import Incoming, Received, history
from models.errors import ErrorCode, Refusal, Refusals
from models.ground import store
from models.invitation import accepting
from models.notification import InboxFilter, Selection
from models.notification_category import NotificationCategory
from models.session import SignedIn
from models.toggles import Invite, NotificationPreference, PreferencesWish, TogglesWish
from models.toggles.preferring import set_preferences
from models.toggles.setting import set_toggles
from models.viewer import System
from tests.support.emails.received import a_message
from tests.support.firm.factories import FIELDS, PASSWORD, MadeAccount, a_contact, an_account, switched, token_of


async def arrives(by: System, box: UUID, *numbers: int, sender: str) -> list[Received]:
    async with store.transaction():
        await history.lock(by.firm_id)
        return await email.receive(by, box, [Incoming(a_message(n, sender=sender), True) for n in numbers])


class Firm:
    """Somebody else, who does what comes to mind."""

    def __init__(self, by: System, owner: SignedIn, box: UUID, seed: int) -> None:
        self.by, self.owner, self.box, self.chance = by, owner, box, Random(seed)
        self.accounts: list[MadeAccount] = []
        self.contacts: list[UUID] = []
        self.messages = 0

    async def begin(self) -> None:
        for n in range(4):
            made = await an_account(self.by, address=f"a{n}@client.test", login=n % 2 == 0, email_sync=n > 1)
            self.accounts.append(made)
            self.contacts += [made.contact, await a_contact(self.by, f"b{n}@client.test", f"c{n}@client.test")]

    async def act(self) -> str:
        """Its name. What is refused changes nothing."""
        doing = self.chance.choice([self._switch, self._switch, self._link, self._unlink, self._move, self._rename,
                                    self._archive, self._create, self._delete, self._arrive, self._mark, self._invite,
                                    self._invite, self._post, self._post, self._accept, self._revoke, self._bounce,
                                    self._lift, self._adopt, self._drop, self._prefer])  # fmt: skip
        try:
            await doing()
        except (Refusal, Refusals) as refused:
            return f"{doing.__name__} was refused: {refused}"
        return doing.__name__

    async def _switch(self) -> None:
        row = await self._one_of("toggles")
        on = {name: self.chance.random() < 0.5 for name in ("login", "notify", "email_sync")}
        await switched(self.by, row["account_id"], row["address_id"], **on)

    async def _prefer(self) -> None:
        row = await self._one_of("toggles")
        some = self.chance.sample(list(NotificationCategory), 2)
        named = tuple(NotificationPreference(each, self.chance.random() < 0.5) for each in some)
        await set_preferences(self.by, [PreferencesWish(row["account_id"], row["address_id"], named)])

    async def _link(self) -> None:
        await contact.link(self.by, self._account(), ExistingContact(self.chance.choice(self.contacts)))

    async def _unlink(self) -> None:
        row = await self._one_of("account_contact")
        await contact.unlink(self.by, row["account_id"], row["contact_id"])

    async def _move(self) -> None:
        text = self.chance.choice([None, *(f"{one}{n}@client.test" for one in "abcd" for n in range(4))])
        field = FieldRef(name=self.chance.choice(FIELDS))
        await contact.update(self.by, self.chance.choice(self.contacts), emails=[ContactEmail(field, text)])

    async def _rename(self) -> None:
        await account.update(self.by, self._account(), name=f"Name {self.chance.random()}")

    async def _archive(self) -> None:
        await account.archive(self.by, self._account(), archived=self.chance.random() < 0.5)

    async def _create(self) -> None:
        self.accounts.append(await an_account(self.by, notify=True))

    async def _delete(self) -> None:
        await contact.delete(self.by, self.contacts.pop(self.chance.randrange(len(self.contacts))))
        self.contacts.append(await a_contact(self.by))

    async def _invite(self) -> None:
        row = await self._one_of("toggles")
        wish = Invite(again=self.chance.random() < 0.5)
        await set_toggles(self.by, [TogglesWish(row["account_id"], row["address_id"], login=True, invite=wish)])

    async def _revoke(self) -> None:
        await invitation.revoke(self.by, (await self._one_of("invitation"))["id"])

    async def _accept(self) -> None:
        await accepting.accept(await token_of((await self._one_of("invitation"))["address_id"]), PASSWORD, days=1)

    async def _post(self) -> None:
        """What becomes of a letter."""
        for claimed in await letter.claim("post", most=1):
            assert await letter.hand_over([(claimed, b"its bytes")]) == [True]
            if self.chance.random() < 0.6:
                await letter.sent([claimed])
            elif self.chance.random() < 0.5:
                await letter.refused(claimed, "No.", no_such_mailbox=self.chance.random() < 0.5)
            else:
                await letter.unknown(claimed)

    async def _bounce(self) -> None:
        row = await self._one_of("letter", "state = 'SENT'")
        (returned,) = await letter.named([row["id"]], ())
        await letter.bounced(returned, "No.", no_such_mailbox=self.chance.random() < 0.5)

    async def _lift(self) -> None:
        row = await self._one_of("email_address", "suppressed_at IS NOT NULL")
        await suppression.lift(self.owner.viewer, row["id"])

    async def _adopt(self) -> None:
        """An unlinked email, mostly."""
        row, field = await self._one_of("toggles", "login"), FieldRef(name=self.chance.choice(FIELDS))
        to = self.chance.choice(self.contacts)
        await contact.link_email(self.by, row["account_id"], row["address_id"], to, field)

    async def _drop(self) -> None:
        row = await self._one_of("toggles", "login")
        await contact.delete_email(self.by, row["account_id"], row["address_id"])

    async def _arrive(self) -> None:
        self.messages += 1
        await arrives(self.by, self.box, self.messages, sender=f"a{self.chance.randrange(4)}@client.test")

    async def _mark(self) -> None:
        everything, on = Selection(matching=InboxFilter(archived=None)), self.chance.random() < 0.5
        if self.chance.random() < 0.5:
            await notification.mark(self.owner.viewer, everything, read=on)
        else:
            await notification.archive(self.owner.viewer, everything, archived=on)

    async def _one_of(self, table: str, which: str = "true") -> asyncpg.Record:
        """Raises Refusal where there is none."""
        rows = await store.rows(f"SELECT * FROM {table} WHERE firm_id = $1 AND {which} ORDER BY id", self.by.firm_id)
        if not rows:
            raise Refusal(ErrorCode.NOT_FOUND, f"There is no {table} yet.")
        return self.chance.choice(rows)

    def _account(self) -> UUID:
        return self.chance.choice(self.accounts).id
