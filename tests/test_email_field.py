"""E-mail fields of the CRM (R32)."""

import asyncio

import pytest

from models import email_field, journal
from models.errors import ErrorCode
from models.ground import store
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, a_member
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def _names(by: Viewer) -> list[str]:
    return [field.name for field in await email_field.of_firm(by)]


async def test_a_firm_starts_with_email_and_can_add_more_in_order(by: Viewer) -> None:
    done = await email_field.create(by, " Work email ")
    assert await _names(by) == ["Email", "Work email"]
    assert done.cursor == await journal.head(by.firm_id)
    assert (await email_field.by_ids(by, done.ids))[done.ids[0]].name == "Work email"


async def test_a_name_is_taken_whatever_its_case_and_accents(by: Viewer) -> None:
    for name in ("email", "EMAIL", "Émail"):
        with refused(ErrorCode.ALREADY_TAKEN, "name"):
            await email_field.create(by, name)


async def test_of_those_who_make_one_at_once_all_use_the_same(by: Viewer) -> None:
    people = await asyncio.gather(*(a_contact(by, f"a{n}@x.test", f"b{n}@x.test") for n in range(8)))
    assert len(people) == 8
    assert await _names(by) == ["Email", "Work email"]


async def test_a_firm_has_fifty_fields_at_most_and_says_so(by: Viewer) -> None:
    for n in range(49):
        await email_field.create(by, f"Field {n}")
    with refused(ErrorCode.INVALID):
        await email_field.create(by, "One more")
    with refused(ErrorCode.INVALID):
        async with store.transaction():
            await email_field.named(by, ["Email", "One more"])
    async with store.transaction():
        assert len(await email_field.named(by, ["Email", "field 7"])) == 2


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 61])
async def test_a_name_that_does_not_fit_on_a_label_is_refused(by: Viewer, name: str) -> None:
    with refused(ErrorCode.INVALID):
        await email_field.create(by, name)


@pytest.mark.parametrize("name", ["ﷺ" * 60, "日本語", "ß" * 60, "👩‍👩‍👧", "\u0301"])
async def test_a_name_in_any_script_fits(by: Viewer, name: str) -> None:
    await email_field.create(by, name)
    assert len(await _names(by)) == 2


async def test_making_one_needs_the_right(by: Viewer) -> None:
    with refused(ErrorCode.NOT_ALLOWED):
        await email_field.create(await a_member(by, role=TeamRole.EMPLOYEE), "Studio")
