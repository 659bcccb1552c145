"""A task that was told to end ends, also where a library has swallowed the word."""

import asyncio


def heed() -> None:
    """
    For the head of a loop that lives until its task is cancelled: `asyncio.wait_for` of Python 3.11 swallows a
    cancellation that comes in the same moment as the answer, and aiosmtplib and aioimaplib wait by it.

    Raises CancelledError where this task was cancelled and goes on nevertheless.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
