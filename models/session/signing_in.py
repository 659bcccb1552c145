"""
Signing in with a password. Attempts are counted: ten in 15 minutes of one address from one network, a hundred in an
hour of one address from anywhere (one network alone cannot use these up), a hundred in 15 minutes of one network.

A device that the person has signed in on before (`marks`) has ten a day of its own instead, and a network a thousand in
15 minutes for all such: nobody is locked out there by strangers, and a whole office can sign in at nine o'clock.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from models import address, password, second_factor
from models.access import MAY_ENTER
from models.attempts import Attempts
from models.errors import ErrorCode, Refusal
from models.firm import slug_asked
from models.ground import store
from models.session import marks
from models.session.marks import Owner
from models.session.starting import SignedIn, start_for_client, start_for_member
from models.viewer import Asker, ViewerKind

attempts = Attempts(
    "sign in",
    "Too many attempts to sign in. Wait a little, then try again.",
    pair=RateLimitItemPerMinute(10, 15),  # in 15 minutes
    address=RateLimitItemPerHour(100),
    caller=RateLimitItemPerMinute(100, 15),
    device=RateLimitItemPerDay(10),
    devices=RateLimitItemPerMinute(1_000, 15),  # whoever comes in has a new share, and each time costs arithmetic
)


async def sign_in(
    *,
    email: str,
    secret: str,
    firm: str | None = None,
    host: str = "",
    caller: str = "",
    days: int = 30,
    kind: ViewerKind | None = None,
    account_id: UUID | None = None,
    device: str | None = None,
    code: str | None = None,
    cookie: str = "",
) -> SignedIn[Asker]:
    """
    `firm`: its slug; absent, the first part of `host` may name it, or the address is known to one firm only. `kind`
    None: the colleague, where the address is a colleague's and a client's. `account_id`: a client starts there, if it
    may enter it.

    An unknown address, a wrong password and a client with Login on nowhere (R47) answer the same, after exactly one
    verification. `caller` is the network address that attempts are counted by; once somebody is in, those of the
    address are forgotten (NIST SP 800-63B, 5.2.2). `cookie`: the marks of the device. `code`: of a colleague with a
    second factor. Raises WRONG_CREDENTIALS, RATE_LIMITED; CODE_NEEDED where the password is right and none is given.
    """
    key = address.compared(email[:320].encode(errors="replace").decode())  # no database takes half a surrogate pair
    own = marks.of_address(cookie, key)
    person = await _person(key, firm, host, kind) if own else None  # a stranger who is refused costs no statement
    device_mark = marks.known(own, _owner(person))
    await attempts.count(key, caller, device=device_mark)
    if not own:
        person = await _person(key, firm, host, kind)
    if not await password.matches(secret, person["password_hash"] if person else None) or person is None:
        raise _wrong()
    signed_in = await _enter(person, days=days, account_id=account_id, device=device, code=code)
    await attempts.forgive(key, caller, device=device_mark)
    await second_factor.guesses.forgive(str(person["id"]))
    return replace(signed_in, mark=marks.mark(key, Owner(person["firm_id"], person["id"], person["password_hash"])))


def _owner(person: Any) -> Owner | None:
    return Owner(person["firm_id"], person["id"], person["password_hash"]) if person else None


def _wrong() -> Refusal:
    return Refusal(
        ErrorCode.WRONG_CREDENTIALS,
        "The e-mail address or the password is wrong. If several firms know your address, name the firm as well.",
    )


async def _enter(
    person: Any, *, days: int, account_id: UUID | None, device: str | None, code: str | None
) -> SignedIn[Asker]:
    """
    Raises WRONG_CREDENTIALS where the password was changed, or the colleague removed, while it was verified; of a
    second factor what `second_factor.check` raises, and RATE_LIMITED.
    """
    firm_id, person_id = person["firm_id"], person["id"]
    if code and person["kind"] == ViewerKind.TEAM_MEMBER:
        await second_factor.guesses.count(str(person_id), str(person_id))
    async with store.transaction(firm_id):
        if not await store.value(_STILL[person["kind"]], firm_id, person_id, person["password_hash"]):
            raise _wrong()
        if person["kind"] == ViewerKind.TEAM_MEMBER:
            await second_factor.check(firm_id, person_id, code)
            return await start_for_member(firm_id=firm_id, member_id=person_id, days=days, device=device)
        return await start_for_client(
            firm_id=firm_id,
            user_id=person_id,
            address_id=person["address_id"],
            days=days,
            device=device,
            account_id=account_id,
        )


_OURS = "firm_id = $1 AND id = $2 AND password_hash = $3"
_STILL = {
    ViewerKind.TEAM_MEMBER: f"SELECT 1 FROM team_member WHERE {_OURS} AND state = 'ACTIVE' FOR NO KEY UPDATE",
    ViewerKind.PORTAL_USER: f"SELECT 1 FROM portal_user WHERE {_OURS} FOR NO KEY UPDATE",
}
"""A new password changes this row before it ends the sessions, so that none begins meanwhile with the old one."""


async def _person(key: str, firm: str | None, host: str, kind: ViewerKind | None) -> Any:
    slug = slug_asked(firm, host)
    people = [person for person in await store.rows(_PEOPLE, key, slug) if kind in (None, person["kind"])]
    named = [person for person in people if person["slug"] == slug]
    people = named if named or firm else people
    colleagues = [person for person in people if person["kind"] == ViewerKind.TEAM_MEMBER]
    people = colleagues or people
    return people[0] if len(people) == 1 else None


_PEOPLE = f"""
(SELECT 'TEAM_MEMBER' AS kind, m.id, m.firm_id, NULL::uuid AS address_id, m.password_hash, f.slug
 FROM team_member m JOIN firm f ON f.id = m.firm_id WHERE m.email_key = $1 AND m.state = 'ACTIVE'
 ORDER BY f.slug = $2 DESC LIMIT 50)
UNION ALL
(SELECT 'PORTAL_USER', p.id, p.firm_id, p.address_id, p.password_hash, f.slug
 FROM email_address e JOIN portal_user p ON p.firm_id = e.firm_id AND p.address_id = e.id
 JOIN firm f ON f.id = p.firm_id WHERE e.key = $1 AND {MAY_ENTER.format(and_also="")}
 ORDER BY f.slug = $2 DESC LIMIT 50)
"""
"""However many firms know the address, the one that is named is among them."""
