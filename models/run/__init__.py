"""A run: work on many clients that goes on in the background, whatever is killed meanwhile (R27)."""

from models.run.acting import Actor, acting
from models.run.lease import UNENDED, Held, RunLost, claim, hold, put_off, release
from models.run.table import Run, RunKind, RunStatus

__all__ = [
    "UNENDED",
    "Actor",
    "Held",
    "Run",
    "RunKind",
    "RunLost",
    "RunStatus",
    "acting",
    "claim",
    "hold",
    "put_off",
    "release",
]
