"""Nothing crosses firms, and nobody does what they may not (P6): each argument of type ID, tried by whom it is not for.

What is tried comes from the schema itself: a field or an input that is added later is tried too, or the first test here
fails until tests/support/api/examples.py has an example of it.
"""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from graph.ids import Kind, global_id
from models.session import SignedIn
from models.viewer import Asker
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.examples import EXAMPLES, document_of, fields_with_arguments, filled, leaves, replaced, told
from tests.support.api.isolation import (
    FOR_CLIENTS,
    MUTATIONS,
    NOT_IDS,
    PUBLIC,
    QUERIES,
    SUBSCRIPTIONS,
    TAKING_IDS,
    answered,
    never_was,
    tried,
)
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD, a_client, an_account, switched
from tests.support.firm.one_of_everything import World, a_letter, a_world, everything

SHOWN_TO_ALL = {"Mutation.updateMailbox", "Mutation.disconnectMailbox"}
"""Every colleague sees the mailboxes, so that NOT_ALLOWED beside NOT_FOUND tells nobody anything."""
NOT_IN_USE = {"Query.portal", "Mutation.dismissAccountNotice"}
"""Of a client, who has moved on to another account: so ACCOUNT_SWITCHED is what it hears of any but the one in use."""
FOR_ANY_MEMBER = {"Mutation.markNotifications", "Mutation.archiveNotifications", "Mutation.endSession"}
FOR_THE_WHOLE_TEAM = {
    *("Mutation.notifyClients", "Mutation.syncMailboxNow", "Mutation.sendEmail", "Mutation.replyToEmail")
}
"""Nothing of it is kept from any colleague."""
FEEDS_OF_AN_ACCOUNT = ["Subscription.emailArrived", "Subscription.togglesChanged"]
"""Or of all; the others follow one thing."""
OF_ONE = {
    "Subscription.bulkUpdateProgress": "bulk update",
    "Subscription.importProgress": "import",
    "Subscription.mailboxHealth": "mailbox",
}


@pytest.mark.parametrize(("name", "field"), fields_with_arguments())
def test_every_argument_that_takes_an_id_has_an_example(name: str, field: Any) -> None:
    assert name in EXAMPLES, f"add an example of {name} to tests/support/api/examples.py"
    given = {
        path for example in EXAMPLES[name] for path, _, value in filled(example.variables) if str(value)[:1] == "<"
    }
    assert set(leaves(field.args, "ID")) <= given


def whose(name: str, world: World) -> SignedIn[Asker]:
    """Who may ask this."""
    return world.client if name in FOR_CLIENTS else world.owner


@pytest.mark.parametrize("name", [*QUERIES, *MUTATIONS])
async def test_every_example_works_for_who_may(api: Api, name: str) -> None:
    for example in EXAMPLES[name]:
        mine = await a_world()
        data = await api.ask(document_of(name, example), told(example.variables, mine.ids), as_=whose(name, mine))
        (answer,) = data.values()
        assert answer, "or the tests below prove nothing"
        if name in MUTATIONS:
            assert answer["errors"] == []
        elif isinstance(answer, dict) and "totalCount" in answer:
            assert answer["totalCount"] > 0


@pytest.mark.parametrize("name", QUERIES)
async def test_what_another_firm_has_reads_as_if_it_never_was(api: Api, name: str) -> None:
    mine, theirs = await a_world(), await a_world()
    for example, (variables, exact), _, key in tried(name, mine, theirs):

        async def told_of(one: str, place: Any = (example, variables, exact)) -> str:
            variables = replaced(place[1], place[2], one)
            return await answered(api, name, place[0], variables, as_=whose(name, mine), id=one)

        told_theirs = await told_of(key)
        assert told_theirs == await told_of(never_was(key))
        for text in (told_theirs, *[await told_of(malformed) for malformed in NOT_IDS]):
            assert ('"errors"' in text) is ("ACCOUNT_SWITCHED" in text) is (name in NOT_IN_USE)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_what_another_firm_has_cannot_be_touched_and_is_not_found(api: Api, name: str) -> None:
    mine, theirs = await a_world(), await a_world()
    before = await everything()
    for example, (variables, exact), _, key in tried(name, mine, theirs):
        unknown = never_was(key)
        told_unknown, told_theirs = [
            await answered(api, name, example, replaced(variables, exact, one), as_=whose(name, mine), id=one)
            for one in (unknown, key)
        ]
        assert told_theirs == told_unknown
        if name not in FOR_ANY_MEMBER or exact[-1] != "accountId":
            assert {error["code"] for error in json.loads(told_theirs)["data"][name[9:]]["errors"]} == {
                "ACCOUNT_SWITCHED" if name in NOT_IN_USE else "NOT_FOUND"
            }, exact
        for malformed in NOT_IDS:
            given = replaced(variables, exact, malformed)
            body = (await api.told(document_of(name, example), given, as_=whose(name, mine))).json()
            assert "INTERNAL" not in str(body.get("errors"))
        assert await everything() == before, exact


@pytest.mark.parametrize("name", sorted(set(MUTATIONS) - FOR_THE_WHOLE_TEAM))
async def test_an_unprivileged_colleague_cannot_tell_what_is_there_by_trying_to_change_it(api: Api, name: str) -> None:
    mine = await a_world()
    before = await everything()
    for example, (variables, exact), key, _ in tried(name, mine, mine):
        unknown = never_was(key)
        told_unknown, told_mine = [
            await answered(api, name, example, replaced(variables, exact, one), as_=mine.employee, id=one)
            for one in (unknown, key)
        ]
        if name not in FOR_ANY_MEMBER or exact[-1] != "accountId":
            assert told_mine == told_unknown or name in SHOWN_TO_ALL, exact
            codes = {error["code"] for error in json.loads(told_mine)["data"][name[9:]]["errors"]}
            assert codes == ({"NOT_FOUND"} if name in FOR_ANY_MEMBER else {"NOT_ALLOWED"})
            assert await everything() == before, exact


