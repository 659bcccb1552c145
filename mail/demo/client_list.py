"""
Writes a list of clients, as a firm that moves in brings one: to try `importClients` with.

    python -m mail.demo.client_list 2000

clients.csv as an Italian Excel writes it (semicolons, Windows-1252), and the same rows as clients.xlsx. MOVED-1 to
MOVED-2000; each tenth has a second contact, in a row of its own. Three rows cannot be taken: an address that is none,
an answer that is neither yes nor no, and a client without a name.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import xlsxwriter

from mail.demo.crowd import NAMES, SURNAMES, TRADES

HEADERS = ("Codice", "Ragione sociale", "Tipo", "Nome e cognome", "E-mail", "Portale", "Notifiche")
DOMAIN = "moved.demo.test"
CITIES = ("Forlì", "Cefalù", "Mondovì", "Viggiù", "Roma", "Lecce", "Torino")
"""Some with letters that are other bytes in UTF-8 than in Windows-1252."""

Line = tuple[str, ...]


def rows(count: int) -> list[Line]:
    """Below the headers; of 40 clients or more three are bad."""
    lines = [line for number in range(1, count + 1) for line in _client(number)]
    for place, spoil in _SPOILT.items() if count >= 40 else ():
        lines[place] = spoil(lines[place])
    return lines


def _without_name(line: Line) -> Line:
    """Its code is taken away, too: by it a client that is there would be known."""
    return ("", "", *line[2:])


def _with_bad_address(line: Line) -> Line:
    return (*line[:4], line[4].replace("@", " at "), *line[5:])


def _with_bad_answer(line: Line) -> Line:
    return (*line[:5], "forse", *line[6:])


_SPOILT = {30: _with_bad_address, 31: _with_bad_answer, 32: _without_name}


def _client(number: int) -> Iterator[Line]:
    place = TRADES[number % len(TRADES)], CITIES[number % len(CITIES)]
    company = (f"MOVED-{number}", f"{place[0]} {place[1]} {number} S.r.l.", "Azienda")
    for contact in range(2 if number % 10 == 0 else 1):
        first, last = _person(2 * number + contact)
        address = f"{first}.{last}.{number}@{DOMAIN}".lower()
        yield (*company, f"{first} {last}", address, "sì" if number % 2 else "no", "x" if number % 3 else "")


def _person(number: int) -> tuple[str, str]:
    names, surnames = NAMES.split(), SURNAMES.split()
    return names[number % len(names)], surnames[number // len(names) % len(surnames)]


def write_csv(path: Path, lines: Sequence[Line]) -> None:
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows([HEADERS, *lines])


def write_xlsx(path: Path, lines: Sequence[Line]) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Clienti")
        for place, line in enumerate([HEADERS, *lines]):
            sheet.write_row(place, 0, line)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a list of clients to import, as CSV and as XLSX.")
    parser.add_argument("count", type=int, nargs="?", default=2_000, help="how many clients (2000)")
    parser.add_argument("--into", type=Path, default=Path("var"), metavar="FOLDER", help="where (var)")
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    lines = rows(args.count)
    write_csv(args.into / "clients.csv", lines)
    write_xlsx(args.into / "clients.xlsx", lines)
    files = f"{args.into / 'clients.csv'}, {args.into / 'clients.xlsx'}"
    print(f"{args.count} clients in {len(lines)} rows: {files}")  # noqa: T201


if __name__ == "__main__":
    main()
