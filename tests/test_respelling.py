"""Two people whose addresses differ only by full case folding stay two; and what an older database took for one."""

import asyncio

import pytest

from graph.process.opening import opened
from mail.sync import Tools
from models import journal, portal, respelling, session
from models.compared import compared, compared_before
from models.errors import ErrorCode
from models.firm import one_at_a_time
from models.ground import keys, store
from models.ground.page import Window
from models.ground.settings import Settings
from models.invitation import accepting
from models.journal import JournalFilter, JournalKind
from models.viewer import Client, System
from tests.support.database.store import KEY, firms_key
from tests.support.emails.synced_mailbox import connected, letter, notifications, past, states, subjects_of, synced
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_contact,
    a_firm,
    a_member,
    an_account,
    invited,
    linked,
    switched,
    with_password,
)
from tests.support.letters.outbox import written
from tests.support.refusals import refused
from tests.support.servers.imap import ImapServer
from tests.support.waiting import held, until_waiting

SHARP, DOUBLE = "weiß.one@c.example", "weiss.one@c.example"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("one", "other"), [(SHARP, DOUBLE), ("ﬁn@c.example", "fin@c.example"), ("νίκος@c.example", "νίκοσ@c.example")]
)
async def test_two_people_stay_two_through_invitation_session_and_mail(
    server: ImapServer, by: System, tools: Tools, one: str, other: str
) -> None:
    accounts = [await an_account(by, address=text, email_sync=True) for text in (one, other)]
    tokens = [await invited(by, made.id, made.address) for made in accounts]
    sent = await store.rows("SELECT to_address FROM letter ORDER BY id")
    assert [row["to_address"] for row in sent] == [one, other]

    clients = [(await accepting.accept(token, PASSWORD, days=1)).signed_in.viewer for token in tokens]
    signed_in = [(await session.sign_in(email=text, secret=PASSWORD)).viewer for text in (one, other)]
    for made, accepted, again in zip(accounts, clients, signed_in, strict=True):
        assert isinstance(accepted, Client)
        assert isinstance(again, Client)
        assert accepted.address_id == again.address_id == made.address
        assert [choice.id for choice in (await portal.of(again)).accounts] == [made.id]

    past(server.inbox, from_(one), from_(other))
    await synced(await connected(by, server.server), tools)
    assert [await subjects_of(made.id) for made in accounts] == [[f"by {one}"], [f"by {other}"]]


def from_(sender: str) -> bytes:
    """As a program writes it that knows UTF-8 in headers (RFC 6532)."""
    raw = letter("x@y.example", subject="SUBJECT")
    return raw.replace(b"x@y.example", sender.encode()).replace(b"SUBJECT", f"by {sender}".encode())


async def an_older_database(by: System) -> MadeAccount:
    """One row for two people: the first has activated it, and the second's contact holds it too."""
    made = await an_account(by, address=SHARP, login=True)
    await with_password(by, made.address)
    second = await a_contact(by, SHARP, name="Second")
    await linked(by, (await an_account(by)).id, second)
    await written(by, DOUBLE)
    await written(by, SHARP, address_id=made.address)
    await made_older()
    return made


async def made_older() -> None:
    """All keys, and the hashes of addresses and of the ledger, as they were made."""
    for table, (text, key) in respelling.KEYS.items():
        for row in await store.rows(f"SELECT id, {text} AS text FROM {table}"):
            await store.execute(f"UPDATE {table} SET {key} = $2 WHERE id = $1", row["id"], compared_before(row["text"]))
    for row in await store.rows("SELECT id, firm_id, key FROM email_address"):
        query = "UPDATE email_address SET hash = $2, hash_before = NULL WHERE id = $1"
        await store.execute(query, row["id"], firms_key(row["firm_id"]).address_hash(row["key"]))
    for row in await store.rows("SELECT id FROM firm"):
        now, before = (firms_key(row["id"]).address_hash(how(SHARP)) for how in (compared, compared_before))
        await store.execute("UPDATE occurrence SET hashes = array_replace(hashes, $1, $2)", now, before)
    await store.execute(
        "INSERT INTO installation (id, key_fingerprint, compared) VALUES (1, $1, 1)"
        " ON CONFLICT (id) DO UPDATE SET compared = 1",
        keys.fingerprint(),
    )


async def stale_keys() -> list[str]:
    """Addresses whose key is not the one that they are compared by."""
    return [
        row["text"]
        for table, (text, key) in respelling.KEYS.items()
        for row in await store.rows(f"SELECT {text} AS text, {key} AS key FROM {table}")
        if row["key"] != compared(row["text"])
    ]


