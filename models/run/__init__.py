"""A run: work on many clients that goes on in the background, whatever is killed meanwhile (R27)."""

from models.run.acting import Actor, acting
from models.run.ending import end, tell
from models.run.lease import UNENDED, Held, RunLost, claim, hold, put_off, release
from models.run.pace import Pace
from models.run.progress import began, next_turns, start_over, went_on
from models.run.run import RunKind, RunStatus
from models.run.running import Runner, Work
from models.run.starting import NewRun, must_have_room, write

__all__ = [
    "UNENDED",
    "Actor",
    "Held",
    "NewRun",
    "Pace",
    "RunKind",
    "RunLost",
    "RunStatus",
    "Runner",
    "Work",
    "acting",
    "began",
    "claim",
    "end",
    "hold",
    "must_have_room",
    "next_turns",
    "put_off",
    "release",
    "start_over",
    "tell",
    "went_on",
    "write",
]
