"""Certified mail (PEC): who takes part in the letter, which its envelope's header need not tell (R18)."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mail.imap import BEGINNING, MESSAGE_LIMIT, Message
from mail.parse import Unreadable
from mail.sync.reading import hashes_of
from mail.sync.tools import Visit
from models import firm_key
from models.ground.keys import Key
from models.mailbox import ledger
from models.mailbox.backlog import MOST_CUTS, MOST_TRIES
from models.mailbox.folders import LedgerFolder
from models.mailbox.ledger import Found
from models.participant import Participant

MOST_LOOKS = MOST_CUTS - MOST_CUTS // MOST_TRIES
"""Failed tries of a header, what came with it included, after which it is asked for alone: one more may be the last."""


async def with_people_inside(
    visit: Visit, folder: LedgerFolder, listed: Sequence[Found], envelopes: Collection[int]
) -> list[Found]:
    """
    All that was listed; of these envelopes, by UID, the ledger also knows by their hashes who takes part in the letter.
    Before the ledger has them, and nothing else is kept. Whether the letter is opened is seen when it is stored. A body
    over which the line breaks each time is left alone at last: its header will do.
    """
    tries = await ledger.tries(visit.leased, folder, envelopes)
    due = {uid for uid in envelopes if tries.get(uid, 0) < MOST_LOOKS}
    sizes = {header.uid: header.size for header in listed if header.uid in due and header.skip is None}
    inside = await _in_beginnings(visit, [*sizes])
    for uid, size in sizes.items():
        if (uid not in inside or (inside[uid] is None and size > BEGINNING)) and size <= MESSAGE_LIMIT:
            inside |= await _in_whole(visit, uid, size)
    key = await firm_key.of(visit.leased.firm_id)
    return [_with(key, header, inside.get(header.uid) or ()) for header in listed]


async def _in_beginnings(visit: Visit, uids: Sequence[int]) -> dict[int, tuple[Participant, ...] | None]:
    """The letter's header stands near the beginning, before all that is large."""
    answers = [answer async for answer in visit.imap.beginnings(uids)]
    return await _read(visit, [answer for answer in answers if isinstance(answer, Message)])


async def _in_whole(visit: Visit, uid: int, size: int) -> dict[int, tuple[Participant, ...] | None]:
    async with visit.tools.batches:  # it may be large
        answers = [answer async for answer in visit.imap.messages([(uid, size)])]
        return await _read(visit, [answer for answer in answers if isinstance(answer, Message)])


async def _read(visit: Visit, messages: Sequence[Message]) -> dict[int, tuple[Participant, ...] | None]:
    results = await visit.tools.parsers.read_people_inside([message.raw for message in messages])
    read = zip(messages, results, strict=True)
    return {message.uid: None if isinstance(people, Unreadable) else people for message, people in read}


def _with(key: Key, header: Found, people: Sequence[Participant]) -> Found:
    hashes = {*header.hashes, *hashes_of(key, people)}
    return replace(header, hashes=tuple(hashes)) if people else header
