"""Addresses that nothing is sent to (R17): all that stops a regular e-mail (R45)."""

from collections.abc import Sequence

from models import suppression
from models.errors import ErrorCode, Faults, Refusal
from models.submission.recipients import Recipient
from models.viewer import Viewer


async def must_be_open(by: Viewer, recipients: Sequence[Recipient], faults: Faults) -> None:
    """In one statement. Adds ADDRESS_SUPPRESSED, with its path, for each that is not."""
    reasons = await suppression.reasons(by.firm_id, [recipient.address.key for recipient in recipients])
    for recipient in recipients:
        with faults:
            if (reason := reasons.get(recipient.address.key)) is not None:
                words = f"Nothing is sent to {recipient.address.text}, for it bounced: {reason}"
                raise Refusal(ErrorCode.ADDRESS_SUPPRESSED, words, *recipient.path)
