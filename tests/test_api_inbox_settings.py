"""setMemberNotificationSettings over the API (R38)."""

from typing import Any

from models.notification import NotificationKind
from tests.support.api.client import Api
from tests.support.firm.factories import a_firm, signed_in

ASK = "{ viewer { ... on TeamMember { notificationSettings { kind channels } } } }"
COLLEAGUES = "{ firm { members { id notificationSettings { kind channels } } } }"
FROM_THE_START = {kind: ["INBOX"] for kind in NotificationKind}
SET = """mutation($settings: [MemberNotificationSettingInput!]!) {
  setMemberNotificationSettings(input: { settings: $settings }) {
    errors { code path } cursor member { notificationSettings { kind channels } } } }"""


def by_kind(member: Any) -> dict[str, list[str]]:
    return {one["kind"]: one["channels"] for one in member["notificationSettings"]}


async def test_a_member_reads_and_sets_their_own_and_sees_nobody_elses(api: Api) -> None:
    by = await a_firm()
    mine, other = await signed_in(by), await signed_in(by)
    assert by_kind((await api.ask(ASK, as_=mine.token))["viewer"]) == FROM_THE_START
    settings = [
        {"kind": "EMAIL_RECEIVED", "channels": ["DAILY_DIGEST", "INBOX", "INBOX"]},
        {"kind": "LETTER_BOUNCED", "channels": []},
        {"kind": "INVITATION_ACCEPTED", "channels": ["EMAIL"]},
    ]
    told = (await api.ask(SET, {"settings": settings}, as_=mine.token))["setMemberNotificationSettings"]
    assert told["errors"] == []
    now = FROM_THE_START | {
        "EMAIL_RECEIVED": ["INBOX", "DAILY_DIGEST"],
        "LETTER_BOUNCED": [],
        "INVITATION_ACCEPTED": ["EMAIL"],
    }
    assert by_kind(told["member"]) == now
    assert by_kind((await api.ask(ASK, as_=mine.token))["viewer"]) == now
    assert by_kind((await api.ask(ASK, as_=other.token))["viewer"]) == FROM_THE_START
    seen = [len(one["notificationSettings"]) for one in (await api.ask(COLLEAGUES, as_=other.token))["firm"]["members"]]
    assert sorted(seen) == [0, len(NotificationKind)]


async def test_a_letter_together_with_a_digest_is_refused_at_its_place_and_nothing_is_changed(api: Api) -> None:
    mine = await signed_in(await a_firm())
    settings = [
        {"kind": "LETTER_BOUNCED", "channels": ["EMAIL"]},
        {"kind": "EMAIL_RECEIVED", "channels": ["EMAIL", "DAILY_DIGEST"]},
    ]
    told = (await api.ask(SET, {"settings": settings}, as_=mine.token))["setMemberNotificationSettings"]
    assert told["errors"] == [{"code": "INVALID", "path": ["settings", "1", "channels"]}]
    assert by_kind((await api.ask(ASK, as_=mine.token))["viewer"]) == FROM_THE_START
