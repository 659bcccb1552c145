"""What docs/mailboxes.md walks through, on `make run` with its own mail server and with Dovecot."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mail.demo.certified import PROVIDER_NAME
from mail.demo.letters import CLIENTS, NEWCOMER
from mail.demo.letters.in_two import STEPS, SUBJECT
from mail.demo.users import COLLEAGUE, STUDIO
from tests.support.processes.demo import ask, owner_of, post
from tests.support.processes.switchboard import CHECKOUT, Running, running
from tests.support.servers.dovecot import skip_without_dovecot
from tests.support.servers.http import plain_http
from tests.support.waiting import patience

TOGGLES = """{ accounts(first: 100) { nodes { id code toggles { address { id address } } } } }"""
SWITCH = """mutation ($account: ID!, $address: ID!) { setToggles(input: { toggles: [
  { accountId: $account, addressId: $address, emailSync: true }] }) { errors { message } } }"""
EMAILS = """query ($id: ID!) { node(id: $id) { ... on Account { emails(first: 100) { nodes {
  subject sentAt direction snippet certifiedBy thread from { address } } } } } }"""
MAILBOXES = """{ mailboxes { id address health { state onServer error { message path } folders {
  name synced why onServer stored pending skipped quarantined } } } }"""
MEND = """mutation ($id: ID!, $oauth: MailboxOAuthInput!) {
  updateMailbox(input: { id: $id, secret: { oauth: $oauth } }) { errors { message } } }"""
SYNC = "mutation ($id: ID!) { syncMailboxNow(input: { id: $id }) { errors { message } } }"
FORGET = (
    """mutation ($id: ID!) { disconnectMailbox(input: { id: $id, storedEmails: FORGET }) { errors { message } } }"""
)
IN_STUDIO = [step for step in STEPS if step.studio]


@pytest.mark.parametrize("server", ["its own", "Dovecot"])
async def test_two_mailboxes_with_one_thread_are_shown_as_the_guide_says(
    server: str, var: Path, tmp_path: Path
) -> None:
    if server == "Dovecot":
        skip_without_dovecot()
    options = ["--dovecot"] if server == "Dovecot" else []
    with running("demo", *options, output=tmp_path / "said", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        token = await owner_of(demo)
        account_id = await _switched_on(demo, token)
        await _each_message_once_and_in_order(demo, token, account_id)
        await _a_certified_letter_is_its_writers(demo, token, account_id)
        await _a_folder_that_refuses_stops_no_other(demo, token, _clients(demo, server))
        await _a_consent_that_ends_is_told_and_given_again(demo, token)
        await _what_the_other_mailbox_holds_stays(demo, token, account_id)


async def _switched_on(demo: Running, token: str) -> str:
    accounts = (await ask(demo, token, TOGGLES))["nodes"]
    account = next(one for one in accounts if one["code"] == NEWCOMER.code)
    addresses = [one["address"] for one in account["toggles"]]
    address = next(one["id"] for one in addresses if one["address"] == NEWCOMER.address)
    await post(demo, token, SWITCH, {"account": account["id"], "address": address})
    account_id: str = account["id"]
    return account_id


async def _thread(demo: Running, token: str, account_id: str) -> list[Any]:
    """Of the two mailboxes, newest first, as the account shows it."""
    emails = (await post(demo, token, EMAILS, {"id": account_id}))["node"]["emails"]["nodes"]
    assert [one["sentAt"] for one in emails] == sorted((one["sentAt"] for one in emails), reverse=True)
    return [one for one in emails if SUBJECT in one["subject"] and not one["certifiedBy"]]


async def _each_message_once_and_in_order(demo: Running, token: str, account_id: str) -> None:
    async with patience():
        while len(thread := await _thread(demo, token, account_id)) < len(STEPS):  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0.05)
    senders = [step.sender[1] for step in reversed(STEPS)]
    assert [one["from"]["address"] for one in thread] == senders
    assert len({one["thread"] for one in thread}) == 1
    incoming = ["INCOMING" if sender == NEWCOMER.address else "OUTGOING" for sender in senders]
    assert [one["direction"] for one in thread] == incoming


async def _a_certified_letter_is_its_writers(demo: Running, token: str, account_id: str) -> None:
    said = ["--from", NEWCOMER.address, "--subject", "Diffida", "--text", "Entro venerdì.", "--certified"]
    command = [sys.executable, "-m", "mail.demo.send", *said, "--port", str(demo.smtp_port)]
    await asyncio.to_thread(subprocess.run, command, cwd=CHECKOUT, check=True, capture_output=True)

    async def letter() -> Any:
        emails = (await post(demo, token, EMAILS, {"id": account_id}))["node"]["emails"]["nodes"]
        return next((one for one in emails if one["subject"] == "Diffida"), None)

    async with patience():
        while (found := await letter()) is None:  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0.05)
    assert (found["certifiedBy"], found["snippet"]) == (PROVIDER_NAME, "Entro venerdì.")
    assert found["from"]["address"] == NEWCOMER.address


def _clients(demo: Running, server: str) -> Path:
    """Where that folder lies."""
    mail = Path(demo.said.split("the mail in ")[1].split(". Ctrl-C")[0])
    return mail / COLLEAGUE.address / (f".{CLIENTS}" if server == "Dovecot" else CLIENTS)


async def _a_folder_that_refuses_stops_no_other(demo: Running, token: str, folder: Path) -> None:
    await asyncio.to_thread(folder.chmod, 0)
    shut = await _until(demo, token, lambda folders: folders[CLIENTS]["why"])
    assert shut[CLIENTS]["why"].startswith("The mail server refused: ")
    assert [name for name, one in shut.items() if one["why"]] == [CLIENTS]
    await asyncio.to_thread(folder.chmod, 0o700)
    mended = await _until(demo, token, lambda folders: not folders[CLIENTS]["why"])
    for one in mended.values():
        assert one["onServer"] == one["stored"] + one["pending"] + one["skipped"] + one["quarantined"]
    assert mended[CLIENTS]["stored"] == len([step for step in STEPS if step.colleague == CLIENTS])


async def _until(demo: Running, token: str, true: Callable[[Any], object]) -> Any:
    """The folders of the colleague's mailbox by name, which is looked at until then, and is LIVE."""
    async with patience():
        while True:
            mailbox = await _of_colleague(demo, token)
            folders = {one["name"]: one for one in mailbox["health"]["folders"]}
            if true(folders) and mailbox["health"]["state"] == "LIVE":
                return folders
            await post(demo, token, SYNC, {"id": mailbox["id"]})
            await asyncio.sleep(0.2)


