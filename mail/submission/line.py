"""One connection to the mailbox's server: each e-mail is composed, handed over outside of any transaction, settled."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import BinaryIO

import structlog

from mail.header_lines import plain_address
from mail.reaching import NotReached, shut
from mail.smtp import Deferred, NoWay, Refused, RelayRefused, Smtp, SmtpError, Unknown
from mail.submission.composing import some_bytes
from mail.submission.keeping import UnfitToLeave, fetch_or_compose, is_wide
from mail.writing_down import written_down
from models.errors import ErrorCode
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.mailbox import sending_door
from models.mailbox.lease import Leased, LeaseLost
from models.submission import settling
from models.submission.due import Due, may_leave, next_due

ANSWER_SECONDS = 600.0
"""For the answer to the whole, which some servers read for viruses first (RFC 5321, 4.5.3.2.6)."""
OUR_FAULT = "Something went wrong on our side when it was to be sent. It is tried again by itself."
SUPPRESSED = "Nothing is sent to {}: an earlier letter came back from there."
log = structlog.get_logger("submission")


class Line:
    """
    `reach` makes the connection, when the first e-mail is ready. `stopping`: nothing more begins to leave.
    `is_leaving`: the bytes of an e-mail are on their way, and its outcome is not written down yet.
    """

    def __init__(
        self,
        leased: Leased,
        reach: Callable[[], Awaitable[Smtp]],
        stopping: asyncio.Event,
        *,
        answer_within: float = ANSWER_SECONDS,
    ) -> None:
        self.is_leaving = self.was_shut = False
        self._leased, self._reach, self._stopping, self._answer_within = leased, reach, stopping, answer_within
        self._smtp: Smtp | None = None
        self._is_fresh = True

    async def run(self) -> None:
        """All that is due, one after the other. Raises LeaseLost, and what the database raises."""
        try:
            while not self._stopping.is_set() and (due := await next_due(self._leased)):
                await self._take(due)
        except NotReached as error:
            await self._note_shut(error)
        finally:
            if self._smtp:
                await self._smtp.close()

    async def _note_shut(self, error: NotReached) -> None:
        """The server takes nothing from this mailbox now: its health says so, and it is tried again after a while."""
        log.info("submission.barred", mailbox=str(self._leased.mailbox_id), code=error.code, path=error.path)
        await settling.barred(self._leased, error.message)
        await sending_door.found_shut(self._leased, error.code, error.message, path=error.path, wait=error.wait)
        self.was_shut = True

    async def _take(self, due: Due) -> None:
        """What cannot even be tried for a fault of ours is put off, so that it holds up nothing behind it."""
        try:
            await self._handle(due)
        except (LeaseLost, NotReached, store.Away):
            raise
        except Exception as error:
            log.error("submission.failed", submission=str(due.id), error=type(error).__name__)
            await written_down(due.id, lambda: settling.put_off(due, OUR_FAULT))

    async def _handle(self, due: Due) -> None:
        if not (to := [address for address in due.recipients if address not in due.suppressed]):
            why = SUPPRESSED.format(", ".join(due.recipients))
            return await written_down(due.id, lambda: settling.stopped(due, why))
        with some_bytes() as content:
            try:
                await fetch_or_compose(self._leased, due, content)
            except UnfitToLeave as error:
                why, settle = error.why, settling.refused if error.for_good else settling.put_off
                return await written_down(due.id, lambda: settle(due, why))
            return await self._leave(due, content, to)

    async def _leave(self, due: Due, content: BinaryIO, to: Sequence[str]) -> None:
        if self._smtp is None or not self._smtp.is_open:
            self._is_fresh = True
            self._smtp = await self._reach()
            await sending_door.found_open(self._leased)
        try:
            await self._deliver(self._smtp, due, content, to)
            self._is_fresh = False
        except NoWay as error:
            if not self._is_fresh:  # servers end a line after so many letters or seconds: once more, on a new one
                self._smtp = None
                return
            if isinstance(error, RelayRefused):  # in case it is this one's fault alone, others come before it
                await self._put_off(due, error.message)
            raise shut(error) from None

    async def _deliver(self, smtp: Smtp, due: Due, content: BinaryIO, to: Sequence[str]) -> None:
        """
        And writes down its outcome. Raises NoWay, with nothing of it left; NotReached where the server takes nothing
        now.
        """
        envelope = {plain_address(address): address for address in to}
        try:
            untaken = await smtp.deliver(
                content,
                sender=plain_address(due.from_address),
                to=list(envelope),
                wide=is_wide(content),
                answer_within=self._answer_within,
                may_leave=lambda: self._may_leave(due),
            )
            if self.is_leaving:
                await _sent(due, {envelope[address]: error for address, error in (untaken or {}).items()})
        except Deferred as error:
            await self._put_off(due, error.message, begun=self.is_leaving)
            if not error.of_recipients:
                raise NotReached(ErrorCode.MAILBOX_UNREACHABLE, error.message, "smtp.host") from None
        except Refused as error:
            why, begun = error.message, self.is_leaving
            await written_down(due.id, lambda: settling.refused(due, why, begun=begun))
        except Unknown:
            await written_down(due.id, lambda: settling.unknown(due))
        except asyncio.CancelledError:
            if self.is_leaving:
                await asyncio.shield(written_down(due.id, lambda: settling.unknown(due)))
            raise
        finally:
            self.is_leaving = False

    async def _may_leave(self, due: Due) -> bool:
        """The server is ready for its bytes."""
        if self._stopping.is_set():
            return False
        checkpoint("before a submission's hand-over")
        self.is_leaving = await may_leave(self._leased, due)
        checkpoint("a submission was handed over")
        return self.is_leaving

    async def _put_off(self, due: Due, why: str, *, begun: bool = False) -> None:
        await written_down(due.id, lambda: settling.put_off(due, why, begun=begun))


async def _sent(due: Due, untaken: Mapping[str, SmtpError]) -> None:
    checkpoint("a submission was taken")
    why = _not_reached(due, untaken)
    await written_down(due.id, lambda: settling.sent(due, why))
    checkpoint("a submission was settled")


def _not_reached(due: Due, untaken: Mapping[str, SmtpError]) -> str | None:
    """Whom it did not reach, and why."""
    sentences = [f"It did not reach {address}. {error.message}" for address, error in untaken.items()]
    sentences += [SUPPRESSED.format(address) for address in sorted(due.suppressed)]
    return " ".join(sentences) or None
