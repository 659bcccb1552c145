"""What Inbox+ says of an import of clients that has ended (R40), in at most 500 characters."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import shorten

from babel.numbers import format_decimal

LONGEST_REASON = 200  # characters


@dataclass(frozen=True, slots=True)
class ImportTold:
    """
    Figures: rows of the file, how many are done and how they came out; accounts and contacts made, people invited.
    `stopped`: before all were done. `reason`: why it could not go on, in English.
    """

    rows: int
    done: int = 0
    created: int = 0
    matched: int = 0
    errors: int = 0
    accounts: int = 0
    contacts: int = 0
    invited: int = 0
    stopped: bool = False
    reason: str | None = None


class EnglishOfImports:
    def import_finished(self, run: ImportTold) -> str:
        return f"{self._import_ended(run)}: {', '.join(self._import_figures(run))}.{self._import_why(run)}"

    def _import_number(self, number: int, singular: str, plural: str) -> str:
        return f"{format_decimal(number, locale='en')} {singular if number == 1 else plural}"

    def _import_ended(self, run: ImportTold) -> str:
        rows = self._import_number(run.rows, "row", "rows")
        if run.stopped:
            return f"Import of clients stopped after {format_decimal(run.done, locale='en')} of {rows}"
        return f"Import of {rows} of clients"

    def _import_figures(self, run: ImportTold) -> Iterator[str]:
        yield f"{self._import_number(run.accounts, 'account', 'accounts')} made"
        yield f"{self._import_number(run.contacts, 'contact', 'contacts')} made"
        yield f"{self._import_number(run.matched, 'row', 'rows')} of who was there already"
        if run.invited:
            yield f"{self._import_number(run.invited, 'person', 'people')} invited"
        yield self._import_number(run.errors, "row with errors", "rows with errors") if run.errors else "no errors"

    def _import_why(self, run: ImportTold) -> str:
        if run.stopped and run.reason:
            return f" {shorten(run.reason, LONGEST_REASON, placeholder='…')}"
        return " Mend the rows with errors and import them again." if run.errors else ""


class ItalianOfImports(EnglishOfImports):
    def _import_number(self, number: int, singular: str, plural: str) -> str:
        return f"{format_decimal(number, locale='it')} {singular if number == 1 else plural}"

    def _import_ended(self, run: ImportTold) -> str:
        rows = self._import_number(run.rows, "riga", "righe")
        if run.stopped:
            return f"Importazione dei clienti fermata dopo {format_decimal(run.done, locale='it')} su {rows}"
        return f"Importazione di {rows} di clienti"

    def _import_figures(self, run: ImportTold) -> Iterator[str]:
        yield self._import_number(run.accounts, "account creato", "account creati")
        yield self._import_number(run.contacts, "contatto creato", "contatti creati")
        yield self._import_number(run.matched, "riga di chi c'era già", "righe di chi c'era già")
        if run.invited:
            yield self._import_number(run.invited, "persona invitata", "persone invitate")
        yield self._import_number(run.errors, "riga con errori", "righe con errori") if run.errors else "nessun errore"

    def _import_why(self, run: ImportTold) -> str:
        if run.stopped and run.reason:
            return f" Motivo, in inglese: {shorten(run.reason, LONGEST_REASON, placeholder='…')}"
        return " Corregga le righe con errori e le importi di nuovo." if run.errors else ""
