"""An import of clients: what its rows become, what stands against them, and what it leaves alone (R40)."""

import pytest

from models import account
from models.client_import.stepping import step
from models.errors import ErrorCode, Refusal
from models.ground import store as database
from models.run import Pace, RunKind, RunStatus, claim
from models.toggles import Invite, NewToggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, a_member, an_account, an_address, counting, switched
from tests.support.firm.imports import all_end, asked, clients, errors, imported, mailed, outcomes, said, view

pytestmark = pytest.mark.usefixtures("store")
ALL_ON = NewToggles(login=True, notify=True, email_sync=True)
by = owner_of_a_new_firm


def row(client: str = "", contact: str = "", email: str = "", **more: str) -> dict[str, str]:
    return {"Client": client, "Contact": contact, "E-mail": email, **more}


async def test_several_rows_of_one_new_account_make_one(by: Viewer) -> None:
    run = await imported(
        by, [row("Rossi", "Anna", "anna@rossi.test"), row(" rossi ", "Beppe", "beppe@rossi.test"), row("Verdi")]
    )
    assert await clients(by) == [
        "V1 Rossi: Anna (Email anna@rossi.test )",
        "V1 Rossi: Beppe (Email beppe@rossi.test )",
        "V2 Verdi",
    ]
    assert (run.status, run.rows, run.rows_done) == (RunStatus.FINISHED, 3, 3)
    assert (run.accounts_created, run.contacts_created, run.rows_created) == (2, 2, 3)


async def test_the_same_contact_twice_in_a_file_is_one(by: Viewer) -> None:
    run = await imported(
        by,
        [row("Rossi", "Anna", "anna@rossi.test"), row("Verdi", "Anna", "ANNA@rossi.test"), row("Verdi", "Anna")],
    )
    assert await clients(by) == [
        "V1 Rossi: Anna (Email anna@rossi.test )",
        "V2 Verdi: Anna (Email anna@rossi.test )",
    ]
    assert (run.contacts_created, run.contacts_matched) == (1, 0)
    assert await outcomes(by, run.id) == ["CREATED", "CREATED", "MATCHED"]


async def test_an_account_is_matched_by_its_code_then_by_its_name(by: Viewer) -> None:
    for code, name in (("V1", "Rossi  Figli"), ("V2", "Verdi")):
        await an_account(by, code=code, name=name, address=f"{code}@client.test")
    run = await imported(
        by,
        [
            row("Another name", "Anna", "anna@rossi.test", Code="v1"),
            row("ROSSI FIGLI", "Beppe", "beppe@rossi.test"),
            row("Verdi", "Carla", "carla@verdi.test", Code="K7"),
        ],
    )
    assert (run.accounts_created, run.contacts_created, run.rows_with_errors) == (0, 3, 0)
    assert [client for client in await clients(by) if "valsecchi" not in client.lower()] == [
        "V1 Rossi  Figli: Anna (Email anna@rossi.test )",
        "V1 Rossi  Figli: Beppe (Email beppe@rossi.test )",
        "V2 Verdi: Carla (Email carla@verdi.test )",
    ]


async def test_two_clients_of_one_name_with_codes_of_their_own_are_two(by: Viewer) -> None:
    rows = [row("Mario Rossi", Code="M1"), row("Mario Rossi", Code="M2")]
    assert (await imported(by, rows)).accounts_created == 2
    assert (await imported(by, rows)).accounts_created == 0
    assert await clients(by) == ["M1 Mario Rossi", "M2 Mario Rossi"]


async def test_a_new_code_is_no_namesake_whose_own_code_stands_in_the_file(by: Viewer) -> None:
    await imported(by, [row("Mario Rossi", Code="M1")])
    await imported(by, [row("Mario Rossi", Code="M2"), row("Mario Rossi", Code="M1")])
    assert await clients(by) == ["M1 Mario Rossi", "M2 Mario Rossi"]


async def test_what_any_row_says_itself_comes_before_the_files_own_setting(by: Viewer) -> None:
    rows = [row("Rossi", "Anna", "anna@rossi.test"), row("Rossi", "Anna", "anna@rossi.test", Login="no")]
    await imported(by, rows, toggles=NewToggles(login=True, notify=True, invite=Invite()))
    assert (await clients(by), await mailed(by)) == (["V1 Rossi: Anna (Email anna@rossi.test N)"], [])


