"""Writes what a chunk of an import came to: as many statements for a thousand rows as for one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from models import account, address, contact, email_field, journal, text
from models.client_import.deeds import Deeds, Spot
from models.client_import.known import Known
from models.client_import.options import Options
from models.contact.making import MadeContact
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.invitation import Asked, invite
from models.journal import Change, JournalKind, Subject
from models.toggles import EVERY_CATEGORY_ON, Toggles, Wanted, ensure, lock, switch
from models.viewer import Viewer


async def write(by: Viewer, facts: Known, options: Options, deeds: Deeds) -> None:
    """Runs inside a transaction, under `firm.one_at_a_time` and `history.lock`; `facts` was read under them."""
    await account.making.write(by, deeds.accounts)
    await _write_contacts(by, facts, options, deeds)
    contact.linking.record(by, await contact.linking.write(by, deeds.links))
    checkpoint("after the accounts of a chunk of an import were made")
    await _switch(by, facts, options, deeds)
    await invite(by, list(_asked(facts, options, deeds)), has_room=True)  # the plan has counted


async def _write_contacts(by: Viewer, facts: Known, options: Options, deeds: Deeds) -> None:
    made = [
        MadeContact(contact_id, name, _texts(facts, deeds, facts.contacts[contact_id].fields))
        for contact_id, name in deeds.contacts.items()
    ]
    await contact.making.write(by, made)
    await _ensure_addresses(by, facts, deeds)
    fields = await _fields(by, options, deeds)
    held = [(whose, fields.get(field_id, field_id), facts.address_ids[key]) for whose, field_id, key in deeds.emails]
    if held:
        await contact.making.hold(by, held)
    await _change_contacts(by, facts, deeds)


async def _ensure_addresses(by: Viewer, facts: Known, deeds: Deeds) -> None:
    """Makes the addresses that the firm lacks. The spelling of a known one stays, whatever the file has."""
    unknown = [typed for key, typed in deeds.addresses.items() if key not in facts.address_ids]
    if not unknown:
        return
    facts.address_ids |= await address.ensure(by, unknown)


async def _fields(by: Viewer, options: Options, deeds: Deeds) -> Mapping[UUID, UUID]:
    """Makes fields; answers their ids, by provisional id."""
    used = {field_id for _, field_id, _ in deeds.emails}
    names = {field_id: name for field_id, name in options.to_make.items() if field_id in used}
    if not names:
        return {}
    ids = await email_field.named(by, list(names.values()))
    return {field_id: ids[name] for field_id, name in names.items()}


def _texts(facts: Known, deeds: Deeds, fields: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(facts.addresses[key].text if key in facts.addresses else key for key in fields.values())


async def _change_contacts(by: Viewer, facts: Known, deeds: Deeds) -> None:
    """Renews the search words of contacts that get more addresses, and records these."""
    if not deeds.changed:
        return
    people = [facts.contacts[contact_id] for contact_id in sorted(deeds.changed)]
    words = [" ".join(text.words(person.name, *_texts(facts, deeds, person.fields))) for person in people]
    await store.execute(_CHANGE, by.firm_id, [person.id for person in people], words)
    for person in people:
        subject = (Subject.CONTACT, person.id)
        changes = [Change("emails", None, facts.addresses[key].text) for key in deeds.changed[person.id]]
        journal.record(JournalKind.CONTACT_CHANGED, by=by, subject=subject, accounts=person.accounts, changes=changes)


_CHANGE = """
UPDATE contact c SET version = c.version + 1,
  words = ARRAY(SELECT DISTINCT w FROM unnest(c.words || string_to_array(n.words, ' ')) AS w ORDER BY w)
FROM unnest($2::uuid[], $3::text[]) AS n(id, words) WHERE c.firm_id = $1 AND c.id = n.id
"""


async def _switch(by: Viewer, facts: Known, options: Options, deeds: Deeds) -> None:
    changing = deeds.spots.keys() | deeds.switches.keys() | deeds.fresh
    spots = {(account_id, facts.address_ids[key]): (account_id, key) for account_id, key in changing}
    if not spots:
        return
    made = await ensure(by, list(spots))
    sets_preferences = bool(options.toggles.preferences)
    acting = [
        pair
        for pair, spot in spots.items()
        if spot in deeds.switches or pair not in made or (sets_preferences and spot in deeds.fresh)
    ]
    locked = await lock(by, acting) if acting else {}
    wishes = [(toggles, _wanted(options, deeds, spots[pair], toggles)) for pair, toggles in locked.items()]
    await switch(by, wishes)
    checkpoint("after a chunk of an import was switched")


def _wanted(options: Options, deeds: Deeds, spot: Spot, toggles: Toggles) -> Wanted:
    """A new address begins with all categories on (R13), whatever they were when it was held here before."""
    is_new_here = spot in deeds.spots and not toggles.holders - deeds.spots[spot]
    positions = dict(EVERY_CATEGORY_ON) if is_new_here else {}
    if spot in deeds.fresh:
        positions |= {preference.category: preference.on for preference in options.toggles.preferences}
    return positions | deeds.switches.get(spot, {})


def _asked(facts: Known, options: Options, deeds: Deeds) -> Iterator[Asked]:
    """Whom an earlier chunk has written to gets no second letter; the invitation covers the account, too."""
    wish = options.toggles.invite
    if wish is None:
        return
    for account_id, key in deeds.invited:
        person = facts.addresses[key]
        if not (person.activated and person.written_before):
            again = wish.again and not person.written_before
            yield Asked(account_id, facts.address_ids[key], replace(wish, again=again))
