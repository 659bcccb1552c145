"""What the faults of notices share: a firm with one of everybody, and what of each must have arrived where."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.ground import store
from models.viewer import System
from tests.support.firm.cast import BRUNO
from tests.support.firm.factories import MadeAccount, a_firm, an_address, switched, with_password
from tests.support.firm.notify_clients import Told, as_told, everybody, notified
from tests.support.servers.smtp import SmtpSink

FIRM = "files@firm.test"


async def told_firm() -> tuple[System, MadeAccount]:
    """With one of everybody; it gets copies. Who is told has not activated yet: letters begin with the banner."""
    by = await a_firm()
    await store.execute("UPDATE firm SET copy_to = $2 WHERE id = $1", by.firm_id, FIRM)
    made = await everybody(by)
    await switched(by, made.id, made.address, login=True)
    return by, made


async def meanwhile(by: System, made: MadeAccount) -> None:
    """One who had Notify off has it on; and a letter that is composed anew has no banner any more."""
    await switched(by, made.id, await an_address(by, BRUNO), notify=True)
    await with_password(by, made.address)


async def told_of(by: System, made: MadeAccount, *events: str) -> dict[str, Told]:
    return {event: as_told((await notified(by, made.id, key=event, subject=event)).recipients) for event in events}


def letters_promised(told: dict[str, Told]) -> Counter[tuple[str | None, str]]:
    return Counter(
        (address, event) for event, answer in told.items() for address, _, outcome in answer if outcome == "QUEUED"
    )


def letters_written(letters: Sequence[Any]) -> Counter[tuple[str | None, str]]:
    return Counter((row["to_address"], event) for row in letters if not row["copy_of"] for event in row["subjects"])


def arrivals(sink: SmtpSink, letters: Sequence[Any]) -> dict[UUID, list[bytes]]:
    """Each in the envelope of its recipient; whatever of a letter arrived more than once is the very same bytes."""
    arrived = {
        row["id"]: [taken.raw for taken in sink.letters if row["message_id"].encode() in taken.raw] for row in letters
    }
    for row in letters:
        assert len(set(arrived[row["id"]])) == 1, row["to_address"]
        assert all(event.encode() in arrived[row["id"]][0] for event in row["subjects"])
    return arrived


async def must_be_as_answered(by: System, sink: SmtpSink, told: dict[str, Told], *, doubled: bool = False) -> None:
    """Who was answered to be told is told of each event by one letter, nobody else, and the firm has its copy."""
    letters = await store.rows(LETTERS, by.firm_id)
    assert letters_written(letters) == letters_promised(told)
    assert Counter(row["copy_of"] for row in letters if row["copy_of"]) == {
        row["id"]: 1 for row in letters if not row["copy_of"]
    }
    assert {(row["state"], row["sealed"]) for row in letters} == {("SENT", None)}
    arrived = arrivals(sink, letters)
    assert sum(map(len, arrived.values())) == len(letters) + doubled


LETTERS = """
SELECT l.id, l.to_address, l.copy_of, l.message_id, l.state, l.sealed,
  array(SELECT n->>'subject' FROM jsonb_array_elements(l.facts->'notices') n) AS subjects
FROM letter l WHERE l.firm_id = $1
"""