async def test_what_may_be_one_of_several_accounts_is_an_error(by: Viewer) -> None:
    for code in ("V1", "V2"):
        await account.create(by, account.NewAccount("Rossi", account.AccountKind.COMPANY, code))
    rows = [row("Rossi"), row("rossi", Code="V1"), row("Bianchi", Code="B1"), row("Bianchi", Code="B2"), row("bianchi")]
    run = await imported(by, rows)
    assert await said(by, run.id) == [
        "5 Client AMBIGUOUS_ACCOUNT"
    ]  # row 1 is of the only code that the file has for it
    run = await imported(by, [row("Rossi")])
    assert await said(by, run.id) == ["1 Client AMBIGUOUS_ACCOUNT"]


async def test_codes_that_an_import_gives_are_none_of_the_file(by: Viewer) -> None:
    await imported(by, [row("Rossi"), row("Verdi", Code="V1"), row("Bianchi", email="nobody", Code="V7")])
    assert await clients(by) == ["V1 Verdi", "V8 Rossi"]


async def test_a_code_without_a_name_makes_no_account(by: Viewer) -> None:
    run = await imported(
        by, [row(contact="Anna", Code="K1"), row(contact="Beppe"), row("Verdi", Code="K2"), row(Code="K2")]
    )
    assert await said(by, run.id) == ["1 Client INVALID", "2 Client INVALID"]
    assert await clients(by) == ["K2 Verdi"]


async def test_the_name_decides_where_an_address_is_on_several_contacts(by: Viewer) -> None:
    await a_contact(by, "family@rossi.test", name="Anna Rossi")
    await a_contact(by, "family@rossi.test", name="Beppe Rossi")
    rows = [
        row("Rossi", "beppe  ROSSI", "family@rossi.test"),
        row("Rossi", "Carla", "family@rossi.test"),
        row("Rossi", "", "family@rossi.test"),
    ]
    run = await imported(by, rows)
    assert await said(by, run.id) == ["2 E-mail AMBIGUOUS_CONTACT", "3 E-mail AMBIGUOUS_CONTACT"]
    assert await clients(by) == ["V1 Rossi: Beppe Rossi (Email family@rossi.test )"]
    assert (run.contacts_created, run.contacts_matched) == (0, 1)


async def test_a_field_holds_one_address_and_one_that_is_new_is_made_on_the_fly(by: Viewer) -> None:
    await imported(by, [row("Rossi", "Anna", "anna@rossi.test", Work="anna@work.test")])
    run = await imported(by, [row("Rossi", "Anna", "other@rossi.test", Work="anna@work.test")])
    assert await said(by, run.id) == ["1 E-mail FIELD_TAKEN"]
    assert await clients(by) == ["V1 Rossi: Anna (Email anna@rossi.test , Work email anna@work.test )"]


async def test_a_contact_that_was_there_gets_its_new_address_wherever_it_is_linked(by: Viewer) -> None:
    await imported(by, [row("Rossi", "Anna", "anna@rossi.test"), row("Verdi", "Anna", "anna@rossi.test")])
    run = await imported(by, [row("Verdi", "Anna", "anna@rossi.test", Work="anna@work.test")], toggles=ALL_ON)
    assert await clients(by) == [
        "V1 Rossi: Anna (Email anna@rossi.test , Work email anna@work.test )",
        "V2 Verdi: Anna (Email anna@rossi.test , Work email anna@work.test LNE)",
    ]
    assert await outcomes(by, run.id) == ["MATCHED"]


async def test_defaults_are_for_who_is_new_to_the_account_and_a_rows_own_columns_for_all(by: Viewer) -> None:
    await imported(by, [row("Rossi", "Anna", "anna@rossi.test"), row("Rossi", "Beppe", "beppe@rossi.test")])
    rows = [
        row("Rossi", "Anna", "anna@rossi.test"),
        row("Rossi", "Beppe", "beppe@rossi.test", Login="yes"),
        row("Rossi", "Carla", "carla@rossi.test", Notify="no"),
    ]
    await imported(by, rows, toggles=ALL_ON)
    assert await clients(by) == [
        "V1 Rossi: Anna (Email anna@rossi.test )",
        "V1 Rossi: Beppe (Email beppe@rossi.test L)",
        "V1 Rossi: Carla (Email carla@rossi.test LE)",
    ]
    await imported(by, [row("Rossi", "Carla", "carla@rossi.test", Login="no")], toggles=ALL_ON)
    assert (await clients(by))[-1] == "V1 Rossi: Carla (Email carla@rossi.test E)"


