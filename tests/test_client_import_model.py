"""
A dry run against the import that follows it, row for row, and the same file imported once more: over files and firms of
every kind (R40).
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import account, letter
from models.address import activate
from models.client_import import ClientImportView
from models.ground import clock, store
from models.ground.settings import Settings
from models.notification_category import NotificationCategory
from models.run import Pace
from models.toggles import Invite, NewToggles, NotificationPreference
from models.viewer import Viewer
from tests.support.firm.factories import a_contact, a_firm, a_member, an_account, an_address, linked
from tests.support.firm.imports import OneByOne, clients, errors, imported, mailed, outcomes

pytestmark = pytest.mark.usefixtures("store")
NAMES = ("Rossi", "rossi ", "Verdi", "Neri", "")
CODES = ("", "", "V1", "v2", "K1", "V7")
PEOPLE = ("Anna", "anna", "Beppe", "", "")
ADDRESSES = ("a@c.test", "A@c.test", "b@c.test", "c@c.test", "own@c.test", "gone@c.test", "active@c.test", "no", "", "")
SAID = ("", "", "", "yes", "no", "perhaps")


class FewAtOnce(Pace):
    FIRST = MOST = LEAST = 3


def rows() -> st.SearchStrategy[list[dict[str, str]]]:
    columns: dict[str, Any] = {
        "Code": st.sampled_from(CODES),
        "Client": st.sampled_from(NAMES),
        "Contact": st.sampled_from(PEOPLE),
        "E-mail": st.sampled_from(ADDRESSES),
        "Work": st.sampled_from(ADDRESSES),
        **{switch: st.sampled_from(SAID) for switch in ("Login", "Notify", "Sync")},
    }
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=8)


def toggles() -> st.SearchStrategy[NewToggles]:
    invites = st.sampled_from([None, Invite("Welcome"), Invite(again=True)])
    muted = st.sampled_from([(), (NotificationPreference(NotificationCategory.MESSAGES, False),)])
    return st.builds(NewToggles, st.booleans(), st.booleans(), st.booleans(), invites, muted)


there = st.sets(
    st.sampled_from(["V1 Rossi", "V2 Verdi", "V3 Rossi", "archived", "shared", "linked", "unlinked", "namesake"])
)


async def a_firm_with(parts: set[str]) -> Viewer:
    by = await a_member(await a_firm())
    await a_member(by, email="own@c.test")
    gone = await an_address(by, "gone@c.test")
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", gone)
    await activate(by, await an_address(by, "active@c.test"), at=clock.now())
    made = {}
    for part in sorted(parts & {"V1 Rossi", "V2 Verdi", "V3 Rossi"}):
        code, _, name = part.partition(" ")
        made[code] = await account.create(by, account.NewAccount(name, account.AccountKind.COMPANY, code))
    anna = await a_contact(by, "a@c.test", name="Anna")
    if "shared" in parts:
        await a_contact(by, "a@c.test", name="Beppe")
    if "namesake" in parts:
        await a_contact(by, "b@c.test", "c@c.test", name="Anna")
    if "V1" in made and "linked" in parts:
        await linked(by, made["V1"].ids[0], anna)
    if "unlinked" in parts:
        left = await an_account(by, code="K9", name="Neri", address="c@c.test", login=True)
        await store.execute("DELETE FROM contact_email WHERE contact_id = $1", left.contact)
    if "V2" in made and "archived" in parts:
        await account.archive(by, made["V2"].ids[0], archived=True)
    return by


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=rows(),
    wish=toggles(),
    parts=there,
    left=st.sampled_from([1, 20_000]),
    pace=st.sampled_from([OneByOne, FewAtOnce, Pace]),
)
async def test_a_dry_run_says_what_the_import_does_and_the_same_file_again_does_nothing(
    rows: list[dict[str, str]], wish: NewToggles, parts: set[str], left: int, pace: type[Pace]
) -> None:
    if wish.invite and not wish.login and not any(row["Login"] for row in rows):
        wish = NewToggles(wish.login, wish.notify, wish.email_sync, None, wish.preferences)
    by = await a_firm_with(parts)
    letter.limit(Settings(letters_per_hour=left))
    try:
        before = await everything(by)
        dry = await imported(by, rows, toggles=wish, dry_run=True, pace=Pace)
        assert await everything(by) == before
        run = await imported(by, rows, toggles=wish, pace=pace)
        assert await told(by, dry) == await told(by, run)
        assert run.rows == run.rows_created + run.rows_matched + run.rows_with_errors == run.rows_done
        after = await everything(by)
        again = await imported(by, rows, toggles=wish, pace=Pace)
        assert await everything(by) == after
        assert (again.rows_created, again.accounts_created, again.contacts_created, again.invited) == (0, 0, 0, 0)
    finally:
        letter.limit(Settings())


FIGURES = ("rows_created", "rows_matched", "rows_with_errors", "accounts_created", "contacts_created")


async def told(by: Viewer, run: ClientImportView) -> object:
    figures = [getattr(run, name) for name in (*FIGURES, "contacts_matched", "invited", "rows_done", "status")]
    return figures, await outcomes(by, run.id), await errors(by, run.id)


async def everything(by: Viewer) -> object:
    """Clients, switches, categories, letters, and what the journal has of them."""
    muted = await store.rows("SELECT id, muted, version FROM toggles WHERE firm_id = $1 ORDER BY id", by.firm_id)
    people = await store.rows("SELECT id, name, version FROM contact WHERE firm_id = $1 ORDER BY id", by.firm_id)
    kinds = await store.rows(_KINDS, by.firm_id)
    return [await clients(by), await mailed(by), *([tuple(row) for row in some] for some in (muted, people, kinds))]


_KINDS = """
SELECT kind, count(*) FROM journal_entry
WHERE firm_id = $1 AND kind NOT IN ('IMPORT_STARTED', 'IMPORT_ENDED', 'RUN_MOVED', 'NOTIFICATIONS_MOVED')
GROUP BY kind ORDER BY kind
"""
