"""What a cell says, and what is wrong with it: with its row, its column and a sentence (R40)."""

import pytest

from models.account import AccountKind
from models.client_import.columns import ImportField, Target
from models.client_import.values import ClientRow, client_rows
from models.contact import FieldRef
from models.errors import ErrorCode
from models.sheet.sheet import Row, Sheet
from models.toggles import Switch
from tests.support.firm.sheets import rows_of

EMAIL, WORK = FieldRef(name="Email"), FieldRef(name="Work email")
COLUMNS: dict[str, Target] = {
    "Name": ImportField.ACCOUNT_NAME,
    "Code": ImportField.ACCOUNT_CODE,
    "Type": ImportField.ACCOUNT_KIND,
    "Surname": ImportField.CONTACT_NAME,
    "First name": ImportField.CONTACT_NAME,
    "E-mail": EMAIL,
    "Work e-mail": WORK,
    "Login": ImportField.LOGIN,
}
HEADERS = (*COLUMNS, "Notes")


def a_row(**cells: str) -> ClientRow:
    """`E_mail` is the cell below `E-mail`."""
    stand = [cells.get(header.replace(" ", "_").replace("-", "_"), "") for header in HEADERS]
    (row,) = client_rows(Sheet(HEADERS, rows_of(stand)), COLUMNS)
    return row


def wrong(**cells: str) -> list[tuple[str | None, ErrorCode]]:
    return [(error.column, error.code) for error in a_row(**cells).errors]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("yes YES y si Sì SÌ s sì\u0300 true VERO 1 x X ✓ on attivo", True),
        ("no NO n false FALSO 0 off", False),
    ],
)
def test_yes_and_no_are_said_in_many_ways(words: str, answer: bool) -> None:
    assert {a_row(Login=f" {word} ").switches[Switch.LOGIN] for word in words.split()} == {answer}


def test_an_empty_cell_says_nothing() -> None:
    row = a_row(Name=" Rossi ", Login=" ", Type="", E_mail="\u00a0")
    assert (row.account_name, row.switches, row.account_kind, row.addresses, row.errors) == ("Rossi", {}, None, {}, [])


@pytest.mark.parametrize("word", ["maybe", "2", "ja", "yes and no", "x" * 100_000, "mrossi", "-", "v"])
def test_what_is_neither_yes_nor_no_is_told(word: str) -> None:
    (error,) = a_row(Login=word).errors
    assert (error.row, error.column, error.code) == (1, "Login", ErrorCode.INVALID)
    assert error.message.endswith("means neither yes nor no.")
    assert len(error.message) < 100


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Company|COMPANY|azienda|Società|ditta|persona giuridica", AccountKind.COMPANY),
        ("individual|Persona  fisica|privato", AccountKind.INDIVIDUAL),
        ("other|ALTRO|associazione", AccountKind.OTHER),
    ],
)
def test_kinds_of_accounts_are_said_in_both_languages(words: str, kind: AccountKind) -> None:
    assert {a_row(Type=word).account_kind for word in words.split("|")} == {kind}
    assert wrong(Type="S.r.l.") == [("Type", ErrorCode.INVALID)]


def test_the_last_name_comes_last_wherever_it_stands() -> None:
    assert a_row(Surname=" Rossi", First_name="Anna  ").contact_name == "Anna Rossi"
    assert a_row(Surname="Rossi").contact_name == "Rossi"


@pytest.mark.parametrize(
    "address",
    ["anna", "anna@", "a@b.test; c@d.test", "a@b.test,c@d.test", "a@" + "x" * 1_000_000, "a\n@b.test", "a@@b.test"],
)
def test_what_is_no_address_is_told(address: str) -> None:
    assert wrong(E_mail=address) == [("E-mail", ErrorCode.ADDRESS_INVALID)]


def test_an_address_is_compared_as_everywhere_and_stands_once_in_a_row() -> None:
    assert a_row(E_mail=" Anna@Rossi.TEST ").addresses[EMAIL].key == "anna@rossi.test"
    assert wrong(E_mail="anna@rossi.test", Work_e_mail="ANNA@rossi.test") == [("Work e-mail", ErrorCode.ALREADY_TAKEN)]


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    row = a_row(Name="x" * 201, Code="y" * 31, Type="?", Surname="a\x07", E_mail="z", Login="?", Notes="\x07" * 500)
    assert [error.column for error in row.errors] == ["Name", "Code", "Type", "E-mail", "Login", "Surname"]


@pytest.mark.parametrize("cell", ["#N/A", "#N/D", "#RIF!", "#?", "Citt\ufffd"])
def test_what_is_no_value_is_not_taken_for_one(cell: str) -> None:
    assert wrong(Name=cell) == [("Name", ErrorCode.INVALID)]
    assert wrong(Notes=cell) == []


def test_a_row_that_cannot_be_taken_is_one_error() -> None:
    (client,) = client_rows(Sheet(HEADERS, rows_of()), COLUMNS, [Row(7, ("", *["x"] * 20), "It is broken.")])
    (error,) = client.errors
    assert (error.row, error.column, error.message, len(client.cells)) == (7, None, "It is broken.", 21)
