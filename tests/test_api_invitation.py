"""Invitations over the API: from the switch to the client who is in, as each of them sees it."""

from typing import Any

import pytest

from graph.ids import Kind, global_id
from models import contact, team
from models.contact import ContactEmail, FieldRef
from models.ground import secret_link
from models.invitation import Invitation
from models.session import SignedIn
from models.viewer import System, TeamRole
from tests.support.api.client import Api
from tests.support.api.portal import ASK
from tests.support.database.store import firms_key
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_firm,
    an_account,
    invited,
    signed_in,
    switched,
    toggles_of,
    token_of,
)

SET = """mutation($toggles: [TogglesInput!]!) { setToggles(input: { toggles: $toggles }) {
  errors { code path } cursor toggles { id loginState invitation { id state sentAt expiresAt } } } }"""
OFFER = (
    "query($token: String!) { invitationOffer(token: $token) { firmName forTeam accountName address expiresAt dead } }"
)
ACCEPT = """mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
  errors { code path ... on DeadLink { reason } } cursor token
  viewer { __typename ... on PortalUser { id address { address } } } portal { account { name } } } }"""
CHANGED = """subscription { togglesChanged { __typename ... on TogglesChanged {
  cursor actor { __typename ... on PortalUser { address { address } } }
  accounts { loginStatus loginIndicator } toggles { id loginState invitation { state } } } } }"""


async def _firm() -> tuple[System, SignedIn, MadeAccount]:
    by = await a_firm()
    return by, await signed_in(by), await an_account(by, name="Alfa", address="anna@x.test")


def _key(made: MadeAccount, **more: Any) -> dict[str, Any]:
    account_id, address_id = global_id(Kind.ACCOUNT, made.id), global_id(Kind.EMAIL_ADDRESS, made.address)
    return {"accountId": account_id, "addressId": address_id, **more}


async def test_switched_on_and_invited_a_client_accepts_and_the_list_turns_green_live(api: Api) -> None:
    _, owner, made = await _firm()
    async with api.follow(CHANGED, as_=owner) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"
        wish = _key(made, login=True, invite={"message": "Welcome"})
        told = (await api.ask(SET, {"toggles": [wish]}, as_=owner))["setToggles"]
        assert told["errors"] == []
        (switches,) = told["toggles"]
        assert (switches["loginState"], switches["invitation"]["state"]) == ("PENDING", "NOT_SENT")
        event = await feed.next()
        assert (event["cursor"], event["actor"]["__typename"]) == (told["cursor"], "TeamMember")
        assert event["accounts"] == [{"loginStatus": "PENDING", "loginIndicator": "GREEN"}]
        browser, token = api.browser(), await token_of(made.address)
        accepted = (await browser.ask(ACCEPT, {"input": {"token": token, "password": PASSWORD}}))["acceptInvitation"]
        assert (accepted["errors"], accepted["token"]) == ([], None), "a cookie"
        assert accepted["viewer"]["address"] == {"address": "anna@x.test"}
        assert accepted["portal"] == {"account": {"name": "Alfa"}}
        event = await feed.next()
        assert event["actor"] == {"__typename": "PortalUser", "address": {"address": "anna@x.test"}}
        assert event["accounts"] == [{"loginStatus": "ACTIVE", "loginIndicator": "GREEN"}]
        assert [(one["loginState"], one["invitation"]["state"]) for one in event["toggles"]] == [("ACTIVE", "ACCEPTED")]
    assert (await browser.ask("{ viewer { ... on PortalUser { id } } }"))["viewer"] == {"id": accepted["viewer"]["id"]}


async def test_anybody_may_look_at_a_link_and_of_a_dead_one_sees_only_that(api: Api) -> None:
    by, _, made = await _firm()
    token = await invited(by, made.id, made.address)
    offer = (await api.ask(OFFER, {"token": token}))["invitationOffer"]
    assert offer.pop("expiresAt") is not None
    assert offer == {
        "firmName": "Studio Bellandi",
        "forTeam": False,
        "accountName": "Alfa",
        "address": "anna@x.test",
        "dead": None,
    }
    await switched(by, made.id, made.address, login=False)
    offer = (await api.ask(OFFER, {"token": token}))["invitationOffer"]
    nothing = dict.fromkeys(("accountName", "address", "expiresAt"))
    assert offer == {"firmName": "Studio Bellandi", "forTeam": False, "dead": "LOGIN_OFF", **nothing}
    told = await api.ask(ACCEPT, {"input": {"token": token, "password": PASSWORD, "session": "BEARER"}})
    (error,) = told["acceptInvitation"]["errors"]
    assert error == {"code": "DEAD_LINK", "path": ["token"], "reason": "LOGIN_OFF"}
    assert (await api.ask(OFFER, {"token": "no link"}))["invitationOffer"] is None


async def test_a_colleague_joins_by_the_same_door(api: Api) -> None:
    by, owner, _ = await _firm()
    done = await team.invite(owner.viewer, name="Bea", email="bea@firm.test", role=TeamRole.EMPLOYEE)
    row = await Invitation.get(member_id=done.ids[0])
    token = secret_link.token(firms_key(row.firm_id), "invitation", row.id, row.seed)
    offer = (await api.ask(OFFER, {"token": token}))["invitationOffer"]
    assert (offer["forTeam"], offer["accountName"], offer["address"]) == (True, None, "bea@firm.test")
    assert offer["dead"] is None
    entering = {"input": {"token": token, "password": PASSWORD, "session": "BEARER"}}
    told = (await api.ask(ACCEPT, entering))["acceptInvitation"]
    assert (told["errors"], told["viewer"], told["portal"]) == ([], {"__typename": "TeamMember"}, None)
    members = await api.ask("{ firm { members { name state } } }", as_=told["token"])
    assert {"name": "Bea", "state": "ACTIVE"} in members["firm"]["members"]
    (error,) = (await api.ask(ACCEPT, entering))["acceptInvitation"]["errors"]
    assert error["reason"] == "USED"
    assert by.firm_id == row.firm_id


