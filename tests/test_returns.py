"""What is done about a report, and about whatever only looks like one: nothing (R17)."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from mail.compose import Sender, compose
from mail.outbox import new_owner, one_pass
from mail.own_letter import own_letter
from mail.parse.report import read_report
from mail.returns.address import letter_of, return_address
from mail.returns.settling import settle
from models import letter, suppression
from models.ground import clock, keys, store
from models.viewer import System
from tests.support.database.store import KEY
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, a_member, an_address
from tests.support.letters.outbox import a_route, row_of, written
from tests.support.letters.reports import a_report, an_answer
from tests.support.servers.smtp import SmtpSink

TEMPLATE = "bounces+{letter}@portal.test"
SENDER = Sender("portal@switchboard.test", "https://portal.firm.test")


async def sent(by: System, to: str = ANNA) -> tuple[UUID, bytes]:
    """A letter that has left, and its bytes."""
    letter_id = await written(by, to, address_id=await an_address(by, to))
    (claimed,) = [each for each in await letter.claim("me", most=9) if each.id == letter_id]
    raw = compose(claimed, SENDER)
    assert await letter.hand_over([(claimed, raw)]) == [True]
    assert await letter.sent([claimed]) == [True]
    return letter_id, raw


async def settled(raw: bytes, *, firm_id: UUID | None = None) -> bool:
    report = read_report(raw)
    return report is not None and await settle(report, firm_id=firm_id)


async def stands(letter_id: UUID, state: str = "SENT", *, suppressed: bool = False, told: int = 0) -> None:
    assert (await row_of(letter_id))["state"] == state
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == suppressed
    assert await store.value("SELECT coalesce(sum(count), 0) FROM notification") == told


async def test_the_entry_in_the_inbox_names_the_address_and_the_reason(by: System) -> None:
    await a_member(by)
    _, raw = await sent(by)
    assert await settled(a_report(raw, diagnostic=f"550 5.1.1 <{ANNA}> No such user, https://mx.test/why"))
    text = await store.value("SELECT text FROM notification WHERE kind = 'LETTER_BOUNCED'")
    assert text == (
        f"The letter to {ANNA} could not be delivered. A mail server on the way sent the letter back (5.1.1):"
        f" 550 5.1.1 <{ANNA}> No such user, …."
    )


async def test_a_report_counts_once_also_after_the_suppression_was_lifted(by: System) -> None:
    owner = await a_member(by)
    letter_id, raw = await sent(by)
    await settled(a_report(raw))
    await stands(letter_id, "BOUNCED", suppressed=True, told=1)
    await suppression.lift(owner, await an_address(by, ANNA))
    assert await settled(a_report(raw))
    await stands(letter_id, "BOUNCED", told=1)


async def test_a_report_ends_the_letter_that_it_is_about_and_no_other(by: System) -> None:
    first, raw = await sent(by)
    second, _ = await sent(by)
    await settled(a_report(raw, status="5.2.2"))
    await stands(first, "BOUNCED")
    await stands(second, "SENT")


async def test_it_suppresses_within_seven_days_only(by: System) -> None:
    young, raw_young = await sent(by, "luca@client.test")
    old, raw_old = await sent(by)
    await store.execute(
        "UPDATE letter SET settled_at = $2 WHERE id = $1", old, clock.now() - timedelta(days=7, hours=1)
    )
    await settled(a_report(raw_old))
    await stands(old, "BOUNCED")
    await settled(a_report(raw_young, about="luca@client.test"))
    await stands(young, "BOUNCED", suppressed=True)


async def test_who_has_their_mail_sent_on_to_nobody_is_told_of_and_not_suppressed(by: System) -> None:
    letter_id, raw = await sent(by)
    await settled(a_report(raw, about="anna@elsewhere.test"))
    await stands(letter_id, "BOUNCED")


async def test_a_colleague_is_told_of_and_nobody_is_suppressed(by: System) -> None:
    member = await a_member(by)
    letter_id, raw = await sent(by)
    await store.execute(
        "UPDATE letter SET address_id = NULL, member_id = $2, asked_by = $2 WHERE id = $1", letter_id, member.member_id
    )
    await settled(a_report(raw))
    await stands(letter_id, "BOUNCED", told=1)
    assert await store.value("SELECT count(*) FROM letter") == 1


async def test_a_report_that_is_quicker_than_our_own_books_counts(by: System) -> None:
    letter_id = await written(by, ANNA, address_id=await an_address(by, ANNA))
    (claimed,) = await letter.claim("me", most=1)
    raw = compose(claimed, SENDER)
    await settled(a_report(raw))
    assert (await row_of(letter_id))["state"] == "QUEUED"  # it has not left: nobody can have got it
    await letter.hand_over([(claimed, raw)])
    await settled(a_report(raw))
    assert await letter.sent([claimed]) == [False]
    await stands(letter_id, "BOUNCED", suppressed=True)


async def test_the_return_address_names_its_letter_in_capitals_too(by: System) -> None:
    letter_id, _ = await sent(by)
    local, _, domain = return_address(TEMPLATE, letter_id).partition("@")
    token = local.removeprefix("bounces+")
    assert (len(token), domain) == (45, "portal.test")
    assert len(local) <= 64
    assert letter_of(token) == letter_of(token.upper()) == letter_id
    others = ("a" if token[-9] != "a" else "b", "2" if token[3] != "2" else "3")
    for wrong in (
        f"{token[:-9]}{others[0]}{token[-8:]}",
        f"{token[:3]}{others[1]}{token[4:]}",
        token[:-1],
        "",
        "ä",
        "1",
    ):
        assert letter_of(wrong) is None


def tied_by_address(raw: bytes, letter_id: UUID, **wrong: str) -> bytes:
    return a_report(raw, signed="", to=return_address(TEMPLATE, letter_id), **wrong)


async def test_by_message_id_a_report_counts_from_nowhere_only(by: System) -> None:
    letter_id, raw = await sent(by)
    for path in (None, "<mallory@evil.test>", "<MAILER-DAEMON@mx.test>", "<>\nReturn-Path: <mallory@evil.test>"):
        said = a_report(raw, signed="", return_path="<>" if path is None else path.partition("\n")[0])
        said = said.replace(b"Return-Path: <>\r\n", b"", 1) if path is None else said
        if path and "\n" in path:
            said = b"Return-Path: <mallory@evil.test>\r\n" + said
        assert not await settled(said)
        await stands(letter_id)
    assert await settled(a_report(raw, signed="", return_path="<>"))
    await stands(letter_id, "BOUNCED", suppressed=True)


async def test_by_the_signed_address_it_counts_from_anywhere(by: System) -> None:
    letter_id, raw = await sent(by)
    assert await settled(tied_by_address(raw, letter_id, return_path="<MAILER-DAEMON@mx.test>"))
    await stands(letter_id, "BOUNCED", suppressed=True)


async def test_what_names_no_letter_or_does_not_fit_does_nothing(by: System) -> None:
    letter_id, raw = await sent(by)
    nobody, header = uuid7(), re.search(rb"X-Switchboard-Letter: (\S+)", raw)
    assert header is not None
    signed = header[1].decode()
    swapped = f"{nobody}.{signed.partition('.')[2]}"
    changed = signed[:-1] + ("A" if signed[-1] != "A" else "B")
    other_id = ("1" if signed[0] != "1" else "2") + signed[1:]
    foreign = raw.replace(str(letter_id).encode(), str(nobody).encode())
    for wrong in (swapped, changed, other_id, f"{letter_id}.", str(letter_id), "." + signed, ""):
        assert not await settled(a_report(raw, signed=wrong, return_path="<mallory@evil.test>")), wrong
    for wrong in (swapped, changed, other_id):
        assert not await settled(a_report(raw, signed=wrong, return_path="<>")), wrong
    assert not await settled(a_report(foreign, signed="", return_path="<>"))
    assert not await settled(
        a_report(foreign, signed=f"{nobody}.{keys.installation().signature('letter', str(nobody))}")
    )
    assert not await settled(tied_by_address(foreign, nobody))
    await stands(letter_id)


async def test_a_signature_of_another_installation_is_none(by: System) -> None:
    letter_id, raw = await sent(by)
    mine = re.search(rb"X-Switchboard-Letter: (\S+)", raw)
    assert mine is not None
    assert own_letter(mine[1].decode()) == letter_id
    keys.use(bytes(32))
    address = return_address(TEMPLATE, letter_id)
    theirs = f"{letter_id}.{keys.installation().signature('letter', str(letter_id))}"
    keys.use(KEY)
    assert not await settled(a_report(raw, signed=theirs, return_path="<x@y.test>"))
    assert not await settled(a_report(raw, signed="", to=address, return_path="<x@y.test>"))
    await stands(letter_id)


async def test_in_a_mailbox_of_one_firm_no_message_id_reaches_a_letter_of_another(by: System) -> None:
    letter_id, raw = await sent(by)
    other = await a_firm()
    assert not await settled(a_report(raw, signed="", return_path="<>"), firm_id=other.firm_id)
    await stands(letter_id)
    assert await settled(a_report(raw, signed="", return_path="<>"), firm_id=by.firm_id)
    await stands(letter_id, "BOUNCED", suppressed=True)


async def test_a_report_that_names_two_letters_is_about_neither(by: System) -> None:
    first, raw = await sent(by)
    second, more = await sent(by)
    said = a_report(raw, signed="", return_path="<>")
    message_id = re.search(rb"Message-ID: (\S+)", more)
    assert message_id is not None
    assert not await settled(b"References: " + message_id[1] + b"\r\n" + said)
    await stands(first)
    await stands(second)


async def test_an_answer_of_a_machine_and_our_own_letter_come_back_are_no_reports(by: System) -> None:
    letter_id, raw = await sent(by)
    assert not await settled(an_answer(raw))
    assert not await settled(b"Return-Path: <>\r\n" + raw)
    to = b"To: " + return_address(TEMPLATE, letter_id).encode()
    assert not await settled(an_answer(raw).replace(b"To: portal@switchboard.test", to))
    await stands(letter_id)


async def test_a_late_letter_and_one_that_arrived_have_not_bounced(by: System) -> None:
    letter_id, raw = await sent(by)
    for action, status in (("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("", "4.4.7")):
        assert await settled(a_report(raw, action=action, status=status))
    await stands(letter_id)


async def test_reports_go_to_the_letters_own_return_address(by: System) -> None:
    letter_ids = [await written(by) for _ in range(2)]
    async with SmtpSink() as sink:
        await one_pass(replace(a_route(sink.server), return_path=TEMPLATE), owner=new_owner())
    tokens = [one.sender.removeprefix("bounces+").removesuffix("@portal.test") for one in sink.letters]
    assert {letter_of(token) for token in tokens} == set(letter_ids)
    assert not any(b"bounces+" in one.raw for one in sink.letters)
