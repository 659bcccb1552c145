"""All mailboxes of all firms, in numbers: for whoever operates the installation, not for its firms."""

from models.ground import store
from models.mailbox.mailbox import MailboxState


async def states() -> dict[MailboxState, int]:
    """How many mailboxes are in each state, 0 included."""
    query = "SELECT state, count(*) AS mailboxes FROM mailbox WHERE disconnected_at IS NULL GROUP BY state"
    states_now = await store.rows(query)
    return dict.fromkeys(MailboxState, 0) | {MailboxState(state["state"]): state["mailboxes"] for state in states_now}


async def pending() -> int:
    """Messages found on servers and neither stored nor skipped yet."""
    count: int = await store.value("SELECT count(*) FROM occurrence WHERE state = 'PENDING'")
    return count
