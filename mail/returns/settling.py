"""
What is done about a report: it ends the letter, or the e-mail, that it is about and no other, once (R17).

A letter is named by our signed header, else by the signed return address, else by its Message-ID. The first two only
the recipient and the servers on the way can know, so they count wherever they come from. A Message-ID is quoted by
whoever answers: it counts with the null return path alone, and in a firm's own mailbox for that firm's letters only.
What a person wrote from here has no return address of its own, and is named by the other two.
"""

from collections.abc import Iterator
from uuid import UUID

from mail.own_email import own_email
from mail.own_letter import own_letter
from mail.parse.report import Failure, Report, ReportKind
from mail.returns.address import letter_of
from mail.smtp.errors import LINKS
from models import letter
from models.address import compared
from models.complaint import complain
from models.letter import Returned
from models.submission import returning
from models.submission.returning import NotReached, ReturnedEmail

SENT_BACK = "A mail server on the way sent the letter back"
_OF_NOBODY = Failure(frozenset(), "", "", nobody=False)


async def settle(report: Report, *, firm_id: UUID | None = None) -> bool:
    """
    Whether it is a report on a letter of ours, of whatever kind; one on what a person wrote is that person's mail.
    `firm_id`: whose mailbox it lay in; None: the return mailbox of the installation. A second time it changes nothing.
    """
    if report.kind in {ReportKind.NONE, ReportKind.ANSWER}:
        return False
    if not report.signed and (emails := await _emails(report, firm_id)):
        if report.kind is ReportKind.FAILED and len(emails) == 1:
            await _email_bounced(emails[0], report)
        return False
    return await _letter_settled(report, await _about(report, firm_id))


async def _letter_settled(report: Report, about: list[Returned]) -> bool:
    if len(about) != 1:  # a report is about one letter
        return False
    if report.kind is ReportKind.FAILED:
        await _bounced(about[0], report)
    elif report.kind is ReportKind.COMPLAINT:
        await complain(about[0])
    return True


async def _emails(report: Report, firm_id: UUID | None) -> list[ReturnedEmail]:
    signed = {email_id for text in report.signed_emails if (email_id := own_email(text))}
    if report.signed_emails:
        return await returning.named(signed, ())
    if not report.null_path or firm_id is None:
        return []
    return await returning.named((), report.returned_ids, firm_id=firm_id)


async def _email_bounced(email: ReturnedEmail, report: Report) -> None:
    failures = list(_not_reached(email, report)) or [NotReached((), _reason(_OF_NOBODY), nobody=False)]
    await returning.bounced(email, failures)


def _not_reached(email: ReturnedEmail, report: Report) -> Iterator[NotReached]:
    """
    Which recipients each failure is about: those that it names, else the only one there is. If it names others alone,
    to whom a recipient has mail sent on, it does not say that the recipient's own address leads nowhere.
    """
    by_key = {compared(address): address for address in email.recipients}
    for failure in report.failures:
        keys = {compared(address) for address in failure.recipients}
        alone = tuple(by_key.values()) if len(by_key) == 1 else ()
        named = tuple(by_key[key] for key in by_key if key in keys) or alone
        yield NotReached(named, _reason(failure), nobody=failure.nobody and (not keys or bool(keys & by_key.keys())))


async def _about(report: Report, firm_id: UUID | None) -> list[Returned]:
    signed = {letter_id for text in report.signed if (letter_id := own_letter(text))}
    if report.signed and not signed:  # somebody has tried
        return []
    signed = signed or {letter_id for token in report.return_tokens if (letter_id := letter_of(token))}
    if signed:
        return await letter.named(signed, ())
    return await letter.named((), report.message_ids, firm_id=firm_id) if report.null_path else []


async def _bounced(returned: Returned, report: Report) -> None:
    failures = [failure for failure in report.failures if _is_about(failure, returned)]
    failure = next(iter(failures or report.failures), _OF_NOBODY)
    # a failure that names others alone is about an address to which the recipient has mail sent on
    await letter.bounced(returned, _why(failure), no_such_mailbox=bool(failures) and failure.nobody)


def _is_about(failure: Failure, returned: Returned) -> bool:
    return not failure.recipients or returned.to_key in map(compared, failure.recipients)


def _why(failure: Failure) -> str:
    return f"{SENT_BACK}{_reason(failure)}"


def _reason(failure: Failure) -> str:
    """How the sentence ends that says who sent it back: the code, and the server's words."""
    code = f" ({failure.status})" if failure.status else ""
    words = LINKS.sub("…", failure.diagnostic).rstrip(".")
    return f"{code}: {words}." if words else f"{code}."
