"""Gives the demo firm many more clients, for what is done to thousands at once.

    python -m mail.demo.crowd 2000

CROWD-1 to CROWD-2000, all found by searching for “crowd”. Of each 50 one has no address, of one letters came back, one
can sign in and one is to be invited; of each ten, two are the same person's. Those that are there stay as they are, so
that it can be said again, or with a higher number. The demo may run meanwhile: its pages see them come.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from asyncpg import PostgresError
from pydantic import ValidationError

from mail.demo.people import OWNER_PASSWORD
from mail.demo.seed import NoDemo, main_firm
from mail.demo.typed import count as typed_count
from models import account, address, installation, password, suppression
from models.account import AccountKind, NewAccount
from models.contact import FieldRef, NewContact, NewEmail
from models.ground import clock, keys, store, var
from models.ground.mendable import Mendable
from models.ground.settings import Settings
from models.toggles import NewToggles
from models.viewer import System

DOMAIN = "crowd.demo.test"
"""Whatever goes there lies on the demo's own mail server: `python -m mail.demo.read --to ADDRESS`."""
AT_ONCE = 25
"""In one transaction: the firm's own writers wait for it."""
NAMES = (
    "Ada Aldo Anna Bruno Carla Cesare Dina Elio Elsa Emma Enzo Fabio Flora Gaia Gino Ida Ines Irene Ivo Lara Lea Leo"
    " Lina Livia Luca Mara Marco Mario Nadia Nino Olga Oscar Paola Pia Piero Rita Rosa Sara Tea Ugo"
)
SURNAMES = (
    "Abate Amato Arena Barone Basile Berti Bosco Bruni Caruso Cattaneo Colli Costa Dini Donati Esposito Fabbri Farina"
    " Ferro Galli Gatti Grassi Guerra Leone Longo Lupo Maggi Mancini Marino Martini Mazza Monti Morelli Negri Orlando"
    " Pace Parisi Pellegri Piras Poli Ricci Rinaldo Ruggeri Sanna Serra Silvestri Testa Valente Villa Vitale Zeno"
)
TRADES = ("Costruzioni", "Trasporti", "Alimentari", "Arredamenti", "Impianti", "Vini", "Tessuti")
CAME_BACK = "The mail server refused the letter: 550 5.1.1 There is no such mailbox."


def code_of(number: int) -> str:
    return f"CROWD-{number}"


def address_of(number: int) -> str | None:
    """The sixth of each ten is the fifth's own account."""
    if number % 50 == 0:
        return None
    person = number - 1 if number % 10 == 6 else number
    return f"{'.'.join(_person(person)).lower()}.{person}@{DOMAIN}"


def _person(number: int) -> tuple[str, str]:
    names, surnames = NAMES.split(), SURNAMES.split()
    return names[number % len(names)], surnames[number // len(names) % len(surnames)]


def is_suppressed(number: int) -> bool:
    return number % 50 == 25


def is_activated(number: int) -> bool:
    return number % 50 == 11


def _client(number: int) -> NewAccount:
    own = number % 10 == 6
    name, surname = _person(number - 1 if own else number)
    whole, text = f"{name} {surname}", address_of(number)
    login = is_activated(number) or number % 50 == 31
    toggles = NewToggles(login, notify=number % 7 == 0)
    contact = NewContact(whole, (NewEmail(FieldRef(name="Email"), text, toggles),) if text else ())
    company = f"{surname} {TRADES[number % len(TRADES)]} {number} S.r.l."
    kind = AccountKind.INDIVIDUAL if own or number % 3 == 0 else AccountKind.COMPANY
    return NewAccount(company if kind is AccountKind.COMPANY else whole, kind, code_of(number), (contact,))


async def gather(by: System, count: int) -> int:
    """The first `count` of the crowd; answers how many of them were not there yet. All of a transaction, or none."""
    missing = await _missing(by, count)
    hashed = await password.hashed(OWNER_PASSWORD)
    for some in _in_portions(missing):
        async with store.transaction(by.firm_id):
            for number in some:
                await account.create(by, _client(number))
            await _settle(by, some, hashed)
    return len(missing)


async def _missing(by: System, count: int) -> list[int]:
    query = "SELECT code FROM account WHERE firm_id = $1 AND code LIKE 'CROWD-%'"
    there = {account["code"] for account in await store.rows(query, by.firm_id)}
    return [number for number in range(1, count + 1) if code_of(number) not in there]


def _in_portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE))


async def _settle(by: System, numbers: Sequence[int], hashed: str) -> None:
    """Who can sign in, and to whom nothing is sent."""
    typed = {number: address.typed(text) for number in numbers if (text := address_of(number))}
    ids = await address.ensure(by, typed.values())
    for number, email in typed.items():
        if is_suppressed(number):
            await suppression.suppress(by.firm_id, ids[email.key], CAME_BACK)
        elif is_activated(number):
            await address.activate(by, ids[email.key], at=clock.now(), password_hash=hashed)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[None]:
    """The database of the demo, whether that runs or not. Raises NoDemo, and what opening it raises."""
    keys.load(settings)
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value() if settings.database_url else await _of_our_own(settings, stack)
        await store.open_store(url)
        stack.push_async_callback(store.close)
        if await store.pending_migrations():
            raise NoDemo
        await installation.check_key()
        yield


async def _of_our_own(settings: Settings, stack: AsyncExitStack) -> str:
    from models.ground.embedded import Embedded  # needs Linux or macOS; who gives a DATABASE_URL needs neither

    folder = var.folder(settings) / "postgres"
    if not folder.exists():
        raise NoDemo
    server = await asyncio.to_thread(Embedded.start, folder)
    stack.push_async_callback(asyncio.to_thread, server.stop)
    return server.url


async def _gather(count: int) -> str:
    async with _opened(Settings()):
        made = await gather(await main_firm(), count)
    return f"{made} clients came. CROWD-1 to CROWD-{count} are there: search for “crowd”."


def main() -> int:
    try:
        print(asyncio.run(_gather(_args().count)))  # noqa: T201
    except (Mendable, ValidationError) as error:
        return _failed(str(error))
    except (PostgresError, OSError) as error:
        return _failed(f"The database cannot be reached: {error}")
    return 0


def _failed(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 1


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Gives the demo firm more clients, CROWD-1 to CROWD-COUNT.")
    parser.add_argument("count", type=typed_count, nargs="?", default=2000, metavar="COUNT")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
