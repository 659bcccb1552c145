"""What is wrong with a mailbox and stops nothing: it is told while the mailbox is live (R22, R23)."""

from collections.abc import Sequence

from mail.sync.choosing import is_there
from models.errors import ErrorCode
from models.mailbox.folder_list import ListedFolder
from models.mailbox.lease import Leased
from models.mailbox.listing import Fault
from models.mailbox.mailbox import FolderKind

_NO_SENT = (
    "No folder of sent mail was found, so what is sent with other programs is not seen here. Name the folder as it is"
    " on the mail server."
)


_NO_COPY = "The copy of an e-mail is not in the folder of sent mail."


def fault_of(leased: Leased, there: Sequence[ListedFolder], doubts: Sequence[str], no_copy: str | None) -> Fault | None:
    """
    The first of them: figures that have disagreed for too long, then the folder of sent mail, then why a copy of what
    was sent is missing there.
    """
    if doubts:
        return Fault(ErrorCode.MAILBOX_FIGURES_DISAGREE, doubts[0], ())
    sent = leased.sent_folder
    if sent and not is_there(sent, there):
        message = f"The mailbox has no folder “{sent}”. Name the folder of sent mail as it is there."
        return Fault(ErrorCode.MAILBOX_UNREACHABLE, message, ("sentFolder",))
    if not any(folder.kind in (FolderKind.SENT, FolderKind.ALL) and not folder.why_not for folder in there):
        return Fault(ErrorCode.MAILBOX_UNREACHABLE, _NO_SENT, ("sentFolder",))
    return Fault(ErrorCode.MAILBOX_UNREACHABLE, f"{_NO_COPY} {no_copy}", ()) if no_copy else None
