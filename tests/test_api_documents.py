"""Documents over the API: what the team and a client see, and who may fetch them (R19, R20)."""

from datetime import timedelta
from typing import Any

import pytest

from graph.ids import Kind, global_id
from models import email, firm_settings
from models.ground import clock, store
from models.session import SignedIn
from models.viewer import Client, System, Viewer
from tests.support.api.client import Api
from tests.support.api.portal import SELECT, a_box, account_id, two_accounts
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_client, a_contact, a_firm, an_account, an_address, signed_in, switched
from tests.support.firm.one_of_everything import PDF, a_letter

pytestmark = pytest.mark.usefixtures("store")
OF_ACCOUNT = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Account {
  documents(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id name contentType size url email { id subject } } } } } }"""
OF_EMAIL = """query($id: ID!) { node(id: $id) { ... on Email {
  attachments { notSaved documents { name } } } } }"""
OF_CLIENT = "{ portal { documents(first: 10) { totalCount nodes { id name url email { subject } } } } }"
NODE = "query($id: ID!) { node(id: $id) { id } }"
SETTINGS = """mutation($on: Boolean) { updateFirm(input: { autoSaveAttachments: $on }) {
  errors { code } firm { settings { autoSaveAttachments } } } }"""


async def documents_of(api: Api, account: str, *, as_: SignedIn[Viewer], **window: Any) -> Any:
    told = await api.ask(OF_ACCOUNT, {"id": account, "first": 10, **window}, as_=as_)
    return told["node"]["documents"]


async def seen_by(api: Api, client: SignedIn[Client]) -> Any:
    return (await api.ask(OF_CLIENT, as_=client))["portal"]["documents"]


@pytest.fixture
async def by(store: str) -> System:
    by = await a_firm()
    await firm_settings.update(by, {"auto_save_attachments": True})
    return by


async def test_an_admin_says_whether_what_clients_send_is_saved(api: Api) -> None:
    owner = await signed_in(await a_firm())
    for given, then in ((True, True), (None, False), (True, True), (False, False)):
        told = (await api.ask(SETTINGS, {"on": given}, as_=owner))["updateFirm"]
        assert told == {"errors": [], "firm": {"settings": {"autoSaveAttachments": then}}}


async def test_the_team_sees_what_was_saved_from_what_and_fetches_it(api: Api, by: System) -> None:
    owner = await signed_in(by)
    made = await an_account(by, address=ANNA, email_sync=True)
    received = await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    found = await documents_of(api, account_id(made), as_=owner)
    (document,) = found["nodes"]
    assert found["totalCount"] == 1
    assert (document["name"], document["size"], document["contentType"]) == ("invoice.pdf", len(PDF), "application/pdf")
    assert document["email"] == {"id": global_id(Kind.EMAIL, received), "subject": "Invoice 12"}
    answer = await api.http.get(document["url"])
    assert answer.content == PDF
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''invoice.pdf"
    told = (await api.ask(OF_EMAIL, {"id": document["email"]["id"]}, as_=owner))["node"]
    assert told == {"attachments": [{"notSaved": None, "documents": [{"name": "invoice.pdf"}]}]}


async def test_pages_of_an_accounts_documents_are_newest_first(api: Api, by: System) -> None:
    owner, box = await signed_in(by), await a_box(by)
    made = await an_account(by, address=ANNA, email_sync=True)
    for number in range(3):
        await a_letter(by, mailbox_id=box, attachment=PDF, name=f"{number}.pdf")
    first = await documents_of(api, account_id(made), as_=owner, first=2)
    second = await documents_of(api, account_id(made), as_=owner, after=first["pageInfo"]["endCursor"])
    assert [each["name"] for each in first["nodes"] + second["nodes"]] == ["2.pdf", "1.pdf", "0.pdf"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_what_was_not_saved_says_why(api: Api, by: System) -> None:
    owner, box = await signed_in(by), await a_box(by)
    await an_account(by, address=ANNA, email_sync=True)
    past = await a_letter(by, mailbox_id=box, attachment=PDF, at=clock.now() - timedelta(days=1))
    told = (await api.ask(OF_EMAIL, {"id": global_id(Kind.EMAIL, past)}, as_=owner))["node"]
    assert told == {"attachments": [{"notSaved": "HISTORY", "documents": []}]}


async def test_a_client_sees_those_of_its_own_mail_while_it_may_see_that(api: Api, by: System) -> None:
    """Link and list die with the switch, and come back with it."""
    client, first, second = await two_accounts(by)
    await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    (document,) = (await seen_by(api, client))["nodes"]
    assert (document["name"], document["email"]) == ("invoice.pdf", {"subject": "Invoice 12"})
    assert (await api.http.get(document["url"])).content == PDF
    await switched(by, first.id, first.address, email_sync=False)
    assert (await api.http.get(document["url"])).status_code == 404
    assert await seen_by(api, client) == {"totalCount": 0, "nodes": []}
    await switched(by, first.id, first.address, email_sync=True)
    assert (await api.http.get(document["url"])).status_code == 200
    await api.ask(SELECT, {"id": account_id(second)}, as_=client)
    assert await seen_by(api, client) == {"totalCount": 0, "nodes": []}
    assert (await api.http.get(document["url"])).status_code == 404
    assert (await api.ask(NODE, {"id": document["id"]}, as_=client))["node"] is None


async def test_with_login_off_a_clients_link_is_dead(api: Api, by: System) -> None:
    client, first, _ = await two_accounts(by)
    await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    (document,) = (await seen_by(api, client))["nodes"]
    await switched(by, first.id, first.address, login=False)
    assert (await api.http.get(document["url"])).status_code == 404


async def test_what_somebody_else_of_the_same_account_sent_is_not_shown_to_a_client(api: Api, by: System) -> None:
    made = await an_account(by, address=ANNA, email_sync=True)
    client = await a_client(by, made)
    bruno, box = "bruno@client.test", await a_box(by)
    await a_contact(by, bruno, name="Bruno", on=made.id)
    await switched(by, made.id, await an_address(by, bruno), email_sync=True)
    await a_letter(by, mailbox_id=box, sender=bruno, attachment=PDF, name="salaries.pdf")
    owner = await signed_in(by)
    (document,) = (await documents_of(api, account_id(made), as_=owner))["nodes"]
    assert await seen_by(api, client) == {"totalCount": 0, "nodes": []}
    assert (await api.ask(NODE, {"id": document["id"]}, as_=client))["node"] is None


async def test_how_an_attachment_was_filed_is_the_firms_affair(api: Api, by: System) -> None:
    client, *_ = await two_accounts(by)
    received = await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    told = (await api.ask(OF_EMAIL, {"id": global_id(Kind.EMAIL, received)}, as_=client))["node"]
    assert told == {"attachments": [{"notSaved": None, "documents": []}]}


async def test_a_document_outlives_its_message_for_the_team(api: Api, by: System) -> None:
    client, made, _ = await two_accounts(by)
    received = await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    async with store.transaction(by.firm_id):
        await email.history.lock(by.firm_id)
        await store.execute("UPDATE occurrence SET email_id = NULL WHERE email_id = $1", received)
        await email.forget(by, [received])
    (document,) = (await documents_of(api, account_id(made), as_=await signed_in(by)))["nodes"]
    assert document["email"] is None
    assert (await api.http.get(document["url"])).content == PDF
    assert (await seen_by(api, client))["totalCount"] == 0
