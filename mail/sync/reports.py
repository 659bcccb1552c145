"""Delivery reports on our own letters: read as they arrive, and not kept (R18)."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mail.imap import Message
from mail.parse import Unreadable
from mail.parse.report import LARGEST_REPORT
from mail.returns.settling import settle
from mail.sync.tools import Visit
from models.mailbox.ledger import Found
from models.mailbox.mailbox import SkipReason


async def own_reports(visit: Visit, listed: Sequence[Found], reports: Collection[int]) -> list[Found]:
    """
    All that was listed; of these reports, by UID, those on our letters are settled as OWN_LETTER. Before the ledger has
    them: a report that is read a second time changes nothing.
    """
    small = [(header.uid, header.size) for header in listed if header.uid in reports and header.size <= LARGEST_REPORT]
    ours = {
        answer.uid
        for uid, size in small
        async for answer in visit.imap.messages([(uid, size)])
        if isinstance(answer, Message) and await _is_ours(visit, answer.raw)
    }
    return [replace(header, skip=SkipReason.OWN_LETTER) if header.uid in ours else header for header in listed]


async def _is_ours(visit: Visit, raw: bytes) -> bool:
    try:
        report = await visit.tools.parsers.read_report(raw)
    except Unreadable:
        return False
    return report is not None and await settle(report, firm_id=visit.leased.firm_id)
