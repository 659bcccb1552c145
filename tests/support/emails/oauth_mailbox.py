"""What the tests of mailboxes that sign in by OAuth look at."""

from uuid import UUID

from models.mailbox import OAuth, lease
from models.mailbox.lease import Leased
from models.mailbox.secret import unsealed
from tests.support.emails.synced_mailbox import row_of


async def held(mailbox_id: UUID) -> Leased:
    leased = await lease.claim_one("a worker", mailbox_id)
    assert leased
    return leased


async def secret_of(mailbox_id: UUID) -> OAuth:
    row = await row_of(mailbox_id)
    secret = await unsealed(row["firm_id"], mailbox_id, row)
    assert isinstance(secret, OAuth)
    return secret


async def health(mailbox_id: UUID) -> tuple[str, str | None, str | None]:
    row = await row_of(mailbox_id)
    return row["state"], row["error_code"], row["error_path"]
