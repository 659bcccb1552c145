"""Writing and answering over the API: shown at once, followed live, and nothing of it for a client before it leaves."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from graph.ids import Kind, global_id
from models import api_token, submission
from models.ground import store
from models.ground.settings import Settings
from models.session import SignedIn
from models.submission.telling import tell
from models.viewer import ApiScope, Client, TeamRole
from tests.support.api.client import Api, TopLevelErrors
from tests.support.emails.correspondence import Office, an_upload, arrived, people, sent, uploaded
from tests.support.emails.correspondence import an_office as an_office_of
from tests.support.firm.cast import ANNA, STUDIO
from tests.support.firm.factories import a_client, an_account, signed_in

pytestmark = pytest.mark.usefixtures("store")
EMAIL = """id subject snippet text letterState direction rawUrl from { name address } to { name address }
  cc { address } accounts { id } mailbox { address } attachments { name size url } thread"""
ERRORS = "errors { __typename code message path ... on RateLimited { retryAt } } cursor"
SEND = f"mutation($input: SendEmailInput!) {{ sendEmail(input: $input) {{ {ERRORS} email {{ {EMAIL} }} }} }}"
REPLY = f"mutation($input: ReplyToEmailInput!) {{ replyToEmail(input: $input) {{ {ERRORS} email {{ {EMAIL} }} }} }}"
ARRIVED = """subscription($id: ID) { emailArrived(accountId: $id) { __typename
  ... on EmailArrived { email { id letterState rawUrl } } } }"""
STATE = "query($id: ID!) { node(id: $id) { ... on Email { letterState rawUrl attachments { id } } } }"
JOURNAL = """{ journal(first: 1) { nodes { kind by actor { ... on TeamMember { name } } subject { id } account { id }
  changes { field from to } } } }"""
PORTAL = """{ portal { accounts { waitingEmails }
  emails { totalCount nodes { id letterState rawUrl attachments { id name } } } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"
STATES = ("QUEUED", "UNCERTAIN", "SENT", "BOUNCED", "REFUSED", "CANCELLED")
HERE_ONLY = {"QUEUED", "REFUSED", "CANCELLED"}


@dataclass(frozen=True, slots=True)
class World:
    office: Office
    owner: SignedIn
    box: str
    account: str


@pytest.fixture
async def world(store: str) -> World:
    office = await an_office_of()
    keys = global_id(Kind.MAILBOX, office.box), global_id(Kind.ACCOUNT, office.account.id)
    return World(office, await signed_in(office.firm), *keys)


async def written(api: Api, world: World, *, as_: Any = None, **said: Any) -> Any:
    given = {"mailboxId": world.box, "to": [ANNA], "subject": "The offer", "text": "Here it is.", "idempotencyKey": "1"}
    return (await api.ask(SEND, {"input": given | said}, as_=as_ or world.owner))["sendEmail"]


async def comes_to(world: World, email_id: UUID, state: str) -> None:
    """As whoever sends it writes it down."""
    async with store.transaction(world.office.firm.firm_id):
        await store.execute("UPDATE submission SET state = $2 WHERE id = $1", email_id, state)
        await store.execute("UPDATE email SET raw_file = 'abc' WHERE id = $1", email_id)
        await tell(world.office.firm, [email_id])


def key_of(shown: Any) -> UUID:
    return UUID(shown["id"].partition("_")[2])


async def test_what_a_colleague_writes_is_shown_at_once(api: Api, world: World) -> None:
    files = [{"uploadId": global_id(Kind.UPLOAD, await uploaded(world.owner.viewer))}]
    said = {"to": [f"Anna <{ANNA}>"], "cc": ["carla@else.test"], "attachments": files}
    answer = await written(api, world, **said)
    shown = answer["email"]
    assert answer["errors"] == []
    assert answer["cursor"] is not None
    assert (shown["letterState"], shown["direction"], shown["rawUrl"]) == ("QUEUED", "OUTGOING", None)
    assert (shown["from"], shown["mailbox"]) == ({"name": "Chiara", "address": STUDIO}, {"address": STUDIO})
    assert (shown["to"], shown["cc"]) == ([{"name": "Anna", "address": ANNA}], [{"address": "carla@else.test"}])
    assert (shown["accounts"], shown["text"]) == ([{"id": world.account}], "Here it is.")
    (attachment,) = shown["attachments"]
    assert (attachment["name"], (await api.http.get(attachment["url"])).content) == ("offer.pdf", b"%PDF-1.4")
    again = await written(api, world, **said)
    assert (again["email"]["id"], again["cursor"]) == (shown["id"], answer["cursor"])


async def test_the_journal_tells_who_wrote_and_of_what(api: Api, world: World) -> None:
    employee = await signed_in(world.office.firm, role=TeamRole.EMPLOYEE, name="Dora")
    shown = (await written(api, world, as_=employee, text="A secret of Anna's."))["email"]
    assert shown["from"] == {"name": "Dora", "address": STUDIO}
    (entry,) = (await api.ask(JOURNAL, as_=world.owner))["journal"]["nodes"]
    assert entry == {
        "kind": "EMAIL_SENT",
        "by": "SESSION",
        "actor": {"name": "Dora"},
        "account": {"id": world.account},
        "subject": {"id": shown["id"]},
        "changes": [
            {"field": "subject", "from": None, "to": "The offer"},
            {"field": "mailbox", "from": None, "to": STUDIO},
        ],
    }
    for table in ("journal_entry", "idempotency", "submission"):
        rows = await store.rows(f"SELECT t::text AS row FROM {table} t WHERE firm_id = $1", world.office.firm.firm_id)
        assert rows
        assert not [row for row in rows if "secret of" in row["row"]]


async def test_an_answer_quotes_and_stands_in_the_thread(api: Api, world: World) -> None:
    theirs = await arrived(world.office, participants=people(cc=("bruno@client.test",)))
    given = {"emailId": global_id(Kind.EMAIL, theirs), "recipients": "ALL", "text": "Thank you.", "idempotencyKey": "1"}
    answer = (await api.ask(REPLY, {"input": given}, as_=world.owner))["replyToEmail"]
    assert answer["errors"] == []
    shown = answer["email"]
    assert (shown["subject"], shown["snippet"][:10]) == ("Re: VAT return", "Thank you.")
    assert shown["text"].endswith("wrote:\n> Here it is.\n> Anna")
    assert (shown["to"], shown["cc"]) == ([{"name": None, "address": ANNA}], [{"address": "bruno@client.test"}])
    thread = "query($t: ID!) { emails(filter: { thread: $t }) { nodes { id letterState } } }"
    nodes = (await api.ask(thread, {"t": shown["thread"]}, as_=world.owner))["emails"]["nodes"]
    assert nodes == [{"id": shown["id"], "letterState": "QUEUED"}, {"id": given["emailId"], "letterState": None}]


async def test_followers_hear_of_it_and_of_each_step_on_its_way(api: Api, world: World) -> None:
    other = global_id(Kind.ACCOUNT, (await an_account(world.office.firm)).id)
    async with (
        api.follow(ARRIVED, as_=world.owner) as all_of_it,
        api.follow(ARRIVED, {"id": world.account}, as_=world.owner) as of_account,
        api.follow(ARRIVED, {"id": other}, as_=world.owner) as of_other,
    ):
        for feed in (all_of_it, of_account, of_other):
            assert (await feed.next())["__typename"] == "FeedReady"
        shown = (await written(api, world))["email"]
        told = [await feed.next() for feed in (all_of_it, of_account)]
        for state in STATES[1:]:
            await comes_to(world, key_of(shown), state)
            told += [await feed.next() for feed in (all_of_it, of_account)]
        assert [event["email"]["letterState"] for event in told] == [state for state in STATES for _ in range(2)]
        assert {event["email"]["id"] for event in told} == {shown["id"]}
        assert [event["email"]["rawUrl"] is None for event in told[::2]] == [state in HERE_ONLY for state in STATES]
        await arrived(world.office, participants=people(sender="other@client.test", to=(STUDIO, ANNA)))
        assert (await of_account.next())["email"]["letterState"] is None


async def test_one_that_no_account_asks_for_is_told_as_well(api: Api, world: World) -> None:
    async with api.follow(ARRIVED, as_=world.owner) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"
        shown = (await written(api, world, to=["stranger@else.test"]))["email"]
        assert (await feed.next())["email"] == {"id": shown["id"], "letterState": "QUEUED", "rawUrl": None}
        assert shown["accounts"] == []


@pytest.fixture
async def client(world: World) -> SignedIn[Client]:
    other = await an_account(world.office.firm, name="Other")
    return await a_client(world.office.firm, world.office.account, other.id)


@pytest.mark.parametrize("state", STATES)
async def test_for_a_client_it_is_there_once_it_may_have_left(
    api: Api, world: World, client: SignedIn[Client], state: str
) -> None:
    email_id = await sent(world.office, attachments=(an_upload(await uploaded(world.office.by)),))
    await comes_to(world, email_id, state)
    key = global_id(Kind.EMAIL, email_id)
    (attachment,) = (await api.ask(STATE, {"id": key}, as_=world.owner))["node"]["attachments"]
    emails = (await api.ask(PORTAL, as_=client))["portal"]["emails"]
    nodes = [(await api.ask(NODE, {"id": each}, as_=client))["node"] for each in (key, attachment["id"])]
    if state in HERE_ONLY:
        assert emails == {"totalCount": 0, "nodes": []}
        assert nodes == [None, None]
    else:
        shown = {"id": key, "letterState": None, "rawUrl": None}
        assert emails["nodes"] == [shown | {"attachments": [attachment | {"name": "offer.pdf"}]}]
        assert (emails["totalCount"], nodes) == (1, [{"id": key}, attachment])


@pytest.mark.parametrize("state", STATES)
async def test_what_waits_for_a_client_is_what_may_have_left(
    api: Api, world: World, client: SignedIn[Client], state: str
) -> None:
    select = "mutation($id: ID!) { selectAccount(input: { accountId: $id }) { errors { code } } }"
    other = next(
        each["id"]
        for each in (await api.ask("{ portal { accounts { id } } }", as_=client))["portal"]["accounts"]
        if each["id"] != world.account
    )
    await api.ask(select, {"id": other}, as_=client)
    await comes_to(world, await sent(world.office), state)
    accounts = (await api.ask(PORTAL, as_=client))["portal"]["accounts"]
    assert sum(each["waitingEmails"] for each in accounts) == (state not in HERE_ONLY)


async def test_a_client_who_follows_hears_of_it_when_it_is_sent(
    api: Api, world: World, client: SignedIn[Client]
) -> None:
    async with api.follow(ARRIVED, as_=client) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"
        email_id = await sent(world.office)
        await comes_to(world, await sent(world.office), "REFUSED")
        await comes_to(world, email_id, "SENT")
        told = (await feed.next())["email"]
        assert told == {"id": global_id(Kind.EMAIL, email_id), "letterState": None, "rawUrl": None}


async def test_all_that_is_at_fault_is_told_with_its_place(api: Api, world: World) -> None:
    answer = await written(
        api, world, to=["anna", ANNA], cc=["@"], subject="", attachments=[{"documentId": "document_1"}]
    )
    assert (answer["email"], answer["cursor"]) == (None, None)
    assert {(error["code"], *error["path"]) for error in answer["errors"]} == {
        ("ADDRESS_INVALID", "to", "0"),
        ("ADDRESS_INVALID", "cc", "0"),
        ("INVALID", "subject"),
        ("NOT_FOUND", "attachments", "0", "documentId"),
    }


@pytest.mark.parametrize("attachment", [{}, {"uploadId": "upload_1", "documentId": "document_1"}, {"uploadId": None}])
async def test_an_attachment_is_one_thing(api: Api, world: World, attachment: Any) -> None:
    with pytest.raises(TopLevelErrors) as refused:
        await written(api, world, attachments=[attachment])
    assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_when_the_hour_is_full_it_says_until_when(api: Api, world: World) -> None:
    submission.limit(Settings(emails_per_hour=1))
    try:
        assert (await written(api, world))["errors"] == []
        answer = await written(api, world, idempotencyKey="2")
    finally:
        submission.limit(Settings())
    (error,) = answer["errors"]
    assert (error["__typename"], error["code"], error["path"]) == ("RateLimited", "RATE_LIMITED", ["mailboxId"])
    assert error["retryAt"] > "2026"


async def test_a_token_writes_as_its_owner_and_without_read_is_shown_no_words(api: Api, world: World) -> None:
    theirs = await arrived(world.office)
    token = (await api_token.create(world.owner.viewer, name="Ledger", scopes=[ApiScope.WRITE])).token
    document = (
        "mutation($input: ReplyToEmailInput!) { replyToEmail(input: $input) { errors { code } email { id %s } } }"
    )
    given = {"emailId": global_id(Kind.EMAIL, theirs), "text": "Thank you.", "idempotencyKey": "1"}
    answer = (await api.ask(document % "letterState direction", {"input": given}, as_=token))["replyToEmail"]
    assert (answer["errors"], answer["email"]["letterState"]) == ([], "QUEUED")
    for words in ("text", "subject", "snippet", "rawUrl", "to { address }", "attachments { url }"):
        body = (await api.told(document % words, {"input": given}, as_=token)).json()
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}, words
        assert "Here it is" not in str(body)
    (entry,) = (await api.ask(JOURNAL, as_=world.owner))["journal"]["nodes"]
    assert (entry["kind"], entry["by"], entry["actor"]) == ("EMAIL_SENT", "API_TOKEN", {"name": "Chiara"})
