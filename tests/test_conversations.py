"""Threads and Inbox+ against their rules (tests/support/rules/threads.py), in whatever order the letters come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import email, journal, notification
from models.email import EmailFilter
from models.ground.page import Window
from models.journal import FeedKind
from models.mailbox import MailServer, NewMailbox
from models.mailbox import connect as connect_mailbox
from models.notification import InboxFilter, NotificationView, Selection
from models.viewer import System, Viewer
from tests.support.emails.received import received
from tests.support.firm.factories import a_firm, a_member, an_account, linked, switched
from tests.support.rules.threads import CLIENTS, LETTERS, LETTERS_WRITTEN, ON, Conversing, Entry, Letter

pytestmark = pytest.mark.usefixtures("store")
FIRST, ALL = Window(50), InboxFilter(archived=None)
STEP = st.one_of(
    st.tuples(st.just("come"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["read", "archive", "take back"]), st.integers(0, 4)),
)


@dataclass
class Firm:
    """A colleague's window, kept by what the feed tells: `window`. `threads`: ids that each letter was ever shown."""

    by: System
    owner: Viewer
    box: UUID
    accounts: list[UUID]
    cursor: int = 0
    window: dict[UUID, NotificationView] = field(default_factory=dict)
    threads: dict[int, set[UUID]] = field(default_factory=dict)

    async def receives(self, letters: Sequence[Letter]) -> None:
        for arrival in (True, False):  # as the worker does: what just came in does not wait for history
            if now := [one.message() for one in letters if one.arrival is arrival]:
                await received(self.by, self.box, *now, arrival=arrival)

    async def follow(self) -> None:
        for batch in await journal.since(self.by.firm_id, self.cursor):
            for entry in batch.of(FeedKind.NOTIFICATIONS_MOVED):
                self._show(await notification.by_ids(self.owner, entry.touched))
            self.cursor = batch.cursor

    def _show(self, entries: dict[UUID, NotificationView]) -> None:
        self.window |= entries
        self.window = {key: view for key, view in self.window.items() if not view.gone}


async def a_firm_of_clients() -> Firm:
    by = await a_firm()
    owner = await a_member(by)
    accounts = [(await an_account(by)).id for _ in range(2)]
    for address in CLIENTS:
        made = await an_account(by, address=address)
        for account in ON[address]:
            await linked(by, accounts[account], made.contact)
            await switched(by, accounts[account], made.address, email_sync=True)
    server = MailServer("mail.firm.test", 993)
    box = (await connect_mailbox(owner, NewMailbox("studio@firm.test", "a secret", server, server))).ids[0]
    return Firm(by, owner, box, accounts, await journal.head(by.firm_id))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    letters=LETTERS_WRITTEN,
    order=st.permutations(range(LETTERS)),
    steps=st.lists(STEP, min_size=8, max_size=14),
)
async def test_whatever_comes_first_threads_and_entries_are_as_the_rules_say(
    letters: Sequence[Letter], order: Sequence[int], steps: Sequence[tuple[str, int]]
) -> None:
    firm, rules = await a_firm_of_clients(), Conversing()
    waiting = [letters[number] for number in (*order, order[0])]  # one of them comes twice
    for verb, number in (*steps, ("come", LETTERS + 1)):
        if verb == "come":
            come, waiting = waiting[:number], waiting[number:]
            come.sort(key=lambda one: not one.arrival)
            await firm.receives(come)
            rules.receive(come)
        else:
            await _mark(firm, rules, verb, number)
        await firm.follow()
        await _compare(firm, rules)


async def _mark(firm: Firm, rules: Conversing, verb: str, number: int) -> None:
    entries = rules.entries()
    if not entries:
        return
    entry = entries[number % len(entries)]
    views = await _inbox(firm.owner, ALL)
    (view,) = (view for view in views if _subject(view) == entry.last.letter.subject)
    selection = Selection(ids=(view.id,))
    if verb == "read":
        rules.read(entry)
        await notification.mark(firm.owner, selection, read=True)
    else:
        rules.archive(entry, verb == "archive")
        await notification.archive(firm.owner, selection, archived=verb == "archive")


async def _compare(firm: Firm, rules: Conversing) -> None:
    await _compare_threads(firm, rules)
    views = await _inbox(firm.owner, ALL)
    entries = rules.entries()
    assert [_shown(view) for view in views] == [_as_told(entry) for entry in entries]
    assert firm.window == {view.id: view for view in views}
    in_inbox = [entry for entry in entries if not entry.archived]
    assert await notification.unread_count(firm.owner) == sum(bool(entry.unread) for entry in in_inbox)
    for account, account_id in enumerate(firm.accounts):
        shown = await _inbox(firm.owner, InboxFilter(account_id=account_id))
        assert [_subject(view) for view in shown] == [
            entry.last.letter.subject for entry in in_inbox if entry.is_about(account)
        ]


async def _compare_threads(firm: Firm, rules: Conversing) -> None:
    rows = (await email.page(firm.owner, EmailFilter(), FIRST)).rows
    assert {int(view.subject.rsplit(" ", 1)[1]) for view in rows} == rules.stored.keys()
    for view in rows:
        firm.threads.setdefault(int(view.subject.rsplit(" ", 1)[1]), set()).add(view.thread_id)
    for number, ids in firm.threads.items():
        for thread_id in ids:
            wanted = EmailFilter(thread_id=thread_id)
            found = (await email.page(firm.owner, wanted, FIRST)).rows
            assert {int(one.subject.rsplit(" ", 1)[1]) for one in found} == rules.thread_of(number)
            assert len({one.thread_id for one in found}) == 1
            assert await email.count(firm.owner, wanted) == len(found)


async def _inbox(by: Viewer, wanted: InboxFilter) -> Sequence[NotificationView]:
    return (await notification.page(by, wanted, FIRST)).rows


def _subject(view: NotificationView) -> str:
    return view.text.partition(": ")[2]


def _shown(view: NotificationView) -> Any:
    return _subject(view), view.read, view.archived, None if view.read else view.count


def _as_told(entry: Entry) -> Any:
    unread = len(entry.unread)
    return entry.last.letter.subject, not unread, entry.archived, unread or None
