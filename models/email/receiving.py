"""
Storing messages: once per firm, in their threads, linked to the accounts that ask for them, told to the team. A batch
takes about ten statements, whatever its size.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, document, journal, notification, our_own
from models.email import inserting, linking
from models.email.email import EmailDirection
from models.email.linking import Asking
from models.email.message import Message
from models.email.threads import threads_of
from models.ground import store
from models.journal import JournalKind, Subject
from models.notification import Conversation, NewNotification, NotificationKind
from models.participant import Participant
from models.viewer import System


@dataclass(frozen=True, slots=True)
class Incoming:
    """
    `arrival`: came in while we were watching, and is told by itself; of history the caller tells, once a batch.
    `in_sent`: it lies in a folder of sent mail.
    """

    message: Message
    arrival: bool
    in_sent: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """`email_id` None: nobody asks for it any more. `accounts`: those that it was newly linked to."""

    email_id: UUID | None = None
    new: bool = False
    accounts: tuple[UUID, ...] = ()


async def receive(by: System, mailbox_id: UUID, batch: Sequence[Incoming]) -> list[Received]:
    """
    What became of each, in order: what no account asks for is left alone; the others are stored, linked to the accounts
    that ask, their attachments saved, and what is new and an arrival is told.

    Inside a transaction, under `history.lock`: who asks does not change meanwhile, and nobody else stores the same. The
    same message again, also within the batch, changes nothing but its links and adds the participants that the other
    copy lacked (the one in Sent has the Bcc).
    """
    asking = await linking.asking(by, [incoming.message for incoming in batch])
    asked_for = [incoming for incoming in batch if asking.of(incoming.message)]
    stored = await _store(by, mailbox_id, asked_for)
    emails = [(stored.ids[incoming.message.fingerprint], incoming) for incoming in asked_for]
    await _note_sent(by, [email_id for email_id, incoming in emails if _is_sent(incoming, asking)])
    linked = await linking.link(by, [(email_id, incoming.message, asking) for email_id, incoming in emails])
    await document.save(by, _with_attachments(emails, linked))
    outcomes = list(_outcomes(batch, asking, stored, linked))
    await _tell(by, batch, outcomes, stored, asking)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Stored:
    """Ids by fingerprint; of the new ones also the thread."""

    ids: Mapping[bytes, UUID]
    new: Mapping[UUID, UUID]


async def _store(by: System, mailbox_id: UUID, batch: Sequence[Incoming]) -> _Stored:
    """Each message that the firm does not have yet, once; and of all of them who takes part."""
    messages = [incoming.message for incoming in batch]
    ids = await inserting.known(by.firm_id, [message.fingerprint for message in messages])
    fresh = {message.fingerprint: message for message in messages if message.fingerprint not in ids}
    emails = await _emails(by, batch, list(fresh.values()))
    await inserting.insert(by.firm_id, mailbox_id, emails)
    ids |= {email.message.fingerprint: email.id for email in emails}
    threads = {email.id: email.thread_id for email in emails}
    people = [(ids[message.fingerprint], message) for message in messages]
    await inserting.add_participants(by.firm_id, people, new=threads)
    return _Stored(ids, threads)


async def _emails(by: System, batch: Sequence[Incoming], fresh: Sequence[Message]) -> list[inserting.NewEmail]:
    """Where a message is in the batch more than once, its first copy says where it sorts, and its direction."""
    first = {incoming.message.fingerprint: incoming for incoming in reversed(batch)}
    copies = [first[message.fingerprint] for message in fresh]
    threads = await _threads(by, fresh, [incoming.message for incoming in batch])
    sorts = [incoming.message.sorted_at(arrival=incoming.arrival) for incoming in copies]
    parts = zip(threads, await _directions(by, copies), fresh, sorts, strict=True)
    return [inserting.NewEmail(uuid7(), *of_message) for of_message in parts]


async def _threads(by: System, fresh: Sequence[Message], messages: Sequence[Message]) -> Sequence[UUID]:
    """
    Of the fresh ones, in order. A copy of a known message under another Message-ID may be what joins two threads: a
    certified letter has one of each envelope, and an answer names that of the envelope which its writer got; other
    copies were renamed by a server.
    """
    renamed = [message for message in messages if message.certified_by is not None or message.renamed]
    threads = await threads_of(by, [*fresh, *(message for message in renamed if message not in fresh)])
    if threads.joined:
        await notification.merge(by, threads.joined)
    return threads.of[: len(fresh)]


async def _directions(by: System, batch: Sequence[Incoming]) -> list[EmailDirection]:
    """Outgoing is what lies in a folder of sent mail, or comes from an address that is ours, or was then (R18)."""
    senders = [(incoming.message.sender_key(), incoming.message.received_at) for incoming in batch]
    ours = await our_own.ours_then(by.firm_id, senders)
    return [
        EmailDirection.OUTGOING if incoming.in_sent or sender in ours else EmailDirection.INCOMING
        for incoming, sender in zip(batch, senders, strict=True)
    ]


def _is_sent(incoming: Incoming, asking: Asking) -> bool:
    """Not a client's message that somebody filed among the sent ones: that one stays INCOMING."""
    return incoming.in_sent and incoming.message.sender_key() not in asking.accounts


