"""The verbs of invitations.py on the database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from models import invitation
from models.ground import clock, secret_link
from models.invitation import Invitation, WhoAsks, accepting, asking
from models.toggles import Invite, TogglesWish, setting
from tests.support.database.store import firms_key
from tests.support.firm.factories import PASSWORD, answered
from tests.support.rules.switches_done import Reality, text_of


@dataclass
class Deeds:
    """The same verbs on the database."""

    reality: Reality

    async def do(self, verb: str, *given: Any) -> None:
        await getattr(self.reality, verb)(*given)

    async def invite(self, place: int, one: int, switch_on: bool, again: bool) -> None:
        where, login = (self.reality.places[place], self.reality.addresses[one]), True if switch_on else None
        await setting.set_toggles(self.reality.by, [TogglesWish(*where, login=login, invite=Invite(again=again))])

    async def revoke(self, one: int) -> None:
        rows = await self.rows(one)
        await invitation.revoke(self.reality.by, rows[-1].id if rows else self.reality.addresses[one])

    async def accept(self, one: int) -> None:
        rows = await self.rows(one)
        await accepting.accept(_token(rows[-1]) if rows else "none", PASSWORD, days=1)

    async def ask(self, one: int) -> None:
        await asking.attempts.forget()
        await answered(invitation.ask(WhoAsks(email=text_of(one)), key=str(clock.now())))

    async def wait(self) -> None:
        _wait(days=31)

    async def rows(self, one: int) -> list[Invitation]:
        return await Invitation.filter(address_id=self.reality.addresses[one]).order_by("id")


def _token(row: Invitation) -> str:
    return secret_link.token(firms_key(row.firm_id), "invitation", row.id, row.seed)


def _wait(**time: int) -> None:
    instant = clock.now() + timedelta(**time)
    clock.set_source(lambda: instant)
