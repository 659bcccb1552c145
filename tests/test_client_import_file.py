"""From the uploaded file to what each row says (R40)."""

from io import BytesIO
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from models.account import AccountKind
from models.client_import.columns import ImportField, guess, samples
from models.client_import.file import read
from models.client_import.values import client_rows
from models.contact import FieldRef
from models.errors import ErrorCode, Refusal
from models.ground import files
from models.ground.settings import Settings
from models.sheet.sheet import Sheet
from models.toggles import Switch

FIRM = uuid7()
FILE = """Codice;Ragione sociale;Tipo;Nome;Cognome;E-mail;PEC;Accesso portale;Email sync
V1;Rossi & Figli;azienda;Anna;Rossi;anna@rossi.test;rossi@pec.test;sì;x
;Verdi;persona;;;verdi;;;0
"""


async def uploaded(content: bytes, place: Path) -> Sheet:
    files.open_files(Settings(var=place))
    name = await files.name_of_large(BytesIO(content))
    await files.keep(FIRM, {name: content})
    return await read(name, FIRM)


async def test_a_file_says_what_each_client_is(tmp_path: Path) -> None:
    sheet = await uploaded(FILE.encode("cp1252"), tmp_path)
    columns = guess(sheet)
    assert columns == {
        "Codice": ImportField.ACCOUNT_CODE,
        "Ragione sociale": ImportField.ACCOUNT_NAME,
        "Tipo": ImportField.ACCOUNT_KIND,
        "Nome": ImportField.CONTACT_NAME,
        "Cognome": ImportField.CONTACT_NAME,
        "E-mail": FieldRef(name="Email"),
        "PEC": FieldRef(name="PEC"),
        "Accesso portale": ImportField.LOGIN,
        "Email sync": ImportField.EMAIL_SYNC,
    }
    assert samples(sheet)["Ragione sociale"] == ("Rossi & Figli", "Verdi")
    rossi, verdi = client_rows(sheet, columns)
    assert (rossi.account_code, rossi.account_name, rossi.account_kind) == ("V1", "Rossi & Figli", AccountKind.COMPANY)
    assert (rossi.contact_name, rossi.switches) == ("Anna Rossi", {Switch.LOGIN: True, Switch.EMAIL_SYNC: True})
    assert {field.name: typed.text for field, typed in rossi.addresses.items()} == {
        "Email": "anna@rossi.test",
        "PEC": "rossi@pec.test",
    }
    assert (rossi.errors, verdi.account_kind, verdi.switches) == (
        [],
        AccountKind.INDIVIDUAL,
        {Switch.EMAIL_SYNC: False},
    )
    (error,) = verdi.errors
    assert (error.row, error.column, error.code) == (2, "E-mail", ErrorCode.ADDRESS_INVALID)


async def test_a_file_that_is_none_is_refused_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="This is a PDF") as refused:
        await uploaded(b"%PDF-1.7 ...", tmp_path)
    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("uploadId",))
