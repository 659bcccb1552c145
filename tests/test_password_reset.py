"""A new password by the link of a letter: who gets one, what it is good for, what it ends (R47)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import password_reset, session, team
from models.errors import DeadLink, DeadLinkReason, ErrorCode, RateLimited
from models.ground import clock, secret_link, store
from models.viewer import System, ViewerKind
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA, CHIARA
from tests.support.firm.factories import PASSWORD, a_client, a_firm, a_member, an_account, answered, signed_in, switched
from tests.support.letters.outbox import written
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW = "battery staple"


@pytest.fixture
async def by(store: str) -> System:
    return await a_firm(slug="studio")


async def letters() -> list[dict[str, Any]]:
    return [dict(row) for row in await store.rows("SELECT * FROM letter ORDER BY created_at, id")]


async def tokens() -> list[str]:
    """Of every reset, the oldest first."""
    rows = await store.rows("SELECT id, firm_id, seed FROM password_reset ORDER BY created_at, id")
    return [secret_link.token(firms_key(row["firm_id"]), "reset", row["id"], row["seed"]) for row in rows]


async def asked(email: str = ANNA, *, key: str = "k", **more: Any) -> str:
    await answered(password_reset.ask(email=email, key=key, **more))
    return (await tokens())[-1]


async def dies(token: str, reason: DeadLinkReason) -> None:
    with pytest.raises(DeadLink) as dead:
        await password_reset.use(token=token, secret=NEW)
    assert dead.value.reason is reason


async def test_a_client_gets_a_letter_and_sets_a_new_password_which_ends_its_sessions(by: System) -> None:
    made = await an_account(by, address=ANNA)
    client, other = await a_client(by, made), await a_client(by)
    token = await asked(" Anna@Client.test")
    (letter,) = await letters()
    assert (letter["kind"], letter["to_address"], letter["address_id"]) == ("PASSWORD_RESET", ANNA, made.address)
    assert '"personName": "Marta Valsecchi"' in letter["facts"]
    assert token not in str(letter)
    await password_reset.use(token=token, secret=NEW)
    assert await session.viewer_of(client.token) is None
    assert await session.viewer_of(other.token) == other.viewer
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email=ANNA, secret=PASSWORD)
    await session.sign_in(email=ANNA, secret=NEW)


async def test_a_colleague_too_and_the_journal_says_so_without_anything_secret(by: System) -> None:
    colleague = await signed_in(by, email=CHIARA)
    token = await asked(CHIARA)
    done = await password_reset.use(token=token, secret=NEW)
    assert await session.viewer_of(colleague.token) is None
    await session.sign_in(email=CHIARA, secret=NEW)
    entries = [dict(row) for row in await store.rows("SELECT * FROM journal_entry WHERE batch = $1", done.cursor)]
    assert {entry["kind"] for entry in entries} == {"PASSWORD_RESET", "SESSIONS_ENDED"}
    assert {entry["member_id"] for entry in entries} == {colleague.viewer.member_id}
    everything = str(entries) + str([dict(row) for row in await store.rows("SELECT * FROM password_reset")])
    assert token.partition(".")[2] not in everything
    assert NEW not in everything


async def test_nobody_else_gets_a_letter_and_is_told_the_same(by: System) -> None:
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    await switched(by, made.id, made.address, login=False)
    removed = await a_member(by, email=CHIARA)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", removed.member_id)
    for n, email in enumerate((ANNA, CHIARA, "nobody@x.test", "", "@", "\0\ud800")):
        await answered(password_reset.ask(email=email, key=str(n)))
    assert await letters() == []


async def test_a_suppressed_address_gets_no_letter(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    await store.execute("UPDATE email_address SET suppressed_at = now(), suppressed_reason = 'bounced'")
    await answered(password_reset.ask(email=ANNA, key="k"))
    assert await letters() == []


async def test_an_address_of_both_doors_gets_the_letter_of_the_colleague_unless_the_door_is_named(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    await a_member(by, email=ANNA)
    await asked(key="1")
    await asked(key="2", kind=ViewerKind.PORTAL_USER)
    assert [letter["member_id"] is not None for letter in await letters()] == [True, False]


async def test_each_firm_that_knows_the_address_sends_its_letter_unless_one_is_named(by: System) -> None:
    other = await a_firm(slug="other")
    for firm in (by, other):
        await a_client(firm, await an_account(firm, address=ANNA))
    await asked(key="1")
    assert {letter["firm_id"] for letter in await letters()} == {by.firm_id, other.firm_id}
    await asked(key="2", firm_slug="other")
    await asked(key="3", firm_slug="nowhere")
    assert len(await letters()) == 3


async def test_asking_again_kills_the_earlier_link_and_the_same_request_does_nothing(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    first = await asked(key="1")
    assert await asked(key="1") == first
    second = await asked(key="2")
    assert [letter["state"] for letter in await letters()] == ["CANCELLED", "QUEUED"]
    await dies(first, DeadLinkReason.SENT_AGAIN)
    await password_reset.use(token=second, secret=NEW)
    await dies(second, DeadLinkReason.USED)


async def test_the_same_key_for_another_address_is_no_secret_told(by: System) -> None:
    for email in (ANNA, "bruno@client.test"):
        await a_client(by, await an_account(by, address=email))
        await answered(password_reset.ask(email=email, key="same"))
    assert len(await letters()) == 2
    with refused(ErrorCode.INVALID, "idempotencyKey"):
        await answered(password_reset.ask(email="nobody@x.test", key=""))


async def test_a_link_is_good_for_an_hour_and_once_however_many_use_it(by: System) -> None:
    clock.set_source(lambda: NOW)
    await a_client(by, await an_account(by, address=ANNA))
    token = await asked()
    clock.set_source(lambda: NOW + timedelta(hours=1))
    await dies(token, DeadLinkReason.EXPIRED)
    clock.set_source(lambda: NOW + timedelta(minutes=59))
    using = (password_reset.use(token=token, secret=f"{NEW} {n}") for n in range(5))
    found = await asyncio.gather(*using, return_exceptions=True)
    assert sum(isinstance(one, DeadLink) for one in found) == 4


async def test_with_login_on_nowhere_an_open_link_is_refused_and_good_again_afterwards(by: System) -> None:
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    token = await asked()
    await switched(by, made.id, made.address, login=False)
    with refused(ErrorCode.LOGIN_OFF, "token"):
        await password_reset.use(token=token, secret=NEW)
    await switched(by, made.id, made.address, login=True)
    await session.sign_in(email=ANNA, secret=PASSWORD)
    await password_reset.use(token=token, secret=NEW)


async def test_a_removed_colleagues_link_is_dead(by: System) -> None:
    member = await a_member(by, email=CHIARA)
    token = await asked(CHIARA)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", member.member_id)
    await dies(token, DeadLinkReason.REVOKED)


@pytest.mark.parametrize("removed", [False, True])
async def test_a_link_used_at_the_same_moment_as_the_person_changes_or_goes_waits_its_turn(
    by: System, kept_database: str, removed: bool
) -> None:
    owner, member = await a_member(by), await a_member(by, email=CHIARA)
    token = await asked(CHIARA)
    async with held(store.row("SELECT 1 FROM team_member WHERE id = $1 FOR UPDATE", member.member_id)):
        changing = asyncio.create_task(
            team.remove(owner, member.member_id)
            if removed
            else team.change_password(member, current=PASSWORD, new="quite another one")
        )
        await until_waiting(kept_database, 1)
        using = asyncio.create_task(password_reset.use(token=token, secret=NEW))
        await until_waiting(kept_database, 2)
    await changing
    with pytest.raises(DeadLink):
        await using


async def test_a_weak_password_leaves_the_link_alive(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    token = await asked()
    for weak in ("short", "password1", ANNA, "Studio Bellandi"):
        with refused(ErrorCode.WEAK_PASSWORD, "password"):
            await password_reset.use(token=token, secret=weak)
    await password_reset.use(token=token, secret=NEW)


async def test_what_is_no_link_is_not_found(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    token = await asked()
    half = token.partition(".")[0] + ".\ud800"
    for wrong in (
        "",
        "x",
        half,
        token[:-1],
        token + "x",
        token.partition(".")[0],
        token.replace(token[0], "f", 1) + "\0",
    ):
        with refused(ErrorCode.NOT_FOUND, "token"):
            await password_reset.use(token=wrong, secret=NEW)


async def test_an_address_can_be_asked_for_five_times_in_an_hour_known_or_not(by: System) -> None:
    await a_client(by, await an_account(by, address=ANNA))
    for email in (ANNA, "nobody@x.test"):
        for n in range(5):
            await answered(password_reset.ask(email=email, key=str(n)))
        with pytest.raises(RateLimited):
            await answered(password_reset.ask(email=email.upper(), key="more"))
    assert len(await letters()) == 3


async def test_an_address_that_got_all_the_other_letters_it_may_get_still_gets_a_new_password(by: System) -> None:
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    for _ in range(6):
        await written(by, ANNA)
    await asked()
    assert [one["kind"] for one in await letters()][-1] == "PASSWORD_RESET"
