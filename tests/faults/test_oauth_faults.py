"""A worker is killed while it signs in by OAuth: nobody is locked out, and nothing is fetched for nothing (P8)."""

from pathlib import Path
from uuid import UUID

import pytest

from models import mailbox
from models.ground import store as database
from models.mailbox import MailboxChange
from models.mailbox.secret import OAuth, unsealed
from models.viewer import System
from tests.faults.syncing import child, long_dead, passed
from tests.support.emails.synced_mailbox import connected, ledger_equals_server, letter, past, row_of, subjects_of
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer
from tests.support.servers.tokens import TokenServer

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.faults]
KEPT = "killed at before an access token that is kept is used"


@pytest.mark.parametrize("strict", [True, False])
async def test_killed_at_every_checkpoint_the_next_worker_signs_in(
    server: ImapServer, tokens: TokenServer, store: str, by: System, tmp_path: Path, strict: bool
) -> None:
    """
    At a server where the refresh token before is dead as soon as there is a new one, that is so from the moment at
    which the new one is kept, and before that somebody is asked for another; at those that take the old one until the
    new one is used, at every moment.
    """
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="read"))
    tokens.rotates = True
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        mailbox_id = await connected(by, server.server, address=f"{crash_at}@firm.test", password=tokens.oauth)
        before, asked = tokens.oauth, len(tokens.asked)
        if (where := await passed(store, tmp_path, mailbox_id, crash_at=crash_at)) is None:
            break
        killed_at.append(where)
        await long_dead()
        if killed_at[-1] == "killed at before an access token is kept":
            if strict:
                await _asks_for_consent(store, by, tmp_path, mailbox_id, tokens)
                asked = len(tokens.asked)
            else:
                tokens.oauth = before
        assert await passed(store, tmp_path, mailbox_id) is None
        row = await row_of(mailbox_id)
        assert row["state"] == "LIVE"
        secret = await unsealed(by.firm_id, mailbox_id, row)
        assert isinstance(secret, OAuth)
        assert secret.refresh_token == tokens.oauth.refresh_token
        if killed_at[-1] == KEPT:
            assert len(tokens.asked) == asked + 1  # what was kept is used, and no other fetched
        await ledger_equals_server(server, mailbox_id)
        await database.execute("UPDATE mailbox SET state = 'PAUSED'")
    assert await subjects_of(account.id) == ["read"]
    assert KEPT in killed_at
    assert len(set(killed_at)) >= 6, killed_at


async def _asks_for_consent(url: str, by: System, var: Path, mailbox_id: UUID, tokens: TokenServer) -> None:
    """The next token was lost on its way here: it says so at once, with the part to mend, and then it is mended."""
    process = await child(url, var, mailbox_id)
    await process.communicate()
    row = await row_of(mailbox_id)
    assert (row["state"], row["error_path"]) == ("NEEDS_ATTENTION", "secret.oauth.refreshToken")
    assert "the next token was lost on its way here. Give the consent again there" in row["error_message"]
    await mailbox.update(by, mailbox_id, MailboxChange(secret=tokens.oauth))
