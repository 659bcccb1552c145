"""A task that was told to end ends, also where a library has swallowed the word."""

import asyncio


def heed() -> None:
    """
    For a loop that lives until its task is cancelled, at its head or where it takes an error for one of the passing
    ones: `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes in the same moment as the answer, and
    aiosmtplib and aioimaplib wait by it; broadcaster turns one into a KeyError.

    Raises CancelledError where this task was cancelled and goes on nevertheless.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
