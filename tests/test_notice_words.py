"""What may be said in a notice, of which account, and where it leads (R14)."""

from uuid import UUID

import pytest

from models.client_event import ClientEvent
from models.errors import ErrorCode, Refusals
from models.firm_settings import ClientAction
from models.ground import store
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, an_account
from tests.support.firm.notify_clients import kept, notified, the_notices
from tests.support.firm.one_of_everything import everything
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")

WITHOUT = sorted(event for event in ClientEvent if not event.actions)
by = owner_of_a_new_firm


@pytest.mark.parametrize("code", ["v10", "V10", " V10 ", "V10\n", "\uff36\uff11\uff10", "V010"])
async def test_an_account_is_known_by_its_code_however_it_is_typed(by: Viewer, code: str) -> None:
    await an_account(by, code="V1", notify=True)
    made = await an_account(by, code="V10", address=ANNA, notify=True)
    await notified(by, code)
    assert len(await the_notices(by, made.id)) == 1


@pytest.mark.parametrize("code", ["V2", "", "\0", "V\n1", "\u0301", "x" * 9_999, "\ud800", "%", "V1' OR 1=1"])
async def test_a_code_of_nothing_is_not_found(by: Viewer, code: str) -> None:
    await an_account(by, code="V1", notify=True)
    before = await everything()
    with refused(ErrorCode.NOT_FOUND, "account", "code"):
        await notified(by, code)
    assert await everything() == before


async def test_another_firms_account_is_not_there(by: Viewer) -> None:
    other = await a_firm()
    theirs = await an_account(other, code="THEIRS", notify=True)
    before = await everything()
    for account_id in (theirs.id, UUID(int=0), by.firm_id):
        with refused(ErrorCode.NOT_FOUND, "account", "id"):
            await notified(by, account_id)
    with refused(ErrorCode.NOT_FOUND, "account", "code"):
        await notified(by, "THEIRS")
    assert await everything() == before


@pytest.mark.parametrize("dry_run", [False, True])
async def test_all_that_is_at_fault_is_told_at_once_each_at_its_place(by: Viewer, dry_run: bool) -> None:
    await an_account(by, notify=True)
    wrong = {"subject": "two\nlines", "text": "x" * 10_001, "link": "//evil.test"}
    before = await everything()
    with pytest.raises(Refusals) as refusals:
        await notified(by, UUID(int=0), dry_run=dry_run, action=ClientAction.VIEW_DOCUMENTS, **wrong)
    assert [(one.code, one.path) for one in refusals.value.refusals] == [
        (ErrorCode.INVALID, ("subject",)),
        (ErrorCode.INVALID, ("text",)),
        (ErrorCode.INVALID, ("link",)),
        (ErrorCode.INVALID, ("action",)),
        (ErrorCode.NOT_FOUND, ("account", "id")),
    ]
    assert await everything() == before


@pytest.mark.parametrize(
    "subject", ["", " ", "x" * 201, "two\nlines", "two\rlines", "two\u2028lines", "\0", "a\x1b[31m", "\ud800"]
)
async def test_a_subject_is_one_line(by: Viewer, subject: str) -> None:
    made = await an_account(by, notify=True)
    with refused(ErrorCode.INVALID, "subject"):
        await notified(by, made.id, subject=subject)
    assert await kept() == 0


@pytest.mark.parametrize("text", ["x" * 10_001, "\0", "a\x1b[31m", "\ud800", "a\x08"])
async def test_a_text_is_plain(by: Viewer, text: str) -> None:
    made = await an_account(by, notify=True)
    with refused(ErrorCode.INVALID, "text"):
        await notified(by, made.id, text=text)
    assert await kept() == 0


async def test_long_and_strange_words_are_kept_as_they_are(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    subject = ('\u200f\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea "12" <b>\'' + "é" * 200)[:200]
    text = ("\u200f\u202e\"'<script>\\{{ x }} %s\t\n" * 1_000)[:9_999] + "€"
    await notified(by, made.id, subject=subject, text=text, link="/invoices/12?a=%C3%A9#b")
    row = await store.row("SELECT * FROM notice")
    assert row is not None
    assert (row["subject"], row["text"], row["link"]) == (subject, text, "/invoices/12?a=%C3%A9#b")


@pytest.mark.parametrize(
    ("event", "asked", "kept"),
    [
        (ClientEvent.SIGNATURE_REQUESTED, None, ClientAction.SIGN_DOCUMENTS),
        (ClientEvent.SIGNATURE_REQUESTED, ClientAction.SIGN_DOCUMENTS, ClientAction.SIGN_DOCUMENTS),
        (ClientEvent.CLIENT_REQUEST_SENT, None, ClientAction.COMPLETE_REQUESTS),
        (ClientEvent.CLIENT_REQUEST_REMINDER, ClientAction.UPLOAD_DOCUMENTS, ClientAction.UPLOAD_DOCUMENTS),
        (ClientEvent.MESSAGE_SENT, None, None),
    ],
)
async def test_a_notice_leads_to_the_action_of_its_event(
    by: Viewer, event: ClientEvent, asked: ClientAction | None, kept: ClientAction | None
) -> None:
    made = await an_account(by, notify=True)
    await notified(by, made.id, event=event, action=asked)
    assert await store.value("SELECT action FROM notice") == kept
    assert await store.value("SELECT facts->'notices'->0->>'action' FROM letter") == kept


@pytest.mark.parametrize(
    ("event", "action"),
    [
        *((event, action) for event in WITHOUT for action in ClientAction),
        (ClientEvent.DOCUMENT_UPLOADED, ClientAction.UPLOAD_DOCUMENTS),
        (ClientEvent.INVOICE_SENT, ClientAction.COMPLETE_REQUESTS),
        (ClientEvent.CLIENT_REQUEST_SENT, ClientAction.PAY_INVOICES),
    ],
)
async def test_no_other_action_can_be_asked_for(by: Viewer, event: ClientEvent, action: ClientAction) -> None:
    made = await an_account(by, notify=True)
    with refused(ErrorCode.INVALID, "action"):
        await notified(by, made.id, event=event, action=action, dry_run=True)
