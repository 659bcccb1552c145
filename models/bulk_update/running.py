"""A worker that goes on with bulk updates and undos, for as long as the process lives."""

from collections.abc import Callable

from models import run
from models.bulk_update.ending import give_up
from models.bulk_update.listing import KINDS
from models.bulk_update.stepping import step
from models.run import Pace, Work

FILLS = "bulk_update_item", "invitation", "invitation_account", "letter", "journal_entry"
WORK = Work("bulk_update", KINDS, step, give_up, FILLS)


class Runner(run.Runner):
    def __init__(self, pace: Callable[[], Pace] = Pace) -> None:
        super().__init__(WORK, pace)
