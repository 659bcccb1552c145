"""
Reads what a chunk of an import is about: as many statements for a thousand rows as for one.

One by one (LATERAL), so that each is found by its id or key whatever PostgreSQL takes the tables to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.client_import.known import Known, KnownAccount, KnownAddress, KnownContact, KnownSpot
from models.client_import.turns import Turn, accounts_of
from models.ground import clock, store
from models.in_force import IS_HELD_AMONG_MANY, IS_LIVE
from models.journal import JournalKind
from models.letter import LetterKind, limits
from models.our_own import IS_OUR_OWN
from models.text import code_key, sort_key
from models.toggles import Switch
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class About:
    """The keys of everything that rows name."""

    account_ids: Sequence[UUID]
    codes: Sequence[str]
    names: Sequence[str]
    addresses: Sequence[str]
    texts: Sequence[str]

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> "About":
        new = [turn for turn in turns if turn.account_id is None and not turn.is_ambiguous]
        addresses = {
            address.key: address.text for turn in turns for row in turn.rows for address in row.addresses.values()
        }
        return cls(
            [turn.account_id for turn in turns if turn.account_id],
            [code_key(turn.code) for turn in new if turn.code],
            [sort_key(turn.name) for turn in new if turn.name and not turn.code],
            list(addresses),
            list(addresses.values()),
        )


async def learn(by: Viewer, facts: Known, turns: Sequence[Turn], *, invites: bool) -> None:
    """Reads all that `turns` are about into `facts`. `invites`: letters may be written. `by` has the `run_id`."""
    about = About.of(turns)
    for account in await _accounts(by, about):
        facts.learn_account(account)
    for address in await _addresses(by, about, invites=invites):
        facts.learn_address(address)
    account_ids = [account.id for turn in turns for account in accounts_of(facts, turn)]
    address_ids = [facts.addresses[key].id for key in about.addresses]
    for contact in await _contacts(by, [address_id for address_id in address_ids if address_id], account_ids):
        facts.address_ids |= zip(contact["keys"], contact["address_ids"], strict=True)
        facts.learn_contact(_contact(contact))
    await _learn_spots(by, facts, turns)


async def _accounts(by: Viewer, about: About) -> list[KnownAccount]:
    some = (about.account_ids, about.codes, about.names)
    accounts = await store.rows(store.AFRESH + _ACCOUNTS, by.firm_id, *map(list, some))
    return [KnownAccount(account["id"], account["code"], account["name"], account["archived"]) for account in accounts]


_ACCOUNTS = f"""
SELECT a.id, a.code, a.name, a.archived_at IS NOT NULL AS archived FROM (
  SELECT n.id FROM unnest($2::uuid[]) AS n(id)
  UNION SELECT a.id FROM unnest($3::text[]) AS n(key), LATERAL (
    SELECT a.id FROM account a WHERE a.firm_id = {store.FIRM} AND a.code_key = n.key LIMIT 1) a
  UNION SELECT a.id FROM unnest($4::text[]) AS n(key), LATERAL (
    SELECT a.id FROM account a WHERE a.firm_id = {store.FIRM} AND a.sort_key = n.key OFFSET 0) a) n,
LATERAL (SELECT * FROM account a WHERE a.firm_id = {store.FIRM} AND a.id = n.id LIMIT 1) a
ORDER BY a.id
"""


async def _addresses(by: Viewer, about: About, *, invites: bool) -> list[KnownAddress]:
    now = clock.now()
    _, per_recipient = limits.most(LetterKind.INVITATION.urgency)
    values = (list(about.addresses), list(about.texts), now, by.run_id, invites)
    counted = (now - limits.HOUR, LetterKind.INVITATION.urgency, per_recipient)
    return [_address(address) for address in await store.rows(store.AFRESH + _ADDRESSES, by.firm_id, *values, *counted)]


def _address(address: Any) -> KnownAddress:
    return KnownAddress(
        address["key"],
        address["text"],
        address["id"],
        suppressed=address["suppressed"],
        our_own=address["our_own"],
        activated=address["activated"],
        live=address["live"],
        written_before=address["written_to"],
        written_to=address["written_to"],
        room=address["room"],
    )


# whom this import has written to: the invitation is of the run; of who has activated the journal has the letter's entry
# the letters of the hour are gone through once: for each address PostgreSQL, which takes the table to be small while it
# grows, would read all of them
_ADDRESSES = f"""
WITH hour AS MATERIALIZED (
  SELECT l.to_key, count(*) AS written FROM letter l
  WHERE $6 AND l.firm_id = $1 AND l.copy_of IS NULL AND l.created_at > $7 AND l.urgency = $8 GROUP BY l.to_key)
SELECT n.key, coalesce(e.address, n.text) AS text, e.id, coalesce(e.suppressed, false) AS suppressed, o.our_own,
  p.id IS NOT NULL AS activated, coalesce(i.live, false) AS live, coalesce(i.ours, false) OR w.told AS written_to,
  greatest($9 - coalesce(l.written, 0), 0)::int AS room
FROM unnest($2::text[], $3::text[]) AS n(key, text)
LEFT JOIN LATERAL (
  SELECT e.id, e.address, e.suppressed_at IS NOT NULL AS suppressed FROM email_address e
  WHERE e.firm_id = {store.FIRM} AND e.key = n.key LIMIT 1) e ON true