@pytest.mark.usefixtures("store")
async def test_an_older_database_is_compared_anew_once_and_splits_nobody(by: System) -> None:
    member = await a_member(by, email="groß@firm.example")
    made = await an_older_database(by)
    signed_in = await session.sign_in(email=SHARP.replace("ß", "ss"), secret=PASSWORD)
    assert await stale_keys()

    for _ in range(2):
        await respelling.compare_anew()
        assert await stale_keys() == []
        assert await store.value("SELECT count(*) FROM email_address WHERE address = $1", SHARP) == 1
        assert await store.value("SELECT hash FROM email_address WHERE id = $1", made.address) == hash_of(by, SHARP)
        assert await session.viewer_of(signed_in.token) is None
        [(text, count)] = await notifications(by)
        assert SHARP in text
        assert DOUBLE in text
        assert count == 1
        [entry] = (await journal.page(member, JournalFilter(kinds=(JournalKind.ADDRESS_IN_DOUBT,)), Window(9))).rows
        assert [(one.before, one.after) for one in entry.changes] == [(DOUBLE, SHARP)]
        assert made.id in entry.account_ids
    again = await session.sign_in(email=SHARP, secret=PASSWORD)
    assert isinstance(again.viewer, Client)
    assert again.viewer.address_id == made.address
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email=DOUBLE, secret=PASSWORD)
    await session.sign_in(email="GROß@firm.example", secret=PASSWORD)


def hash_of(by: System, text: str) -> bytes:
    return firms_key(by.firm_id).address_hash(compared(text))


@pytest.mark.usefixtures("store")
async def test_who_was_typed_as_ss_is_in_doubt_too_where_another_spelling_was_met(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address=DOUBLE, login=True)
    await with_password(by, made.address)
    await written(by, SHARP)
    await made_older()
    signed_in = await session.sign_in(email=DOUBLE, secret=PASSWORD)
    await respelling.compare_anew()
    assert await session.viewer_of(signed_in.token) is None
    [(text, _)] = await notifications(by)
    assert SHARP in text


@pytest.mark.usefixtures("store")
async def test_addresses_that_mean_one_person_are_left_alone(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address="José.Müller@bücher.example", login=True)
    await with_password(by, made.address)
    await written(by, "JOSÉ.MÜLLER@bücher.example")
    await made_older()
    signed_in = await session.sign_in(email="josé.müller@bücher.example", secret=PASSWORD)
    await respelling.compare_anew()
    assert await session.viewer_of(signed_in.token) is not None
    assert await notifications(by) == []


async def test_whoever_is_stopped_goes_on_at_the_next_start(store: str) -> None:
    first, second = await a_firm(), await a_firm()
    for by in (first, second):
        await a_member(by)
        await an_older_database(by)
    async with held(one_at_a_time(max(first.firm_id, second.firm_id))):
        running = asyncio.create_task(respelling.compare_anew())
        await until_waiting(store, 1)
        running.cancel()
        await asyncio.wait([running])
    assert len(await notifications(min(first, second, key=lambda by: by.firm_id))) == 1
    assert await notifications(max(first, second, key=lambda by: by.firm_id)) == []
    await asyncio.gather(respelling.compare_anew(), respelling.compare_anew())
    assert [len(await notifications(by)) for by in (first, second)] == [1, 1]
    assert await stale_keys() == []


@pytest.mark.usefixtures("store")
async def test_the_ledger_is_asked_by_both_hashes_and_what_it_finds_is_read(
    server: ImapServer, by: System, tools: Tools
) -> None:
    """Switched on after the update; and queued before, fetched after."""
    waiting = await an_account(by, address=SHARP)
    past(server.inbox, from_(SHARP), from_(DOUBLE))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await made_older()
    await respelling.compare_anew()
    await switched(by, waiting.id, waiting.address, email_sync=True)
    assert await states(mailbox_id) == ["PENDING", "PENDING"]
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "NOT_SWITCHED_ON"]
    assert await subjects_of(waiting.id) == [f"by {SHARP}"]


@pytest.mark.usefixtures("store")
async def test_who_is_new_finds_what_the_ledger_met_by_the_older_key(
    server: ImapServer, by: System, tools: Tools
) -> None:
    past(server.inbox, from_(SHARP), from_(DOUBLE))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await made_older()
    await respelling.compare_anew()
    made = await an_account(by, address=SHARP, email_sync=True)
    await synced(mailbox_id, tools)
    assert await subjects_of(made.id) == [f"by {SHARP}"]


@pytest.mark.usefixtures("store")
async def test_new_mail_of_the_other_person_is_not_even_fetched(server: ImapServer, by: System, tools: Tools) -> None:
    await an_account(by, address=SHARP, email_sync=True)
    mailbox_id = await connected(by, server.server)
    past(server.inbox, from_(DOUBLE))
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON"]
    assert not any("BODY.PEEK[]" in command for command in server.commands)


@pytest.mark.usefixtures("no_store")
async def test_a_start_compares_anew(database_url: str) -> None:
    keys.use(KEY)
    await store.open_store(database_url)
    by = await a_firm()
    await a_member(by)
    await an_older_database(by)
    await store.close()
    async with opened(Settings.model_validate({"DATABASE_URL": database_url, "key": KEY.hex()})):
        assert await stale_keys() == []
        assert len(await notifications(by)) == 1