async def test_two_rows_that_contradict_each_other_are_an_error_of_the_second(by: Viewer) -> None:
    rows = [row("Rossi", "Anna", "anna@rossi.test", Login="yes"), row("Rossi", "Anna", "anna@rossi.test", Login="no")]
    for _ in range(2):
        run = await imported(by, rows)
        assert await said(by, run.id) == ["2 Login INVALID"]
    assert await clients(by) == ["V1 Rossi: Anna (Email anna@rossi.test L)"]


async def test_what_stands_against_a_switch_is_an_error_of_the_row(by: Viewer) -> None:
    ours = await a_member(by, email="chiara@studio.test")
    assert ours.firm_id == by.firm_id
    closed = await an_account(by, code="V9", name="Closed")
    await account.archive(by, closed.id, archived=True)
    gone = await an_address(by, "gone@rossi.test")
    await database.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", gone)
    rows = [
        row("Rossi", "Chiara", "chiara@studio.test"),
        row("Closed", "Anna", "anna@rossi.test"),
        row("Rossi", "Gone", "gone@rossi.test"),
        row("Rossi", "Nobody", Login="yes"),
        row("Rossi", "Dario", "dario@rossi.test"),
    ]
    invites = NewToggles(login=True, email_sync=True, invite=Invite())
    run = await imported(by, rows, toggles=invites)
    assert await said(by, run.id) == [
        "1 E-mail OWN_ADDRESS",
        "2 E-mail ACCOUNT_ARCHIVED",
        "2 E-mail ACCOUNT_ARCHIVED",
        "3 E-mail ADDRESS_SUPPRESSED",
        "4 Login NO_ADDRESS",
    ]
    assert await mailed(by) == ["dario@rossi.test"]
    assert run.invited == 1


async def test_one_letter_a_person_however_many_accounts_and_chunks(by: Viewer) -> None:
    active = await an_address(by, "active@rossi.test", activated=True)
    rows = [
        row(name, person, f"{person.lower()}@rossi.test") for name in ("A", "B", "C") for person in ("Anna", "Active")
    ]
    invites = NewToggles(login=True, invite=Invite("Welcome", again=True))
    run = await imported(by, rows, toggles=invites)
    assert await mailed(by) == ["active@rossi.test", "anna@rossi.test"]
    assert run.invited == 1
    assert active
    covered = await database.value("SELECT count(*) FROM invitation_account WHERE firm_id = $1", by.firm_id)
    assert covered == 3


async def test_the_same_file_imported_again_changes_nothing_and_tells_nobody(by: Viewer) -> None:
    rows = [
        row("Rossi", "Anna", "anna@rossi.test", Login="yes", Work="anna@work.test"),
        row("Rossi", "Beppe", "beppe@rossi.test", Sync="no"),
        row("Verdi", "Anna", "anna@rossi.test"),
        row("Verdi", "nobody"),
        row("Bianchi"),
    ]
    invites = NewToggles(login=True, notify=True, invite=Invite())
    await imported(by, rows, toggles=invites)
    before, letters = await clients(by), await mailed(by)
    stood = await database.value("SELECT max(position) FROM journal_entry WHERE firm_id = $1", by.firm_id)
    run = await imported(by, rows, toggles=invites)
    assert (await clients(by), await mailed(by)) == (before, letters)
    assert await outcomes(by, run.id) == ["MATCHED"] * 5
    assert (run.accounts_created, run.contacts_created, run.contacts_matched, run.invited) == (0, 0, 3, 0)
    kinds = await database.rows(
        "SELECT DISTINCT kind FROM journal_entry WHERE firm_id = $1 AND position > $2 ORDER BY 1", by.firm_id, stood
    )
    assert [entry["kind"] for entry in kinds] == ["IMPORT_ENDED", "IMPORT_STARTED", "NOTIFICATIONS_MOVED", "RUN_MOVED"]