CROSS JOIN LATERAL (SELECT {IS_OUR_OWN} AS our_own FROM (SELECT $1::uuid AS firm_id, n.key AS key) e) o
LEFT JOIN LATERAL (
  SELECT p.id FROM portal_user p WHERE p.firm_id = {store.FIRM} AND p.address_id = e.id AND $6 LIMIT 1) p ON true
LEFT JOIN LATERAL (
  SELECT bool_or({IS_LIVE.format(now="$4::timestamptz")}) AS live, bool_or(i.run_id = $5) AS ours FROM (
    SELECT * FROM invitation i WHERE i.firm_id = {store.FIRM} AND i.address_id = e.id AND $6 OFFSET 0) i) i ON true
CROSS JOIN LATERAL (
  SELECT p.id IS NOT NULL AND EXISTS (
    SELECT 1 FROM (SELECT t.id FROM toggles t WHERE t.firm_id = {store.FIRM} AND t.address_id = e.id OFFSET 0) t,
    LATERAL (SELECT j.kind FROM journal_entry j
      WHERE j.firm_id = {store.FIRM} AND j.run_id = $5 AND j.subject_id = t.id OFFSET 0) j
    WHERE j.kind = '{JournalKind.INVITATION_SENT}') AS told) w
LEFT JOIN hour l ON l.to_key = n.key
"""


async def _contacts(by: Viewer, address_ids: Sequence[UUID], account_ids: Sequence[UUID]) -> Sequence[Any]:
    """The contacts that hold one of these addresses, or are linked to one of these accounts."""
    some = (list(address_ids), list(account_ids), by.run_id)
    return await store.rows(store.AFRESH + _CONTACTS, by.firm_id, *some)


def _contact(contact: Any) -> KnownContact:
    fields = dict(zip(contact["fields"], contact["keys"], strict=True))
    return KnownContact(contact["id"], contact["name"], fields, set(contact["accounts"]), met=contact["met"])


_CONTACTS = f"""
SELECT c.id, c.name, h.fields, h.keys, h.address_ids, l.accounts, m.met FROM (
  SELECT h.contact_id FROM unnest($2::uuid[]) AS n(id), LATERAL (
    SELECT h.contact_id FROM contact_email h WHERE h.firm_id = {store.FIRM} AND h.address_id = n.id OFFSET 0) h
  UNION SELECT l.contact_id FROM unnest($3::uuid[]) AS n(id), LATERAL (
    SELECT l.contact_id FROM account_contact l WHERE l.firm_id = {store.FIRM} AND l.account_id = n.id OFFSET 0) l) n,
LATERAL (SELECT c.id, c.name FROM contact c WHERE c.firm_id = {store.FIRM} AND c.id = n.contact_id LIMIT 1) c
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(h.field_id), '{{}}') AS fields, coalesce(array_agg(e.key), '{{}}') AS keys,
    coalesce(array_agg(h.address_id), '{{}}') AS address_ids FROM (
    SELECT * FROM contact_email h WHERE h.firm_id = {store.FIRM} AND h.contact_id = c.id OFFSET 0) h,
  LATERAL (SELECT e.key FROM email_address e WHERE e.firm_id = {store.FIRM} AND e.id = h.address_id LIMIT 1) e) h
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(l.account_id), '{{}}') AS accounts FROM account_contact l
  WHERE l.firm_id = {store.FIRM} AND l.contact_id = c.id) l
CROSS JOIN LATERAL (
  SELECT count(*) > 0 AS met FROM client_import_row r
  WHERE r.firm_id = {store.FIRM} AND r.run_id = ANY(ARRAY(SELECT $4::uuid)) AND r.contact_id = c.id) m
ORDER BY c.id
"""


async def _learn_spots(by: Viewer, facts: Known, turns: Sequence[Turn]) -> None:
    """The switches of the rows' addresses on accounts that are there."""
    keys = [
        (account.id, address.key, facts.addresses[address.key].id)
        for turn in turns
        for account in accounts_of(facts, turn)
        for row in turn.rows
        for address in row.addresses.values()
    ]
    there = {(account_id, key): address_id for account_id, key, address_id in keys if address_id}
    accounts, addresses = [account_id for account_id, _ in there], list(there.values())
    rows = await store.rows(store.AFRESH + _SPOTS, by.firm_id, accounts, addresses)
    by_id = {(toggles["account_id"], toggles["address_id"]): toggles for toggles in rows}
    for (account_id, key), address_id in there.items():
        if toggles := by_id.get((account_id, address_id)):
            on = {switch for switch in Switch if toggles[switch]}
            facts.spots.setdefault((account_id, key), KnownSpot(on, toggles["held"]))


_SPOTS = f"""
SELECT t.account_id, t.address_id, {", ".join(f"t.{switch}" for switch in Switch)}, {IS_HELD_AMONG_MANY} AS held
FROM unnest($2::uuid[], $3::uuid[]) AS n(account_id, address_id), LATERAL (
  SELECT * FROM toggles t
  WHERE t.firm_id = {store.FIRM} AND t.account_id = n.account_id AND t.address_id = n.address_id LIMIT 1) t
"""
