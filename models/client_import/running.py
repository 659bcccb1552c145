"""A worker that goes on with imports, for as long as the process lives."""

from collections.abc import Callable

from models import run
from models.client_import.ending import give_up
from models.client_import.stepping import step
from models.run import Pace, RunKind, Work

FILLS = (
    "account",
    "contact",
    "account_contact",
    "email_address",
    "contact_email",
    "toggles",
    "invitation",
    "invitation_account",
    "letter",
    "journal_entry",
)
WORK = Work("client_import", (RunKind.CLIENT_IMPORT,), step, give_up, FILLS)


class Runner(run.Runner):
    def __init__(self, pace: Callable[[], Pace] = Pace) -> None:
        super().__init__(WORK, pace)
