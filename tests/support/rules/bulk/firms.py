"""Firms of every kind, and bulk updates of every kind: in plain Python (planning.py), and in the database."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from tortoise import Model

from models.account import Account, AccountFilter, AccountKind, LoginStatus
from models.account.account import AccountContact
from models.account_columns import AccountColumn
from models.address import EmailAddress, PortalUser
from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.item import BulkAction
from models.contact.contact import Contact, ContactEmailRow
from models.email_field import EmailField
from models.errors import DeadLinkReason
from models.ground import clock, secret_link, store
from models.ground.settings import Settings
from models.invitation import Invitation, InvitationAccount
from models.letter import Letter, LetterKind, LetterState
from models.notification_category import NotificationCategory
from models.team import TeamMember, TeamMemberState
from models.toggles import Invite, NotificationPreference, Switch
from models.toggles.toggles import Toggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.factories import FIELDS, a_firm, a_member
from tests.support.rules.bulk.planning import Wish
from tests.support.rules.bulk.runs import Bulk
from tests.support.rules.invitations import Offer
from tests.support.rules.switches import Rules, Spot, Switches
from tests.support.rules.switches_done import Reality, text_of

PLACES, PEOPLE, ADDRESSES, SLOTS = 4, 4, 4, 2
CATEGORIES = list(NotificationCategory)[:3]
PER_RECIPIENT = 2
NOW = 1_000  # in minutes
NOWHERE = AccountSelection(())  # of a wish, which has its accounts by number

FILTERS = st.builds(
    AccountFilter,
    notify=st.none() | st.booleans(),
    email_sync=st.sampled_from([None, None, True, False]),
    archived=st.sampled_from([None, None, False, True]),
    login_statuses=st.none() | st.lists(st.sampled_from(LoginStatus), min_size=1, max_size=2).map(tuple),
)


@st.composite
def wishes(draw: st.DrawFn, places: int = PLACES) -> Wish:
    """Such as are not refused: all that is asked has a meaning."""
    action = st.sampled_from([BulkAction.ENABLE_FOR_ALL, *BulkAction])
    actions = st.tuples(action, action, action).filter(lambda three: {*three} != {BulkAction.DO_NOTHING})
    login, notify, email_sync = draw(actions)
    invite, preferences = None, {}
    if login.wants:
        invite = draw(st.sampled_from([Invite("Welcome."), Invite(again=True), None]))
    if notify.wants:
        preferences = draw(st.dictionaries(st.sampled_from(CATEGORIES), st.booleans()))
    told = tuple(NotificationPreference(category, on) for category, on in preferences.items())
    ids = st.lists(st.integers(0, places - 1), min_size=1, max_size=places).map(tuple)
    return Wish(
        draw(st.just(AccountFilter(archived=None)) | ids | FILTERS),
        BulkEdit(NOWHERE, login, notify, email_sync, invite, told),
    )


@st.composite
def firms(draw: st.DrawFn) -> Bulk:
    """As the rules allow them to be."""
    places, people = draw(st.integers(1, PLACES)), draw(st.integers(0, PEOPLE))
    holding = st.lists(st.integers(0, ADDRESSES - 1), max_size=SLOTS, unique=True).map(enumerate).map(dict)
    holds = draw(st.lists(holding, min_size=people, max_size=people))
    rules = Rules(holds, places=places, addresses=ADDRESSES)
    rules.links = {
        (place, person) for place in range(places) for person in range(people) if draw(st.integers(0, 2)) > 0
    }
    some = st.sets(st.integers(0, ADDRESSES - 1), max_size=2)
    rules.activated, rules.own = draw(some), draw(some)
    rules.archived = draw(st.sets(st.integers(0, places - 1), max_size=1))
    for place in range(places):
        for one in range(ADDRESSES):
            _switch(draw, rules, (place, one))
    bulk = Bulk(rules, suppressed=draw(some), minute=NOW, per_recipient=PER_RECIPIENT)
    bulk.per_hour = draw(st.sampled_from([1_000, 1_000, 1, 2, 3, 4]))
    bulk.letters = draw(st.lists(st.tuples(st.integers(0, ADDRESSES - 1) | st.none(), _AGO), max_size=3))
    bulk.made = {one: [offer] for one in range(ADDRESSES) if (offer := _offer(draw, bulk, one))}
    return bulk


_AGO = st.sampled_from([NOW - 10, NOW - 10, NOW - 70])


def _switch(draw: st.DrawFn, rules: Rules, spot: Spot) -> None:
    """What nobody holds may be an unlinked email, and has no more than Login (R41)."""
    login, notify, sync = draw(st.tuples(*[st.booleans()] * 3))
    if rules.holders(*spot):
        rules.on[spot] = (login, notify, sync and spot[1] not in rules.own)
        rules.off[spot] = draw(st.frozensets(st.sampled_from(CATEGORIES), max_size=2))
    elif draw(st.integers(0, 3)) == 0:
        rules.on[spot] = (login, False, False)


def _offer(draw: st.DrawFn, bulk: Bulk, one: int) -> Offer | None:
    rules = bulk.rules
    entering = {place for place, each in bulk.entering() if each == one} - rules.archived
    covers = {place for place in sorted(entering) if draw(st.booleans())}
    states = ["none", "dead"] + ["lives", "lives", "expired", "bounced"] * bool(covers and one not in rules.activated)
    match draw(st.sampled_from(states)):
        case "none":
            return None
        case "dead":
            return Offer(set(), dead="USED" if one in rules.activated else "REVOKED")
        case state:
            return Offer(covers, expired=state == "expired", bounced=state == "bounced")


async def settled(bulk: Bulk) -> Reality:
    """The same firm in the database."""
    by = await a_member(await a_firm())
    reality = Reality(by, *([uuid4() for _ in range(size)] for size in (PEOPLE, bulk.rules.places, ADDRESSES)))
    async with store.transaction(by.firm_id):
        for some in (_clients(bulk, reality), _addresses(bulk, reality), _offers(bulk, reality), _letters(bulk, by)):
            await _write(some)
    return reality


async def _write(rows: Iterable[Model]) -> None:
    by_table: dict[type[Model], list[Any]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append(row)
    for table, some in by_table.items():
        await table.bulk_create(some)


def _clients(bulk: Bulk, reality: Reality) -> Iterable[Model]:
    rules, now, own = bulk.rules, clock.now(), {"firm_id": reality.by.firm_id, "created_at": clock.now()}
    for place in range(rules.places):
        code, archived_at = f"C{place}", now if place in rules.archived else None
        named = {"code": code, "code_key": code, "name": code, "sort_key": code, "words": [code]}
        yield Account(id=reality.places[place], kind=AccountKind.OTHER, archived_at=archived_at, **named, **own)
    for person, _ in enumerate(rules.holds):
        yield Contact(id=reality.people[person], name=f"P{person}", sort_key=f"p{person}", words=[], **own)
    for place, person in sorted(rules.links):
        ids = {"account_id": reality.places[place], "contact_id": reality.people[person]}
        yield AccountContact(id=uuid4(), firm_id=reality.by.firm_id, **ids)


def _addresses(bulk: Bulk, reality: Reality) -> Iterable[Model]:
    rules, now, firm_id, ids = bulk.rules, clock.now(), reality.by.firm_id, reality.addresses
    fields = [uuid4() for _ in range(SLOTS)]
    for slot, field_id in enumerate(fields):
        name = f"{FIELDS[slot]} of clients"
        yield EmailField(id=field_id, firm_id=firm_id, name=name, name_key=name)
    for one in range(ADDRESSES):
        yield _address(firm_id, ids[one], one, suppressed=one in bulk.suppressed)
    for one in sorted(rules.activated):
        yield PortalUser(id=uuid4(), firm_id=firm_id, address_id=ids[one], activated_at=now)
    for one in sorted(rules.own):
        yield colleague(firm_id, one)
    for person, holding in enumerate(rules.holds):
        for slot, one in holding.items():
            where = {"contact_id": reality.people[person], "field_id": fields[slot], "address_id": ids[one]}
            yield ContactEmailRow(id=uuid4(), firm_id=firm_id, **where)
    for (place, one), on in rules.on.items():
        muted = [category for category in NotificationCategory if category in rules.muted(place, one)]
        yield _toggles(firm_id, reality.places[place], ids[one], on, muted)


def _address(firm_id: UUID, address_id: UUID, one: int, *, suppressed: bool) -> EmailAddress:
    since, why = (clock.now(), "It came back.") if suppressed else (None, None)
    texts = {"address": text_of(one), "key": text_of(one), "hash": text_of(one).encode()}
    return EmailAddress(id=address_id, firm_id=firm_id, suppressed_at=since, suppressed_reason=why, **texts)


def colleague(firm_id: UUID, one: int) -> TeamMember:
    return TeamMember(
        id=uuid4(),
        firm_id=firm_id,
        name="Colleague",
        email=text_of(one),
        email_key=text_of(one),
        role=TeamRole.EMPLOYEE,
        state=TeamMemberState.ACTIVE,
        account_columns=list(AccountColumn),
        created_at=clock.now(),
    )


def _toggles(firm_id: UUID, account_id: UUID, address_id: UUID, on: Switches, muted: list[Any]) -> Toggles:
    switches = dict(zip(Switch, on, strict=True))
    return Toggles(id=uuid4(), firm_id=firm_id, account_id=account_id, address_id=address_id, muted=muted, **switches)


def _offers(bulk: Bulk, reality: Reality) -> Iterable[Model]:
    firm_id, now = reality.by.firm_id, clock.now()
    for one, [offer] in bulk.made.items():
        invitation_id, expires_at = uuid4(), now + timedelta(days=-1 if offer.expired else 20)
        yield Invitation(
            id=invitation_id,
            firm_id=firm_id,
            address_id=reality.addresses[one],
            seed=secret_link.new_seed(),
            created_at=now - timedelta(days=10),
            expires_at=expires_at,
            bounced_at=now if offer.bounced else None,
            ended_at=now if offer.dead else None,
            end_reason=DeadLinkReason(offer.dead) if offer.dead else None,
        )
        for place in sorted(offer.covers):
            ids = {"invitation_id": invitation_id, "account_id": reality.places[place]}
            yield InvitationAccount(id=uuid4(), firm_id=firm_id, **ids)


def _letters(bulk: Bulk, by: Viewer) -> Iterable[Letter]:
    """None: a notice, of an urgency of its own. A copy of each to the firm counts nowhere."""
    for one, minute in bulk.letters:
        kind = LetterKind.NOTICE if one is None else LetterKind.INVITATION
        written = _letter(by, kind, one or 0, minute)
        yield written
        yield _letter(by, kind, one or 0, minute, copy_of=written.id)


def _letter(by: Viewer, kind: LetterKind, one: int, minute: int, *, copy_of: UUID | None = None) -> Letter:
    letter_id, at = uuid4(), clock.now() - timedelta(minutes=NOW - minute)
    return Letter(
        id=letter_id,
        firm_id=by.firm_id,
        kind=kind,
        urgency=kind.urgency,
        language="en",
        to_address=text_of(one),
        to_key=text_of(one),
        facts={},
        message_id=f"<{letter_id}@bulk.test>",
        state=LetterState.SENT,
        created_at=at,
        due_at=at,
        settled_at=at,
        copy_of=copy_of,
    )


def limits_of(bulk: Bulk) -> Settings:
    return Settings.model_validate({"letters_per_hour": bulk.per_hour, "letters_per_recipient": bulk.per_recipient})
