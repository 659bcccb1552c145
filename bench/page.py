"""The accounts page: the document, the rows behind it, and how they look when written by hand."""

from typing import Any
from uuid import UUID

import asyncpg.pool
import orjson

from models import account, address
from models.account import AccountKind, NewAccount
from models.contact import FieldRef, NewContact, NewEmail
from models.ground import clock
from models.toggles import NewToggles
from models.viewer import Actor
from tests.support.firm.factories import an_address

DOCUMENT = """
query Accounts($first: Int!) {
  accounts(first: $first) {
    nodes {
      id code name loginStatus notify emailSync version
      contacts {
        contact { id name }
        emails { field { name } toggles { id login notify emailSync loginState address { address } } }
      }
    }
  }
}
"""
FIELDS = ("Email", "Work email")


async def fill(by: Actor, accounts: int) -> None:
    """Accounts with two contacts each, and two addresses on each of these; a third of the people have activated."""
    for number in range(accounts):
        contacts = tuple(_contact(number, who) for who in range(2))
        await account.create(by, NewAccount(f"Vetreria Valsecchi {number:04}", AccountKind.COMPANY, contacts=contacts))
    for number in range(0, accounts, 3):
        await address.activate(by, await an_address(by, _address(number, 0, 0)), at=clock.now())


def _contact(number: int, who: int) -> NewContact:
    emails = tuple(
        NewEmail(FieldRef(name=field), _address(number, who, place), NewToggles(place == 0, who == 0, number % 2 == 0))
        for place, field in enumerate(FIELDS)
    )
    return NewContact(f"Marta Valsecchi {number:04}-{who}", emails)


def _address(number: int, who: int, place: int) -> str:
    return f"marta.{number}.{who}.{place}@client.test"


def body(first: int) -> bytes:
    return orjson.dumps({"query": DOCUMENT, "variables": {"first": first}})


def keys_in(value: Any) -> int:
    if isinstance(value, dict):
        return sum(1 + keys_in(each) for each in value.values())
    return sum(map(keys_in, value)) if isinstance(value, list) else 0


async def by_hand(
    connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", firm_id: UUID, first: int
) -> dict[str, Any]:
    """The same answer as the document's, with one statement per level and nothing else."""
    rows = await connection.fetch(_ACCOUNTS, firm_id, first)
    ids = [row["id"] for row in rows]
    contacts: dict[UUID, list[dict[str, Any]]] = {each: [] for each in ids}
    emails: dict[tuple[UUID, UUID], list[dict[str, Any]]] = {}
    for row in await connection.fetch(_CONTACTS, firm_id, ids):
        held = emails[row["account_id"], row["id"]] = []
        who = {"id": f"contact_{row['id'].hex}", "name": row["name"]}
        contacts[row["account_id"]].append({"contact": who, "emails": held})
    for row in await connection.fetch(_EMAILS, firm_id, ids):
        toggles = {
            "id": f"toggles_{row['id'].hex}",
            "login": row["login"],
            "notify": row["notify"],
            "emailSync": row["email_sync"],
            "loginState": row["login_state"],
            "address": {"address": row["address"]},
        }
        emails[row["account_id"], row["contact_id"]].append({"field": {"name": row["field"]}, "toggles": toggles})
    nodes = [
        {
            "id": f"account_{row['id'].hex}",
            "code": row["code"],
            "name": row["name"],
            "loginStatus": row["login_status"],
            "notify": row["notify"],
            "emailSync": row["email_sync"],
            "version": row["version"],
            "contacts": contacts[row["id"]],
        }
        for row in rows
    ]
    return {"data": {"accounts": {"nodes": nodes}}}


_ACCOUNTS = """
SELECT a.id, a.code, a.name, a.version, s.notify, s.email_sync,
  CASE WHEN NOT s.login THEN 'OFFLINE' WHEN s.active THEN 'ACTIVE' ELSE 'PENDING' END AS login_status
FROM account a CROSS JOIN LATERAL (
  SELECT coalesce(bool_or(t.login), false) AS login,
         coalesce(bool_or(t.login AND p.id IS NOT NULL), false) AS active,
         coalesce(bool_or(t.notify), false) AS notify, coalesce(bool_or(t.email_sync), false) AS email_sync
  FROM toggles t LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
  WHERE t.firm_id = a.firm_id AND t.account_id = a.id
) s WHERE a.firm_id = $1 AND a.archived_at IS NULL ORDER BY a.sort_key, a.id LIMIT $2
"""
_CONTACTS = """
SELECT l.account_id, c.id, c.name FROM account_contact l
JOIN contact c ON c.firm_id = l.firm_id AND c.id = l.contact_id
WHERE l.firm_id = $1 AND l.account_id = ANY($2::uuid[]) ORDER BY c.sort_key, c.id
"""
_EMAILS = """
SELECT t.id, t.account_id, h.contact_id, f.name AS field, t.login, t.notify, t.email_sync, e.address,
  CASE WHEN NOT t.login THEN 'OFF' WHEN p.id IS NULL THEN 'PENDING' ELSE 'ACTIVE' END AS login_state
FROM account_contact l
JOIN contact_email h ON h.firm_id = l.firm_id AND h.contact_id = l.contact_id
JOIN toggles t ON t.firm_id = h.firm_id AND t.address_id = h.address_id AND t.account_id = l.account_id
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
JOIN email_field f ON f.firm_id = h.firm_id AND f.id = h.field_id
LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
WHERE l.firm_id = $1 AND l.account_id = ANY($2::uuid[]) ORDER BY h.field_id
"""
