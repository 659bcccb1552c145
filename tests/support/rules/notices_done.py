"""The verbs of notices.py on the database, and letters as they reach a real mail server."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from models import firm_settings, notice, portal, session, suppression, unsubscribe
from models.address import PortalUser
from models.client_event import ClientEvent
from models.errors import Refusal
from models.firm_settings import FirmWish
from models.ground import store
from models.ground.page import Window
from models.letter import LetterState
from models.notice import AccountRef, NewNotice, NotifyOutcome, RecipientView
from models.notification_category import NotificationCategory
from models.viewer import Client
from tests.support.database.store import firms_key
from tests.support.firm.factories import token_of
from tests.support.firm.notices import later
from tests.support.letters.outbox import BASE, opened, sent_all, text_of
from tests.support.rules.invitations_done import Deeds
from tests.support.rules.notices import Arrived
from tests.support.servers.smtp import SmtpSink

CATEGORIES = list(NotificationCategory)[:2]
Told = list[tuple[int | None, NotifyOutcome]]


@dataclass
class Post(Deeds):
    """`now`: by the firm's clock. `raised`: each notice with its id, `told` what was answered last."""

    sink: SmtpSink
    now: datetime
    raised: list[tuple[UUID, NewNotice]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    async def wait(self) -> None:
        await self._after(timedelta(minutes=2, seconds=30))

    async def sleep(self) -> None:
        await self._after(timedelta(hours=25))

    async def _after(self, time: timedelta) -> None:
        """By both clocks: the firm's, and the database's."""
        self.now += time
        await later(time)

    async def lock(self, locked: bool) -> None:
        await firm_settings.update(self.reality.by, FirmWish(clients_may_set_preferences=not locked))

    async def suppress(self, one: int) -> None:
        async with store.transaction(self.reality.by.firm_id):
            await suppression.suppress(self.reality.by.firm_id, self.reality.addresses[one], "It came back.")

    async def lift(self, one: int) -> None:
        await suppression.lift(self.reality.by, self.reality.addresses[one])

    async def notify(self, place: int, event: ClientEvent) -> None:
        """What is told before, and writes nothing, is what is told then."""
        number = len(self.raised)
        new = NewNotice(AccountRef(self.reality.places[place]), event, f"Notice {number}", "Have a look.")
        would = await notice.notify(self.reality.by, new, key="never used", dry_run=True)
        notified = await notice.notify(self.reality.by, new, key=f"notice {number}")
        self.raised.append((notified.done.ids[0], new))
        self.told.append(self._numbered(notified.recipients))
        assert would.recipients == notified.recipients

    async def again(self, back: int) -> None:
        if back < len(self.raised):
            number = len(self.raised) - 1 - back
            notified = await notice.notify(self.reality.by, self.raised[number][1], key=f"notice {number}")
            self.told[number] = self._numbered(notified.recipients)

    def _numbered(self, recipients: Sequence[RecipientView]) -> Told:
        numbers = self.reality.addresses.index
        return [(numbers(one.address.id) if one.address else None, one.outcome) for one in recipients]

    async def unsubscribe(self, place: int, one: int, category: NotificationCategory, on: bool) -> None:
        await unsubscribe.attempts.forget()
        await unsubscribe.change(self._link(place, one, category).rpartition("/")[2], on=on)

    def _link(self, place: int, one: int, category: NotificationCategory) -> str:
        firm_id = self.reality.by.firm_id
        ids = {"account_id": self.reality.places[place], "address_id": self.reality.addresses[one]}
        return unsubscribe.link(BASE, key=firms_key(firm_id), firm_id=firm_id, category=category, **ids)

    async def visit(self, place: int, one: int) -> None:
        user = await PortalUser.get_or_none(address_id=self.reality.addresses[one])
        if user:
            start = partial(session.start_for_client, firm_id=user.firm_id, user_id=user.id, days=1)
            with suppress(Refusal):  # LOGIN_OFF: it may enter no account
                await start(address_id=user.address_id, account_id=self.reality.places[place])

    async def deliver(self) -> None:
        await sent_all(self.sink.server)

    async def arrived(self) -> list[Arrived]:
        """What has reached the mail server since the last look, but for letters about something else."""
        taken, self.sink.letters = self.sink.letters, []
        told = [(letter.to[0], letter.raw) for letter in taken if "\nNotice " in text_of(letter.raw)]
        return [await self._read(to, raw) for to, raw in told]

    async def _read(self, to: str, raw: bytes) -> Arrived:
        text, one = text_of(raw), int(to[1])
        assert to == f"a{one}@x.test"
        (account,) = set(re.findall(r"account=account_(\w+)", text))
        place = self.reality.places.index(UUID(account))
        numbers = tuple(map(int, re.findall(r"^Notice (\d+)$", text, re.MULTILINE)))
        banner, unsubscribes = await self._banner(text, one), self._unsubscribes(raw, place, one)
        return Arrived(one, place, numbers, banner, " · X" in text, unsubscribes)

    async def _banner(self, text: str, one: int) -> str:
        links = re.findall(rf"^{BASE}/invitation(.*)$", text, re.MULTILINE)
        if links in ([], [""]):
            return "ask" if links else ""
        return "invited" if links == ["/" + await token_of(self.reality.addresses[one])] else f"wrong: {links}"

    def _unsubscribes(self, raw: bytes, place: int, one: int) -> NotificationCategory | None:
        if (header := opened(raw)["List-Unsubscribe"]) is None:
            return None
        (category,) = [each for each in CATEGORIES if header == f"<{self._link(place, one, each)}>"]
        return category

    async def shown(self) -> list[Told]:
        """What the team sees of all notices, as they were answered."""
        ids = [notice_id for notice_id, _ in self.raised]
        recipients = await notice.recipients_of(self.reality.by, ids)
        return [self._numbered(recipients.get(notice_id, [])) for notice_id in ids]

    async def letters(self) -> list[list[tuple[int, LetterState, str | None]]]:
        """By notice: what became of each address's letter, and why it never left."""
        ids = [notice_id for notice_id, _ in self.raised]
        letters = await notice.letters_of(self.reality.by, ids)
        return [
            [
                (self.reality.addresses.index(one.address.id), one.state, one.reason)
                for one in letters.get(notice_id, [])
            ]
            for notice_id in ids
        ]

    async def listed(self) -> list[int]:
        """How many notices each account shows."""
        pages = await notice.of_accounts(self.reality.by, self.reality.places, Window(size=100))
        return [len(pages[place].rows) for place in self.reality.places]

    async def portals(self) -> dict[tuple[int, int], Counter[NotificationCategory]]:
        """Who sees which accounts in the portal, and what waits there (R36)."""
        seen = {}
        for user in await PortalUser.filter(firm_id=self.reality.by.firm_id):
            one = self.reality.addresses.index(user.address_id)
            client = Client(user.firm_id, user.id, user.address_id, session_id=user.id)
            for account in (await portal.of(client)).accounts:
                place = self.reality.places.index(account.id)
                seen[place, one] = Counter({each.category: each.count for each in account.waiting})
        return seen