async def test_a_dry_run_reports_the_same_and_changes_nothing(by: Viewer) -> None:
    await an_account(by, code="V1", name="Rossi", address="anna@rossi.test")
    rows = [
        row("Rossi", "Anna", "anna@rossi.test", Login="yes"),
        row("Verdi", "Beppe", "nobody"),
        row("Bianchi", "Carla", "carla@b.test"),
    ]
    before = await clients(by)
    stood = await database.value("SELECT max(position) FROM journal_entry WHERE firm_id = $1", by.firm_id)
    dry = await imported(by, rows, dry_run=True)
    assert await clients(by) == before
    kinds = await database.rows(
        "SELECT DISTINCT kind FROM journal_entry WHERE firm_id = $1 AND position > $2", by.firm_id, stood
    )
    assert [entry["kind"] for entry in kinds] == ["RUN_MOVED"]
    run = await imported(by, rows)
    assert await outcomes(by, dry.id) == await outcomes(by, run.id)
    assert await errors(by, dry.id) == await errors(by, run.id)
    assert figures(dry) == figures(run)


def figures(run: object) -> list[int]:
    names = ("rows_created", "rows_matched", "rows_with_errors", "accounts_created", "contacts_created")
    return [getattr(run, name) for name in (*names, "contacts_matched", "invited", "rows_done")]


async def test_whoever_began_it_is_told_in_plain_words(by: Viewer) -> None:
    await imported(by, [row("Rossi", "Anna", "anna@rossi.test"), row("Verdi", "Beppe", "nobody")])
    texts = await database.rows("SELECT text FROM notification WHERE member_id = $1", by.member_id)
    assert [entry["text"] for entry in texts] == [
        "Import of 2 rows of clients: 1 account made, 1 contact made, 0 rows of who was there already, 1 row with"
        " errors. Mend the rows with errors and import them again."
    ]


async def test_without_the_right_nothing_begins_and_whoever_loses_it_midway_ends_there(by: Viewer) -> None:
    with pytest.raises(Refusal) as refused:
        await asked(await a_member(by, role=TeamRole.EMPLOYEE), [row("Rossi")])
    assert refused.value.code is ErrorCode.NOT_ALLOWED
    employee = await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    run_id = await asked(employee, [row("Rossi"), row("Verdi", "Anna", "anna@verdi.test")])
    await database.execute("UPDATE team_member SET manage_accounts = false WHERE id = $1", employee.member_id)
    await all_end()
    assert await said(by, run_id) == ["1 None NOT_ALLOWED", "2 None NOT_ALLOWED"]
    assert await clients(by) == []
    assert (await view(by, run_id)).rows_with_errors == 2


async def test_a_chunk_takes_as_many_statements_for_many_rows_as_for_few(by: Viewer) -> None:
    few, many = [await statements_of(by, accounts) for accounts in (2, 60)]
    assert few == many


async def statements_of(by: Viewer, accounts: int) -> int:
    """Of the chunk that has all of them, each with a contact who is invited, of which every other one is there."""
    rows = [row(f"Client {at} of {accounts}", f"Anna {at}", f"a{at}@{accounts}.test") for at in range(accounts)]
    await imported(by, rows[::2])
    await asked(by, rows, toggles=NewToggles(login=True, email_sync=True, invite=Invite()))
    held = await claim("a worker", [RunKind.CLIENT_IMPORT])
    assert held is not None
    await step(held, Pace())
    async with counting() as statements:
        assert not await step(held, Pace())
    return len(statements)


async def test_an_unlinked_email_keeps_its_login_and_gets_no_default(by: Viewer) -> None:
    made = await an_account(by, code="V1", name="Rossi", address="anna@rossi.test")
    await switched(by, made.id, made.address, login=True)
    await database.execute("DELETE FROM contact_email WHERE contact_id = $1", made.contact)
    await database.execute("DELETE FROM account_contact WHERE contact_id = $1", made.contact)
    await imported(by, [row("Rossi", "Anna", "anna@rossi.test")], toggles=NewToggles(notify=True))
    assert await clients(by) == ["V1 Rossi: Anna (Email anna@rossi.test L)"]
