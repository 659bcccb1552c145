"""The demo gets as many clients as bulk work needs, as docs/demo.md says."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from mail.demo import crowd, seed
from mail.demo.people import BELLANDI, OWNER_PASSWORD
from models import account, session
from models.account import AccountFilter, LoginStatus
from models.ground import store as database
from models.viewer import System, Viewer
from tests.support.database.store import KEY
from tests.support.processes.switchboard import CHECKOUT, environment

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CROWD = AccountFilter(search="crowd", archived=None)


@pytest.fixture
async def by(store: str) -> System:
    await seed.seed(NOW)
    return await seed.main_firm()


async def owner() -> Viewer:
    viewer = (await session.sign_in(email=BELLANDI.owner.email, secret=OWNER_PASSWORD)).viewer
    assert isinstance(viewer, Viewer)
    return viewer


async def count(query: str, by: System) -> int:
    found: int = await database.value(query, by.firm_id)
    return found


async def test_a_crowd_has_clients_of_every_kind_that_bulk_work_meets(by: System) -> None:
    assert await crowd.gather(by, 100) == 100
    viewer = await owner()
    assert await account.count(viewer, CROWD) == 100
    status = {one: AccountFilter(search="crowd", login_statuses=(one,)) for one in LoginStatus}
    found = {one: await account.count(viewer, wanted) for one, wanted in status.items()}
    assert found == {LoginStatus.OFFLINE: 96, LoginStatus.PENDING: 2, LoginStatus.ACTIVE: 2}
    mine = f"SELECT count(*) FROM email_address WHERE firm_id = $1 AND address LIKE '%@{crowd.DOMAIN}'"
    assert await count(mine, by) == 88, "of each ten two are one person's, and two clients have none"
    assert await count(f"{mine} AND suppressed_at IS NOT NULL", by) == 2
    without = "SELECT count(*) FROM account a WHERE a.firm_id = $1 AND a.code LIKE 'CROWD-%' AND NOT EXISTS (SELECT 1"
    assert await count(f"{without} FROM toggles t WHERE t.firm_id = $1 AND t.account_id = a.id)", by) == 2
    assert await count("SELECT count(*) FROM letter WHERE firm_id = $1", by) == 0


async def test_a_crowd_that_is_there_stays_as_it_is_and_only_the_missing_come(by: System) -> None:
    assert await crowd.gather(by, 7) == 7
    assert await crowd.gather(by, 7) == 0
    before = await count("SELECT head FROM journal_head WHERE firm_id = $1", by)
    assert await crowd.gather(by, 5) == 0
    assert await count("SELECT head FROM journal_head WHERE firm_id = $1", by) == before
    assert await crowd.gather(by, 60) == 53
    assert await account.count(await owner(), CROWD) == 60


def test_no_two_of_a_crowd_are_the_same_person_but_the_fifth_and_the_sixth_of_ten() -> None:
    addresses = [crowd.address_of(number) for number in range(1, 5001)]
    assert len({*addresses} - {None}) == 5000 - 500 - 100
    assert crowd.address_of(25) == crowd.address_of(26)


def gathered(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mail.demo.crowd", *arguments]
    told = environment(settings)
    return subprocess.run(command, env=told, cwd=CHECKOUT, text=True, capture_output=True, check=False)


async def test_the_command_says_how_many_came(by: System, store: str) -> None:
    told = {"DATABASE_URL": store, "SWITCHBOARD_KEY": KEY.hex()}
    done = await asyncio.to_thread(gathered, "12", **told)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("12 clients came")
    assert await account.count(await owner(), CROWD) == 12


async def test_the_command_says_where_there_is_no_demo(store: str, tmp_path: object) -> None:
    told = [{"DATABASE_URL": store, "SWITCHBOARD_KEY": "00" * 32}, {"SWITCHBOARD_VAR": str(tmp_path)}]
    for settings in told:
        done = await asyncio.to_thread(gathered, "12", **settings)
        assert (done.returncode, done.stderr) == (1, "There is no demo here yet. `make run` makes it.\n")


@pytest.mark.parametrize("number", ["0", "-1", "many", "", "100001", "9" * 6000, "١٢"])
async def test_the_command_says_what_it_takes(number: str) -> None:
    done = await asyncio.to_thread(gathered, number)
    assert done.returncode == 2
    assert "say how many, from 1 to 100000" in done.stderr
