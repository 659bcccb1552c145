"""What we give people to copy (GraphiQL's tabs, the README, the apps' operations, the clients' scripts) is good."""

import re
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from graph.pages import OPERATIONS
from graph.pages.tabs import Example, tabs
from tests.support.api.examples import SCHEMA

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text()
GUIDES = sorted((HERE.parent / "docs").glob("*.md"))
DOCUMENT = re.compile(r'(`|""")((?:subscription|query|mutation)\b.*?)\1', re.DOTALL)
VALUES = {
    *{"Backfill", "SkippedMessages", "QuarantinedMessage", "MailFolder", "MailServer", "LetterLimits"},
    *{"Participant", "Suppression"},
    *{"ContactEmail", "LinkedContact", "LinkedEmail", "JournalChange", "PageInfo"},
    *{"NotificationPreference", "MemberNotificationSetting", "UnsubscribeOffer"},
    *{"PortalWaiting", "PortalAction", "InvitationOffer", "NotifyRecipient", "NoticeLetter"},
    *{"BulkUpdateReport", "BulkUpdateTally", "BulkUpdateItem", "BulkUpdateResult"},
    *{"BulkUpdatePreview", "BulkUpdateProgress"},
    *{"ImportColumn", "ImportError"},
    *{"Refusal", "Conflict", "DeadLink", "RateLimited", "Query", "Mutation", "Subscription"},
}
"""They belong to what they stand in, and a cache keeps them there."""
STATES = {"bulkUpdateProgress", "importProgress", "mailboxHealth"}
"""Subscriptions that always begin with how it is now."""


def documents(text: str) -> list[str]:
    return [document for _, document in DOCUMENT.findall(text)]


def scripts() -> list[str]:
    return [text for file in sorted((HERE / "clients").iterdir()) if file.is_file() for text in _in(file)]


def _in(file: Path) -> list[str]:
    return documents(file.read_text()) if file.suffix in {".mjs", ".py"} else []


SHOWN = {
    "tab": [tab.query for tab in tabs("a@b.example", "secret", Example())],
    "readme": documents("\n\n".join([README, *(guide.read_text() for guide in GUIDES)])),
    "page": list(OPERATIONS.values()),
    "script": scripts(),
    "operations": [(HERE / "support/api/operations.graphql").read_text()],
}


def subscriptions(document: DocumentNode) -> list[FieldNode]:
    return [
        field
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode) and operation.operation is OperationType.SUBSCRIPTION
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
    ]


@pytest.mark.parametrize("place", SHOWN)
def test_every_document_is_valid(place: str) -> None:
    assert SHOWN[place]
    for text in SHOWN[place]:
        assert validate(SCHEMA, parse(text)) == [], text


@pytest.mark.parametrize("place", SHOWN)
def test_every_feed_tells_a_resync_from_the_beginning(place: str) -> None:
    """Without `__typename` ResyncRequired looks like FeedReady, and what is shown stays stale for ever."""
    followed = [field for text in SHOWN[place] for field in subscriptions(parse(text))]
    feeds = [field for field in followed if field.name.value not in STATES]
    assert feeds
    for feed in feeds:
        assert "__typename" in _names(feed.selection_set), feed.loc


def _names(selected: SelectionSetNode | None) -> set[str]:
    assert selected is not None
    return {field.name.value for field in selected.selections if isinstance(field, FieldNode)}


def test_caches_know_every_object_again_by_its_id() -> None:
    """Else Apollo's and Relay's go on showing it as it was, after a mutation that answered it anew."""
    nameless = {
        name
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and "id" not in kind.fields
    }
    passing = re.compile(r"Payload$|Connection$|Edge$|^FeedReady$|^ResyncRequired$|Arrived$|Changed$")
    assert {name for name in nameless if not passing.search(name)} == VALUES
