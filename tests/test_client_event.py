"""What may be raised for an account: each event with its category (R13) and its action (R12)."""

from itertools import product
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, build_schema

from models.client_event import ClientEvent
from models.errors import ErrorCode, Refusal
from models.firm_settings import ClientAction
from models.notification_category import NotificationCategory
from tests.support.refusals import refused

DESIGN = Path(__file__).parents[2] / "shared" / "design" / "schema.graphql"


@pytest.mark.skipif(not DESIGN.exists(), reason="the design is not beside this checkout")
@pytest.mark.parametrize("ours", [ClientEvent, NotificationCategory, ClientAction])
def test_the_words_are_the_designs(ours: type[ClientEvent]) -> None:
    theirs = build_schema(DESIGN.read_text()).type_map[ours.__name__]
    assert isinstance(theirs, GraphQLEnumType)
    assert list(ours) == list(theirs.values)


def test_every_category_has_events() -> None:
    """R13 counts them: documents one, invoices and payments four, all others two."""
    counts = {category: sum(event.category is category for event in ClientEvent) for category in NotificationCategory}
    assert set(counts.values()) == {1, 2, 4}
    assert counts[NotificationCategory.DOCUMENT_UPLOADS] == 1
    assert counts[NotificationCategory.INVOICES_AND_PAYMENTS] == 4


@pytest.mark.parametrize(
    ("beginning", "action"),
    [
        ("SIGNATURE_", ClientAction.SIGN_DOCUMENTS),
        ("DOCUMENT_UPLOADED", ClientAction.VIEW_DOCUMENTS),
        ("APPROVAL_", ClientAction.VIEW_DOCUMENTS),
        ("INVOICE_", ClientAction.PAY_INVOICES),
        ("CLIENT_REQUEST_", ClientAction.COMPLETE_REQUESTS),
        ("PAYMENT_", None),
        ("MESSAGE_", None),
        ("PROPOSAL_", None),
        ("ORGANIZER_", None),
    ],
)
def test_each_event_knows_what_its_letter_may_let_one_do(beginning: str, action: ClientAction | None) -> None:
    events = [event for event in ClientEvent if event.startswith(beginning)]
    assert events
    assert {event.action_of() for event in events} == {action}


def test_a_request_may_let_one_upload_where_the_caller_says_so_and_nothing_else_may() -> None:
    for event, action in product(ClientEvent, ClientAction):
        uploads = action is ClientAction.UPLOAD_DOCUMENTS and event.startswith("CLIENT_REQUEST_")
        if action is event.action_of() or uploads:
            assert event.action_of(action) is action
        else:
            with refused(ErrorCode.INVALID, "action"):
                event.action_of(action, "action")


def test_whoever_asks_for_another_action_is_told_which_there_are() -> None:
    with pytest.raises(Refusal, match=r"COMPLETE_REQUESTS or UPLOAD_DOCUMENTS"):
        ClientEvent.CLIENT_REQUEST_SENT.action_of(ClientAction.PAY_INVOICES)
    with pytest.raises(Refusal, match="has none"):
        ClientEvent.MESSAGE_SENT.action_of(ClientAction.PAY_INVOICES)
