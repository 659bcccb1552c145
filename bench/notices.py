"""Notices composed, delivered and settled, beside bare aiosmtplib delivering the same bytes over one connection."""

import asyncio
from dataclasses import replace
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from uuid import UUID

from bench.figure import Figure, best
from bench.ground import Ground, ground
from bench.letters import BARE, SENDER, bare, connections, queue, sink
from mail.compose import compose
from mail.outbox import Outbox, Route, new_owner, one_pass
from mail.smtp import SmtpServer
from models import account, firm, letter, notice
from models.account import AccountKind, NewAccount
from models.address import TypedAddress
from models.client_event import ClientEvent
from models.ground import store
from models.ground.settings import Settings
from models.letter import NoticeItem, Tidings
from models.mailbox import MailSecurity
from models.notice import AccountRef, NewNotice, NotifyOutcome
from tests.support.firm.factories import a_firm, counting
from tests.support.waiting import patience

AT_ONCE = 500
"""Told in one transaction; and so many addresses are on one account."""
ADDRESSES = 50
ITEM = NoticeItem(ClientEvent.DOCUMENT_UPLOADED, "Bilancio 2025", "Il bilancio è pronto.", "/documents/4711")


async def run(*, notices: int = 10_000, rounds: int = 3) -> list[Figure]:
    letter.limit(Settings(letters_per_hour=1_000_000_000))
    async with ground() as on, sink(on) as port:
        route = Route(SmtpServer("127.0.0.1", port, MailSecurity.NONE), SENDER)
        people = await _people(on, notices)
        raw = await _one(on, people)
        took, alone, grown, opened = list[float](), list[float](), list[float](), list[int]()
        spent, spent_alone = list[float](), list[float]()
        for _ in range(rounds):
            begun = process_time()
            alone.append(await bare(port, raw, min(BARE, notices)))
            spent_alone.append(process_time() - begun)
            before, lines = _most_memory(), await connections(port)
            seconds, processor = await _ours(on, route, people)
            took.append(seconds)
            spent.append(processor)
            grown.append(_most_memory() - before)
            opened.append(await connections(port) - lines - 1)
        waited = await _another_firms(on, route, people)
        statements = await _statements(on)
    ours, theirs = notices / best(took), min(BARE, notices) / best(alone)
    return [
        Figure("notices composed, delivered and settled, of bare aiosmtplib", 100 * ours / theirs, "%", at_least=50),
        Figure("that is", ours, "/s"),
        Figure("bare aiosmtplib, one connection", theirs, "/s"),
        Figure("our processor time for one, the database's apart", 1000 * best(spent) / notices, "ms"),
        Figure("that of bare aiosmtplib", 1000 * best(spent_alone) / min(BARE, notices), "ms"),
        Figure("memory grown by", max(grown), "MB", at_most=50),
        Figure("connections opened for them", max(opened), "connections", at_most=route.connections),
        Figure("with those waiting, until another firm's invitation has left", waited, "s", at_most=2),
        Figure(f"notifyClients for {ADDRESSES} addresses", statements, "statements", at_most=12),
        Figure("a letter", len(raw) / 1000, "kB"),
    ]


def _most_memory() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1000


async def _ours(on: Ground, route: Route, people: list[Tidings]) -> tuple[float, float]:
    """Seconds by the clock, and of this process: what a busy machine makes longer, and what it does not."""
    await _tell(on, people)
    begun, spent = perf_counter(), process_time()
    done = await one_pass(route, owner=new_owner())
    took, spent = perf_counter() - begun, process_time() - spent
    assert done.handled == len(people), done
    assert await store.value("SELECT count(*) FROM letter WHERE state <> 'SENT'") == 0
    return took, spent


