"""Letters composed, delivered and settled, beside bare aiosmtplib delivering the same bytes over one connection."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import perf_counter
from uuid import UUID

import aiosmtplib
from uuid_utils.compat import uuid7

from bench.figure import Figure, best
from bench.ground import Ground, child, ground
from mail.compose import Sender, compose
from mail.outbox import Route, new_owner, one_pass
from mail.smtp import SmtpServer
from models import address, letter
from models.ground import clock, secret_link, store
from models.invitation import Invitation
from models.letter import LetterKind, NewLetter
from models.mailbox import MailSecurity

SENDER = Sender("portal@switchboard.test", "https://portal.firm.test")
BARE = 1000


async def run(*, letters: int = 2000, rounds: int = 3) -> list[Figure]:
    async with ground() as on, sink(on) as port:
        route = Route(SmtpServer("127.0.0.1", port, MailSecurity.NONE), SENDER)
        raw = await _one(on)
        took: list[float] = []
        alone: list[float] = []
        for number in range(rounds):
            alone.append(await bare(port, raw, min(BARE, letters)))
            took.append(await _ours(on, route, letters, number))
    return [
        Figure("letters composed, delivered and settled", letters / best(took), "/s", at_least=300),
        Figure("bare aiosmtplib, one connection", min(BARE, letters) / best(alone), "/s"),
        Figure("a letter", len(raw) / 1000, "kB"),
    ]


async def _ours(on: Ground, route: Route, letters: int, number: int) -> float:
    await queue(on, [f"{number}-{n}@client.test" for n in range(letters)])
    await store.execute("ANALYZE")  # as autovacuum does within a minute; until then claims may sort all that waits
    begun = perf_counter()
    done = await one_pass(route, owner=new_owner())
    took = perf_counter() - begun
    assert done.handled == letters, done
    assert await store.value("SELECT count(*) FROM letter WHERE state <> 'SENT'") == 0
    return took


async def queue(on: Ground, to: list[str]) -> list[UUID]:
    """Invitations, as the firm writes them."""
    by, now = on.firm, clock.now()
    until = now + timedelta(days=30)
    async with store.transaction():
        ids = await address.ensure(by, [address.typed(each) for each in to])
        made = [
            Invitation(id=uuid7(), firm_id=by.firm_id, address_id=ids[each], seed=secret_link.new_seed(),
                       created_at=now, expires_at=until) for each in to
        ]  # fmt: skip
        await Invitation.bulk_create(made)
        facts = {"accountNames": ["Vetreria Valsecchi"], "inviterName": "Chiara", "expiresAt": until.isoformat()}
        news = [
            NewLetter(
                LetterKind.INVITATION, address.typed(each), facts, address_id=one.address_id, invitation_id=one.id
            )
            for each, one in zip(to, made, strict=True)
        ]
        return await letter.write(by, news)


async def _one(on: Ground) -> bytes:
    await queue(on, ["sample@client.test"])
    (claimed,) = await letter.claim("bench", most=1)
    await store.execute("DELETE FROM letter")
    return compose(claimed, SENDER)


async def bare(port: int, raw: bytes, count: int) -> float:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.test") as client:
        begun = perf_counter()
        for _ in range(count):
            await client.sendmail("portal@switchboard.test", ["anna@client.test"], raw)
        return perf_counter() - begun


async def connections(port: int) -> int:
    """How many the mail server there has taken before this one."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.test") as client:
        return int((await client.vrfy("all")).message) - 1


@asynccontextmanager
async def sink(on: Ground) -> AsyncIterator[int]:
    """A mail server in a process of its own, which takes everything and keeps nothing; its port."""
    async with child(["-m", "bench.letters"], on.environment()) as process:
        assert process.stdout
        yield int(await process.stdout.readline())


class _Sink(asyncio.Protocol):
    """By hand, since it shares the machine with what is measured: aiosmtpd alone takes three milliseconds a letter."""

    made = 0
    """Connections, ever; VRFY tells how many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""
        self._end = b"\r\n"
        _Sink.made += 1
        transport.write(b"220 sink.test\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(self._end)) >= 0:
            said, self._buffer = self._buffer[:end], self._buffer[end + len(self._end) :]
            self._answer(said[:4].upper() if self._end == b"\r\n" else b"")

    def _answer(self, verb: bytes) -> None:
        self._end = b"\r\n.\r\n" if verb == b"DATA" else b"\r\n"
        answers = {b"EHLO": b"250-sink.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n", b"DATA": b"354 go on\r\n"}
        answers[b"VRFY"] = b"252 %d\r\n" % _Sink.made
        self._transport.write(answers.get(verb, b"250 OK\r\n"))
        if verb == b"QUIT":
            self._transport.close()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve()))
