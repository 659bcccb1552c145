"""
What a leased mailbox signs in with at the moment, and the access tokens that are kept for it, sealed.

    held = await credentials.held(leased)           # also renews the lease: fetching takes ten seconds at most
    granted = …                                      # from the token URL, outside of any transaction
    await credentials.keep(leased, held, …)          # a rotated refresh token with it, before either is used
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from models import firm_key
from models.ground import clock, store
from models.mailbox.lease import OURS, SECONDS, Leased, LeaseLost
from models.mailbox.secret import OAuth, Secret, sealed, unsealed

EARLY = timedelta(minutes=5)
"""An access token that ends sooner than this counts as ended: it might end on the way."""


@dataclass(frozen=True, slots=True)
class Held:
    """`access_token`: good for five more minutes at least; None: fetch another. `sealed`: the secret, as it is kept."""

    secret: Secret = field(repr=False)
    access_token: str | None = field(repr=False)
    sealed: bytes = field(repr=False)


async def held(leased: Leased) -> Held:
    """The secret as it is kept now; renews the lease. Raises LeaseLost, keys.WrongKey."""
    mailbox = await store.row(_HELD, *leased.ours, SECONDS)
    if mailbox is None:
        raise LeaseLost
    secret = await unsealed(leased.firm_id, leased.mailbox_id, mailbox)
    return Held(secret, await _still_good(leased, mailbox), mailbox["secret"])


_OURS = f"{OURS} AND lease_owner IS NOT NULL"
_HELD = f"""
UPDATE mailbox SET lease_until = now() + make_interval(secs => $4) WHERE {_OURS}
RETURNING secret, secret_kind, access_token, access_until
"""


async def _still_good(leased: Leased, mailbox: Any) -> str | None:
    if mailbox["access_token"] is None or mailbox["access_until"] - EARLY <= clock.now():
        return None
    key = await firm_key.of(leased.firm_id)
    return key.unseal(mailbox["access_token"], leased.firm_id, leased.mailbox_id, "access token")


async def keep(leased: Leased, held: Held, access_token: str, until: datetime, refresh_token: str | None) -> None:
    """
    Keeps the access token, and `refresh_token` where the server replaced the old one. Unlike other writes of the holder
    it does not look at the version: whatever somebody has changed meanwhile, a new refresh token must not be lost, for
    the old one may be dead by now. A secret that somebody has changed stays.

    Raises LeaseLost; nothing was written then.
    """
    assert isinstance(held.secret, OAuth)
    secret = held.sealed
    if refresh_token is not None and refresh_token != held.secret.refresh_token:
        rotated = replace(held.secret, refresh_token=refresh_token)
        secret = (await sealed(leased.firm_id, leased.mailbox_id, rotated))["secret"]
    key = await firm_key.of(leased.firm_id)
    token = key.seal(access_token, leased.firm_id, leased.mailbox_id, "access token")
    if not await store.execute(_KEEP, *leased.ours, held.sealed, secret, token, until):
        raise LeaseLost


_KEEP = f"""
UPDATE mailbox SET secret = $5, access_token = $6, access_until = $7 WHERE {_OURS} AND secret = $4
"""


async def ended_since(leased: Leased, moment: datetime) -> bool:
    """Whether the kept access token has ended since it was taken: then its server may close the connection for that."""
    until: datetime | None = await store.value(_UNTIL, *leased.ours)
    return until is not None and moment < until - EARLY <= clock.now()


_UNTIL = f"SELECT access_until FROM mailbox WHERE {_OURS}"