async def _another_firms(on: Ground, route: Route, people: list[Tidings]) -> float:
    """Seconds from its commit to its being settled, in the midst of this firm's notices."""
    other = replace(on, firm=await a_firm())
    await store.execute("DELETE FROM letter")
    await _tell(on, people)
    outbox = Outbox(route)
    running = asyncio.create_task(outbox.run())
    await _until("SELECT EXISTS (SELECT 1 FROM letter WHERE firm_id = $1 AND handed_over > 0)", on.firm.firm_id)
    (letter_id,) = await queue(other, ["other@client.test"])
    begun = perf_counter()
    await _until("SELECT state = 'SENT' FROM letter WHERE id = $1", letter_id)
    waited = perf_counter() - begun
    await outbox.stop()
    await running
    return waited


async def _until(query: str, *values: object) -> None:
    async with patience():
        while not await store.value(query, *values):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


async def _statements(on: Ground) -> int:
    made = (await account.create(on.firm, NewAccount("Fifty", AccountKind.COMPANY))).ids[0]
    await store.rows(_PEOPLE, on.firm.firm_id, made, 1_000_000, 1_000_000 + ADDRESSES - 1)
    async with counting() as statements:
        done = await notice.notify(on.firm, NewNotice(AccountRef(made), ITEM.event, "Bilancio", "È pronto."), key="1")
    assert [one.outcome for one in done.recipients] == [NotifyOutcome.QUEUED] * ADDRESSES
    return len(statements)


async def _tell(on: Ground, people: list[Tidings]) -> None:
    for begin in range(0, len(people), AT_ONCE):
        async with store.transaction(on.firm.firm_id):
            await firm.one_at_a_time(on.firm.firm_id)
            await letter.gather(on.firm, people[begin : begin + AT_ONCE])
    await store.execute(
        "UPDATE letter SET due_at = now() WHERE settled_at IS NULL"
    )  # of a later round: a minute is over
    await store.execute("ANALYZE")  # as autovacuum does within a minute; until then claims may sort all that waits


async def _one(on: Ground, people: list[Tidings]) -> bytes:
    await _tell(on, people[:1])
    (claimed,) = await letter.claim("bench", most=1)
    await store.execute("DELETE FROM letter")
    return compose(claimed, SENDER)


async def _people(on: Ground, count: int) -> list[Tidings]:
    """Each with an address that wants notices."""
    await store.execute("UPDATE firm SET software_url = 'https://software.test', actions_without_login = $1",
                        ["VIEW_DOCUMENTS"])  # fmt: skip
    people = []
    for begin in range(0, count, AT_ONCE):
        name = f"Account {begin}"
        made = (await account.create(on.firm, NewAccount(name, AccountKind.COMPANY))).ids[0]
        rows = await store.rows(_PEOPLE, on.firm.firm_id, made, begin, min(count, begin + AT_ONCE) - 1)
        people += [_tidings(row["id"], row["address"], made, name) for row in rows]
    return people


def _tidings(address_id: UUID, text: str, account_id: UUID, name: str) -> Tidings:
    return Tidings(TypedAddress(text, text), address_id, account_id, name, ITEM)


_PEOPLE = """
WITH e AS (
  INSERT INTO email_address (id, firm_id, address, key, hash)
  SELECT gen_random_uuid(), $1, n || '@client.test', n || '@client.test', sha256(n::text::bytea)
  FROM generate_series($3::int, $4::int) n RETURNING id, address
), c AS (
  INSERT INTO contact (id, firm_id, name, sort_key, words, created_at, version)
  SELECT id, $1, address, address, '{}', now(), 1 FROM e RETURNING id
), l AS (
  INSERT INTO account_contact (id, firm_id, account_id, contact_id) SELECT gen_random_uuid(), $1, $2, id FROM c
), h AS (
  INSERT INTO contact_email (id, firm_id, contact_id, field_id, address_id)
  SELECT gen_random_uuid(), $1, id, (SELECT id FROM email_field WHERE firm_id = $1 LIMIT 1), id FROM e
), t AS (
  INSERT INTO toggles (id, firm_id, account_id, address_id, login, notify, email_sync, version)
  SELECT gen_random_uuid(), $1, $2, id, true, true, false, 1 FROM e
)
SELECT id, address FROM e ORDER BY address
"""
