"""An import of clients as the pages ask for it: a file, a dry run, the run, live, and the rows to mend (R40)."""

from typing import Any

import pytest

from graph.ids import Kind, key_of
from models.ground import store as database
from models.session import SignedIn
from models.viewer import Viewer
from tests.support.api.client import Api, bearer
from tests.support.firm.factories import a_firm, signed_in
from tests.support.firm.imports import all_end, clients

IMPORT = """mutation($input: ImportClientsInput!) { importClients(input: $input) { errors { code message path } import {
  id status dryRun rows warnings columns { header samples field emailField } } } }"""
REPORT = """query($id: ID!) { node(id: $id) { ... on Import { status dryRun rows rowsDone rowsCreated rowsMatched
  rowsWithErrors accountsCreated contactsCreated contactsMatched invited badRowsCsvUrl startedBy { name } endedAt
  rowErrors { totalCount nodes { row column code message } } } } }"""
LIVE = "subscription($id: ID!) { importProgress(id: $id) { status rows rowsDone } }"
FILE = (
    "Codice;Ragione sociale;Referente;E-mail;PEC\r\n"
    "K1;Società Rossi;Anna;anna@rossi.test;rossi@pec.test\r\n"
    "K1;Società Rossi;=Beppe;beppe;\r\n"
    "K2;Verdi;Carla;carla@verdi.test;\r\n"
    ";;Nobody's;nobody@verdi.test;\r\n"
)


async def uploaded(api: Api, content: bytes, owner: SignedIn[Viewer]) -> str:
    file = ("clients.csv", content, "text/csv")
    answer = await api.http.post("/uploads", files={"file": file}, headers=bearer(owner))
    return str(answer.json()["id"])


async def asked(api: Api, owner: SignedIn[Viewer], upload_id: str, **more: Any) -> Any:
    return (await api.ask(IMPORT, {"input": {"uploadId": upload_id, **more}}, as_=owner))["importClients"]


async def report(api: Api, owner: SignedIn[Viewer], id: str) -> Any:
    return (await api.ask(REPORT, {"id": id}, as_=owner))["node"]


async def test_from_the_file_to_the_rows_that_are_mended_and_imported_again(api: Api, owner: SignedIn[Viewer]) -> None:
    upload_id = await uploaded(api, FILE.encode("cp1252"), owner)
    dry = await asked(api, owner, upload_id, dryRun=True)
    assert dry["errors"] == []
    assert (dry["import"]["status"], dry["import"]["dryRun"], dry["import"]["rows"]) == ("QUEUED", True, 4)
    assert len(dry["import"]["warnings"]) == 1  # the encoding had to be guessed
    assert [(one["header"], one["field"], one["emailField"]) for one in dry["import"]["columns"]] == [
        ("Codice", "ACCOUNT_CODE", None),
        ("Ragione sociale", "ACCOUNT_NAME", None),
        ("Referente", "CONTACT_NAME", None),
        ("E-mail", None, "Email"),
        ("PEC", None, "PEC"),
    ]
    run = await asked(api, owner, upload_id, idempotencyKey="once", toggles={"notify": True})
    await all_end()
    foreseen, came = await report(api, owner, dry["import"]["id"]), await report(api, owner, run["import"]["id"])
    assert foreseen["rowErrors"] == came["rowErrors"]
    assert [(error["row"], error["column"], error["code"]) for error in came["rowErrors"]["nodes"]] == [
        (2, "E-mail", "ADDRESS_INVALID"),
        (4, "Ragione sociale", "INVALID"),
    ]
    assert (came["status"], came["rowsCreated"], came["rowsWithErrors"], came["startedBy"]) == (
        *("FINISHED", 2, 2),
        {"name": "Chiara"},
    )
    made = [
        "K1 Società Rossi: Anna (Email anna@rossi.test N, PEC rossi@pec.test N)",
        "K2 Verdi: Carla (Email carla@verdi.test N)",
    ]
    assert await clients(owner.viewer) == made
    file = await api.http.get(came["badRowsCsvUrl"])
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "What to mend;Codice;Ragione sociale;Referente;E-mail;PEC"
    assert lines[1].startswith("E-mail: beppe is not an e-mail address")
    assert lines[1].endswith(";K1;Società Rossi;'=Beppe;beppe;")
    mended = file.content.decode().replace(";beppe;", ";beppe@rossi.test;").replace(";;;Nobody", ";K2;;Nobody")
    again = await asked(api, owner, await uploaded(api, mended.encode(), owner))
    await all_end()
    assert (await report(api, owner, again["import"]["id"]))["badRowsCsvUrl"] is None
    assert await clients(owner.viewer) == [
        "K1 Società Rossi: =Beppe (Email beppe@rossi.test )",
        *made,
        "K2 Verdi: Nobody's (Email nobody@verdi.test )",
    ]


