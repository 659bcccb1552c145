"""What the columns of a list of clients are taken for, and what a caller may say of them (R32, R40)."""

import pytest

from models.client_import.columns import ImportField, Target, chosen, guess, samples
from models.contact import FieldRef
from models.errors import ErrorCode, Refusal, Refusals
from models.sheet.sheet import Row, Rows, Sheet
from tests.support.firm.sheets import rows_of

NAME, CODE, KIND, PERSON = (
    ImportField.ACCOUNT_NAME,
    ImportField.ACCOUNT_CODE,
    ImportField.ACCOUNT_KIND,
    ImportField.CONTACT_NAME,
)
NOTIFY, SYNC = ImportField.NOTIFY, ImportField.EMAIL_SYNC


def named(name: str) -> FieldRef:
    return FieldRef(name=name)


EMAIL, WORK, PEC = map(named, ("Email", "Work email", "PEC"))


def a_sheet(headers: str, *rows: str) -> Sheet:
    return Sheet(tuple(headers.split("|")), rows_of(*(row.split("|") for row in rows)))


@pytest.mark.parametrize(
    ("headers", "targets"),
    [
        ("Account name|Account code|Type|Contact name|E-mail", [NAME, CODE, KIND, PERSON, EMAIL]),
        ("Ragione sociale|Codice cliente|Tipo|Referente|Indirizzo e-mail", [NAME, CODE, KIND, PERSON, EMAIL]),
        ("CLIENTE|COD.|NOMINATIVO|Mail|PEC", [NAME, CODE, PERSON, EMAIL, PEC]),
        ("Client|First name|Last name|Work e-mail", [NAME, PERSON, PERSON, WORK]),
        ("Cognome|Nome|Azienda|Posta elettronica", [PERSON, PERSON, NAME, EMAIL]),
        ("Nome|E-mail", [NAME, EMAIL]),
        ("Società|Nome|E-mail", [NAME, PERSON, EMAIL]),
        ("Cliente|Ragione sociale|Codice fiscale|Partita IVA|Telefono", [None, NAME, None, None, None]),
        ("Client|E-mail|E-mail (2)|Spouse e-mail", [NAME, EMAIL, named("E-mail (2)"), named("Spouse email")]),
        ("Client|E-mail ufficio paghe|PEC 2", [NAME, named("E-mail ufficio paghe"), named("PEC 2")]),
        ("Client|Data ultima e-mail|Newsletter (e-mail)|Email sync|Notifiche", [NAME, None, None, SYNC, NOTIFY]),
        ("Pippo|Pluto", [None, None]),
    ],
)
def test_columns_are_guessed_from_their_headers(headers: str, targets: list[Target | None]) -> None:
    guessed = guess(a_sheet(headers))
    assert [guessed.get(header) for header in headers.split("|")] == targets


def test_a_login_that_is_a_user_name_is_no_answer() -> None:
    sheet = a_sheet("Client|Login|Notify|Type", "Rossi|mrossi|yes|S.r.l.", "Verdi|verdi|no|S.p.A.")
    assert guess(sheet) == {"Client": NAME, "Notify": ImportField.NOTIFY}
    assert guess(a_sheet("Client|Login|Tipo", "Rossi|Sì|Azienda"))["Login"] is ImportField.LOGIN


def test_a_header_that_names_a_field_of_the_firm_means_that_one() -> None:
    fields = ("Email", "Casella dello studio", "work  E-Mail")
    guessed = guess(a_sheet("Client|CASELLA DELLO STUDIO|Work e-mail|Mail"), fields)
    assert [guessed[header] for header in ("CASELLA DELLO STUDIO", "Work e-mail", "Mail")] == [
        FieldRef(name="Casella dello studio"),
        FieldRef(name="work  E-Mail"),
        EMAIL,
    ]


def test_samples_are_the_first_values_that_are_not_empty() -> None:
    sheet = a_sheet("A|B", "|x", "1| ", "2|", f"3|{'y' * 200}", "4|z")
    assert samples(sheet) == {"A": ("1", "2", "3"), "B": ("x", "y" * 100, "z")}


def test_a_caller_chooses_columns_in_any_order() -> None:
    columns = chosen(("A", "B", "C"), [("C", NAME), ("A", PERSON), ("B", PERSON)])
    assert list(columns.items()) == [("A", PERSON), ("B", PERSON), ("C", NAME)]


def test_columns_that_make_no_sense_are_refused_all_at_once() -> None:
    with pytest.raises(Refusals) as refused:
        chosen(("A", "B"), [("X", PERSON), ("A", EMAIL), ("A", PEC), ("B", EMAIL)])
    assert [(refusal.code, refusal.path) for refusal in refused.value.refusals] == [
        (ErrorCode.INVALID, ("columns", "0", "header")),
        (ErrorCode.INVALID, ("columns", "2", "header")),
        (ErrorCode.INVALID, ("columns", "3", "into")),
        (ErrorCode.INVALID, ("columns",)),
    ]
    with pytest.raises(Refusal, match="No column says which account"):
        chosen(("A",), [])


def test_rows_are_looked_at_one_by_one_or_some_at_a_time() -> None:
    rows = rows_of(["a"], ["b"], ["c"])
    assert (rows[1], len(rows)) == (Row(2, ("b",)), 3)
    assert [row.cells for row in rows[1:]] == [("b",), ("c",)]
    assert isinstance(rows[:1], Rows)
