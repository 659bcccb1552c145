"""What an entry of Inbox+ is about, whatever its kind (R38)."""

import pytest
from uuid_utils.compat import uuid7

from graph.errors import KINDS
from graph.ids import Kind, key_of
from models import notification
from models.ground import store
from models.journal import Subject
from models.notification import NewNotification, NotificationKind
from tests.support.api.client import Api
from tests.support.firm.inbox import saying
from tests.support.firm.one_of_everything import a_world

WORDS = {
    Subject.EMAIL: "email",
    Subject.BULK_UPDATE: "bulk_update",
    Subject.IMPORT: "import",
    Subject.TOGGLES: "toggles",
    Subject.EMAIL_ADDRESS: "address",
    Subject.MAILBOX: "mailbox",
}
ENTRIES = """query($kind: NotificationKind!, $account: ID) { inbox(filter: { kinds: [$kind], accountId: $account }) {
  nodes { id accounts { id } subject { __typename ... on Node { id } } } } }"""


@pytest.mark.parametrize("kind", NotificationKind)
async def test_an_entry_of_each_kind_shows_its_subject_and_is_found_by_each_account_that_it_names(
    api: Api, kind: NotificationKind
) -> None:
    world = await a_world()
    subject = world.ids[WORDS[kind.subject]]
    named = ["account"] if kind.subject is Subject.EMAIL else ["account", "pending_account"]
    account_key, other_key = (key_of(Kind.ACCOUNT, world.ids[name]) for name in ("account", "pending_account"))
    async with store.transaction():
        key = key_of(KINDS[kind.subject], subject)
        accounts = () if kind.subject is Subject.EMAIL else (account_key, other_key)
        new = NewNotification(kind, uuid7(), key, saying("So it is."), accounts=accounts)
        await notification.raise_for_team(world.by, [new])
    entry = (await api.ask(ENTRIES, {"kind": kind}, as_=world.owner))["inbox"]["nodes"][0]
    assert entry["subject"] == {"__typename": kind.subject, "id": subject}
    for account in (world.ids["account"], world.ids["pending_account"]):
        found = (await api.ask(ENTRIES, {"kind": kind, "account": account}, as_=world.owner))["inbox"]["nodes"]
        assert (entry in found) is ({"id": account} in entry["accounts"])
    assert entry["accounts"] == [{"id": world.ids[name]} for name in named]
