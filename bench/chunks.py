"""Switches and invitations for thousands of addresses, in chunks, on tables that have just grown a hundredfold."""

from time import perf_counter

from bench.figure import Figure, best
from bench.ground import Ground, ground
from models import letter
from models.ground import store
from models.ground.settings import Settings
from tests.support.firm.many_addresses import all_invited, nobody_analyses, people, switched_off

AT_ONCE = 500
"""Addresses in one transaction."""
SEEN_SMALL = 10
"""Rounds of a hundredth each, on the connections that go on: more often than PostgreSQL tries plans for the values."""


async def run(*, addresses: int = 10_000, rounds: int = 2) -> list[Figure]:
    letter.limit(Settings(letters_per_hour=10**9, letters_per_recipient=10**9))
    async with ground() as base:
        await nobody_analyses()
        grown, known = list[tuple[float, float]](), list[tuple[float, float]]()
        for _ in range(rounds):
            grown.append(await _round(base, addresses, known=False))
            known.append(await _round(base, addresses, known=True))
    on, off = (best(took[n] for took in grown) for n in (0, 1))
    on_known, off_known = (best(took[n] for took in known) for n in (0, 1))
    return [
        Figure("invited on tables just grown, of tables that are known", on / on_known, "×", at_most=2),
        Figure("switched off at once, likewise", off / off_known, "×", at_most=2),
        Figure(f"{addresses} invited, {AT_ONCE} in a transaction", on, "s"),
        Figure(f"{addresses} switched off in one transaction", off, "s"),
    ]


async def _round(on: Ground, addresses: int, *, known: bool) -> tuple[float, float]:
    """Seconds: to invite all, and to switch all off. `known`: PostgreSQL has looked how large the tables are."""
    await _emptied()
    few = await people(on.firm, addresses // 100)
    await store.execute("ANALYZE")
    for _ in range(SEEN_SMALL):
        await all_invited(on.firm, few)
        await switched_off(on.firm, few)
    many = await people(on.firm, addresses)
    if known:
        await store.execute("ANALYZE")
    begun = perf_counter()
    for begin in range(0, len(many), AT_ONCE):
        await all_invited(on.firm, many[begin : begin + AT_ONCE])
    between = perf_counter()
    if known:
        await store.execute("ANALYZE")
    again = perf_counter()
    await switched_off(on.firm, many)
    return between - begun, perf_counter() - again


async def _emptied() -> None:
    for table in ("letter", "invitation_account", "invitation", "toggles", "contact_email", "account_contact",
                  "contact", "email_address", "account"):  # fmt: skip
        await store.execute(f"DELETE FROM {table}")
        await store.execute(f"VACUUM {table}")
