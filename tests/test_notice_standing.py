"""What a notice's letter says is asked when it is composed (R15), bytes apart that may have arrived (P2)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from mail.outbox import Outbox
from models import account, letter
from models.ground import clock, store
from models.viewer import System
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import MadeAccount, an_account, counting, linked, switched, with_password
from tests.support.firm.notices import a_notice, told_account
from tests.support.letters.outbox import a_route, an_invitation, due_again, opened, row_of, sent_all, state_of, text_of
from tests.support.servers.smtp import DROP, SmtpSink, Taken

pytestmark = pytest.mark.usefixtures("store")


Change = Callable[[System, MadeAccount], Awaitable[None]]


async def _live(by: System, made: MadeAccount) -> None:
    await an_invitation(by, made.address, made.id)


async def _for_another(by: System, made: MadeAccount) -> None:
    await an_invitation(by, made.address, (await an_account(by)).id)


async def _expired(by: System, made: MadeAccount) -> None:
    await _live(by, made)
    await store.execute("UPDATE invitation SET expires_at = $1", clock.now() - timedelta(days=1))


async def _bounced(by: System, made: MadeAccount) -> None:
    await _live(by, made)
    await store.execute("UPDATE invitation SET bounced_at = now()")


async def _active(by: System, made: MadeAccount) -> None:
    await with_password(by, made.address)


async def _off(by: System, made: MadeAccount) -> None:
    await switched(by, made.id, made.address, login=False)


async def _nothing(by: System, made: MadeAccount) -> None:
    """Nobody was invited."""


@pytest.mark.parametrize(
    ("so", "banner"),
    [
        (_live, "with the link"),
        (_nothing, "ask"),
        (_for_another, "ask"),
        (_expired, "ask"),
        (_bounced, "ask"),
        (_active, ""),
        (_off, ""),
    ],
)
async def test_the_banner_is_as_things_stand_when_the_letter_is_composed(by: System, so: Change, banner: str) -> None:
    made = await told_account(by, login=True)
    await a_notice(by, made)
    await so(by, made)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    said = text_of(sink.letters[0].raw)
    assert ("/invitation/" in said) == (banner == "with the link")
    assert ("/invitation" in said) == bool(banner)


@pytest.mark.parametrize("answers", [{"RCPT": "450 4.2.1 later"}, {"DATA": "451 4.3.0 busy"}, {}])
async def test_after_a_plain_refusal_a_letter_is_composed_anew(by: System, answers: dict[str, str]) -> None:
    made = await told_account(by, login=True)
    letter_id = await a_notice(by, made)
    async with SmtpSink(answers=answers, after_data="250 taken" if answers else "451 4.3.0 later") as sink:
        await sent_all(sink.server)
        row = await row_of(letter_id)
        assert (row["state"], row["sealed"], row["handed_over"]) == ("QUEUED", None, 0)
        await with_password(by, made.address)
        sink.answers, sink.after_data = {}, "250 taken"
        await due_again()
        await sent_all(sink.server)
    assert "/invitation" not in text_of(sink.letters[-1].raw)
    assert await state_of(letter_id) == "SENT"


async def test_where_a_copy_may_have_arrived_the_very_same_bytes_leave(by: System) -> None:
    made = await told_account(by, login=True)
    letter_id = await a_notice(by, made)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        await with_password(by, made.address)
        await due_again()
        sink.after_data = "451 4.3.0 later"
        await sent_all(sink.server)
        assert (await row_of(letter_id))["sealed"] is not None
        await due_again()
        sink.after_data = "250 taken"
        await sent_all(sink.server)
    assert len({taken.raw for taken in sink.letters}) == 1
    assert len(sink.letters) == 3
    assert "/invitation" in text_of(sink.letters[0].raw)
    assert await state_of(letter_id) == "SENT"


async def test_the_firms_copy_has_no_secret_and_is_not_stopped(by: System) -> None:
    await store.execute("UPDATE firm SET copy_to = 'files@firm.test', software_url = 'https://s.test'")
    made = await told_account(by, login=True)
    await an_invitation(by, made.address, made.id)
    await a_notice(by, made)

    async def mute(_: Taken) -> None:
        await switched(by, made.id, made.address, notify=False)

    async with SmtpSink(answered=mute) as sink:
        await sent_all(sink.server)
        await sent_all(sink.server)
    to_anna, copy = sink.letters
    assert copy.to == ("files@firm.test",)
    assert "/invitation/" in text_of(to_anna.raw)
    for kind in ("plain", "html"):
        said = text_of(copy.raw, kind)
        assert "http" not in said
        assert "Vetreria Valsecchi" in said
    assert "List-Unsubscribe" in opened(to_anna.raw)
    assert "List-Unsubscribe" not in opened(copy.raw)


async def test_the_account_is_named_where_the_address_is_held_on_several_that_are_not_archived(by: System) -> None:
    made = await told_account(by)
    other = await an_account(by, name="Trattoria")
    await linked(by, other.id, made.contact)
    await account.archive(by, other.id, archived=True)
    async with SmtpSink() as sink:
        await a_notice(by, made)
        await sent_all(sink.server)
        await account.archive(by, other.id, archived=False)
        await a_notice(by, made)
        await due_again()
        await sent_all(sink.server)
    assert ["Vetreria Valsecchi" in text_of(taken.raw) for taken in sink.letters] == [False, True]


async def test_a_claim_with_notices_is_two_statements_however_many(by: System) -> None:
    for n in range(5):
        await a_notice(by, await told_account(by, f"{n}@client.test"))
    for most in (1, 4):
        async with counting() as statements:
            assert len(await letter.claim("one", most=most)) == most
        assert len(statements) == 2


async def test_a_gathered_letter_leaves_by_itself_when_its_minute_is_over(by: System) -> None:
    made = await told_account(by)
    async with SmtpSink() as sink:
        outbox = Outbox(a_route(sink.server))
        running = asyncio.create_task(outbox.run())
        first = await a_notice(by, made, "one")
        await eventually(lambda: _is_sent(first))
        second = await a_notice(by, made, "two")
        assert await a_notice(by, made, "three") == second
        await store.execute("UPDATE letter SET due_at = now() WHERE id = $1", second)  # a minute, without waiting
        await eventually(lambda: _is_sent(second))
        await outbox.stop()
        await running
    assert opened(sink.letters[1].raw)["Subject"] == "2 new: documents"


async def _is_sent(letter_id: object) -> bool:
    return bool(await store.value("SELECT state = 'SENT' FROM letter WHERE id = $1", letter_id))
