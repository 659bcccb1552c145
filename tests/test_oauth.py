"""A mailbox that signs in by OAuth reads as any other, and what stands in its way is told (R23)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from mail.reaching import NotReached, reach_imap
from mail.sync import Tools, sync_once
from mail.tokens import access_to
from models import mailbox
from models.ground import store as database
from models.mailbox import MailboxChange, lease
from models.viewer import System
from tests.support.database.dump import dump
from tests.support.emails.oauth_mailbox import health, held, secret_of
from tests.support.emails.sync_worker import idling, working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    ledger_equals_server,
    letter,
    notifications,
    past,
    row_of,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account, mail_ports
from tests.support.servers.imap import ImapServer
from tests.support.servers.tokens import TokenServer, answer
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("store")


async def test_it_signs_in_with_an_access_token_and_reads(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="by token"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["by token"]
    await ledger_equals_server(server, mailbox_id)
    assert "LOGIN" not in server.commands


async def test_an_access_token_is_kept_until_five_minutes_before_its_end(
    tokens: TokenServer, mailbox_id: UUID, tools: Tools, later: Any
) -> None:
    for minutes, fetched in ((0, 1), (54, 1), (1.1, 2), (54, 2), (60, 3)):
        later(minutes=minutes)
        await synced(mailbox_id, tools)
        assert len(tokens.asked) == fetched, minutes


async def test_a_new_refresh_token_takes_the_place_of_the_old_one(
    tokens: TokenServer, mailbox_id: UUID, tools: Tools, later: Any
) -> None:
    tokens.rotates = True
    for number in range(1, 4):
        await synced(mailbox_id, tools)
        assert await secret_of(mailbox_id) == replace(tokens.oauth, refresh_token=f"refresh {number}")
        later(hours=1)


async def test_a_kept_token_that_was_taken_back_is_no_refusal_another_is_fetched(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, tools: Tools
) -> None:
    await synced(mailbox_id, tools)
    server.token = "none of those that are out"
    await synced(mailbox_id, tools)
    assert len(tokens.asked) == 2
    assert (await row_of(mailbox_id))["refusals"] == 0


async def test_a_fresh_token_that_is_refused_three_times_is_told(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, tools: Tools
) -> None:
    tokens.granted = lambda token: None
    for state in ("RETRYING", "RETRYING", "NEEDS_ATTENTION"):
        assert not await sync_once(mailbox_id, tools)
        assert await health(mailbox_id) == (state, "MAILBOX_SECRET_REFUSED", "secret")


@pytest.mark.parametrize(
    ("error", "path"),
    [
        ("invalid_grant", "secret.oauth.refreshToken"),
        ("invalid_client", "secret.oauth.clientSecret"),
        ("unauthorized_client", "secret.oauth.clientId"),
    ],
)
async def test_a_consent_that_has_ended_is_told_at_once_and_starts_again_when_mended(
    tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools, error: str, path: str
) -> None:
    viewer = await a_member(by)
    tokens.says = [answer(400, {"error": error})]
    assert not await sync_once(mailbox_id, tools)
    assert await health(mailbox_id) == ("NEEDS_ATTENTION", "MAILBOX_SECRET_REFUSED", path)
    (view,) = await mailbox.of_firm(viewer)
    assert view.fault is not None
    assert view.fault.path == tuple(path.split("."))
    ((text, _),) = await notifications(by)
    assert view.fault.message in text
    tokens.oauth = replace(tokens.oauth, refresh_token="given anew")
    await mailbox.update(by, mailbox_id, MailboxChange(secret=tokens.oauth))
    await synced(mailbox_id, tools)
    assert await health(mailbox_id) == ("LIVE", None, None)


@pytest.mark.parametrize(
    "said", [answer(429, {}), answer(503, {}), answer(200, b"<html>"), b"", answer(302, b"", location="/")]
)
async def test_a_token_server_that_is_not_well_is_asked_again_by_itself(
    tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools, said: bytes
) -> None:
    await a_member(by)
    tokens.says = [said] * 5
    for _ in range(5):
        assert not await sync_once(mailbox_id, tools)
        assert await health(mailbox_id) == ("RETRYING", "MAILBOX_UNREACHABLE", "secret.oauth.tokenUrl")
    assert await notifications(by) == []
    await synced(mailbox_id, tools)
    assert await health(mailbox_id) == ("LIVE", None, None)


async def test_a_token_server_is_left_alone_as_long_as_it_asks_for(
    tokens: TokenServer, mailbox_id: UUID, tools: Tools
) -> None:
    tokens.says = [answer(429, {}, Retry_After="3000")]
    assert not await sync_once(mailbox_id, tools)
    wait = "SELECT extract(epoch FROM retry_at - now())::float8 FROM mailbox WHERE id = $1"
    assert 2900 < await database.value(wait, mailbox_id) <= 3000
    assert await lease.claim("a worker", most=5) == []


async def test_a_private_token_server_is_not_called_outside_of_development(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, tools: Tools
) -> None:
    with mail_ports(server.server.port, tokens.port):
        assert not await sync_once(mailbox_id, replace(tools, development=False))
    assert await health(mailbox_id) == ("RETRYING", "MAILBOX_HOST_PRIVATE", "secret.oauth.tokenUrl")
    assert tokens.asked == []
    assert server.commands == []


async def test_a_token_that_ends_while_it_watches_is_replaced_and_nothing_is_wrong(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools, later: Any
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    await a_member(by)
    async with working(tools.parsers):
        await idling(server)
        later(minutes=56)
        server.commands.clear()
        await server.cut_all()
        await idling(server)
        server.inbox.append(letter(subject="with the next token"))
        await eventually(lambda: subjects_of(account.id))
        row = await row_of(mailbox_id)
    assert (row["failures"], row["refusals"], row["error_code"]) == (0, 0, None)
    assert len(tokens.asked) == 2
    assert [text for text, _ in await notifications(by) if "Inbox" in text] == []


async def test_a_token_that_ends_in_the_middle_of_a_letter_is_replaced_and_nothing_is_lost(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, by: System, tools: Tools, later: Any
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    subjects = [f"{number}" for number in range(5)]
    past(server.inbox, *(letter(subject=subject, text="word " * 500) for subject in subjects))

    def end(uid: int) -> None:
        if server.cut_after is None and len(tokens.tokens) == 1 and "BODY.PEEK[]" in server.commands[-1]:
            later(minutes=56)
            server.cut_after = 1_000

    server.on_fetch = end
    await synced(mailbox_id, tools)
    assert len(tokens.asked) == 2
    assert await subjects_of(account.id) == subjects
    assert (await row_of(mailbox_id))["failures"] == 0
    await ledger_equals_server(server, mailbox_id)


async def test_a_line_that_is_cut_before_the_token_ends_is_trouble_as_ever(
    server: ImapServer, tokens: TokenServer, mailbox_id: UUID, tools: Tools, later: Any
) -> None:
    """Nor is a token that never lasts a reason to go round and round."""
    for lasts in (3600, 60):
        tokens.lasts = lasts
        server.cut_after = 300
        assert not await sync_once(mailbox_id, tools)
        assert (await row_of(mailbox_id))["failures"] == 1
        server.cut_after = None
        later(hours=2)
        await synced(mailbox_id, tools)


async def test_a_mailbox_whose_secret_cannot_be_opened_asks_for_it(mailbox_id: UUID) -> None:
    await database.execute("UPDATE mailbox SET secret = '\\x00'")
    with pytest.raises(NotReached) as told:
        await reach_imap(await held(mailbox_id), private=True, timeout=PATIENCE)
    assert (told.value.path, told.value.refused) == ("secret", True)


SECRETS = ("refresh 0", "refresh 1", "the client's secret", "access 1", "access+1", "refresh+0")


async def test_no_secret_of_it_lies_in_a_row_or_a_line_of_the_log(
    server: ImapServer,
    tokens: TokenServer,
    by: System,
    tools: Tools,
    store: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """P9: nor in the journal, in Inbox+ or in what is wrong, when the token server tells all that it was told."""
    viewer = await a_member(by)
    tokens.rotates = True
    with capture_logs() as logs:
        mailbox_id = await connected(by, server.server, password=tokens.oauth)
        await synced(mailbox_id, tools)
        assert tokens.asked[0].form["refresh_token"] == "refresh 0"
        tokens.says = [answer(status, {"error": " ".join(SECRETS)}) for status in (400, 500)]
        tokens.says.append(answer(400, {"error": "invalid_grant", "error_description": " ".join(SECRETS)}))
        await database.execute("UPDATE mailbox SET access_until = now()")
        for _ in tokens.says[:]:
            assert not await sync_once(mailbox_id, tools)
        await mailbox.update(by, mailbox_id, MailboxChange(secret=tokens.oauth))
    assert (await row_of(mailbox_id))["state"] == "CHECKING"
    leased = await held(mailbox_id)
    access = await access_to(leased, private=True)
    view = await mailbox.by_ids(viewer, [mailbox_id])
    for place in (await dump(store), str(logs), "".join(capfd.readouterr()), repr((access, leased, view))):
        for secret in SECRETS:
            assert secret not in place
