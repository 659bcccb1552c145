"""The errors of a bulk update as a file for spreadsheets, by a signed link (R29)."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from graph.ids import Kind, global_id
from models import api_token, bulk_update, contact, firm_settings, links, session, team
from models.bulk_update import BulkEdit, BulkOutcome
from models.bulk_update.error_list import error_list
from models.contact import ContactEmail, FieldRef
from models.csv_file import ROWS_AT_ONCE, CsvFile
from models.ground import clock, store
from models.links import FileKind, Opened
from models.session import SignedIn
from models.toggles import Invite
from models.viewer import ApiScope, System, TeamRole, Viewer
from tests.support.api.client import Api
from tests.support.database.store import firms_key
from tests.support.firm.bulk_updates import ALL, DISABLE, ENABLE, all_end, asked, claimed, ran, stepped, view
from tests.support.firm.factories import a_client, a_contact, a_firm, an_account, counting, linked, signed_in

BULK = Kind.BULK_UPDATE
EVERYTHING = BulkEdit(ALL, login=ENABLE, notify=ENABLE, email_sync=ENABLE, invite=Invite())
MISSING = "was not enabled, because there is no e-mail address. Add one to a contact."
SUPPRESSED = "Login is on; no invitation was sent, because letters to this address came back."


@pytest.fixture
async def owner(store: str) -> SignedIn:
    return await signed_in(await a_firm())


@pytest.fixture
def by(owner: SignedIn) -> Viewer:
    return owner.viewer


async def without_address(by: Viewer, code: str, *, name: str = "Nobody", contact_name: str | None = None) -> UUID:
    made = await an_account(by, code=code, name=name)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    if contact_name:
        await contact.update(by, made.contact, name=contact_name)
    return made.id


async def suppressed(address: UUID) -> None:
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", address)


async def downloaded(by: Viewer, run_id: UUID) -> tuple[str, bytes]:
    found = await error_list(by, run_id)
    assert isinstance(found, CsvFile)
    return found.name, b"".join([piece async for piece in found.pieces])


async def lines_of(by: Viewer, run_id: UUID) -> list[dict[str, str]]:
    return read((await downloaded(by, run_id))[1])


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))


async def test_each_error_is_a_line_in_the_order_of_the_report(by: Viewer) -> None:
    made = await an_account(by, code="B2", name="Vetreria", address="anna@client.test")
    await linked(by, made.id, await a_contact(by, "anna@client.test", name="Bruno, detto “Nino”"))
    await suppressed(made.address)
    await without_address(by, "A1", name="Rossi & Figli")
    run_id = await ran(by, EVERYTHING)
    name = (await contact.by_ids(by, [made.contact]))[made.contact].name
    assert [tuple(line.values()) for line in await lines_of(by, run_id)] == [
        ("A1", "Rossi & Figli", "", "", "Login", "NO_ADDRESS", f"Login {MISSING}"),
        ("A1", "Rossi & Figli", "", "", "Notify", "NO_ADDRESS", f"Notify {MISSING}"),
        ("A1", "Rossi & Figli", "", "", "Email sync", "NO_ADDRESS", f"Email sync {MISSING}"),
        (
            *("B2", "Vetreria", f"Bruno, detto “Nino”, {name}", "anna@client.test", "Login", "ADDRESS_SUPPRESSED"),
            SUPPRESSED,
        ),
    ]


async def test_a_contact_without_an_address_is_named_where_others_have_one(by: Viewer) -> None:
    made = await an_account(by, code="A", address="anna@client.test")
    await linked(by, made.id, await a_contact(by, name="Carla"))
    run_id = await ran(by, BulkEdit(ALL, login=ENABLE))
    (line,) = await lines_of(by, run_id)
    assert (line["Contacts"], line["Address"], line["Code"]) == ("Carla", "", "NO_ADDRESS")


async def test_it_has_exactly_the_errors_that_the_report_has(by: Viewer) -> None:
    for number in range(12):
        made = await an_account(by, code=f"K{number}", address=f"{number}@client.test")
        if number % 3 == 0:
            await suppressed(made.address)
        await without_address(by, f"N{number}")
    run_id = await ran(by, EVERYTHING)
    tallies = (await view(by, run_id)).tallies
    lines = await lines_of(by, run_id)
    assert len(lines) == sum(of_one[BulkOutcome.ERROR] for of_one in tallies.values()) == 4 + 12 * 3
    assert {line["Account code"] for line in lines} == {f"N{n}" for n in range(12)} | {"K0", "K3", "K6", "K9"}


async def test_spreadsheets_know_it_by_its_mark_and_its_ends_of_lines(by: Viewer) -> None:
    await without_address(by, "A1", name="Société Žižka")
    _, raw = await downloaded(by, await ran(by, BulkEdit(ALL, login=ENABLE)))
    assert raw.startswith("\ufeffAccount code,Account,Contacts,Address,Setting,Code,What happened\r\n".encode())
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == 2
    assert "Société Žižka" in raw.decode()


async def test_its_name_has_the_day_by_the_firms_clock(by: Viewer) -> None:
    await firm_settings.update(by, {"time_zone": "Pacific/Auckland"})
    clock.set_source(lambda: datetime(2026, 11, 29, 18, tzinfo=UTC))
    run_id = await ran(by, BulkEdit(ALL, login=ENABLE))
    assert (await downloaded(by, run_id))[0] == "bulk-update-errors-2026-11-30.csv"


async def test_without_errors_there_are_the_headings_alone(by: Viewer) -> None:
    await an_account(by, address="anna@client.test")
    assert await lines_of(by, await ran(by, BulkEdit(ALL, login=ENABLE))) == []


async def test_a_cancelled_run_has_the_errors_of_what_it_reached(by: Viewer) -> None:
    for code in "ABC":
        await without_address(by, code)
    run_id = await asked(by, BulkEdit(ALL, login=ENABLE))
    held = await claimed()
    for _ in ("the plan", "A"):
        await stepped(held)
    assert await error_list(by, run_id) is None, "it has not ended"
    await bulk_update.cancel(by, run_id)
    assert [line["Account code"] for line in await lines_of(by, run_id)] == ["A"]


async def test_thousands_of_errors_are_read_some_at_a_time(by: Viewer) -> None:
    made = await without_address(by, "A1")
    run_id = await ran(by, BulkEdit(ALL, login=ENABLE))
    count = 2 * ROWS_AT_ONCE + 100
    await store.execute(_MANY, by.firm_id, run_id, made, count)
    async with counting() as statements:
        found = await error_list(by, run_id)
        assert found is not None
        assert len(statements) == 1, "where they stand"
        lines = 0
        async for piece in found.pieces:
            lines += piece.count(b"\r\n")
            assert piece.count(b"\r\n") <= ROWS_AT_ONCE
    assert lines == 1 + 1 + count
    assert len(statements) == 1 + 3


_MANY = """
INSERT INTO bulk_update_item (firm_id, run_id, place, turn, account_id, login_outcome, login_error)
SELECT $1, $2, 1 + n, 1, $3, 'ERROR', 'NO_ADDRESS' FROM generate_series(1, $4::int) n
"""


async def test_names_and_addresses_that_are_formulas_come_as_text(by: Viewer) -> None:
    evil = '=HYPERLINK("http://evil.test","Rossi")'
    made = await an_account(by, code="=1", name=evil, address="+39@client.test")
    await contact.update(by, made.contact, name="＝cmd|' /C calc'!A0")
    await suppressed(made.address)
    await without_address(by, "-2", name="\u3000@SUM(A1)")
    run_id = await ran(by, BulkEdit(ALL, login=ENABLE, invite=Invite()))
    lines = {line["Address"]: line for line in await lines_of(by, run_id)}
    first, second = lines["'+39@client.test"], lines[""]
    assert first["Account code"] == "'=1"
    assert first["Account"] == f"'{evil}"
    assert first["Contacts"] == "'＝cmd|' /C calc'!A0"
    assert (second["Account code"], second["Account"]) == ("'-2", "'@SUM(A1)")


def link(api: Api, run_id: UUID, who: Viewer) -> str:
    return link_to(api, Opened(who.firm_id, run_id, who.session_id))


def link_to(api: Api, to: Opened) -> str:
    return links.file_link(api.url, FileKind.BULK_UPDATE_ERRORS, key=firms_key(to.firm_id), to=to, name="errors.csv")


async def a_run(by: Viewer) -> UUID:
    await without_address(by, "A1")
    return await ran(by, BulkEdit(ALL, login=ENABLE))


def assert_gone(answer: httpx.Response) -> None:
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert "expired" in answer.text


async def test_it_is_saved_and_not_shown(api: Api, owner: SignedIn) -> None:
    run_id = await a_run(owner.viewer)
    answer = await api.http.get(link(api, run_id, owner.viewer))
    assert answer.status_code == 200
    assert [line["Code"] for line in read(answer.content)] == ["NO_ADDRESS"]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    day = clock.now().date()
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''bulk-update-errors-{day}.csv"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_the_api_links_it_once_the_run_has_ended(api: Api, owner: SignedIn) -> None:
    await without_address(owner.viewer, "A1")
    key = await asked(owner.viewer, BulkEdit(ALL, login=ENABLE))
    document, variables = "query($id: ID!) { bulkUpdate(id: $id) { errorsCsvUrl } }", {"id": global_id(BULK, key)}
    assert (await api.ask(document, variables, as_=owner))["bulkUpdate"] == {"errorsCsvUrl": None}
    await all_end()
    url = (await api.ask(document, variables, as_=owner))["bulkUpdate"]["errorsCsvUrl"]
    assert url.startswith(api.url)
    assert [line["Account code"] for line in read((await api.http.get(url)).content)] == ["A1"]


async def test_a_link_is_good_for_an_hour_and_as_long_as_the_session(api: Api, owner: SignedIn) -> None:
    run_id, now = await a_run(owner.viewer), clock.now()
    clock.set_source(lambda: now)
    url = link(api, run_id, owner.viewer)
    clock.set_source(lambda: now + timedelta(minutes=60, seconds=1))
    assert_gone(await api.http.get(url))
    clock.set_source(lambda: now + timedelta(minutes=59))
    assert (await api.http.get(url)).status_code == 200
    await session.sign_out(owner.viewer)
    assert_gone(await api.http.get(url))


async def test_a_link_dies_with_the_colleague_and_with_the_api_token(api: Api, owner: SignedIn) -> None:
    run_id = await a_run(owner.viewer)
    employee = await signed_in(System(owner.viewer.firm_id), role=TeamRole.EMPLOYEE)
    token = await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.READ])
    assert token.token
    by_token = await session.viewer_of(token.token)
    assert isinstance(by_token, Viewer)
    urls = [link(api, run_id, who) for who in (employee.viewer, by_token)]
    assert [(await api.http.get(url)).status_code for url in urls] == [200, 200], (
        "whoever reads runs reads their errors"
    )
    await team.remove(owner.viewer, employee.viewer.member_id)
    await api_token.revoke(owner.viewer, token.done.ids[0])
    for url in urls:
        assert_gone(await api.http.get(url))


async def test_nobody_else_sees_it(api: Api, owner: SignedIn) -> None:
    by = owner.viewer
    run_id = await a_run(by)
    client = await a_client(by, await an_account(by, address="anna@client.test", login=True))
    other = await signed_in(await a_firm())
    for who in (client.viewer, other.viewer):
        to = Opened(who.firm_id, run_id, who.session_id)
        assert_gone(await api.http.get(link_to(api, to)))
    crossed = Opened(other.viewer.firm_id, run_id, by.session_id)
    assert_gone(await api.http.get(link_to(api, crossed)))
    unknown = Opened(by.firm_id, uuid7(), by.session_id)
    assert_gone(await api.http.get(link_to(api, unknown)))


async def test_a_run_that_has_not_ended_has_no_file(api: Api, owner: SignedIn) -> None:
    run_id = await asked(owner.viewer, BulkEdit(ALL, login=DISABLE))
    assert_gone(await api.http.get(link(api, run_id, owner.viewer)))
    await all_end()
    assert (await api.http.get(link(api, run_id, owner.viewer))).status_code == 200


async def test_an_altered_link_leads_nowhere(api: Api, owner: SignedIn) -> None:
    url = link(api, await a_run(owner.viewer), owner.viewer)
    before, kind, token, name = url.rsplit("/", 3)
    firm, run, expires, session_id, signature = token.split(".")
    for altered in (
        f"{firm}.{run}.{int(expires) + 1}.{session_id}.{signature}",
        f"{firm}.{uuid7().hex}.{expires}.{session_id}.{signature}",
        f"{firm}.{run}.{expires}.{signature}",
        f"{firm}.{run}.{expires}.{session_id}.",
        "x",
        "%00",
    ):
        assert_gone(await api.http.get(f"{before}/{kind}/{altered}/{name}"))
    for other in {*FileKind} - {FileKind.BULK_UPDATE_ERRORS}:
        assert_gone(await api.http.get(f"{before}/{other}/{token}/{name}"))


async def test_the_end_is_told_in_inbox_plus_in_the_firms_language(by: Viewer) -> None:
    await firm_settings.update(by, {"language": "it"})
    await an_account(by, code="A", address="anna@client.test")
    await without_address(by, "B")
    await ran(by, BulkEdit(ALL, login=ENABLE))
    text = await store.value("SELECT text FROM notification WHERE kind = 'BULK_UPDATE_FINISHED'")
    assert text == "Modifica in blocco di 2 account: Login acceso per 1 indirizzo, 1 errore."
