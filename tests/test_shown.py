"""What `make run` promises, shown once from end to end: a process of its own, its mail server, its sockets."""

import asyncio
import email
import email.policy
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from mail.demo.letters import NEWCOMER
from mail.demo.people import BELLANDI, OWNER_PASSWORD
from mail.demo.send import letter, send
from tests.postgres import open_folder
from tests.processes import Running, all_gone, processes_about, running

SIGN_IN = """mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password, session: BEARER }) { token errors { message } } }"""
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


@pytest.fixture
def var() -> Iterator[Path]:
    with open_folder("var") as folder:
        yield folder


async def test_the_demo_shows_what_it_promises_and_ends_without_a_trace(var: Path, tmp_path: Path) -> None:
    with running("demo", output=tmp_path / "first", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        token = await _signed_in(demo)
        accounts = await _ask(demo, token, ACCOUNTS)
        account_id = await _see_the_past_of_the_newcomer(demo, token, accounts)
        kept = await _hear_of_arrivals(demo, token, account_id)
        await _ends_without_a_trace(demo, signal.SIGINT)
    with running("demo", output=tmp_path / "second", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        assert await _emails(demo, token, account_id) == kept  # with the token of before
        again = await _ask(demo, token, ACCOUNTS)
        assert [one["id"] for one in again["nodes"]] == [one["id"] for one in accounts["nodes"]]
        await _ends_without_a_trace(demo, signal.SIGTERM)


async def _signed_in(demo: Running) -> str:
    data = await _post(demo, None, SIGN_IN, {"email": BELLANDI.owner.email, "password": OWNER_PASSWORD})
    token: str = data["signIn"]["token"]
    return token


async def _see_the_past_of_the_newcomer(demo: Running, token: str, accounts: Any) -> str:
    assert accounts["totalCount"] == len(BELLANDI.accounts) - sum(one.archived for one in BELLANDI.accounts)
    shown = {(one["loginStatus"], one["loginIndicator"]) for one in accounts["nodes"]}
    assert shown == {("OFFLINE", "BEIGE"), ("PENDING", "GREEN"), ("ACTIVE", "GREEN")}
    account = next(one for one in accounts["nodes"] if one["code"] == NEWCOMER.code)
    toggles = next(one for one in account["toggles"] if one["address"]["address"] == NEWCOMER.address)
    assert toggles["emailSync"] is False
    begun = time.monotonic()
    switched = await _post(demo, token, SWITCH, {"account": account["id"], "address": toggles["address"]["id"]})
    assert switched["setToggles"] == {"errors": [], "toggles": [{"emailSync": True}]}
    past = await asyncio.to_thread(_letters_of_the_newcomer, demo.var)
    await _until_there_are(demo, token, account["id"], past)
    print(f"{past} past messages were there {time.monotonic() - begun:.1f} s after Email sync went on")
    account_id: str = account["id"]
    return account_id


def _letters_of_the_newcomer(var: Path) -> int:
    """As the mail server holds them, read by the standard library."""
    found = set()
    for path in (var / "demo" / "mail").glob("studio@demo.test/*/*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
        people = " ".join(str(message.get(name, "")) for name in ("From", "Sender", "Reply-To", "To", "Cc", "Bcc"))
        if NEWCOMER.address in people:
            found.add(message["Message-ID"])
    return len(found)


async def _hear_of_arrivals(demo: Running, token: str, account_id: str) -> Any:
    before = await _emails(demo, token, account_id)
    async with _feeds(demo, token, arrivals=None, inbox=None) as hear:
        took = [await _sent_and_heard(demo, hear, f"Live {n}") for n in range(5)]
        cursor = hear.cursors["arrivals"]
    print("seconds from sending to both events:", ", ".join(f"{each:.2f}" for each in took))
    assert max(took) < 5
    assert sorted(took)[2] <= 2
    missed = [f"Missed {n}" for n in range(3)]
    for subject in missed:
        await _send(demo, subject)
    await _until_there_are(demo, token, account_id, before["totalCount"] + 8)
    async with _feeds(demo, token, arrivals=cursor) as hear:
        await _send(demo, "Afterwards")
        await hear.until(lambda: "Afterwards" in hear.subjects)
    assert hear.subjects == [*missed, "Afterwards"]
    after = await _emails(demo, token, account_id)
    assert after["totalCount"] == before["totalCount"] + 9
    return after


class _Hearing:
    """What came over one WebSocket with several subscriptions."""

    def __init__(self, socket: ClientConnection) -> None:
        self.events: dict[str, list[Any]] = {"arrivals": [], "inbox": []}
        self.cursors: dict[str, str] = {}
        self._socket = socket

    @property
    def subjects(self) -> list[str]:
        return [one["email"]["subject"] for one in self.events["arrivals"] if one["__typename"] == "EmailArrived"]

    @property
    def entries(self) -> list[str]:
        changed = (one for one in self.events["inbox"] if one["__typename"] == "NotificationsChanged")
        return [entry["text"] for one in changed for entry in one["notifications"]]

    async def until(self, true: Any, seconds: float = 10) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hear(true)
        except TimeoutError:
            raise AssertionError(f"within {seconds:g} s only this was heard: {self.events}") from None

    async def _hear(self, true: Any) -> None:
        while not true():
            message = json.loads(await self._socket.recv())
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            [event] = message["payload"]["data"].values()
            self.events[message["id"]].append(event)
            self.cursors[message["id"]] = event["cursor"]


@asynccontextmanager
async def _feeds(demo: Running, token: str, **after: str | None) -> AsyncIterator[_Hearing]:
    """Ready; `after` by the name of the feed."""
    url = f"ws://127.0.0.1:{demo.port}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for name, cursor in after.items():
            payload = {"query": {"arrivals": ARRIVALS, "inbox": INBOX}[name], "variables": {"after": cursor}}
            await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
        hear = _Hearing(socket)
        await hear.until(lambda: all(hear.events[name] for name in after))
        assert all(hear.events[name][0]["__typename"] == "FeedReady" for name in after)
        yield hear


async def _sent_and_heard(demo: Running, hear: _Hearing, subject: str) -> float:
    await _send(demo, subject)
    begun = time.monotonic()
    await hear.until(lambda: subject in hear.subjects and any(subject in text for text in hear.entries))
    return time.monotonic() - begun


async def _send(demo: Running, subject: str) -> None:
    raw = letter(sender=NEWCOMER.address, subject=subject, text="Good morning.", at=datetime.now(UTC))
    await send(raw, sender=NEWCOMER.address, host="127.0.0.1", port=demo.smtp_port)


async def _ends_without_a_trace(demo: Running, how: signal.Signals) -> None:
    helpers = demo.descendants()
    assert len(helpers) > 5  # PostgreSQL's, the mail server, the parsers
    said = demo.said
    took = await asyncio.to_thread(demo.stop, how)
    print(f"ended {took:.1f} s after {how.name}")
    assert took < 20
    assert demo.process.returncode == 0, demo.said
    assert await asyncio.to_thread(all_gone, helpers)
    assert processes_about(demo.var) == {}
    assert demo.said.removeprefix(said).strip() == "", demo.said


async def _until_there_are(demo: Running, token: str, account_id: str, count: int) -> None:
    async with asyncio.timeout(60):
        while (await _emails(demo, token, account_id))["totalCount"] < count:  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0)
    assert (await _emails(demo, token, account_id))["totalCount"] == count


async def _emails(demo: Running, token: str, account_id: str) -> Any:
    return (await _post(demo, token, EMAILS, {"id": account_id}))["node"]["emails"]


async def _ask(demo: Running, token: str, document: str) -> Any:
    [value] = (await _post(demo, token, document, {})).values()
    return value


async def _post(demo: Running, token: str | None, document: str, variables: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{demo.port}", headers=headers, timeout=30) as http:
        answer = (await http.post("/graphql", json={"query": document, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]