async def _of_colleague(demo: Running, token: str) -> Any:
    return next(one for one in await ask(demo, token, MAILBOXES) if one["address"] == COLLEAGUE.address)


async def _a_consent_that_ends_is_told_and_given_again(demo: Running, token: str) -> None:
    url = f"http://127.0.0.1:{demo.token_port}"
    async with plain_http(base_url=url) as http:
        said = (await http.post("/withdraw", data={"mailbox": COLLEAGUE.address})).json()
    mailbox = await _in_state(demo, token, "NEEDS_ATTENTION")
    error = mailbox["health"]["error"]
    assert error["message"].startswith("The consent to read this mailbox has ended: 127.0.0.1 does not take")
    assert error["path"] == ["secret", "oauth", "refreshToken"]
    oauth = {"tokenUrl": f"{url}/token", "clientId": "demo", "refreshToken": said["next_refresh_token"]}
    await post(demo, token, MEND, {"id": mailbox["id"], "oauth": oauth})
    assert (await _in_state(demo, token, "LIVE"))["health"]["error"] is None


async def _in_state(demo: Running, token: str, state: str) -> Any:
    async with patience():
        while (mailbox := await _of_colleague(demo, token))["health"]["state"] != state:  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0.05)
    return mailbox


async def _what_the_other_mailbox_holds_stays(demo: Running, token: str, account_id: str) -> None:
    mailbox = await _of_colleague(demo, token)
    assert (await post(demo, token, FORGET, {"id": mailbox["id"]}))["disconnectMailbox"] == {"errors": []}
    async with patience():
        while len(await _thread(demo, token, account_id)) > len(IN_STUDIO):  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0.05)
    thread = await _thread(demo, token, account_id)
    assert [one["from"]["address"] for one in thread] == [step.sender[1] for step in reversed(IN_STUDIO)]
    assert [one["address"] for one in await ask(demo, token, MAILBOXES)] == [STUDIO.address]
