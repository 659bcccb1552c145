"""What a worker reads and signs in with stands in no log, error or journal: a real one, watched from outside."""

import asyncio
from pathlib import Path
from uuid import UUID

from models import mailbox
from models.ground import store as database
from models.mailbox import MailboxChange
from models.viewer import System
from tests.support.database.dump import dump
from tests.support.database.store import KEY
from tests.support.emails.synced_mailbox import connected, eventually, letter, past, row_of
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account
from tests.support.processes.switchboard import Running, running
from tests.support.servers.imap import ImapServer
from tests.support.servers.tokens import TokenServer, answer

PASSWORD, WRONG = "hunter2 of the mailbox", "hunter3 that is wrong"
REFRESH, ACCESS, KEPT, LAST = "refresh 0", "access 1", "access 2", "access 3"
BODY = "zwischenrechnung"
SECRETS = (PASSWORD, WRONG, REFRESH, ACCESS, KEPT, LAST)
KEPT_IN = {"email", "email_word"}
"""The tables of mail itself."""


async def became(box: UUID, state: str, code: str | None) -> None:
    """And says why without a secret."""

    async def is_so() -> bool:
        row = await row_of(box)
        return (row["state"], row["error_code"]) == (state, code)

    await eventually(is_so)
    said = str((await row_of(box))["error_message"])
    assert not [secret for secret in SECRETS if secret in said]


async def all_that_is_kept_but(tables: set[str]) -> str:
    names = await database.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    kept = [name for row in names if (name := row["name"]) not in tables]
    rows = [row["row"] for name in kept for row in await database.rows(f'SELECT t::text AS row FROM "{name}" t')]
    return "\n".join(rows)


async def a_password_is_refused_and_mended(server: ImapServer, by: System) -> None:
    """And the server says it aloud."""
    past(server.inbox, letter(text=f"{BODY} 1"), letter(text=f"{BODY} 2"))
    server.password = PASSWORD
    server.say["LOGIN"] = f"{{tag}} NO [AUTHENTICATIONFAILED] {WRONG} is wrong\r\n".encode()
    box = await connected(by, server.server, password=WRONG)
    await became(box, "NEEDS_ATTENTION", "MAILBOX_SECRET_REFUSED")
    server.say.clear()
    await mailbox.update(by, box, MailboxChange(secret=PASSWORD))
    await became(box, "LIVE", None)


async def a_consent_ends_and_is_given_again(server: ImapServer, tokens: TokenServer, by: System) -> UUID:
    """And both servers say aloud what they were told."""
    server.token_refused = f"NO {ACCESS} of {REFRESH} is over".encode()
    tokens.says = [answer(400, {"error": "invalid_grant", "error_description": f"{REFRESH} is over"})]
    box = await connected(by, server.server, address="second@firm.test", password=tokens.oauth)
    await became(box, "NEEDS_ATTENTION", "MAILBOX_SECRET_REFUSED")
    tokens.granted = lambda token: setattr(server, "token", f"not {token}")
    await mailbox.update(by, box, MailboxChange(secret=tokens.oauth))
    await became(box, "RETRYING", "MAILBOX_SECRET_REFUSED")
    tokens.granted = lambda token: setattr(server, "token", token)
    await mailbox.update(by, box, MailboxChange(secret=tokens.oauth))
    await became(box, "LIVE", None)
    return box


async def a_kept_token_is_taken_back(server: ImapServer, tokens: TokenServer, by: System, box: UUID) -> None:
    """Before its time, and the server says it aloud; so it does of the fresh one that is fetched in its place."""
    assert tokens.tokens[-1] == KEPT
    server.token = "none of those that are out"
    server.token_refused = f"NO {KEPT} is over, and so is {LAST}".encode()
    tokens.granted = lambda token: None
    await mailbox.update(by, box, MailboxChange(paused=True))
    await mailbox.update(by, box, MailboxChange(paused=False))
    await became(box, "RETRYING", "MAILBOX_SECRET_REFUSED")
    assert tokens.tokens[-1] == LAST
    tokens.granted = lambda token: setattr(server, "token", token)
    await mailbox.update(by, box, MailboxChange(secret=tokens.oauth))
    await became(box, "LIVE", None)


async def test_what_a_worker_reads_and_signs_in_with_is_told_nowhere(
    store: str, server: ImapServer, tokens: TokenServer, by: System, tmp_path: Path
) -> None:
    await a_member(by)
    await an_account(by, address=MARTA, email_sync=True)
    told = {"DATABASE_URL": store, "SWITCHBOARD_KEY": KEY.hex()}
    with running("worker", output=tmp_path / "said", var=tmp_path / "var", **told) as worker:
        await a_password_is_refused_and_mended(server, by)
        box = await a_consent_ends_and_is_given_again(server, tokens, by)
        await a_kept_token_is_taken_back(server, tokens, by, box)
        await _arrives(server)
        await _stopped(worker)
    assert worker.said.count("MAILBOX_SECRET_REFUSED") >= 4
    for word in (*SECRETS, BODY):
        assert word not in worker.said
    rows = await dump(store)
    assert BODY in rows, "or this proves nothing"
    assert not [secret for secret in SECRETS if secret in rows]
    assert BODY not in await all_that_is_kept_but(KEPT_IN)


async def _arrives(server: ImapServer) -> None:
    """A letter that makes an entry in Inbox+ and in the journal."""
    server.inbox.append(letter(text=f"{BODY} 3"))

    async def is_there() -> bool:
        return bool(await database.value("SELECT count(*) FROM notification WHERE kind = 'EMAIL_RECEIVED'"))

    await eventually(is_there)


async def _stopped(worker: Running) -> None:
    worker.process.terminate()
    await asyncio.to_thread(worker.until_gone)