async def _note_sent(by: System, ids: Sequence[UUID]) -> None:
    """Sent from an alias that nobody knew of, they came as INCOMING to a colleague's mailbox, which had them first."""
    if ids:
        query = "UPDATE email SET direction = 'OUTGOING' WHERE firm_id = $1 AND id = ANY($2::uuid[])"
        await store.execute(f"{query} AND direction <> 'OUTGOING'", by.firm_id, list(ids))


def _with_attachments(
    emails: Sequence[tuple[UUID, Incoming]], linked: Mapping[UUID, Sequence[UUID]]
) -> list[document.Link]:
    ids = {email_id for email_id, incoming in emails if incoming.message.attachments}
    return [(email_id, account_id) for email_id in ids for account_id in linked.get(email_id, ())]


def _outcomes(
    batch: Sequence[Incoming], asking: Asking, stored: _Stored, linked: Mapping[UUID, Sequence[UUID]]
) -> Iterator[Received]:
    """Of several copies of a message the first one is new, and has its links; the others brought nothing."""
    before = set[UUID | None]()
    for incoming in batch:
        email_id = stored.ids[incoming.message.fingerprint] if asking.of(incoming.message) else None
        if email_id is None or email_id in before:
            yield Received(email_id)
        else:
            yield Received(email_id, email_id in stored.new, tuple(linked.get(email_id, ())))
        before.add(email_id)


async def _tell(
    by: System, batch: Sequence[Incoming], outcomes: Sequence[Received], stored: _Stored, asking: Asking
) -> None:
    """An entry of the journal for each new arrival, and where a client wrote it, one of Inbox+."""
    pairs = zip(batch, outcomes, strict=True)
    arrivals = [(came.message, outcome) for came, outcome in pairs if came.arrival and outcome.email_id]
    clients = await _clients(by, [message for message, _ in arrivals], asking)
    news: list[NewNotification] = []
    for message, outcome in arrivals:
        if outcome.email_id and outcome.new:
            _record(by, outcome.email_id, message, asking)
            thread_id = stored.new[outcome.email_id]
            news += _news(outcome.email_id, thread_id, message, clients[message.fingerprint], asking)
    await notification.raise_for_team(by, news)


def _record(by: System, email_id: UUID, message: Message, asking: Asking) -> None:
    subject = (Subject.EMAIL, email_id)
    changes = [journal.Change("subject", None, message.subject[:200])]
    journal.record(JournalKind.EMAIL_STORED, by=by, subject=subject, accounts=asking.of(message), changes=changes)


def _news(
    email_id: UUID, thread_id: UUID, message: Message, clients: Sequence[Participant], asking: Asking
) -> Iterator[NewNotification]:
    """
    For Inbox+, of what a client has written (R38): one entry, however many accounts it concerns. A receipt of certified
    mail is the provider's word.
    """
    if clients and not message.receipt:
        yield NewNotification(
            *(NotificationKind.EMAIL_RECEIVED, Conversation(thread_id, _accounts_of(clients, asking)), email_id),
            lambda words: words.email_received(clients[0].name or clients[0].address, message.subject),
            accounts=tuple(sorted(asking.of(message))),
            quiet=message.automatic,
        )


async def _clients(by: System, messages: Sequence[Message], asking: Asking) -> dict[bytes, list[Participant]]:
    """
    By fingerprint, the clients whom a message is from: those of its senders whose mail is asked for; else, unless a
    contact holds a sender's address, those of Reply-To whose mail is asked for (R18).
    """
    clients = {message.fingerprint: _asked_for(message.senders(), asking) for message in messages}
    clientless = [message for message in messages if not clients[message.fingerprint]]
    behalf = {message.fingerprint: _asked_for(message.answered(), asking) for message in clientless}
    on_behalf = [message for message in clientless if behalf[message.fingerprint]]
    held = await _held(by, on_behalf)
    for message in on_behalf:
        if held.isdisjoint(address.compared(sender.address) for sender in message.senders()):
            clients[message.fingerprint] = behalf[message.fingerprint]
    return clients


def _asked_for(people: Sequence[Participant], asking: Asking) -> list[Participant]:
    return [person for person in people if address.compared(person.address) in asking.accounts]


async def _held(by: System, messages: Sequence[Message]) -> set[str]:
    """Of their senders' addresses those that a contact holds."""
    keys = {address.compared(sender.address) for message in messages for sender in message.senders()}
    return {key for (key,) in await store.rows(_HELD, by.firm_id, list(keys))} if keys else set()


_HELD = """
SELECT e.key FROM email_address e WHERE e.firm_id = $1 AND e.key = ANY($2::text[])
  AND EXISTS (SELECT 1 FROM contact_email h WHERE h.firm_id = e.firm_id AND h.address_id = e.id)
"""


def _accounts_of(clients: Sequence[Participant], asking: Asking) -> tuple[UUID, ...]:
    """That asked for the mail of any of them."""
    accounts = (asking.accounts[address.compared(client.address)] for client in clients)
    return tuple(sorted(set[UUID]().union(*accounts)))
