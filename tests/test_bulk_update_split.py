"""
An address on very many accounts is gone through some accounts at a time, so that nobody waits long for the firm's row;
it is written to once all the same, and the report is the preview (R26, R27). Here: one account at a time.
"""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from models import account, bulk_update, invitation, letter
from models.account import AccountFilter
from models.bulk_update import AccountSelection, BulkEdit, planning
from models.ground import store
from models.ground.settings import Settings
from models.invitation import accepting
from models.letter import LetterKind
from models.run import release
from models.toggles import Invite, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, asked, claimed, previewed, stepped, told, view
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD, MadeAccount, an_account, spelled, switched, token_of, with_password
from tests.support.firm.invitations import last_of

pytestmark = pytest.mark.usefixtures("store")
INVITING = BulkEdit(ALL, login=ENABLE, invite=Invite())
AGAIN = replace(INVITING, invite=Invite(again=True))
A, B, C = (f"{code} {ANNA}" for code in "ABC")


def login(came: str) -> dict[Switch, str]:
    return {Switch.LOGIN: came}


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_TOGETHER", 1)


@pytest.fixture
def room_for_one() -> Iterator[None]:
    letter.limit(Settings(letters_per_hour=1, letters_per_recipient=1))
    yield
    letter.limit(Settings())


by = owner_of_a_new_firm


@pytest.fixture
async def anna(by: Viewer) -> list[MadeAccount]:
    """Three accounts of hers."""
    return [await an_account(by, code=code, address=ANNA) for code in "ABC"]


async def letters() -> list[tuple[str, str]]:
    rows = await store.rows("SELECT to_address, kind FROM letter WHERE copy_of IS NULL ORDER BY id")
    return [(row["to_address"], row["kind"]) for row in rows]


async def first_turn(by: Viewer, edit: BulkEdit) -> UUID:
    run_id = await asked(by, edit)
    run = await claimed()
    await stepped(run)
    assert await stepped(run)
    assert (await view(by, run_id)).done == 1
    await release(run)
    return run_id


async def covered(made: MadeAccount) -> set[UUID]:
    last = await last_of(made)
    rows = await store.rows(
        "SELECT account_id FROM invitation_account WHERE invitation_id = $1 AND left_at IS NULL", last.id
    )
    return {row["account_id"] for row in rows}


@pytest.mark.parametrize("edit", [INVITING, AGAIN], ids=["invited", "invited again"])
async def test_one_letter_goes_out_and_its_invitation_covers_the_later_accounts(
    by: Viewer, anna: list[MadeAccount], edit: BulkEdit
) -> None:
    preview = await previewed(by, edit)
    run_id = await first_turn(by, edit)
    await all_end()
    assert await told(by, run_id) == preview == dict.fromkeys((A, B, C), login("off on INVITED"))
    assert await letters() == [(ANNA, LetterKind.INVITATION)]
    assert await covered(anna[0]) == {made.id for made in anna}


async def test_who_has_activated_is_told_once(by: Viewer, anna: list[MadeAccount]) -> None:
    await with_password(by, anna[0].address)
    preview = await previewed(by, INVITING)
    run_id = await first_turn(by, INVITING)
    await all_end()
    assert await told(by, run_id) == preview == dict.fromkeys((A, B, C), login("off on CHANGED"))
    assert await letters() == [(ANNA, LetterKind.ACCOUNT_ADDED)]


async def test_the_letter_takes_the_room_of_one(by: Viewer, anna: list[MadeAccount], room_for_one: None) -> None:
    await an_account(by, code="D", address="dino@client.test")
    preview = await previewed(by, AGAIN)
    run_id = await first_turn(by, AGAIN)
    await all_end()
    assert await told(by, run_id) == preview
    assert preview == dict.fromkeys((A, B, C), login("off on INVITED")) | {
        "D dino@client.test": login("off on ERROR RATE_LIMITED")
    }


async def test_where_there_is_no_room_no_turn_writes(by: Viewer, anna: list[MadeAccount], room_for_one: None) -> None:
    await an_account(by, code="0", address="dino@client.test")
    preview = await previewed(by, INVITING)
    run_id = await asked(by, INVITING)
    await all_end()
    assert await told(by, run_id) == preview
    assert await letters() == [("dino@client.test", LetterKind.INVITATION)]


async def test_an_archived_account_among_them_is_the_error_that_it_would_be_alone(
    by: Viewer, anna: list[MadeAccount]
) -> None:
    await switched(by, anna[1].id, anna[1].address, login=True)
    await account.archive(by, anna[1].id, archived=True)
    edit = replace(INVITING, accounts=AccountSelection(matching=AccountFilter(archived=None)))
    preview = await previewed(by, edit)
    run_id = await first_turn(by, edit)
    await all_end()
    assert await told(by, run_id) == preview
    assert preview[B] == login("on on ERROR ACCOUNT_ARCHIVED")


async def test_whoever_accepts_in_between_gets_no_second_letter(by: Viewer, anna: list[MadeAccount]) -> None:
    run_id = await first_turn(by, INVITING)
    await accepting.accept(await token_of(anna[0].address), PASSWORD, days=1)
    await all_end()
    assert (await told(by, run_id))[C] == login("off on CHANGED")
    assert await letters() == [(ANNA, LetterKind.INVITATION)]
    assert await spelled(by, anna[2].id, anna[2].address) == "L"


async def test_what_is_revoked_in_between_is_not_sent_again(by: Viewer, anna: list[MadeAccount]) -> None:
    run_id = await first_turn(by, INVITING)
    await invitation.revoke(by, (await last_of(anna[0])).id)
    await all_end()
    assert (await told(by, run_id))[C] == login("off on CHANGED")
    assert await letters() == [(ANNA, LetterKind.INVITATION)]


async def test_the_undo_goes_turn_by_turn_too_and_the_invitation_dies_with_the_last(
    by: Viewer, anna: list[MadeAccount]
) -> None:
    run_id = await first_turn(by, INVITING)
    await all_end()
    undo_id = (await bulk_update.undo(by, run_id)).ids[0]
    run = await claimed()
    await stepped(run)
    await stepped(run)
    assert await covered(anna[0]) == {made.id for made in anna[1:]}
    await release(run)
    await all_end()
    assert await told(by, undo_id) == dict.fromkeys((A, B, C), login("on off CHANGED"))
    assert (await last_of(anna[0])).ended_at is not None


async def test_what_somebody_set_between_two_turns_is_a_conflict_of_the_undo(
    by: Viewer, anna: list[MadeAccount]
) -> None:
    """Though the run told of the same invitation afterwards, for another account."""
    run_id = await first_turn(by, replace(INVITING, notify=ENABLE))
    await switched(by, anna[0].id, anna[0].address, notify=False)
    await switched(by, anna[0].id, anna[0].address, notify=True)
    await all_end()
    undo_id = (await bulk_update.undo(by, run_id)).ids[0]
    await all_end()
    came = await told(by, undo_id)
    assert came[A] == login("on off CHANGED") | {Switch.NOTIFY: "on on ERROR CHANGED_MEANWHILE"}
    assert came[C] == login("on off CHANGED") | {Switch.NOTIFY: "on off CHANGED"}
