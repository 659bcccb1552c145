"""Folders that the firm wants not to be read."""

from collections.abc import Sequence

from models import text
from models.errors import ErrorCode, Faults, Refusal

MOST = 200
LONGEST_NAME = 500  # characters


def left_out(names: Sequence[str]) -> list[str]:
    """The names as they are kept, each once. Raises INVALID for all faults at once."""
    if len(names) > MOST:
        message = f"At most {MOST} folders can be left out by name; what lies below a folder goes with it."
        raise Refusal(ErrorCode.INVALID, message, "foldersLeftOut")
    clean, faults = dict[str, None](), Faults()
    for place, name in enumerate(names):
        with faults:
            clean[_one(name, place)] = None
    faults.must_be_none()
    return list(clean)


def _one(typed: str, place: int) -> str:
    name = text.one_line(typed, "foldersLeftOut", place, noun="The folder's name", longest=LONGEST_NAME)
    if name.upper() == "INBOX":
        raise Refusal(ErrorCode.INVALID, "INBOX is always read. Pause the mailbox instead.", "foldersLeftOut", place)
    return name
