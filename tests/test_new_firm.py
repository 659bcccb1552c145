"""
A firm that is new among others: PostgreSQL has looked at the tables when it had no row there, expects one, and takes
any index that begins with the firm for as good as the right one. Rows are counted, not time.
"""

from collections.abc import Awaitable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from models import email, invitation, letter, notice, portal, session, toggles
from models.access import Spot
from models.client_event import ClientEvent
from models.ground import store
from models.ground.page import Window
from models.ground.settings import Settings
from models.notice import AccountRef, NewNotice
from models.portal import documents, emails
from models.submission.undelivered import tell_writers
from models.viewer import Client, Viewer
from tests.support.firm.a_firm_at_work import at_work, in_all
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.many_addresses import all_invited, nobody_analyses, people, rows_read

FEW, MANY, PAGE = 30, 2000, 50
EACH_TABLE_ONCE = 10 * MANY
"""In a firm of this size as short a way as one by one. Once for each of fifty things would be fifty times as much."""


@pytest.fixture
async def by(own_store: str) -> Viewer:
    await nobody_analyses()
    return await a_member(await a_firm())


@pytest.fixture(autouse=True)
def unlimited() -> Iterator[None]:
    letter.limit(Settings(letters_per_hour=10**9))
    yield
    letter.limit(Settings())


@pytest.mark.parametrize("others", [1, 20])
async def test_who_asks_a_new_firm_for_fifty_things_reads_no_table_for_each_of_them(by: Viewer, others: int) -> None:
    for number in range(others):
        other = await a_member(await a_firm(f"Firm {number}"))
        await _begun(other, await people(other, FEW))
    await store.execute("ANALYZE")
    await store.execute("UPDATE letter SET due_at = 'infinity'")
    spots = await people(by, MANY)
    await _begun(by, spots)
    await in_all(by, spots[0], spots[1:PAGE])
    read = {name: await rows_read(by, asking) for name, asking in _asked(by, [spot[0] for spot in spots[:PAGE]])}
    assert min(read.values()) > PAGE, "who finds nothing reads nothing"
    assert not {name: rows for name, rows in read.items() if rows > EACH_TABLE_ONCE}


async def _begun(by: Viewer, spots: Sequence[Spot]) -> None:
    await all_invited(by, spots)
    await at_work(by, spots)


def _asked(by: Viewer, ids: Sequence[UUID]) -> Iterator[tuple[str, Awaitable[Any]]]:
    """About fifty clients, or about the first of them, who has to do with all that these have."""
    first, *_ = clients = [Client(by.firm_id, key, key, key, key) for key in ids]
    told = NewNotice(AccountRef(first.account_id), ClientEvent.INVOICE_SENT, "Invoice 12", "It is due in May.")
    yield "e-mails of accounts", email.of_accounts(by, ids, Window(5))
    yield "e-mails", email.by_ids(by, ids)
    yield "recipients of notices", notice.recipients_of(by, ids)
    yield "letters of notices", notice.letters_of(by, ids)
    yield "invitations", _invitations(by, ids)
    yield "whom a notice reaches", notice.notify(by, told, key="invoice 12")
    yield "letters that leave", _leave()
    yield "e-mails that reached nobody", tell_writers(by, ids)
    yield "a client's accounts", portal.of(first)
    yield "a client's e-mails", emails.page(first, Window(PAGE))
    yield "how many e-mails a client has", emails.count(first)
    yield "a client's documents", documents.page(first, Window(PAGE))
    yield "how many documents a client has", documents.count(first)
    yield "whose sessions go on", session.still_all(clients)
    yield "toggles of an address", toggles.lock_where(by, "t.address_id = $2", first.address_id)


async def _invitations(by: Viewer, account_ids: Sequence[UUID]) -> None:
    rows = await store.rows("SELECT id FROM toggles WHERE account_id = ANY($1::uuid[])", account_ids)
    assert await invitation.of_toggles(by, [toggles_id for (toggles_id,) in rows])


async def _leave() -> None:
    claimed = await letter.claim("a worker", most=PAGE)
    assert all(await letter.hand_over([(one_letter, b"its bytes") for one_letter in claimed]))
    assert all(await letter.sent(claimed))
