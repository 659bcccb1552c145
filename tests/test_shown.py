"""What `make run` promises, shown once from end to end: a process of its own, its mail server, its sockets."""

import asyncio
import email
import email.policy
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mail.demo.letters import NEWCOMER
from mail.demo.people import BELLANDI
from mail.demo.send import letter, send
from tests.support.processes.demo import Hearing, ask, ends_without_a_trace, feeds, owner_of, post
from tests.support.processes.switchboard import Running, running
from tests.support.waiting import patience

ACCOUNTS = """{ accounts(first: 100) { totalCount nodes {
  id code loginStatus loginIndicator toggles { emailSync address { id address } } } } }"""
SWITCH = """mutation ($account: ID!, $address: ID!) { setToggles(input: { toggles: [
  { accountId: $account, addressId: $address, emailSync: true }] }) { errors { message } toggles { emailSync } } }"""
EMAILS = """query ($id: ID!) { node(id: $id) { ... on Account { emails(first: 50) {
  totalCount nodes { subject from { address } } } } } }"""
ARRIVALS = """subscription ($after: Cursor) { emailArrived(after: $after) { __typename ... on FeedEvent { cursor }
  ... on EmailArrived { email { subject from { address } accounts { id } } } } }"""
INBOX = """subscription ($after: Cursor) { inboxNotifications(after: $after) { __typename ... on FeedEvent { cursor }
  ... on NotificationsChanged { unreadCount notifications { text } } } }"""


async def test_the_demo_shows_what_it_promises_and_ends_without_a_trace(var: Path, tmp_path: Path) -> None:
    with running("demo", output=tmp_path / "first", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        token = await owner_of(demo)
        accounts = await ask(demo, token, ACCOUNTS)
        account_id = await _see_the_past_of_the_newcomer(demo, token, accounts)
        kept = await _hear_of_arrivals(demo, token, account_id)
        await ends_without_a_trace(demo, signal.SIGINT)
    with running("demo", output=tmp_path / "second", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        assert await _emails(demo, token, account_id) == kept  # with the token of before
        again = await ask(demo, token, ACCOUNTS)
        assert [one["id"] for one in again["nodes"]] == [one["id"] for one in accounts["nodes"]]
        await ends_without_a_trace(demo, signal.SIGTERM)


async def _see_the_past_of_the_newcomer(demo: Running, token: str, accounts: Any) -> str:
    assert accounts["totalCount"] == len(BELLANDI.accounts) - sum(one.archived for one in BELLANDI.accounts)
    shown = {(one["loginStatus"], one["loginIndicator"]) for one in accounts["nodes"]}
    assert shown == {("OFFLINE", "BEIGE"), ("PENDING", "GREEN"), ("ACTIVE", "GREEN")}
    account = next(one for one in accounts["nodes"] if one["code"] == NEWCOMER.code)
    toggles = next(one for one in account["toggles"] if one["address"]["address"] == NEWCOMER.address)
    assert toggles["emailSync"] is False
    switched = await post(demo, token, SWITCH, {"account": account["id"], "address": toggles["address"]["id"]})
    assert switched["setToggles"] == {"errors": [], "toggles": [{"emailSync": True}]}
    past = await asyncio.to_thread(_letters_of_the_newcomer, demo.var)
    await _until_there_are(demo, token, account["id"], past)
    account_id: str = account["id"]
    return account_id


def _letters_of_the_newcomer(var: Path) -> int:
    """As the mail server holds them, read by the standard library."""
    found = set()
    for path in (var / "demo" / "mail").glob("*/*/*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
        people = " ".join(str(message.get(name, "")) for name in ("From", "Sender", "Reply-To", "To", "Cc", "Bcc"))
        if NEWCOMER.address in people:
            found.add(message["Message-ID"])
    return len(found)


async def _hear_of_arrivals(demo: Running, token: str, account_id: str) -> Any:
    before = await _emails(demo, token, account_id)
    async with feeds(demo, token, arrivals=(ARRIVALS, None), inbox=(INBOX, None)) as hear:
        for n in range(5):
            await _sent_and_heard(demo, hear, f"Live {n}")
        cursor = hear.cursors["arrivals"]
    missed = [f"Missed {n}" for n in range(3)]
    for subject in missed:
        await _send(demo, subject)
    await _until_there_are(demo, token, account_id, before["totalCount"] + 8)
    async with feeds(demo, token, arrivals=(ARRIVALS, cursor)) as hear:
        await _send(demo, "Afterwards")
        await hear.until(lambda: "Afterwards" in _subjects(hear))
    assert _subjects(hear) == [*missed, "Afterwards"]
    after = await _emails(demo, token, account_id)
    assert after["totalCount"] == before["totalCount"] + 9
    return after


def _subjects(hear: Hearing) -> list[str]:
    return [one["email"]["subject"] for one in hear.events["arrivals"] if one["__typename"] == "EmailArrived"]


def _entries(hear: Hearing) -> list[str]:
    changed = (one for one in hear.events["inbox"] if one["__typename"] == "NotificationsChanged")
    return [entry["text"] for one in changed for entry in one["notifications"]]


async def _sent_and_heard(demo: Running, hear: Hearing, subject: str) -> None:
    await _send(demo, subject)
    await hear.until(lambda: subject in _subjects(hear) and any(subject in text for text in _entries(hear)))


async def _send(demo: Running, subject: str) -> None:
    raw = letter(sender=NEWCOMER.address, subject=subject, text="Good morning.", at=datetime.now(UTC))
    await send(raw, sender=NEWCOMER.address, host="127.0.0.1", port=demo.smtp_port)


async def _until_there_are(demo: Running, token: str, account_id: str, count: int) -> None:
    async with patience():
        while (await _emails(demo, token, account_id))["totalCount"] < count:  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0)
    assert (await _emails(demo, token, account_id))["totalCount"] == count


async def _emails(demo: Running, token: str, account_id: str) -> Any:
    return (await post(demo, token, EMAILS, {"id": account_id}))["node"]["emails"]
