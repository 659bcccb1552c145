"""Asking for a link. Whoever asks learns nothing: nothing is looked up before the answer, and nothing waits for it."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from limits import RateLimitItemPerHour
from uuid_utils.compat import uuid7

from models import address, errand, firm, idempotency, letter
from models.access import MAY_ENTER
from models.address import TypedAddress
from models.attempts import Attempts
from models.errand import ErrandKind
from models.errors import DeadLinkReason, RateLimited
from models.ground import clock, secret_link, store
from models.ground.together import to_the_end
from models.letter import LetterKind, NewLetter
from models.session import marks
from models.session.marks import Owner
from models.viewer import System, ViewerKind

GOOD_FOR = timedelta(hours=1)
MOST = 3
"""Letters that strangers can cause one address to get from one firm, in any 24 hours."""
attempts = Attempts(
    "password reset",
    "You have asked for this often. Look into your mail, or try again a little later.",
    pair=RateLimitItemPerHour(5),
    address=RateLimitItemPerHour(100),
    caller=RateLimitItemPerHour(100),
)


async def ask(
    *,
    email: str,
    key: str,
    firm_slug: str | None = None,
    host: str = "",
    caller: str = "",
    kind: ViewerKind | None = None,
    cookie: str = "",
) -> None:
    """
    Mails a link that is good for an hour to the person, if there is one: a colleague, or a client who may enter some
    account. Earlier links die. The arguments are those of `session.sign_in`; where several firms know the address and
    none is named, each sends its letter. `key`: idempotency, for each address by itself. An address gets three letters
    a day; more where the person asks on a device of theirs (`cookie`: its marks). Nobody is told, and the last link
    stays good.

    Raises INVALID for a malformed key and RATE_LIMITED, whether or not the address is known.
    """
    idempotency.check_key(key)
    to_key = address.compared(email[:320].encode(errors="replace").decode())
    await attempts.count(to_key, caller)
    slug, own = firm.slug_asked(firm_slug, host), marks.of_address(cookie, to_key)
    wish = {"to_key": to_key, "slug": slug, "only": bool(firm_slug), "kind": kind, "own": own, "key": key}
    await errand.leave(ErrandKind.PASSWORD_RESET, wish)


async def answer(*, to_key: str, slug: str, only: bool, kind: ViewerKind | None, own: Sequence[str], key: str) -> None:
    """
    The errand, as often as it takes. `to_key`: the address, compared. `only`: of the firm `slug`, or of none. `own`:
    what may be marks of the device.
    """
    people = await _people(to_key, slug, kind, only=only)
    await to_the_end(*(_send(person, own, key) for person in people))


@dataclass(frozen=True, slots=True)
class _Person:
    """A colleague (`member_id`), or a client (`user_id`). `key`: of the address."""

    kind: ViewerKind
    id: UUID
    firm_id: UUID
    slug: str
    address: str
    key: str
    name: str | None
    address_id: UUID | None
    password_hash: str | None = field(repr=False)

    @property
    def owner(self) -> Owner:
        return Owner(self.firm_id, self.id, self.password_hash)

    @property
    def member_id(self) -> UUID | None:
        return self.id if self.kind is ViewerKind.TEAM_MEMBER else None

    @property
    def user_id(self) -> UUID | None:
        return self.id if self.kind is ViewerKind.PORTAL_USER else None


async def _people(key: str, slug: str, kind: ViewerKind | None, *, only: bool) -> list[_Person]:
    """At most one of each firm: the colleague, where none is named."""
    people = [_person(record) for record in await store.rows(_PEOPLE, key, slug) if kind in (None, record["kind"])]
    named = [person for person in people if person.slug == slug]
    clients_first = sorted(named if named or only else people, key=lambda person: person.kind is ViewerKind.TEAM_MEMBER)
    return list({person.firm_id: person for person in clients_first}.values())


def _person(record: Any) -> _Person:
    return _Person(ViewerKind(record["kind"]), *list(record.values())[1:])


_PEOPLE = f"""
(SELECT 'TEAM_MEMBER' AS kind, m.id, m.firm_id, f.slug, m.email AS address, m.email_key AS key, m.name,
   NULL::uuid AS address_id, m.password_hash
 FROM team_member m JOIN firm f ON f.id = m.firm_id WHERE m.email_key = $1 AND m.state = 'ACTIVE'
 ORDER BY f.slug = $2 DESC LIMIT 50)
UNION ALL
(SELECT 'PORTAL_USER', p.id, p.firm_id, f.slug, e.address, e.key,
   (SELECT min(c.name) FROM contact_email h JOIN contact c ON c.firm_id = h.firm_id AND c.id = h.contact_id
    WHERE h.firm_id = e.firm_id AND h.address_id = e.id HAVING count(*) = 1), e.id, p.password_hash
 FROM email_address e JOIN portal_user p ON p.firm_id = e.firm_id AND p.address_id = e.id
 JOIN firm f ON f.id = p.firm_id
 WHERE e.key = $1 AND e.suppressed_at IS NULL AND {MAY_ENTER.format(and_also="")}
 ORDER BY f.slug = $2 DESC LIMIT 50)
"""


async def _has_enough(person: _Person) -> bool:
    written = await store.value(_WRITTEN, person.firm_id, person.key, clock.now() - timedelta(days=1))
    return bool(written >= MOST)


_WRITTEN = """
SELECT count(*) FROM letter WHERE firm_id = $1 AND to_key = $2 AND kind = 'PASSWORD_RESET' AND created_at > $3
"""


async def _send(person: _Person, own: Sequence[str], key: str) -> None:
    by = System(person.firm_id)

    async def do() -> tuple[UUID, ...]:
        await firm.one_at_a_time(person.firm_id)
        if not marks.known(own, person.owner) and await _has_enough(person):
            return ()
        await letter.must_have_room(by, [letter.ToBe(LetterKind.PASSWORD_RESET, person.key)])
        await _end_earlier(by, person)
        return (await _write(by, person),)

    own_key = hashlib.sha256(f"{person.key} {key}".encode()).hexdigest()
    with suppress(RateLimited):  # too many letters to this address: only who has it would be told
        await idempotency.once(by, own_key, verb="request password reset", wish=person.id, do=do)


async def _end_earlier(by: System, person: _Person) -> None:
    earlier = await store.rows(
        _END, by.firm_id, person.member_id, person.user_id, clock.now(), DeadLinkReason.SENT_AGAIN
    )
    await letter.cancel(by, reset_ids=[reset["id"] for reset in earlier])


_END = """
UPDATE password_reset SET ended_at = $4, end_reason = $5
WHERE firm_id = $1 AND ended_at IS NULL AND (member_id = $2 OR user_id = $3) RETURNING id
"""


async def _write(by: System, person: _Person) -> UUID:
    reset_id, now = uuid7(), clock.now()
    expires_at = now + GOOD_FOR
    await store.execute(
        _NEW, reset_id, by.firm_id, person.member_id, person.user_id, secret_link.new_seed(), now, expires_at
    )
    new = NewLetter(
        LetterKind.PASSWORD_RESET,
        TypedAddress(person.address, person.key),
        {"personName": person.name, "expiresAt": expires_at.isoformat()},
        address_id=person.address_id,
        member_id=person.member_id,
        reset_id=reset_id,
    )
    await letter.write(by, [new])
    return reset_id


_NEW = """
INSERT INTO password_reset (id, firm_id, member_id, user_id, seed, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
