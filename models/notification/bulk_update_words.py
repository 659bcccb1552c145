"""What Inbox+ says of a bulk update, or an undo, that has ended (R29, R30), in at most 500 characters."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import shorten

from babel.numbers import format_decimal

LONGEST_REASON, LONGEST_REASON_OF_THE_END = 400, 100  # characters


@dataclass(frozen=True, slots=True)
class SwitchTold:
    """
    What came of one switch, in addresses. `name`: as people see it. `on`: as it was to be set; None: put back as it was
    before. `categories`: some of them were set with it.
    """

    name: str
    on: bool | None
    changed: int = 0
    unchanged: int = 0
    invited: int = 0
    errors: int = 0
    categories: bool = False

    @property
    def says_something(self) -> bool:
        return any((self.changed, self.unchanged, self.invited, self.errors))


@dataclass(frozen=True, slots=True)
class BulkUpdateTold:
    """
    `done`, `total`: items; `total` is 0 where none was planned. `stopped`: before all were done. `reason`: why it could
    not begin, or go on, in English.
    """

    accounts: int
    done: int
    total: int
    switches: tuple[SwitchTold, ...]
    is_undo: bool = False
    stopped: bool = False
    reason: str | None = None


class EnglishOfBulkUpdates:
    def bulk_update_finished(self, run: BulkUpdateTold) -> str:
        if run.stopped and not run.total:
            return self._not_begun(run)
        of_one = self._put_back if run.is_undo else self._set
        sentences = [", ".join(of_one(switch)) for switch in run.switches if switch.says_something] or [
            self._nothing(run)
        ]
        why = self._why(run.reason) if run.stopped and run.reason else ""
        return f"{self._ended(run)}: {'. '.join(sentences)}.{why}{self._promised() if run.is_undo else ''}"

    def figure(self, number: int) -> str:
        return format_decimal(number, locale="en")

    def _count(self, number: int, singular: str, plural: str) -> str:
        return f"{self.figure(number)} {singular if number == 1 else plural}"

    def _addresses(self, number: int) -> str:
        return self._count(number, "address", "addresses")

    def _what(self, run: BulkUpdateTold) -> str:
        return "Undo of a bulk update" if run.is_undo else "Bulk update"

    def _not_begun(self, run: BulkUpdateTold) -> str:
        title = self._what(run)
        if run.reason is None:
            return f"{title} cancelled before it began: nothing was changed."
        return f"{title} could not begin: {_short(run.reason)}"

    def _ended(self, run: BulkUpdateTold) -> str:
        title = self._what(run)
        if run.stopped:
            return f"{title} stopped after {self.figure(run.done)} of {self.figure(run.total)}"
        return title if run.is_undo else f"{title} of {self._count(run.accounts, 'account', 'accounts')}"

    def _why(self, reason: str) -> str:
        return f" {_short(reason, LONGEST_REASON_OF_THE_END)}"

    def _nothing(self, run: BulkUpdateTold) -> str:
        if run.stopped:
            return "nothing was changed"
        return "there was nothing to put back" if run.is_undo else "there was no address to change"

    def _set(self, switch: SwitchTold) -> Iterator[str]:
        verb, so = ("enabled", "on") if switch.on else ("disabled", "off")
        if switch.invited:
            yield f"{switch.name}: {self._addresses(switch.invited)} invited"
            if switch.changed:
                yield f"{self.figure(switch.changed)} {verb} without an invitation"
        elif switch.categories:
            yield f"{switch.name} {verb}, or its categories set, for {self._addresses(switch.changed)}"
        else:
            yield f"{switch.name} {verb} for {self._addresses(switch.changed)}"
        if switch.unchanged:
            yield f"{self.figure(switch.unchanged)} already {'so' if switch.categories else so}"
        if switch.errors:
            yield self._count(switch.errors, "error", "errors")

    def _put_back(self, switch: SwitchTold) -> Iterator[str]:
        yield f"{switch.name} put back for {self._addresses(switch.changed)}"
        if switch.unchanged:
            yield f"{self.figure(switch.unchanged)} already as before"
        if switch.errors:
            yield self._count(switch.errors, "conflict", "conflicts")

    def _promised(self) -> str:
        return " Nobody was mailed, and no stored mail was removed."


class ItalianOfBulkUpdates(EnglishOfBulkUpdates):
    def figure(self, number: int) -> str:
        return format_decimal(number, locale="it")

    def _addresses(self, number: int) -> str:
        return self._count(number, "indirizzo", "indirizzi")

    def _what(self, run: BulkUpdateTold) -> str:
        return "Ripristino dopo una modifica in blocco" if run.is_undo else "Modifica in blocco"

    def _not_begun(self, run: BulkUpdateTold) -> str:
        title = self._what(run)
        if run.reason is None:
            return f"{title} annullat{'o' if run.is_undo else 'a'} prima dell'inizio: nulla è cambiato."
        return f"{title}: non è stato possibile iniziare. Motivo, in inglese: {_short(run.reason)}"

    def _ended(self, run: BulkUpdateTold) -> str:
        title = self._what(run)
        if run.stopped:
            stopped = f"fermat{'o' if run.is_undo else 'a'}"
            return f"{title} {stopped} dopo {self.figure(run.done)} su {self.figure(run.total)}"
        return title if run.is_undo else f"{title} di {self._count(run.accounts, 'account', 'account')}"

    def _why(self, reason: str) -> str:
        return f" Motivo, in inglese: {_short(reason, LONGEST_REASON_OF_THE_END)}"

    def _nothing(self, run: BulkUpdateTold) -> str:
        if run.stopped:
            return "nulla è cambiato"
        return "non c'era nulla da ripristinare" if run.is_undo else "non c'era alcun indirizzo da modificare"

    def _set(self, switch: SwitchTold) -> Iterator[str]:
        so = "acceso" if switch.on else "spento"
        if switch.invited:
            yield f"{switch.name}: {self._count(switch.invited, 'indirizzo invitato', 'indirizzi invitati')}"
            if switch.changed:
                yield f"{so} senza invito per {self.figure(switch.changed)}"
        elif switch.categories:
            yield f"{switch.name} {so}, o le sue categorie modificate, per {self._addresses(switch.changed)}"
        else:
            yield f"{switch.name} {so} per {self._addresses(switch.changed)}"
        if switch.unchanged:
            yield f"già {'così' if switch.categories else so} per {self.figure(switch.unchanged)}"
        if switch.errors:
            yield self._count(switch.errors, "errore", "errori")

    def _put_back(self, switch: SwitchTold) -> Iterator[str]:
        yield f"{switch.name} ripristinato per {self._addresses(switch.changed)}"
        if switch.unchanged:
            yield f"già come prima per {self.figure(switch.unchanged)}"
        if switch.errors:
            yield self._count(switch.errors, "conflitto", "conflitti")

    def _promised(self) -> str:
        return " Nessuno ha ricevuto lettere, e nessuna e-mail archiviata è stata eliminata."


def _short(reason: str, longest: int = LONGEST_REASON) -> str:
    return shorten(reason, longest, placeholder="…")
