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


async def own_reports(visit: Visit, found: Sequence[Found], reports: Collection[int]) -> list[Found]:
    """
    All that was found; of these reports, by UID, those on our letters are settled as OWN_LETTER. Before the ledger has
    them: a report that is read a second time changes nothing.
    """
    small = [(one.uid, one.size) for one in found if one.uid in reports and one.size <= LARGEST_REPORT]
    ours = {
        answer.uid
        for each in small
        async for answer in visit.imap.messages([each])
        if isinstance(answer, Message) and await _is_ours(visit, answer.raw)
    }
    return [replace(one, skip=SkipReason.OWN_LETTER) if one.uid in ours else one for one in found]


async def _is_ours(visit: Visit, raw: bytes) -> bool:
    try:
        report = await visit.tools.parsers.read_report(raw)
    except Unreadable:
        return False
    return report is not None and await settle(report, firm_id=visit.leased.firm_id)
