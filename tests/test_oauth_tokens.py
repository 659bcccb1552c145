"""Access tokens: fetched by one at a time, kept before they are used, and never lost (P8)."""

import asyncio
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from mail.tokens import access_to
from models import mailbox
from models.ground import store as database
from models.mailbox import MailboxChange, lease
from models.mailbox.lease import LeaseLost
from models.mailbox.secret import unsealed
from models.viewer import System
from tests.support.database.failing import end_all
from tests.support.emails.oauth_mailbox import held, secret_of
from tests.support.emails.synced_mailbox import row_of, synced
from tests.support.firm.new_keys import rotated
from tests.support.servers.tokens import TokenServer

pytestmark = pytest.mark.usefixtures("store")


async def test_a_token_that_lasts_no_five_minutes_is_good_for_one_sign_in(
    tokens: TokenServer, mailbox_id: UUID
) -> None:
    tokens.lasts = 60
    leased = await held(mailbox_id)
    assert [(await access_to(leased, private=True)).token for _ in range(2)] == ["access 1", "access 2"]


async def test_two_who_want_an_access_token_at_once_fetch_one(tokens: TokenServer, mailbox_id: UUID) -> None:
    leased = await held(mailbox_id)
    many = await asyncio.gather(*(access_to(leased, private=True) for _ in range(5)))
    assert {access.token for access in many} == {"access 1"}
    refusals = (access_to(leased, private=True, refused="access 1") for _ in range(5))
    assert {access.token for access in await asyncio.gather(*refusals)} == {"access 2"}
    assert len(tokens.asked) == 2


async def test_a_worker_that_lost_the_mailbox_meanwhile_writes_nothing(tokens: TokenServer, mailbox_id: UUID) -> None:
    tokens.rotates = True
    leased, before = await held(mailbox_id), await secret_of(mailbox_id)

    async def steal() -> None:
        await database.execute("UPDATE mailbox SET lease_until = now() - interval '1 s'")
        await lease.claim("another worker", most=1)

    tokens.before_answer = steal
    with pytest.raises(LeaseLost):
        await access_to(leased, private=True)
    row = await row_of(mailbox_id)
    assert (await secret_of(mailbox_id), row["access_token"]) == (before, None)
    with pytest.raises(LeaseLost):
        await access_to(leased, private=True)
    assert len(tokens.asked) == 1


async def test_a_worker_that_gave_it_back_asks_nobody(tokens: TokenServer, mailbox_id: UUID) -> None:
    leased = await held(mailbox_id)
    await lease.release(leased)
    with pytest.raises(LeaseLost):
        await access_to(leased, private=True)
    assert tokens.asked == []


async def test_asking_renews_the_lease(tokens: TokenServer, mailbox_id: UUID) -> None:
    """It would not be ours any more when the answer is there."""
    leased = await held(mailbox_id)
    await database.execute("UPDATE mailbox SET lease_until = now() + interval '1 s'")

    async def look() -> None:
        assert await database.value("SELECT lease_until > now() + interval '30 s' FROM mailbox")

    tokens.before_answer = look
    assert (await access_to(leased, private=True)).token == "access 1"


async def test_a_new_refresh_token_is_kept_whatever_else_somebody_changes_meanwhile(
    tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools
) -> None:
    tokens.rotates = True

    async def change() -> None:
        await mailbox.update(by, mailbox_id, MailboxChange(sent_folder="Sent"))

    tokens.before_answer = change
    assert not await sync_once(mailbox_id, tools)  # what was changed is taken up by the next visit
    assert (await secret_of(mailbox_id)).refresh_token == "refresh 1"
    await synced(mailbox_id, tools)
    assert len(tokens.asked) == 1


async def test_what_somebody_enters_meanwhile_stays(tokens: TokenServer, mailbox_id: UUID, by: System) -> None:
    tokens.rotates = True
    leased = await held(mailbox_id)

    async def change() -> None:
        await mailbox.update(by, mailbox_id, MailboxChange(secret="a password again"))

    tokens.before_answer = change
    with pytest.raises(LeaseLost):
        await access_to(leased, private=True)
    row = await row_of(mailbox_id)
    assert await unsealed(by.firm_id, mailbox_id, row) == "a password again"
    assert row["access_token"] is None


async def test_an_access_token_of_the_secret_before_is_not_used(
    tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools
) -> None:
    await synced(mailbox_id, tools)
    await mailbox.update(by, mailbox_id, MailboxChange(secret=tokens.oauth))
    await synced(mailbox_id, tools)
    assert len(tokens.asked) == 2


async def test_whoever_is_stopped_in_the_middle_has_kept_what_was_granted(
    tokens: TokenServer, mailbox_id: UUID
) -> None:
    """Half an exchange would lock the mailbox out: the refresh token before is dead by now."""
    tokens.rotates = True
    leased = await held(mailbox_id)
    asking, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asking.set()
        await go_on.wait()

    tokens.before_answer = wait
    task = asyncio.create_task(access_to(leased, private=True))
    await asking.wait()
    task.cancel()
    go_on.set()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert await secret_of(mailbox_id) == tokens.oauth
    assert (await access_to(leased, private=True)).token == "access 1"
    assert len(tokens.asked) == 1


async def test_what_was_granted_is_kept_though_the_database_ends_every_connection(
    tokens: TokenServer, mailbox_id: UUID, store: str
) -> None:
    tokens.rotates = True
    leased = await held(mailbox_id)

    tokens.before_answer = partial(end_all, store)
    assert (await access_to(leased, private=True)).token == "access 1"
    assert await secret_of(mailbox_id) == tokens.oauth


async def test_no_transaction_waits_for_the_token_server(tokens: TokenServer, mailbox_id: UUID) -> None:
    leased = await held(mailbox_id)

    async def look() -> None:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert await database.value(open_ones) == 0

    tokens.before_answer = look
    assert (await access_to(leased, private=True)).token == "access 1"


async def test_what_it_signs_in_with_stays_good_when_the_firm_gets_a_new_key(
    tokens: TokenServer, mailbox_id: UUID
) -> None:
    """A key that leaked is replaced, and nobody is asked for anything (R7)."""
    leased = await held(mailbox_id)
    await access_to(leased, private=True)
    before = await row_of(mailbox_id)
    await rotated(leaked=True)
    after = await row_of(mailbox_id)
    assert before["secret"] != after["secret"]
    assert before["access_token"] != after["access_token"]
    assert await secret_of(mailbox_id) == tokens.oauth
    assert (await access_to(leased, private=True)).token == "access 1"
