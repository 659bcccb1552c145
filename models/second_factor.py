"""
A colleague's second factor: codes of an authenticator app (TOTP, RFC 6238), each good once, and ten recovery codes.

The secret is sealed at rest; of recovery codes there are only hashes. Who lost both asks an owner, who takes the second
factor off (`team.update`).
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyotp
from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from uuid_utils.compat import uuid7

from models import firm_key, journal, password
from models.attempts import Attempts
from models.errors import ErrorCode, Refusal
from models.ground import clock, keys, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import TeamRole, Viewer, must_be_in_person

ISSUER = "Switchboard"
PERIOD = 30  # seconds
DRIFT = 1  # periods that the clock of an app may be ahead or behind (RFC 6238, 5.2)
RECOVERY_CODES = 10
_DIGITS = 6
_RECOVERY_BYTES = 10  # as many bits as the four groups of a code hold: no list of hashes gives it away
attempts = Attempts(
    "second factor",
    "Too many attempts. Wait a little, then try again.",
    address=RateLimitItemPerMinute(10, 15),
    caller=RateLimitItemPerMinute(10, 15),
)
"""Of a person, who is the caller too: a stolen session must not try passwords and codes for long."""
guesses = Attempts(
    "code of a second factor",
    "Too many codes for one day. Try again tomorrow, or ask an owner to take your second factor off.",
    address=RateLimitItemPerDay(30),
    caller=RateLimitItemPerDay(1000),
)
"""Of a person whose password was right: whoever stole that could else go on until a code of six digits is met."""


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """What an authenticator app is told, by typing or as a QR code. Shown once; must not be logged."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`recovery_codes` are shown once; they must not be logged."""

    done: Done
    recovery_codes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Confirmed({self.done!r})"


async def start(by: Viewer, secret: str) -> Started:
    """
    A new secret, which counts once it is confirmed; one that was started before and not confirmed is forgotten.

    `secret`: the password. Raises WRONG_CREDENTIALS, RATE_LIMITED, NOT_ALLOWED; INVALID where there is one already.
    """
    member = await proven(by, secret, "password")
    seed = pyotp.random_base32()
    sealed = (await firm_key.of(by.firm_id)).seal(seed, by.firm_id, by.member_id, "totp")
    if not await store.execute(_START, by.firm_id, by.member_id, sealed):
        raise Refusal(ErrorCode.INVALID, "Your second factor is on already. End it before you start a new one.")
    uri = pyotp.TOTP(seed).provisioning_uri(name=member["email"], issuer_name=ISSUER)
    return Started(seed, uri)


_START = """
UPDATE team_member SET totp_secret = $3, totp_step = NULL WHERE firm_id = $1 AND id = $2 AND totp_since IS NULL
"""


async def confirm(by: Viewer, code: str) -> Confirmed:
    """From now on signing in asks for a code. Raises WRONG_CREDENTIALS, RATE_LIMITED, NOT_ALLOWED; INVALID."""
    must_be_in_person(by)
    await attempts.count(str(by.member_id), str(by.member_id))
    async with store.transaction(by.firm_id) as tx:
        member = await store.row(_LOCKED, by.firm_id, by.member_id)
        if member is None or member["totp_secret"] is None or member["totp_since"] is not None:
            raise Refusal(ErrorCode.INVALID, "Start a second factor first: there is none to confirm.", "code")
        step = await _step_of(by.firm_id, by.member_id, member["totp_secret"], _bare(code))
        if step is None:
            raise _wrong_code()
        await store.execute(_CONFIRM, by.firm_id, by.member_id, clock.now(), step)
        codes = await _new_recovery_codes(by)
        _record(by, {"twoFactor": False}, {"twoFactor": True})
    return Confirmed(Done((by.member_id,), tx.cursor), codes)


_LOCKED = "SELECT totp_secret, totp_since FROM team_member WHERE firm_id = $1 AND id = $2 FOR UPDATE"
_CONFIRM = """
UPDATE team_member SET totp_since = $3, totp_step = $4, version = version + 1 WHERE firm_id = $1 AND id = $2
"""


