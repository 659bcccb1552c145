"""What a firm decides for itself."""

from typing import Any

import pytest
from strawberry.utils.str_converters import to_camel_case

from models import firm, firm_settings, journal
from models.errors import Conflict, ErrorCode
from models.firm_settings import ClientAction, FirmWish
from models.viewer import TeamRole, Viewer
from tests.client import Api
from tests.make import a_client, a_firm, a_member, signed_in
from tests.refused import refused


@pytest.fixture
async def owner(store: str) -> Viewer:
    return await a_member(await a_firm("Studio Bellandi"))


async def test_each_setting_is_changed_for_itself_and_journalled_field_by_field(owner: Viewer) -> None:
    wish = FirmWish(name="Studio Due", language="IT-ch", reply_to="desk@firm.test", invitation_days=7)
    done = await firm_settings.update(owner, wish)
    settings = await firm_settings.of(owner)
    assert (settings.language, settings.reply_to, settings.invitation_days) == ("it-CH", "desk@firm.test", 7)
    assert settings.sender_name is None
    (batch,) = [one for one in await journal.since(owner.firm_id, 0) if one.cursor == done.cursor]
    assert {(one.field, one.before, one.after) for one in batch.entries[0].changes} == {
        ("name", "Studio Bellandi", "Studio Due"),
        ("language", "en", "it-CH"),
        ("replyTo", None, "desk@firm.test"),
        ("invitationDays", "30", "7"),
    }
    assert (await firm_settings.update(owner, wish)).cursor is None
    await firm_settings.update(owner, FirmWish(language=None, reply_to=None, invitation_days=None))
    cleared = await firm_settings.of(owner)
    assert (cleared.language, cleared.reply_to, cleared.invitation_days) == ("en", None, 30)


async def test_actions_without_login_are_chosen_each_once_and_none_by_default(owner: Viewer) -> None:
    """R12"""
    pay, view = ClientAction.PAY_INVOICES, ClientAction.VIEW_DOCUMENTS
    assert not await firm_settings.allows(owner.firm_id, pay)
    await firm_settings.update(owner, FirmWish(actions_without_login=[pay, view, pay]))
    assert (await firm_settings.of(owner)).actions_without_login == (view, pay)
    assert await firm_settings.allows(owner.firm_id, pay)
    assert not await firm_settings.allows(owner.firm_id, ClientAction.SIGN_DOCUMENTS)


async def test_clients_may_set_their_preferences_until_the_firm_locks_them(owner: Viewer) -> None:
    """R13"""
    assert (await firm_settings.of(owner)).clients_may_set_preferences
    for wish, may in ((False, False), (None, True), (True, True)):
        await firm_settings.update(owner, FirmWish(clients_may_set_preferences=wish))
        assert (await firm_settings.of(owner)).clients_may_set_preferences is may


@pytest.mark.parametrize(
    ("wish", "code", "path"),
    [
        ({"name": " "}, ErrorCode.INVALID, "name"),
        ({"language": "tlh"}, ErrorCode.INVALID, "language"),
        ({"language": "../en"}, ErrorCode.INVALID, "language"),
        ({"language": "en-" + "x" * 40}, ErrorCode.INVALID, "language"),
        ({"sender_name": "Studio\r\nBcc: x@y.test"}, ErrorCode.INVALID, "senderName"),
        ({"reply_to": "nobody"}, ErrorCode.ADDRESS_INVALID, "replyTo"),
        ({"copy_to": "a@b.test\r\nTo: c@d.test"}, ErrorCode.ADDRESS_INVALID, "copyTo"),
        ({"invitation_days": 0}, ErrorCode.INVALID, "invitationDays"),
        ({"invitation_days": 366}, ErrorCode.INVALID, "invitationDays"),
    ],
)
async def test_bad_settings_are_refused_where_they_stand(
    owner: Viewer, wish: dict[str, Any], code: ErrorCode, path: str
) -> None:
    with refused(code, path):
        await firm_settings.update(owner, FirmWish(**wish))
    assert (await firm.of(owner)).version == 1


async def test_the_second_of_two_who_edit_at_once_is_told(owner: Viewer) -> None:
    await firm_settings.update(owner, FirmWish(name="First"), expected_version=1)
    with pytest.raises(Conflict) as conflict:
        await firm_settings.update(owner, FirmWish(name="Second"), expected_version=1)
    assert conflict.value.subject == ("Firm", owner.firm_id)


async def test_an_employee_changes_nothing_whatever_the_right(owner: Viewer) -> None:
    employee = await a_member(owner, role=TeamRole.EMPLOYEE, manage_accounts=True)
    with refused(ErrorCode.NOT_ALLOWED):
        await firm_settings.update(employee, FirmWish(name="Mine"))


async def test_the_team_sees_the_settings_and_a_client_the_name_alone(api: Api) -> None:
    by = await a_firm("Studio Bellandi")
    limits = "letterLimits { perHour leftThisHour perRecipientPerHour }"
    lists = "members { id } emailFields { id } apiTokens { id }"
    document = f"{{ firm {{ name settings {{ language senderName {limits} }} {lists} }} }}"
    told = (await api.ask(document, as_=await signed_in(by, role=TeamRole.EMPLOYEE)))["firm"]
    assert told["settings"] == {
        "language": "en",
        "senderName": "Studio Bellandi",
        "letterLimits": {"perHour": 20000, "leftThisHour": 20000, "perRecipientPerHour": 5},
    }
    assert (await api.ask(document, as_=(await a_client(by)).token))["firm"] == {
        "name": "Studio Bellandi", "settings": None, "members": [], "emailFields": [], "apiTokens": []
    }  # fmt: skip


async def test_each_setting_can_be_cleared_by_its_name_in_the_api(api: Api) -> None:
    owner = await signed_in(await a_firm("Studio Bellandi"))
    wish = FirmWish(language="it", sender_name="Bellandi", copy_to="copy@firm.test", actions_without_login=[])
    await firm_settings.update(owner.viewer, wish)
    nulls = ", ".join(f"{to_camel_case(name)}: null" for name in firm_settings.SETTINGS if name != "name")
    document = f"mutation {{ updateFirm(input: {{ {nulls} }}) {{ errors {{ code }} firm {{ name version }} }} }}"
    told = (await api.ask(document, as_=owner))["updateFirm"]
    assert told == {"errors": [], "firm": {"name": "Studio Bellandi", "version": 3}}
    cleared = await firm_settings.of(owner.viewer)
    assert (cleared.language, cleared.sender_name, cleared.copy_to, cleared.invitation_days) == ("en", None, None, 30)
