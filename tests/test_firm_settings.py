"""What a firm decides for itself."""

from dataclasses import replace
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from strawberry.utils.str_converters import to_camel_case

from models import firm, firm_settings, journal, time_zone
from models.errors import Conflict, ErrorCode, Refusals
from models.firm_settings import ClientAction, FirmWish
from models.ground import store
from models.viewer import ApiScope, TeamRole, Viewer
from tests.support.api.client import Api
from tests.support.firm.factories import a_client, a_firm, a_member, signed_in
from tests.support.letters.outbox import written
from tests.support.refusals import refused


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
        ({"time_zone": "Rome"}, ErrorCode.INVALID, "timeZone"),
        ({"software_url": "http://clients.firm.test"}, ErrorCode.INVALID, "softwareUrl"),
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


@pytest.fixture
def token(owner: Viewer) -> Viewer:
    return replace(owner, scopes=frozenset(ApiScope))


SENT_ELSEWHERE = [
    ({"software_url": "https://evil.test"}, "softwareUrl"),
    ({"copy_to": "evil@evil.test"}, "copyTo"),
    ({"reply_to": "evil@evil.test"}, "replyTo"),
]


@pytest.mark.parametrize(("wish", "path"), SENT_ELSEWHERE)
async def test_a_stolen_token_sends_neither_clients_nor_copies_nor_answers_elsewhere(
    owner: Viewer, token: Viewer, wish: dict[str, Any], path: str
) -> None:
    """R14, R16"""
    kept = FirmWish(software_url="https://clients.firm.test", copy_to="copy@firm.test", reply_to="desk@firm.test")
    await firm_settings.update(owner, kept)
    before = await firm_settings.of(owner)
    for changed in (FirmWish(**wish), FirmWish(**wish, name="Studio Due"), FirmWish(**dict.fromkeys(wish))):
        with refused(ErrorCode.NOT_ALLOWED, path):
            await firm_settings.update(token, changed)
    assert await firm_settings.of(owner) == before
    await firm_settings.update(token, FirmWish(**kept, name="Studio Due", time_zone="Europe/Rome"))
    changed_by_token = await firm_settings.of(owner)
    assert changed_by_token == replace(before, name="Studio Due", time_zone="Europe/Rome", version=before.version + 1)
    await firm_settings.update(owner, FirmWish(**wish))


async def test_a_token_is_told_of_everything_that_it_may_not_change(token: Viewer) -> None:
    wish = {name: value for wish, _ in SENT_ELSEWHERE for name, value in wish.items()}
    with pytest.raises(Refusals) as told:
        await firm_settings.update(token, FirmWish(**wish))
    assert {(refusal.code, refusal.path) for refusal in told.value.refusals} == {
        (ErrorCode.NOT_ALLOWED, (path,)) for _, path in SENT_ELSEWHERE
    }


async def test_the_software_and_the_clock_are_kept_in_one_spelling_and_letters_know_the_clock(owner: Viewer) -> None:
    wish = FirmWish(software_url="HTTPS://Clients.Firm.Test/", time_zone=" europe/rome ")
    await firm_settings.update(owner, wish)
    settings = await firm_settings.of(owner)
    assert (settings.software_url, settings.time_zone) == ("https://clients.firm.test", "Europe/Rome")
    assert (await firm_settings.update(owner, wish)).cursor is None
    letter_id = await written(owner)
    assert await store.value("SELECT facts->>'timeZone' FROM letter WHERE id = $1", letter_id) == "Europe/Rome"
    await firm_settings.update(owner, FirmWish(software_url=None, time_zone=None))
    settings = await firm_settings.of(owner)
    assert (settings.software_url, settings.time_zone) == (None, "UTC")


@pytest.mark.parametrize(
    "odd", ["", "Factory", "../UTC", "/etc/localtime", "posixrules", "Europe", "UTC\0", "U\ud800", "a" * 99]
)
async def test_what_is_no_time_zone_is_refused(owner: Viewer, odd: str) -> None:
    with refused(ErrorCode.INVALID, "timeZone"):
        await firm_settings.update(owner, FirmWish(time_zone=odd))


def test_every_time_zone_that_is_taken_is_there_on_every_machine() -> None:
    names = files("tzdata").joinpath("zones").read_text().split()
    for name in names:
        if name != "Factory":
            assert time_zone.checked(name.upper(), "timeZone") == name
            assert ZoneInfo(name).key == name
            assert len(name) <= time_zone.LONGEST


async def test_an_employee_changes_nothing_whatever_the_right(owner: Viewer) -> None:
    employee = await a_member(owner, role=TeamRole.EMPLOYEE, manage_accounts=True)
    with refused(ErrorCode.NOT_ALLOWED):
        await firm_settings.update(employee, FirmWish(name="Mine"))


async def test_the_team_sees_the_settings_and_a_client_the_name_alone(api: Api) -> None:
    by = await a_firm("Studio Bellandi")
    limits = "letterLimits { perHour leftThisHour perRecipientPerHour noticesPerRecipientPerHour }"
    lists = "members { id } emailFields { id } apiTokens { id }"
    document = f"{{ firm {{ name settings {{ language senderName {limits} }} {lists} }} }}"
    told = (await api.ask(document, as_=await signed_in(by, role=TeamRole.EMPLOYEE)))["firm"]
    assert told["settings"] == {
        "language": "en",
        "senderName": "Studio Bellandi",
        "letterLimits": {
            "perHour": 20000,
            "leftThisHour": 20000,
            "perRecipientPerHour": 5,
            "noticesPerRecipientPerHour": 30,
        },
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
