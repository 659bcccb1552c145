"""A run: work on many clients that goes on in the background, whatever is killed meanwhile (R27)."""

from models.run.acting import Actor, acting
from models.run.ending import end
from models.run.lease import UNENDED, Held, RunLost, claim, hold, put_off, release
from models.run.pace import Pace
from models.run.run import Run, RunKind, RunStatus
from models.run.running import Runner, Work
from models.run.starting import NewRun, must_have_room, write
from models.run.telling import moved

__all__ = [
    "UNENDED",
    "Actor",
    "Held",
    "NewRun",
    "Pace",
    "Run",
    "RunKind",
    "RunLost",
    "RunStatus",
    "Runner",
    "Work",
    "acting",
    "claim",
    "end",
    "hold",
    "moved",
    "must_have_room",
    "put_off",
    "release",
    "write",
]
