"""Ends the mailboxes that were disconnected; to be killed in it."""

from models.mailbox import ending


async def end_in_small_steps() -> None:
    ending.AT_ONCE = 1
    await ending.end_mailboxes()
