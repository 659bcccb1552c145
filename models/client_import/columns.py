"""What each column of the file is for: guessed from its header, or chosen by the caller."""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from itertools import islice

from models.client_import import headings, words
from models.client_import.headings import Meaning
from models.contact import FieldRef
from models.email_field import LONGEST_NAME
from models.errors import ErrorCode, Faults, Refusal
from models.sheet.sheet import Sheet

SAMPLES = 3
"""First values of a column, to be shown; each cut to 100 characters."""
LONGEST_SAMPLE = 100
LOOKED_AT = 200
"""Rows in which samples are looked for."""


class ImportField(StrEnum):
    """LOGIN, NOTIFY, EMAIL_SYNC: yes or no, for all addresses of the row. Several CONTACT_NAMEs make one name."""

    ACCOUNT_NAME = "ACCOUNT_NAME"
    ACCOUNT_CODE = "ACCOUNT_CODE"
    ACCOUNT_KIND = "ACCOUNT_KIND"
    CONTACT_NAME = "CONTACT_NAME"
    LOGIN = "LOGIN"
    NOTIFY = "NOTIFY"
    EMAIL_SYNC = "EMAIL_SYNC"


Target = ImportField | FieldRef
"""An e-mail field by id, or by name, which makes it where the firm has none (R32)."""
Columns = Mapping[str, Target]
"""By header; a column that is not named is left out."""
_FIELDS = {
    Meaning.ACCOUNT: ImportField.ACCOUNT_NAME,
    Meaning.CODE: ImportField.ACCOUNT_CODE,
    Meaning.KIND: ImportField.ACCOUNT_KIND,
    Meaning.PERSON: ImportField.CONTACT_NAME,
    Meaning.LOGIN: ImportField.LOGIN,
    Meaning.NOTIFY: ImportField.NOTIFY,
    Meaning.EMAIL_SYNC: ImportField.EMAIL_SYNC,
}
_MUST_READ: Mapping[Meaning, Callable[[str], object]] = {
    Meaning.KIND: words.account_kind,
    Meaning.LOGIN: words.yes_or_no,
    Meaning.NOTIFY: words.yes_or_no,
    Meaning.EMAIL_SYNC: words.yes_or_no,
}
"""What another program calls Login holds user names, and its Type may be anything: such a column is left out."""


def samples(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """By header, the first values of the column that are not empty: at most 3, from the first 200 rows."""
    values: dict[str, list[str]] = {header: [] for header in sheet.headers}
    for row in islice(sheet.rows, LOOKED_AT):
        for header, cell in zip(sheet.headers, row.cells, strict=False):
            if len(values[header]) < SAMPLES and (shown := cell.strip()[:LONGEST_SAMPLE]):
                values[header].append(shown)
    return {header: tuple(some) for header, some in values.items()}


def guess(sheet: Sheet, email_fields: Collection[str] = ()) -> dict[str, Target]:
    """
    By the headers, in English or Italian, in the order of the file; a column with an unknown header is left out.
    `email_fields`: the names of the firm's fields, which a header may name. First and last names are both CONTACT_NAME.
    """
    cells = samples(sheet)
    spellings = {headings.plain(name): name for name in email_fields}
    meanings = {header: headings.meaning(header) for header in sheet.headers if headings.plain(header) not in spellings}
    legible = {header: meaning for header, meaning in meanings.items() if meaning and _reads(meaning, cells[header])}
    fields = headings.chosen(legible)
    emails = _emails(sheet.headers, {header for header in legible if legible[header] is Meaning.EMAIL}, spellings)
    targets: dict[str, Target] = {header: _FIELDS[meaning] for header, meaning in fields.items()}
    targets |= {header: FieldRef(name=name) for header, name in emails.items()}
    return {header: targets[header] for header in sheet.headers if header in targets}


def _reads(meaning: Meaning, some: Sequence[str]) -> bool:
    reads = _MUST_READ.get(meaning)
    return reads is None or all(reads(sample) is not None for sample in some)


def _emails(headers: Sequence[str], emails: Collection[str], spellings: Mapping[str, str]) -> dict[str, str]:
    """By header, the name of its e-mail field; where two headers mean the same, the second gets a field of its own."""
    names: dict[str, str] = {}
    for header in headers:
        if header in emails or headings.plain(header) in spellings:
            name = spellings.get(headings.plain(header)) or headings.email_field(header)
            name = spellings.get(headings.plain(name), name)
            names[header] = name if name not in names.values() else header[:LONGEST_NAME]
    return names


def chosen(headers: Sequence[str], columns: Sequence[tuple[str, Target]]) -> dict[str, Target]:
    """
    The caller's own mapping, in the order of the file. Raises, each with its path in `columns`: INVALID for a header
    that the file does not have or that is named twice, for a field or an e-mail field that two columns go into (but
    CONTACT_NAME), and where nothing says which account a row is about.
    """
    faults, targets = Faults(), dict[str, Target]()
    for index, (header, target) in enumerate(columns):
        with faults:
            if header not in headers:
                raise Refusal(ErrorCode.INVALID, f"The file has no column {header[:100]}.", "columns", index, "header")
            if header in targets:
                raise Refusal(ErrorCode.INVALID, f"The column {header} is named twice.", "columns", index, "header")
            if target in targets.values() and target is not ImportField.CONTACT_NAME:
                why = "Another column goes into the same field. Each has a field of its own."
                raise Refusal(ErrorCode.INVALID, why, "columns", index, "into")
            targets[header] = target
    with faults:
        _must_say_which_account(targets)
    faults.must_be_none()
    return {header: targets[header] for header in headers if header in targets}


def _must_say_which_account(targets: Columns) -> None:
    if not {ImportField.ACCOUNT_NAME, ImportField.ACCOUNT_CODE} & {*targets.values()}:
        why = "No column says which account a row is about. Choose one for ACCOUNT_NAME or ACCOUNT_CODE."
        raise Refusal(ErrorCode.INVALID, why, "columns")
