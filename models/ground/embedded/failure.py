"""What can go wrong with a server of our own, in words for whoever reads the terminal."""

from pathlib import Path

from models.ground.mendable import Mendable

ELSE = "Or set DATABASE_URL to a PostgreSQL server of yours (16 or later)."

# A fragment of PostgreSQL's or the system's message, and what to tell people. The first that fits is told.
_PLAIN = (
    ("No space left on device", "The disk is full. Free some space and start again."),
    ("Disk quota exceeded", "The disk quota is used up. Free some space and start again."),
    ("Read-only file system", "The disk is read-only there. Choose another folder."),
    ("has wrong ownership", "The data belong to another user. Give them back (chown -R) or start as that user."),
    ("has invalid permissions", "The data folder is open to others. Make it private: chmod -R go-rwx."),
    ("Permission denied", "The user that runs PostgreSQL may not read or write there."),
    ("Operation not permitted", "This process may not change to another user, or may not give files away."),
    ("still in use", "An earlier server has not quite ended. Wait a moment and start again."),
    ("shared memory", "The machine has too little shared memory left."),
    ("Cannot allocate memory", "The machine has too little memory left."),
    ("could not locate a valid checkpoint", "The data are damaged. Restore them from a backup."),
)


class EmbeddedFailed(Mendable):
    """PostgreSQL of our own could not be made, started or reached. The text is for people."""


def explained(failure: str, where: Path, detail: str) -> EmbeddedFailed:
    """`failure` happened at `where`: the plain reason if we know it, and always the last lines of the original."""
    plain = next((words for fragment, words in _PLAIN if fragment in detail), "")
    last_lines = "\n".join(f"  {line}" for line in detail.strip().splitlines()[-5:])
    return EmbeddedFailed(
        "\n".join(part for part in (f"{failure} ({where}). {plain}".strip(), last_lines, ELSE) if part)
    )