@pytest.mark.parametrize("name", [*QUERIES, *MUTATIONS])
async def test_nobody_is_told_to_sign_in_whatever_the_id(api: Api, name: str) -> None:
    mine = await a_world()
    before = await everything()
    for example, (variables, exact), key, _ in tried(name, mine, mine):
        for one in (key, never_was(key), "nonsense"):
            with pytest.raises(TopLevelErrors) as refused:
                await api.ask(document_of(name, example), replaced(variables, exact, one))
            assert set(refused.value.codes) == {"UNAUTHENTICATED"}
    assert await everything() == before


async def test_an_account_to_start_in_is_never_one_that_the_client_may_not_enter(api: Api) -> None:
    assert {"Mutation.signIn"} == TAKING_IDS & PUBLIC, "try what else is public as well"
    mine, theirs = await a_world(), await a_world()
    await a_client(mine.by, mine.account, (await an_account(mine.by)).id)
    other = global_id(Kind.ACCOUNT, (await an_account(mine.by, login=True)).id)
    firm = (await api.ask("{ firm { slug } }", as_=mine.owner))["firm"]["slug"]
    signing_in = (
        """mutation($input: SignInInput!) { signIn(input: $input) { errors { code } portal { account { id } } } }"""
    )
    for account in (other, theirs.ids["account"], never_was(other), "nonsense", None, mine.ids["account"]):
        given = {"email": ANNA, "password": PASSWORD, "firm": firm, "accountId": account, "session": "BEARER"}
        told = (await api.ask(signing_in, {"input": given}))["signIn"]
        started = {"id": account} if account == mine.ids["account"] else None
        assert told == {"errors": [], "portal": {"account": started}}


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_nobody_follows_nothing(api: Api, name: str) -> None:
    mine = await a_world()
    for example in EXAMPLES[name]:
        async with api.follow(document_of(name, example), told(example.variables, mine.ids)) as feed:
            with pytest.raises(TopLevelErrors) as refused:
                await feed.next()
        assert refused.value.codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_a_feed_about_what_another_firm_has_is_not_found_before_it_begins(api: Api, name: str) -> None:
    mine, theirs = await a_world(), await a_world()
    ((example, (variables, exact), _, key),) = tried(name, mine, theirs)
    noun = "account" if name in FEEDS_OF_AN_ACCOUNT else OF_ONE[name]
    for given in (key, never_was(key), theirs.ids["contact"], *NOT_IDS):
        async with api.follow(document_of(name, example), replaced(variables, exact, given), as_=mine.owner) as feed:
            with pytest.raises(TopLevelErrors) as refused:
                await feed.next()
        assert (refused.value.codes, refused.value.messages) == (["NOT_FOUND"], [f"There is no such {noun}."])


@pytest.mark.parametrize("name", FEEDS_OF_AN_ACCOUNT)
async def test_a_feed_about_everything_tells_of_the_own_firm_alone(api: Api, name: str) -> None:
    mine, theirs = await a_world(), await a_world()
    (example,) = EXAMPLES[name]
    everywhere = replaced(told(example.variables, mine.ids), ("accountId",), None)
    async with api.follow(document_of(name, example), everywhere, as_=mine.owner) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"
        for notify in (False, True):
            for world in (theirs, mine):
                await _touch(world, notify=notify)
        assert {event["__typename"] for event in await feed.several(2)} <= {"TogglesChanged", "EmailArrived"}
        await api.ask("mutation { signOut(input: { everywhere: true }) { cursor } }", as_=mine.owner)
        with pytest.raises(ConnectionClosed):
            await feed.next()


async def _touch(world: World, *, notify: bool) -> None:
    """Something that either feed about the account tells of."""
    await switched(world.by, world.account.id, world.account.address, notify=notify)
    await a_letter(world.by, mailbox_id=world.mailbox)


NOUNS = (
    "account address attachment bulk_update contact document email entry field firm import invitation mailbox member"
    " notice notification person toggles token"
)
OWNERS_ONLY = {"notification", "entry", "token"}


@pytest.mark.parametrize("noun", NOUNS.split())
async def test_a_node_is_there_for_its_firm_alone(api: Api, noun: str) -> None:
    mine, theirs = await a_world(), await a_world()
    for asking, there in ((mine.owner, True), (mine.employee, noun not in OWNERS_ONLY), (theirs.owner, False)):
        told = await api.ask("query($id: ID!) { node(id: $id) { id } }", {"id": mine.ids[noun]}, as_=asking)
        assert (told["node"] == {"id": mine.ids[noun]}) is there, told
        assert there or told["node"] is None


async def test_lists_show_what_the_firm_has_alone(api: Api) -> None:
    mine, theirs = await a_world(), await a_world()
    await an_account(theirs.by, name="Vetreria Due", email_sync=True)
    document = """{ accounts { nodes { id } totalCount } contacts { nodes { id } totalCount } mailboxes { id }
      emails { nodes { id } totalCount } inbox { nodes { id } unreadCount } journal { nodes { account { id } } }
      bulkUpdates { nodes { id report { items { nodes { account { id } address { id } } } } } }
      imports { nodes { id rowErrors { nodes { message } } } }
      firm { members { id } emailFields { id } apiTokens { id } } }"""
    found = json.dumps(await api.ask(document, as_=mine.owner))
    assert all(key not in found for key in theirs.ids.values())
    assert all(
        mine.ids[noun] in found
        for noun in ("account", "contact", "mailbox", "email", "notification", "token", "bulk_update", "import")
    )
