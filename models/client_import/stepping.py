"""
The steps of an import: its turns, then one chunk of whole accounts after the other, each in one transaction, so that
whoever is killed leaves nothing half done, and another goes on from there. A dry run goes the same way, keeps in memory
what its rows would have made, and writes what came of them alone; another worker begins it anew.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from models import firm
from models.account.making import last_number
from models.client_import import reporting
from models.client_import.beginning import begin
from models.client_import.client_import import ClientImport, from_json
from models.client_import.ending import finish
from models.client_import.known import Known
from models.client_import.learning import learn
from models.client_import.listing import figures_of
from models.client_import.planning import Plan, not_allowed, plan
from models.client_import.turns import Turn
from models.client_import.understanding import options_of
from models.client_import.values import ClientRow, client_rows
from models.client_import.writing import write
from models.email import history
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.letter import limits_of
from models.run import Actor, Held, Pace, acting, hold, next_turns
from models.sheet.sheet import Row, Rows, Sheet
from models.viewer import Viewer

READ_AT_ONCE = 50
"""Rows read before other work of this process has its turn: some milliseconds."""


_rehearsals: WeakKeyDictionary[Pace, Known] = WeakKeyDictionary()
"""What a dry run would have made so far, as long as its worker goes on with it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """`turn`: the last one; `rows`: how many."""

    turns: Sequence[Turn]
    turn: int
    rows: int


async def step(held: Held, pace: Pace) -> bool:
    """Begins the import, or ends its next chunk; False: it has ended. Raises RunLost."""
    async with store.transaction(held.firm_id):
        run = await hold(held)
    wish = from_json(run["asked"])
    pace.fills = not wish.dry_run
    if run["planned_at"] is None:
        return await begin(held, run, wish)
    if wish.dry_run:
        return await _rehearse(held, wish, pace)
    return await _import(held, run, wish, pace)


async def _import(held: Held, run: Any, wish: ClientImport, pace: Pace) -> bool:
    chunk = await _next(run, wish, pace)
    async with store.transaction(held.firm_id):
        await firm.one_at_a_time(held.firm_id)
        begun = monotonic()
        run = await hold(held)
        await history.lock(held.firm_id)
        actor = await acting(run)
        facts = await _known(actor.viewer, run)
        plan = await _planned(actor, wish, chunk, facts, writes=True)
        goes_on = await _end(actor.viewer, run, chunk, plan)
        checkpoint("before the commit of a chunk of an import")
    pace.took(chunk.rows, monotonic() - begun)
    checkpoint("after the commit of a chunk of an import")
    return goes_on


async def _rehearse(held: Held, wish: ClientImport, pace: Pace) -> bool:
    """The next chunk of a dry run: it locks nothing for long, and makes nothing. Each worker begins it anew."""
    async with store.transaction(held.firm_id):
        run = await hold(held)
        actor = await acting(run)
        if (facts := _rehearsals.get(pace)) is None:
            facts = _rehearsals[pace] = await _known(actor.viewer, run)
            await reporting.forget(run)
            run = await hold(held)
    chunk = await _next(run, wish, pace)
    plan = await _planned(actor, wish, chunk, facts, writes=False)
    async with store.transaction(held.firm_id):
        run = await hold(held)
        if not (goes_on := await _end(actor.viewer, run, chunk, plan)):
            await reporting.forget_cells(run)
        checkpoint("before the commit of a chunk of a dry run")
    checkpoint("after the commit of a chunk of a dry run")
    return goes_on


async def _known(by: Viewer, run: Any) -> Known:
    """What is the same for the whole file."""
    left, last = (await limits_of(by)).left_this_hour, await last_number(by.firm_id)
    return Known(left, max(last, figures_of(run["tallies"])["last_number"]))


async def _next(run: Any, wish: ClientImport, pace: Pace) -> Chunk:
    """Reads the rows of the next turns, a few at a time, so that other work of this process goes on meanwhile."""
    rows = await next_turns(run, pace.items, table="client_import_row", order="number")
    sheet, targets = Sheet(wish.headers, Rows(())), wish.targets
    clients: list[ClientRow] = []
    for first in range(0, len(rows), READ_AT_ONCE):
        some = [
            Row(row["number"], tuple(orjson.loads(row["cells"])), row["fault"]) for row in rows[first:][:READ_AT_ONCE]
        ]
        clients += client_rows(sheet, targets, some)
        await asyncio.sleep(0)
    turns = [
        _turn([(row, client) for row, client in of_turn])
        for _, of_turn in groupby(zip(rows, clients, strict=True), lambda pair: pair[0]["turn"])
    ]
    return Chunk(turns, rows[-1]["turn"] if rows else run["turn"], len(rows))


def _turn(rows: Sequence[tuple[Any, ClientRow]]) -> Turn:
    first = rows[0][0]
    return Turn([client for _, client in rows], first["account_id"], first["is_ambiguous"])


async def _planned(actor: Actor, wish: ClientImport, chunk: Chunk, facts: Known, *, writes: bool) -> Plan:
    if not actor.may_go_on:
        return not_allowed(chunk.turns)
    options = await options_of(actor.viewer, wish)
    await learn(actor.viewer, facts, chunk.turns, invites=wish.toggles.invite is not None)
    made = plan(facts, options, chunk.turns)
    if writes:
        await write(actor.viewer, facts, options, made.deeds)
    return made


async def _end(by: Viewer, run: Any, chunk: Chunk, plan: Plan) -> bool:
    goes_on = await reporting.keep(by, run, chunk.turn, plan)
    checkpoint("after a chunk of an import was reported")
    if not goes_on:
        await finish(by, run["id"])
    return goes_on
