"""Killed anywhere while the installation's key is changed: it goes on at the next start, or when it is said again."""

import secrets
from functools import partial
from pathlib import Path

import pytest

from models import firm_key, installation
from models.ground import keys
from models.ground import store as database
from tests.faults.key_child import change_key
from tests.faults.killing import killed
from tests.support.database.store import KEY
from tests.support.firm.factories import a_firm
from tests.support.firm.keyed_secrets import LINKS, Hanging, hanging, made_then

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
BORDERS = {"rotated": 2, "leaked": 4, "replaced": 4}


@pytest.mark.parametrize("said_again", [False, True])
@pytest.mark.parametrize("how", list(BORDERS))
async def test_a_key_that_is_changed_is_changed_whole_wherever_it_is_killed(
    own_store: str, tmp_path: Path, how: str, said_again: bool
) -> None:
    await installation.check_key()
    await a_firm()
    old, killed_at = KEY, set[str]()
    for crash_at in range(1, 30):
        made, new = await hanging(f"anna-{crash_at}"), secrets.token_bytes(32)
        work = partial(killed, change_key, own_store, how, old, new, said=tmp_path / "said")
        where = await work(crash_at=crash_at)
        if said_again:
            assert await work() is None
        changed = await begun_anew(old, new)
        await nothing_is_left_to_do()
        await stands(made, how if changed else "nothing")
        if where is None:
            break
        assert changed or not said_again
        killed_at.add(where)
        old = new if changed else old
    assert len(killed_at) == BORDERS[how], killed_at


async def begun_anew(old: bytes, new: bytes) -> bool:
    """By the key that the database knows: whether that is the new one."""
    known = await database.value("SELECT key_fingerprint FROM installation")
    changed = bool(known == keys.fingerprint(keys.Key(new)))
    keys.use(new if changed else old)
    await installation.check_key()
    return changed


async def nothing_is_left_to_do() -> None:
    assert await database.value("SELECT count(*) FROM firm_key WHERE stale") == 0
    assert await database.value("SELECT secret_before FROM installation") is None
    for row in await database.rows("SELECT firm_id, key, hash FROM email_address"):
        assert row["hash"] == (await firm_key.of(row["firm_id"])).address_hash(row["key"])


async def stands(made: Hanging, how: str) -> None:
    assert await made.links_lead() == (set() if how in {"leaked", "replaced"} else LINKS)
    if how == "replaced":
        asks = "SELECT state FROM mailbox WHERE id = $1"
        assert await database.value(asks, made.mailbox) == "NEEDS_ATTENTION"
    else:
        assert await made.sealed_opens()


@pytest.mark.parametrize("then", ["rotated", "leaked"])
async def test_killed_in_new_keys_for_firms_and_rotated_once_more_it_ends_all_the_same(
    own_store: str, tmp_path: Path, then: str
) -> None:
    """Also of what was sealed before firms had keys: firms whose turn has not come yet still need what that was."""
    await installation.check_key()
    made = [await made_then(), *[await hanging(name) for name in ("bea", "cleo")]]
    second, third = secrets.token_bytes(32), secrets.token_bytes(32)
    where = await killed(change_key, own_store, "leaked", KEY, second, said=tmp_path / "said", crash_at=2)
    assert where == "killed at after the commit of a rotated key"
    assert await killed(change_key, own_store, then, second, third, said=tmp_path / "said") is None
    assert await begun_anew(second, third)
    await nothing_is_left_to_do()
    for each in made:
        await stands(each, "leaked")