async def test_the_same_key_gives_the_same_import_also_when_it_and_the_upload_are_gone(
    api: Api, owner: SignedIn[Viewer]
) -> None:
    upload_id = await uploaded(api, FILE.encode(), owner)
    first = await asked(api, owner, upload_id, idempotencyKey="once")
    await all_end()
    await database.execute("DELETE FROM upload")
    again = await asked(api, owner, upload_id, idempotencyKey="once")
    assert again["import"]["id"] == first["import"]["id"]
    assert again["import"]["status"] == "FINISHED"
    other = await asked(api, owner, upload_id, idempotencyKey="once", dryRun=True)
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_what_makes_no_sense_is_refused_with_its_place(api: Api, owner: SignedIn[Viewer]) -> None:
    upload_id = await uploaded(api, FILE.encode(), owner)
    name, mail = {"header": "Codice", "into": {"field": "ACCOUNT_CODE"}}, {"email": {"name": "Email"}}
    elsewhere = await signed_in(await a_firm())
    strange = [name, {"header": "PEC", "into": {"email": {"id": "field_1"}}}, {"header": "Fax", "into": mail}]
    cases: list[tuple[dict[str, Any], list[tuple[str, list[str]]]]] = [
        ({"columns": strange}, [("INVALID", ["columns", "2", "header"])]),
        ({"columns": strange[:2]}, [("NOT_FOUND", ["columns", "1", "into", "email"])]),
        ({"columns": [{"header": "PEC", "into": mail}]}, [("INVALID", ["columns"])]),
        ({"toggles": {"invite": {}}}, [("INVITE_NEEDS_LOGIN", ["toggles", "invite"])]),
        (
            {"toggles": {"login": True, "invite": {"message": "x" * 501}}},
            [("INVALID", ["toggles", "invite", "message"])],
        ),
        ({"uploadId": "upload_1"}, [("NOT_FOUND", ["uploadId"])]),
        ({"uploadId": await uploaded(api, b"Client\n", owner)}, [("INVALID", ["uploadId"])]),
        ({"uploadId": await uploaded(api, FILE.encode(), elsewhere)}, [("NOT_FOUND", ["uploadId"])]),
    ]
    for wish, refusals in cases:
        answer = await asked(api, owner, upload_id, **wish)
        assert [(error["code"], error["path"]) for error in answer["errors"]] == refusals, wish
        assert answer["import"] is None
    assert await database.value("SELECT count(*) FROM run") == 0


async def test_it_is_followed_live_until_its_end(api: Api, owner: SignedIn[Viewer]) -> None:
    run = await asked(api, owner, await uploaded(api, FILE.encode(), owner))
    async with api.follow(LIVE, {"id": run["import"]["id"]}, as_=owner) as states:
        assert (await states.next())["status"] == "QUEUED"
        await all_end()
        state = await states.next()
        while state["status"] != "FINISHED":
            state = await states.next()
        assert (state["rows"], state["rowsDone"]) == (4, 4)
        with pytest.raises(StopAsyncIteration):
            await states.next()


async def test_the_rows_to_mend_are_for_the_team_of_the_firm_alone(api: Api, owner: SignedIn[Viewer]) -> None:
    run = await asked(api, owner, await uploaded(api, FILE.encode(), owner))
    assert (await report(api, owner, run["import"]["id"]))["badRowsCsvUrl"] is None  # it has not ended
    await all_end()
    url = (await report(api, owner, run["import"]["id"]))["badRowsCsvUrl"]
    assert (await api.http.get(url)).status_code == 200
    assert (await api.http.get(url.replace(key_of(Kind.IMPORT, run["import"]["id"]).hex, "0" * 32))).status_code == 404
    await api.ask("mutation { signOut(input: {}) { errors { code } } }", as_=owner)
    assert (await api.http.get(url)).status_code == 404
