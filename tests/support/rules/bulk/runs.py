"""
The rules of runs in plain Python: asking for them, going on with them in turn, and what may happen meanwhile
(turns.py has what becomes of their items). R27, R30, R31.
"""

from dataclasses import dataclass

from models.errors import ErrorCode
from models.run import RunStatus
from tests.support.rules.bulk.planning import Wish
from tests.support.rules.bulk.turns import Run, Turns


@dataclass
class Bulk(Turns):
    """The verbs: of whoever starts runs, of the worker, and of what happens meanwhile."""

    def start(self, wish: Wish) -> ErrorCode | None:
        if not self.right:
            return ErrorCode.NOT_ALLOWED
        self.runs.append(Run(wish))
        return None

    def undo(self, back: int, by_owner: bool) -> ErrorCode | None:
        """Once, and not of an undo (R30). `back`, here and below: 0 is the last run."""
        if not by_owner and not self.right:
            return ErrorCode.NOT_ALLOWED
        number = len(self.runs) - 1 - back
        if number < 0:
            return ErrorCode.NOT_FOUND
        if self.runs[number].undoes is not None:
            return ErrorCode.INVALID
        if not self.runs[number].has_ended:
            return ErrorCode.RUN_NOT_ENDED
        if any(run.undoes == number for run in self.runs):
            return ErrorCode.ALREADY_UNDONE
        self.runs.append(Run(None, undoes=number, owners=by_owner))
        return None

    @property
    def under_way(self) -> int | None:
        """The number of the run that goes on, or goes on next."""
        return next((number for number, run in enumerate(self.runs) if not run.has_ended), None)

    def cancel(self, back: int) -> ErrorCode | None:
        number = len(self.runs) - 1 - back
        if number < 0:
            return ErrorCode.NOT_FOUND
        if self.runs[number].has_ended:
            return ErrorCode.RUN_ENDED
        self.runs[number].status = RunStatus.CANCELLED
        return None

    def step(self, at_once: int = 1) -> None:
        """Plans the run that goes on, or ends the turns of its next items, `at_once` or some more."""
        if (number := self.under_way) is None:
            return
        run = self.runs[number]
        if run.items is None:
            self.begin(run)
        else:
            left = [turn for turn in run.turns[run.ended :] for item in run.items if item.turn == turn]
            for _ in dict.fromkeys(left[:at_once]):
                self.end_turn(number)
        if run.ended == len(run.turns):
            run.status = RunStatus.FINISHED

    def end_all(self) -> None:
        """To the end, one turn after the other."""
        while self.under_way is not None:
            self.step()

    def take_over(self, expired: bool) -> None:
        """Another worker goes on, and nobody sees it."""

    def allow(self, right: bool) -> None:
        self.right = right

    def suppress(self, one: int) -> None:
        self.suppressed.add(one)

    def lift(self, one: int) -> None:
        self.suppressed.discard(one)

    def hire(self, one: int) -> None:
        with self.told():
            self.rules.own_from_now(one)

    def dismiss(self, one: int) -> ErrorCode | None:
        if one not in self.rules.own:
            return ErrorCode.NOT_FOUND
        self.rules.own.discard(one)
        return None

    def wait(self) -> None:
        super().wait()
        self.minute += 31 * 24 * 60

    def use_up(self, one: int) -> None:
        """As many letters as an address gets in an hour."""
        self.letters += [(one, self.minute)] * self.per_recipient
