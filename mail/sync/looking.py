"""A pass: all folders of a mailbox looked at once. What is wrong with one is told and stops no other (R22)."""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from mail.imap import FolderState, Garbage, Refused, Unreachable
from mail.sync.choosing import sort_out
from mail.sync.discovering import Discovered, discover, lose, read_again
from mail.sync.faults import fault_of
from mail.sync.storing import store_pending
from mail.sync.tools import FolderMissing, Visit
from models.mailbox import folder_list, folders
from models.mailbox.folder_list import KnownFolder, ListedFolder
from models.mailbox.listing import Fault
from models.mailbox.mailbox import FolderKind
from models.submission import copies

T = TypeVar("T")
_WATCHED_FIRST = [FolderKind.ALL, FolderKind.INBOX, FolderKind.SENT, FolderKind.OTHER]
_BROKEN = "The connection breaks, or its answers cannot be read, when this folder is looked at. It is tried again."


@dataclass(frozen=True, slots=True)
class Look:
    """
    `left`: there is more to fetch at once. `watched`: the folder to watch, in the state it was seen in. `fault`: what
    is wrong with the mailbox and stops nothing. `copies`: of what was sent, some are to be looked for in Sent.
    """

    left: bool
    watched: tuple[str, FolderState]
    fault: Fault | None
    copies: bool


async def look(visit: Visit) -> Look:
    """
    Folders whose figures are as at the last look, and that have nothing to fetch, are not opened.

    Raises ImapError where the line breaks, or no folder at all could be looked at; LeaseLost.
    """
    visit.noted.begin()
    listing, states = await visit.imap.folders_with_states()
    leased = visit.leased
    there = sort_out(listing, sent=leased.sent_folder, left_out=leased.folders_left_out)
    known_folders = await folder_list.listed(leased, there)
    tour = _Tour(visit, _in_turn(known_folders, there), states)
    await tour.go()
    standing = await copies.standing(leased)
    fault = fault_of(leased, there, tour.doubts(known_folders), standing.trouble)
    return Look(tour.left, tour.watched(), fault, copies=standing.due)


def _in_turn(known_folders: Sequence[KnownFolder], there: Sequence[ListedFolder]) -> list[KnownFolder]:
    """Those to look at, as they were sorted out, but whatever failed last time behind all others. Raises ImapError."""
    places = {folder.name: place for place, folder in enumerate(there)}
    read = [folder for folder in known_folders if folder.synced]
    awake = [folder for folder in read if not folder.rests]
    if not awake:
        why = next((folder.why for folder in read if folder.why), None)
        raise FolderMissing(why or "The mail server shows no folder that could be read.")
    return sorted(awake, key=lambda folder: (folder.failures, places[folder.name]))


class _Tour:
    """First what vanished in all folders, then what is new in them: what was moved is then known again."""

    def __init__(self, visit: Visit, awake: Sequence[KnownFolder], states: Mapping[str, FolderState]) -> None:
        self._visit, self._awake = visit, awake
        self._states = dict(states)
        self._looked: dict[str, Discovered] = {}
        self._refusals: dict[str, Refused] = {}
        self.left = False

    async def go(self) -> None:
        """Raises the first refusal where all folders refuse."""
        changed = [folder for folder in self._awake if await self._guarded(folder, self._has_changed(folder))]
        for folder in filter(self._may_have_lost, changed):
            if len(changed) > 1 or self._may_have_more(folder):
                await self._guarded(folder, lose(self._visit, folder))
        for folder in changed:
            if not self._visit.noted.called:
                await self._guarded(folder, self._look_into(folder))
        for folder in changed:
            if looked := self._looked.get(folder.name):
                self.left = await self._guarded(folder, read_again(self._visit, looked)) or self.left
        self.left = self.left or self._visit.noted.called
        if len(self._refusals) == len(self._awake):
            raise next(iter(self._refusals.values()))

    def watched(self) -> tuple[str, FolderState]:
        """INBOX, or All Mail; if that could not be looked at, the next one."""
        states = self._states | {name: looked.state for name, looked in self._looked.items()}
        fit = [folder for folder in self._awake if folder.name in states and folder.name not in self._refusals]
        first = min(fit or self._awake, key=lambda folder: _WATCHED_FIRST.index(folder.ledger.kind))
        return first.name, states.get(first.name, FolderState(0, 0, 0))

    def doubts(self, known_folders: Sequence[KnownFolder]) -> list[str]:
        """Of each folder whose figures have disagreed for too long by now, what is said of it."""
        before = {folder.name: folder.why for folder in known_folders if folder.doubts > folders.MOST_DOUBTS}
        by_now = before | {name: looked.doubt for name, looked in self._looked.items()}
        return [doubt for doubt in by_now.values() if doubt]

    async def _has_changed(self, folder: KnownFolder) -> bool:
        if _must_be_opened(self._visit, folder):
            return True
        state = self._states.get(folder.name) or await self._state_of(folder.name)
        as_it_was = (folder.ledger.uidvalidity, folder.ledger.watermark, folder.on_server)
        return not state or (state.uidvalidity, state.uidnext, state.exists) != as_it_was

    async def _state_of(self, name: str) -> FolderState | None:
        """Some refuse to tell it and let the folder be opened nevertheless."""
        with suppress(Refused):
            if state := await self._visit.imap.status(name):
                self._states[name] = state
        return self._states.get(name)

    def _may_have_lost(self, folder: KnownFolder) -> bool:
        """More messages have come than it has more than before; or nobody knows."""
        state = self._states.get(folder.name)
        if not folder.ledger.scanned or folder.name in self._refusals:
            return False
        if not state or state.uidvalidity != folder.ledger.uidvalidity:
            return True
        return state.exists < folder.on_server + state.uidnext - folder.ledger.watermark

    def _may_have_more(self, folder: KnownFolder) -> bool:
        """What left it may be what has come: moved away and back, it has another number."""
        state = self._states.get(folder.name)
        return not state or state.uidnext != folder.ledger.watermark

    async def _look_into(self, folder: KnownFolder) -> None:
        looked = await discover(self._visit, folder)
        self._looked[folder.name] = looked
        self._visit.noted.saw(folder.name, looked.state)
        self.left = await store_pending(self._visit, looked.folder) or self.left
        if folder.failures or folder.why:
            await folders.looked_at(self._visit.leased, looked.folder, doubtful=looked.doubt is not None)

    async def _guarded(self, folder: KnownFolder, act: Awaitable[T]) -> T | None:
        """What goes wrong is put down to the folder, unless to one of its messages. Raises what ends the line."""
        leased, noted = self._visit.leased, self._visit.noted
        noted.blamed = False
        try:
            return await act
        except Refused as refusal:
            self._refusals.setdefault(folder.name, refusal)
            await folders.failed(leased, folder.name, f"{refusal.message} It is tried again by itself.")
            return None
        except (Garbage, Unreachable):
            await folders.failed(leased, folder.name, None if noted.blamed else _BROKEN)
            raise


def _must_be_opened(visit: Visit, folder: KnownFolder) -> bool:
    """Whatever its figures are: something is left to do there, was wrong with it, or has happened."""
    wrong = folder.why is not None or folder.doubts > 0
    return wrong or folder.unfinished or not folder.ledger.scanned or folder.name in visit.noted.changed
