"""
Storing messages: once per firm, in their threads, linked to the accounts that ask for them, told to the team. A batch
takes about ten statements, whatever its size.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, document, journal, notification, our_own
from models.email import linking, storing
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
    `arrival`: came in while we were watching, and is told by itself; history is told by the batch, by the caller.
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
    What became of each, in order. Inside a transaction, under `history.lock`.

    The same message again, also within the batch, changes nothing but its links and adds the participants that the
    other copy lacked (the one in Sent has the Bcc).
    """
    asking = await linking.asking(by, [one.message for one in batch])
    wanted = [one for one in batch if asking.of(one.message)]
    stored = await _store(by, mailbox_id, wanted)
    await _note_sent(by, [stored.ids[one.message.fingerprint] for one in wanted if _is_sent(one, asking)])
    linked = await linking.link(by, [(stored.ids[one.message.fingerprint], one.message, asking) for one in wanted])
    await document.save(by, _with_attachments(wanted, stored, linked))
    clients = await _clients(by, [one.message for one in wanted if one.arrival], asking)
    outcomes: list[Received] = []
    told: set[UUID] = set()
    news: list[NewNotification] = []
    for one in batch:
        if not asking.of(one.message):
            outcomes.append(Received())
            continue
        email_id = stored.ids[one.message.fingerprint]
        new = email_id in stored.new and email_id not in told
        told.add(email_id)
        outcomes.append(Received(email_id, new, tuple(linked.pop(email_id, ()))))
        if one.arrival and new:
            _record(by, email_id, one.message, asking)
            news += _news(email_id, stored.new[email_id], one.message, clients[one.message.fingerprint], asking)
    await notification.raise_for_team(by, news)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Stored:
    """Ids by fingerprint; of the new ones also the thread."""

    ids: Mapping[bytes, UUID]
    new: Mapping[UUID, UUID]


async def _store(by: System, mailbox_id: UUID, batch: Sequence[Incoming]) -> _Stored:
    messages = [incoming.message for incoming in batch]
    by_fingerprint = {incoming.message.fingerprint: incoming for incoming in reversed(batch)}
    ids = await storing.known(by.firm_id, [message.fingerprint for message in messages])
    fresh = list({each.fingerprint: each for each in messages if each.fingerprint not in ids}.values())
    # a certified letter has as many Message-IDs as envelopes, and whoever answers names his own; others are renamed
    copies = [each for each in messages if (each.certified_by is not None or each.renamed) and each not in fresh]
    threads = await threads_of(by, [*fresh, *copies])
    if threads.joined:
        await notification.merge(by, threads.joined)
    new = [by_fingerprint[message.fingerprint] for message in fresh]
    sorts = [incoming.message.sorted_at(arrival=incoming.arrival) for incoming in new]
    parts = zip(threads.of[: len(fresh)], await _directions(by, new), fresh, sorts, strict=True)
    emails = [storing.NewEmail(uuid7(), *of_message) for of_message in parts]
    await storing.insert(by.firm_id, mailbox_id, emails)
    ids |= {email.message.fingerprint: email.id for email in emails}
    threads_of_new = {email.id: email.thread_id for email in emails}
    people = [(ids[each.fingerprint], each) for each in messages]
    await storing.add_participants(by.firm_id, people, new=threads_of_new)
    return _Stored(ids, threads_of_new)


async def _directions(by: System, batch: Sequence[Incoming]) -> list[EmailDirection]:
    """Outgoing is what lies in a folder of sent mail, or comes from an address that is ours, or was then (R18)."""
    senders = [(incoming.message.sender_key(), incoming.message.received_at) for incoming in batch]
    ours = await our_own.ours_then(by.firm_id, senders)
    return [
        EmailDirection.OUTGOING if incoming.in_sent or sender in ours else EmailDirection.INCOMING
        for incoming, sender in zip(batch, senders, strict=True)
    ]


def _is_sent(incoming: Incoming, asking: Asking) -> bool:
    """Not a client's message that somebody filed among the sent ones: it was known as one that came in."""
    return incoming.in_sent and incoming.message.sender_key() not in asking.accounts


async def _note_sent(by: System, ids: Sequence[UUID]) -> None:
    """A colleague's mailbox had it first, and it came from an alias that nobody had told us of."""
    if ids:
        query = "UPDATE email SET direction = 'OUTGOING' WHERE firm_id = $1 AND id = ANY($2::uuid[])"
        await store.execute(f"{query} AND direction <> 'OUTGOING'", by.firm_id, list(ids))


def _with_attachments(
    wanted: Sequence[Incoming], stored: _Stored, linked: Mapping[UUID, Sequence[UUID]]
) -> list[document.Link]:
    ids = {stored.ids[incoming.message.fingerprint] for incoming in wanted if incoming.message.attachments}
    return [(email_id, account_id) for email_id in ids for account_id in linked.get(email_id, ())]


def _record(by: System, email_id: UUID, message: Message, asking: Asking) -> None:
    journal.record(
        JournalKind.EMAIL_STORED,
        by=by,
        subject=(Subject.EMAIL, email_id),
        accounts=asking.of(message),
        changes=[journal.Change("subject", None, message.subject[:200])],
    )


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
    By fingerprint: of its senders, those whose mail is asked for; where none of them is a client of the firm's, who is
    to be answered (R18).
    """
    clients = {message.fingerprint: _asked_for(message.senders(), asking) for message in messages}
    others = [message for message in messages if not clients[message.fingerprint]]
    behalf = {message.fingerprint: _asked_for(message.answered(), asking) for message in others}
    on_behalf = [message for message in others if behalf[message.fingerprint]]
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
    return {row["key"] for row in await store.rows(_HELD, by.firm_id, list(keys))} if keys else set()


_HELD = """
SELECT e.key FROM email_address e WHERE e.firm_id = $1 AND e.key = ANY($2::text[])
  AND EXISTS (SELECT 1 FROM contact_email h WHERE h.firm_id = e.firm_id AND h.address_id = e.id)
"""


def _accounts_of(clients: Sequence[Participant], asking: Asking) -> tuple[UUID, ...]:
    """That asked for the mail of any of them."""
    return tuple(sorted({account for one in clients for account in asking.accounts[address.compared(one.address)]}))
