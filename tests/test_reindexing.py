"""What an older release indexed is indexed anew, once: found by `lodz` and by words inside Chinese and Japanese."""

from typing import Any
from uuid import UUID

import pytest

from models import installation, reindexing
from models.ground import store
from models.mailbox import MailServer
from models.text import words
from tests.support.emails.synced_mailbox import connected
from tests.support.firm.factories import a_contact, a_firm, an_account, counting
from tests.support.firm.one_of_everything import a_letter

pytestmark = pytest.mark.usefixtures("store")
TABLES = ("account", "contact", "email")


async def indexed() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in TABLES:
        sorts = "NULL" if table == "email" else "sort_key"
        for row in await store.rows(f"SELECT id, words, {sorts} AS sort_key FROM {table}"):
            found[f"{table} {row['id']}"] = (sorted(row["words"]), row["sort_key"])
    return found


async def as_an_older_release_left_it() -> None:
    """Words in one piece and strokes kept, as the folded form has them."""
    for table in TABLES:
        await store.execute(f"UPDATE {table} SET words = ARRAY['old']")
    for table in TABLES[:2]:
        await store.execute(f"UPDATE {table} SET sort_key = 'zzz'")
    await installation.check_key()
    await store.execute("UPDATE installation SET indexed = 1")


async def test_everything_that_is_found_otherwise_since_is_indexed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)
    by = await a_firm()
    names = ("Łódź sp. z o.o.", "株式会社山田", "Øst", "Ǿrsted", "ﾔﾏﾀﾞ")
    for name in names:
        made = await an_account(by, name=name, email_sync=True)
        await a_contact(by, f"{made.id.hex}@client.test", name=name)
    plain = await an_account(by, name="Vetreria Perché", address="ida@client.test", email_sync=True)
    box = await connected(by, MailServer("127.0.0.1", 993))
    for subject in (*names, "Perché"):
        await a_letter(by, mailbox_id=box, sender="ida@client.test", subject=subject)
    right = await indexed()
    await as_an_older_release_left_it()

    await reindexing.index_anew()

    now = await indexed()
    untouched = {key for key, (found, _) in now.items() if found == ["old"]}
    assert f"account {plain.id}" in untouched
    names_now = {key: value for key, value in now.items() if not key.startswith("email") and key not in untouched}
    assert names_now == {key: right[key] for key in names_now}
    assert len(names_now) == 2 * len(names)
    for row in await store.rows("SELECT subject, words FROM email"):
        assert (set(words(row["subject"])) <= set(row["words"])) is (row["subject"] in names)


async def test_it_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    by = await a_firm()
    made = await an_account(by, name="Łódź")
    await as_an_older_release_left_it()
    await reindexing.index_anew()
    await store.execute("UPDATE account SET words = ARRAY['mine']")
    async with counting() as statements:
        await reindexing.index_anew()
    assert len(statements) == 1
    assert await words_of(made.id) == ["mine"]


async def words_of(account_id: UUID) -> list[str]:
    return list(await store.value("SELECT words FROM account WHERE id = $1", account_id))
