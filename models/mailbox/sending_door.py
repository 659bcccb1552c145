"""
Whether a mailbox's server for sending can be used (RFC 6409): looked at once the mailbox was connected or changed, and
again, ever later, until it is open; nothing is sent before. Reading goes on meanwhile. What a person changed is not
overwritten.
"""

from datetime import timedelta

from models.errors import ErrorCode
from models.ground import store
from models.mailbox.lease import UNCHANGED, Leased

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


async def due_in(leased: Leased) -> float | None:
    """Seconds until the next look, 0: at once. None: it is open, or the mailbox is not ours."""
    seconds: float | None = await store.value(_DUE_IN, *leased.unchanged)
    return seconds


_DUE_IN = f"""
SELECT greatest(0, coalesce(extract(epoch FROM smtp_retry_at - now()), 0))::float8 FROM mailbox
WHERE {UNCHANGED} AND smtp_open_at <> version
"""


async def found_open(leased: Leased) -> None:
    await store.execute(_FOUND_OPEN, *leased.unchanged)


_FOUND_OPEN = f"""
UPDATE mailbox SET smtp_open_at = version, smtp_failures = 0, smtp_retry_at = NULL,
  smtp_error_code = NULL, smtp_error_message = NULL, smtp_error_path = NULL
WHERE {UNCHANGED} AND (smtp_open_at <> version OR smtp_error_code IS NOT NULL)
"""


async def found_shut(leased: Leased, code: ErrorCode, message: str, *, path: str | None, wait: float) -> None:
    """
    Also of one that was open. Looked at again after a minute, then ever later up to an hour, or after `wait` seconds
    where that is longer.
    """
    first, longest = FIRST_WAIT.total_seconds(), LONGEST_WAIT.total_seconds()
    await store.execute(_FOUND_SHUT, *leased.unchanged, code, message[:500], path, first, longest, wait)


_FOUND_SHUT = f"""
UPDATE mailbox SET smtp_open_at = 0, smtp_error_code = $5, smtp_error_message = $6, smtp_error_path = $7,
  smtp_failures = smtp_failures + 1, smtp_retry_at = now() + make_interval(secs => greatest(
    $10::float8, least($9::float8, $8::float8 * 2 ^ least(smtp_failures, 20)) * (0.5 + random() / 2)))
WHERE {UNCHANGED}
"""