async def _new_recovery_codes(by: Viewer) -> tuple[str, ...]:
    bare = [base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    await store.execute("DELETE FROM recovery_code WHERE firm_id = $1 AND member_id = $2", by.firm_id, by.member_id)
    await store.execute(
        "INSERT INTO recovery_code (id, firm_id, member_id, code_hash)"
        " SELECT n.id, $1, $2, n.hash FROM unnest($3::uuid[], $4::bytea[]) AS n(id, hash)",
        by.firm_id,
        by.member_id,
        [uuid7() for _ in bare],
        [keys.token_hash(code) for code in bare],
    )
    return tuple("-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in bare)


async def end(by: Viewer, secret: str, code: str) -> Done:
    """
    From now on the password is enough. `secret`: the password; `code`: of the app, or a recovery code.

    Raises WRONG_CREDENTIALS, RATE_LIMITED, NOT_ALLOWED. Nothing changes where there is none.
    """
    member = await proven(by, secret, "password")
    await guesses.count(str(by.member_id), str(by.member_id))
    async with store.transaction(by.firm_id) as tx:
        if member["totp_since"] is not None:
            if not await _use(by.firm_id, by.member_id, code):
                raise _wrong_code()
            await forget(by.firm_id, by.member_id)
            _record(by, {"twoFactor": True}, {"twoFactor": False})
    return Done((by.member_id,), tx.cursor)


async def forget(firm_id: UUID, member_id: UUID) -> None:
    """With its recovery codes. Runs inside a transaction."""
    clear = "UPDATE team_member SET totp_secret = NULL, totp_since = NULL, totp_step = NULL, version = version + 1"
    await store.execute(f"{clear} WHERE firm_id = $1 AND id = $2", firm_id, member_id)
    await store.execute("DELETE FROM recovery_code WHERE firm_id = $1 AND member_id = $2", firm_id, member_id)


async def check(firm_id: UUID, member_id: UUID, code: str | None) -> None:
    """
    Of a colleague whose password was right; uses the code up. Raises CODE_NEEDED where none is given, and
    WRONG_CREDENTIALS; nothing where the person has no second factor. Runs inside a transaction.
    """
    needed = "SELECT role, manage_accounts FROM team_member WHERE firm_id = $1 AND id = $2 AND totp_since IS NOT NULL"
    member = await store.row(needed, firm_id, member_id)
    if member is None:
        return
    if not code:
        raise Refusal(ErrorCode.CODE_NEEDED, "Type the code of your authenticator app, or a recovery code.", "code")
    if not await _use(firm_id, member_id, code):
        raise _wrong_code()
    if not _is_of_app(_bare(code)):
        no_session = UUID(int=0)  # it begins after this
        by = Viewer(firm_id, member_id, no_session, TeamRole(member["role"]), member["manage_accounts"])
        left = await store.value(_LEFT, firm_id, member_id)
        _record(by, {"recoveryCodesLeft": left + 1}, {"recoveryCodesLeft": left})


_LEFT = "SELECT count(*) FROM recovery_code WHERE firm_id = $1 AND member_id = $2 AND used_at IS NULL"


async def recovery_codes_left(by: Viewer) -> int | None:
    """Of who asks; None: there is no second factor."""
    on = "SELECT 1 FROM team_member WHERE firm_id = $1 AND id = $2 AND totp_since IS NOT NULL"
    left: int | None = await store.value(f"SELECT ({_LEFT}) WHERE EXISTS ({on})", by.firm_id, by.member_id)
    return left


def _is_of_app(bare: str) -> bool:
    return len(bare) == _DIGITS


async def _use(firm_id: UUID, member_id: UUID, code: str) -> bool:
    """Whether it is right and was not used before; it is now. Runs inside a transaction."""
    bare = _bare(code)
    if not _is_of_app(bare):
        used = await store.value(_USE_RECOVERY, firm_id, member_id, keys.token_hash(bare), clock.now())
        return used is not None
    sealed = await store.value("SELECT totp_secret FROM team_member WHERE firm_id = $1 AND id = $2", firm_id, member_id)
    step = await _step_of(firm_id, member_id, sealed, bare) if sealed else None
    return step is not None and await store.value(_USE_STEP, firm_id, member_id, step) is not None


_USE_RECOVERY = """
UPDATE recovery_code SET used_at = $4
WHERE firm_id = $1 AND member_id = $2 AND code_hash = $3 AND used_at IS NULL RETURNING id
"""
_USE_STEP = """
UPDATE team_member SET totp_step = $3
WHERE firm_id = $1 AND id = $2 AND (totp_step IS NULL OR totp_step < $3) RETURNING id
"""


async def _step_of(firm_id: UUID, member_id: UUID, sealed: bytes, bare: str) -> int | None:
    """The period that a code is of; None: of none that counts now, or the secret cannot be opened any more."""
    try:
        totp = pyotp.TOTP((await firm_key.of(firm_id)).unseal(sealed, firm_id, member_id, "totp"))
    except keys.WrongKey:
        return None
    now = int(clock.now().timestamp()) // PERIOD
    steps = range(now + DRIFT, now - DRIFT - 1, -1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), bare.encode())), None)


def _bare(code: str) -> str:
    """As people type them: with spaces and hyphens, in small letters."""
    return "".join(char for char in code[:100] if char.isascii() and char.isalnum()).upper()


async def proven(by: Viewer, secret: str, path: str) -> Any:
    """
    The record of who asks, once the password is right: a session alone does not change how its owner signs in.

    Raises WRONG_CREDENTIALS, RATE_LIMITED, NOT_ALLOWED for an API token.
    """
    must_be_in_person(by)
    await attempts.count(str(by.member_id), str(by.member_id))
    member = await store.row("SELECT * FROM team_member WHERE firm_id = $1 AND id = $2", by.firm_id, by.member_id)
    if not await password.matches(secret, member["password_hash"] if member else None) or member is None:
        raise Refusal(ErrorCode.WRONG_CREDENTIALS, "This is not your password.", path)
    return member


def _wrong_code() -> Refusal:
    return Refusal(
        ErrorCode.WRONG_CREDENTIALS, "The code is wrong, or was used before. Wait for the next one of your app.", "code"
    )


def _record(by: Viewer, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    changes = journal.changes_between(before, after)
    journal.record(JournalKind.MEMBER_CHANGED, by=by, subject=(Subject.TEAM_MEMBER, by.member_id), changes=changes)