async def test_email_sync_that_ended_as_a_colleague_joined_is_told_in_inbox_with_its_account(api: Api) -> None:
    """R46, R38"""
    _, owner, made = await _firm()
    await switched(owner.viewer, made.id, made.address, email_sync=True)
    done = await team.invite(owner.viewer, name="Anna", email="anna@x.test", role=TeamRole.EMPLOYEE)
    offer = await Invitation.get(member_id=done.ids[0])
    token = secret_link.token(firms_key(offer.firm_id), "invitation", offer.id, offer.seed)
    await api.ask(ACCEPT, {"input": {"token": token, "password": PASSWORD, "session": "BEARER"}})
    document = """query($of: ID) { inbox(filter: { kinds: [EMAIL_SYNC_ENDED], accountId: $of }) { nodes {
      accounts { name } subject { ... on Toggles { emailSync } } } } }"""
    found = await api.ask(document, {"of": global_id(Kind.ACCOUNT, made.id)}, as_=owner)
    assert found["inbox"]["nodes"] == [{"accounts": [{"name": "Alfa"}], "subject": {"emailSync": False}}]


async def test_asking_for_a_new_one_answers_the_same_whoever_asks(api: Api) -> None:
    by, _, made = await _firm()
    token = await invited(by, made.id, made.address)
    await switched(by, made.id, made.address, login=False)
    asking = [
        {"token": token},
        {"token": "no link"},
        *({"address": {"email": text}} for text in ("anna@x.test", "b@x.test")),
    ]
    told = {str(await api.ask(ASK, {"for": one, "key": "k"})) for one in asking}
    assert told == {"{'requestNewInvitation': {'errors': [], 'cursor': None}}"}


async def test_an_accepted_invitation_is_told_in_inbox_with_its_account(api: Api) -> None:
    by, owner, made = await _firm()
    token = await invited(by, made.id, made.address)
    told = await api.ask(ACCEPT, {"input": {"token": token, "password": PASSWORD, "session": "BEARER"}})
    assert told["acceptInvitation"]["token"]
    document = """{ inbox { nodes { kind text accounts { name } subject { ... on Toggles { loginState } } } }
      journal(filter: { kinds: [INVITATION_ACCEPTED] }) { nodes {
        actor { ... on PortalUser { address { address } } } account { name } subject { __typename } } } }"""
    found = await api.ask(document, as_=owner)
    (entry,) = found["inbox"]["nodes"]
    assert (entry["kind"], entry["accounts"]) == ("INVITATION_ACCEPTED", [{"name": "Alfa"}])
    assert entry["subject"] == {"loginState": "ACTIVE"}
    (line,) = found["journal"]["nodes"]
    assert line == {
        "actor": {"address": {"address": "anna@x.test"}},
        "account": {"name": "Alfa"},
        "subject": {"__typename": "Invitation"},
    }


async def test_toggles_without_an_invitation_stand_for_one_that_can_be_asked_for_and_not_revoked(api: Api) -> None:
    _, owner, made = await _firm()
    told = await api.ask(SET, {"toggles": [_key(made, login=True)]}, as_=owner)
    (switches,) = told["setToggles"]["toggles"]
    assert switches["invitation"]["state"] == "NOT_SENT"
    key = switches["invitation"]["id"]
    node = await api.ask("query($id: ID!) { node(id: $id) { id ... on Invitation { state } } }", {"id": key}, as_=owner)
    assert node["node"] == {"id": key, "state": "NOT_SENT"}
    revoke = "mutation($id: ID!) { revokeInvitation(input: { id: $id }) { errors { code path } invitation { id } } }"
    told = (await api.ask(revoke, {"id": key}, as_=owner))["revokeInvitation"]
    assert told == {"errors": [{"code": "INVALID", "path": ["id"]}], "invitation": None}


async def test_the_second_of_two_who_edit_a_contact_gets_the_present_state(api: Api) -> None:
    by, owner, made = await _firm()
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), "first@x.test")])
    document = """mutation($input: UpdateContactInput!) { updateContact(input: $input) { contact { id } errors {
      code path ... on Conflict { current { id ... on Contact { version emails { address { address } } } } } } } }"""
    key = global_id(Kind.CONTACT, made.contact)
    edit = {"id": key, "emails": [{"field": {"name": "Email"}, "address": "second@x.test"}], "expectedVersion": 1}
    told = (await api.ask(document, {"input": edit}, as_=owner))["updateContact"]
    (error,) = told["errors"]
    assert (error["code"], told["contact"]) == ("CHANGED_MEANWHILE", None)
    assert error["current"] == {"id": key, "version": 2, "emails": [{"address": {"address": "first@x.test"}}]}


@pytest.mark.parametrize("invite", [{"message": "x" * 501}, {}])
async def test_a_refused_invitation_says_where(api: Api, invite: dict[str, str]) -> None:
    by, owner, made = await _firm()
    told = (await api.ask(SET, {"toggles": [_key(made, login=bool(invite), invite=invite)]}, as_=owner))["setToggles"]
    (error,) = told["errors"]
    path = ["toggles", "0", "invite", *invite]
    assert error == {"code": "INVALID" if invite else "INVITE_NEEDS_LOGIN", "path": path}
    view = await toggles_of(owner.viewer, made.id, made.address)
    assert view is not None
    assert not view.login
    assert by.firm_id
