"""The two firms of the demo, as data. Whoever seeds the database sets the passwords."""

from mail.demo.people.bellandi import BELLANDI
from mail.demo.people.harbour import HARBOUR
from mail.demo.people.shapes import (
    SPOUSE_EMAIL,
    Account,
    Contact,
    Firm,
    Kind,
    Language,
)

FIRMS = (BELLANDI, HARBOUR)
OWNER_PASSWORD = "demo password"  # noqa: S105 - of owner@demo.test, owner@harbour.test and their clients: docs/demo.md
CLIENT = "marta@vetreriavalsecchi.example"
"""Of two accounts of BELLANDI."""

__all__ = [
    "BELLANDI",
    "CLIENT",
    "FIRMS",
    "HARBOUR",
    "OWNER_PASSWORD",
    "SPOUSE_EMAIL",
    "Account",
    "Contact",
    "Firm",
    "Kind",
    "Language",
]
