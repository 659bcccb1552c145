"""
What is done about a report: it ends the letter that it is about and no other, once (R17).

A letter is named by our signed header, else by the signed return address, else by its Message-ID. The first two only
the recipient and the servers on the way can know, so they count wherever they come from. A Message-ID is quoted by
whoever answers: it counts with the null return path alone, and in a firm's own mailbox for that firm's letters only.
"""

from uuid import UUID

from mail.own_letter import own_letter
from mail.parse.report import Failure, Report, ReportKind
from mail.returns.address import letter_of
from mail.smtp.errors import LINKS
from models import letter
from models.address import compared
from models.complaint import complain
from models.letter import Returned

SENT_BACK = "A mail server on the way sent the letter back"
_OF_NOBODY = Failure(frozenset(), "", "", nobody=False)


async def settle(report: Report, *, firm_id: UUID | None = None) -> bool:
    """
    Whether it is a report on a letter of ours, of whatever kind. `firm_id`: whose mailbox it lay in; None: the return
    mailbox of the installation. A second time it changes nothing.
    """
    if report.kind in {ReportKind.NONE, ReportKind.ANSWER}:
        return False
    about = await _about(report, firm_id)
    if len(about) != 1:  # a report is about one letter
        return False
    if report.kind is ReportKind.FAILED:
        await _bounced(about[0], report)
    elif report.kind is ReportKind.COMPLAINT:
        await complain(about[0])
    return True


async def _about(report: Report, firm_id: UUID | None) -> list[Returned]:
    signed = {known for each in report.signed if (known := own_letter(each))}
    if report.signed and not signed:  # somebody has tried
        return []
    signed = signed or {known for each in report.return_tokens if (known := letter_of(each))}
    if signed:
        return await letter.named(signed, ())
    return await letter.named((), report.message_ids, firm_id=firm_id) if report.null_path else []


async def _bounced(returned: Returned, report: Report) -> None:
    mine = [each for each in report.failures if _is_about(each, returned)]
    failure = next(iter(mine or report.failures), _OF_NOBODY)
    # one that names somebody else alone tells of where the recipient has their mail sent on to
    await letter.bounced(returned, _why(failure), no_such_mailbox=bool(mine) and failure.nobody)


def _is_about(failure: Failure, returned: Returned) -> bool:
    return not failure.recipients or returned.to_key in {compared(each) for each in failure.recipients}


def _why(failure: Failure) -> str:
    code = f" ({failure.status})" if failure.status else ""
    said = LINKS.sub("…", failure.diagnostic).rstrip(".")
    return f"{SENT_BACK}{code}: {said}." if said else f"{SENT_BACK}{code}."
