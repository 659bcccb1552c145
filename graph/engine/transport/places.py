"""How many connections a process holds, and who gets in beyond that: its watchers have to reach it just then."""

from collections.abc import Collection
from typing import Protocol

BEYOND = 20  # connections that may say what they want when all places are taken


class Guest(Protocol):
    def turn_away(self) -> None:
        """Is told that all places are taken, and has to go. Called before it has said what it wants."""


class Places:
    """
    Of one process. `most`: connections at a time; None: as many as come. `always`: paths that are answered beyond them.

    Beyond them a connection is let in to say what it wants. Whoever has been silent there longest leaves for the
    newest, so that nobody keeps the watchers out by saying nothing.
    """

    def __init__(self, most: int | None = None, *, always: Collection[str] = ()) -> None:
        self._most = most
        self._always = frozenset(path.encode() for path in always)
        self._silent: dict[Guest, None] = {}  # the longest there first

    @property
    def taken(self) -> str:
        return f"All {self._most:,} connections are taken. Try again soon."

    def came(self, guest: Guest, *, among: int) -> None:
        """`among`: how many are open, with this one."""
        if self._are_taken(among):
            self._silent[guest] = None
        if len(self._silent) > BEYOND:
            longest = next(iter(self._silent))
            self.went(longest)
            longest.turn_away()

    def went(self, guest: Guest) -> None:
        self._silent.pop(guest, None)

    def lack_one_for(self, guest: Guest, *, among: int) -> bool:
        """Whether it is turned away as it begins to speak: it came when all were taken, and they still are."""
        was_silent = guest in self._silent
        self.went(guest)
        return was_silent and self._are_taken(among)

    def are_for(self, path: bytes) -> bool:
        """Whether it is answered nevertheless."""
        return path in self._always

    def _are_taken(self, among: int) -> bool:
        return self._most is not None and among > self._most
