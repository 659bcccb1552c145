"""The same key and input give the same answer and do nothing again (R31)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import account, journal
from models.account import AccountFilter, AccountKind, NewAccount
from models.errors import ErrorCode
from models.ground import clock, store
from models.toggles import TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_firm, a_member, an_account, spelled
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
NEW = NewAccount("Vetreria", AccountKind.COMPANY)
OTHER = NewAccount("Other", AccountKind.COMPANY)
by = owner_of_a_new_firm


async def test_the_same_key_and_input_give_the_same_answer_and_do_nothing_again(by: Viewer) -> None:
    done = await account.create(by, NEW, key="k")
    head = await journal.head(by.firm_id)
    assert await account.create(by, NEW, key="k") == done
    assert (await account.count(by, AccountFilter()), await journal.head(by.firm_id)) == (1, head)


async def test_without_a_key_each_call_counts(by: Viewer) -> None:
    assert await account.create(by, NEW) != await account.create(by, NEW)


async def test_the_same_key_with_another_input_or_for_another_verb_is_refused(by: Viewer) -> None:
    made = await an_account(by)
    await account.create(by, NEW, key="k")
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
        await account.create(by, OTHER, key="k")
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
        await set_toggles(by, [TogglesWish(made.id, made.address, login=True)], key="k")
    assert await spelled(by, made.id, made.address) == "-"


async def test_a_key_is_its_owners_alone(by: Viewer) -> None:
    colleague, elsewhere = await a_member(by), await a_member(await a_firm())
    ids = [(await account.create(who, NEW, key="k")).ids for who in (by, colleague, elsewhere)]
    assert len(set(ids)) == 3


async def test_of_many_at_once_one_acts_and_all_get_its_answer(by: Viewer) -> None:
    done = await asyncio.gather(*(account.create(by, NEW, key="k") for _ in range(8)))
    assert len(set(done)) == 1
    assert await account.count(by, AccountFilter()) == 1


async def test_a_refused_call_uses_no_key_up(by: Viewer) -> None:
    await account.create(by, NewAccount("Taken", AccountKind.COMPANY, "A1"))
    with refused(ErrorCode.ALREADY_TAKEN):
        await account.create(by, NewAccount("Mine", AccountKind.COMPANY, "A1"), key="k")
    assert (await account.create(by, NEW, key="k")).ids


async def test_a_call_that_changed_nothing_is_remembered_too(by: Viewer) -> None:
    made = await an_account(by, login=True)
    wish = [TogglesWish(made.id, made.address, login=True)]
    done = await set_toggles(by, wish, key="k")
    assert done.cursor is None
    await set_toggles(by, [TogglesWish(made.id, made.address, login=False)])
    assert await set_toggles(by, wish, key="k") == done
    assert await spelled(by, made.id, made.address) == "-"


async def test_a_key_is_kept_for_thirty_days(by: Viewer) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    clock.set_source(lambda: now)
    done = await account.create(by, NEW, key="k")
    clock.set_source(lambda: now + timedelta(days=30))
    assert await account.create(by, NEW, key="k") == done
    clock.set_source(lambda: now + timedelta(days=30, seconds=1))
    again = await account.create(by, OTHER, key="k")
    assert again.ids != done.ids
    assert await account.create(by, OTHER, key="k") == again


OF_THE_FIRST_RELEASE = bytes.fromhex("a9ea66ed4dc753d140a2230f537f8d6bca0787ec77a2b12e2bb0fe13492199af")
"""The digest of an account with a contact, as the first release made it, of what `repr` printed then."""


async def test_a_retry_across_an_update_gets_the_answer_of_before(by: Viewer) -> None:
    """It cannot be compared, until its thirty days end."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    clock.set_source(lambda: now)
    done = await account.create(by, NEW, key="k")
    await store.execute("UPDATE idempotency SET asked = $1", OF_THE_FIRST_RELEASE)
    assert await account.create(by, NEW, key="k") == done
    assert await account.create(by, OTHER, key="k") == done
    clock.set_source(lambda: now + timedelta(days=30, seconds=1))
    made = await account.create(by, OTHER, key="k")
    assert made.ids != done.ids
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
        await account.create(by, NEW, key="k")


@pytest.mark.parametrize("key", ["", "x" * 101, "a\nb", "\0", "\ud800"])
async def test_a_key_that_cannot_be_seen_is_refused(by: Viewer, key: str) -> None:
    with refused(ErrorCode.INVALID, "idempotencyKey"):
        await account.create(by, NEW, key=key)


async def test_of_the_input_only_a_digest_is_kept(by: Viewer) -> None:
    await account.create(by, NewAccount("Very private name", AccountKind.COMPANY), key="k")
    assert "private" not in str([dict(row) for row in await store.rows("SELECT * FROM idempotency")])
