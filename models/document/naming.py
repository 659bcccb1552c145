"""Names that are free in an account: `invoice.pdf`, then `invoice (2).pdf` (R20)."""

from collections.abc import Iterable
from itertools import count


class Names:
    """The names taken in one account, without regard to case; and by which name and size each document came."""

    def __init__(self, taken: Iterable[tuple[str, str, int]]) -> None:
        """`taken`: name, the name it came as, size."""
        documents = list(taken)
        self._names = {name.casefold() for name, _, _ in documents}
        self._came = {(came_as.casefold(), size) for _, came_as, size in documents}

    def take(self, name: str, size: int) -> str | None:
        """Takes a free name; None: a document that came by this name, of this size, is there already."""
        if (name.casefold(), size) in self._came:
            return None
        self._came.add((name.casefold(), size))
        free = next(candidate for candidate in _numbered(name) if candidate.casefold() not in self._names)
        self._names.add(free.casefold())
        return free


def _numbered(name: str) -> Iterable[str]:
    yield name
    stem, dot, extension = name.rpartition(".")
    for number in count(2):
        yield f"{stem} ({number}).{extension}" if dot and stem else f"{name} ({number})"
