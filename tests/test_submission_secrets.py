"""Whatever becomes of an e-mail on its way out, no line of the log says what it says, or to whom (P9)."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from mail.sync import Tools
from models.ground import store as database
from models.viewer import System, Viewer
from tests.support.database.failing import failing
from tests.support.emails.sending_mailbox import BEA, a_sink, is_now, owner_who_writes, there
from tests.support.emails.submissions import a_file, way_of, written
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import NOBODY, connected, eventually
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import an_address
from tests.support.servers.smtp import DROP, SmtpSink

pytestmark = pytest.mark.usefixtures("store")

PASSWORD, BODY, SUBJECT, NAME = "hunter2 of the mailbox", "zwischenrechnung", "scheidung", "vertrag.pdf"
SECRETS = (PASSWORD, b64encode(f"\0anna\0{PASSWORD}".encode()).decode(), BODY, SUBJECT, NAME, MARTA, BEA, STUDIO)
QUOTED = f"{SUBJECT} {BODY} {NAME} from {STUDIO} to {MARTA} and {BEA} with {PASSWORD}"
WAYS: dict[str, tuple[dict[str, str], str, str]] = {
    "taken": ({}, f"250 2.0.0 {QUOTED}", "SENT"),
    "some not taken": ({f"RCPT {BEA}": f"550 5.1.1 {QUOTED}"}, f"250 2.0.0 {QUOTED}", "SENT"),
    "none taken": ({"RCPT": f"550 5.1.1 {QUOTED}"}, "", "REFUSED"),
    "recipients later": ({"RCPT": f"450 4.2.0 {QUOTED}"}, "", "QUEUED"),
    "sender refused": ({"MAIL": f"552 5.3.4 {QUOTED}"}, "", "REFUSED"),
    "refused": ({}, f"554 5.7.1 {QUOTED}", "REFUSED"),
    "later": ({}, f"451 4.3.0 {QUOTED}", "QUEUED"),
    "no answer": ({}, DROP, "UNCERTAIN"),
    "nonsense for an answer": ({}, QUOTED, "UNCERTAIN"),
    "password refused": ({"AUTH": f"535 5.7.8 {QUOTED}"}, "", "QUEUED"),
    "relaying refused": ({"RCPT": f"550 5.7.1 relay denied {QUOTED}"}, "", "QUEUED"),
}
by = owner_who_writes


async def an_e_mail(by: Viewer, sink: SmtpSink) -> UUID:
    box = await connected(System(by.firm_id), NOBODY, smtp=there(sink), address=STUDIO, password=PASSWORD)
    attachments = [await a_file(by, name=NAME)]
    return await written(by, box, to=[MARTA, BEA], subject=SUBJECT, text=BODY, attachments=attachments)


async def has_outcome(email_id: UUID, state: str) -> bool:
    """It is told why, too, where it was tried and is still on its way."""
    return await is_now(email_id, state) and (state != "QUEUED" or bool((await way_of(email_id))["error"]))


async def journal() -> str:
    """But for the mailbox's own entry, which names its address."""
    query = "SELECT t::text AS line FROM journal_entry t WHERE kind <> 'MAILBOX_CONNECTED'"
    return "\n".join(row["line"] for row in await database.rows(query))


def says_nothing(*places: Any) -> None:
    for place in places:
        assert not [secret for secret in SECRETS if secret in str(place)]


@pytest.mark.parametrize(("answers", "after_data", "state"), WAYS.values(), ids=WAYS)
async def test_what_it_says_and_to_whom_is_in_no_log_however_much_the_server_tells(
    by: Viewer, tools: Tools, capfd: pytest.CaptureFixture[str], answers: dict[str, str], after_data: str, state: str
) -> None:
    with capture_logs() as logs:
        async with a_sink(answers=answers, after_data=after_data) as sink:
            email_id = await an_e_mail(by, sink)
            async with working(tools.parsers):
                await eventually(lambda: has_outcome(email_id, state))
    says_nothing(logs, "".join(capfd.readouterr()), await journal())


async def test_a_fault_of_ours_is_logged_without_its_words(
    by: Viewer, tools: Tools, capfd: pytest.CaptureFixture[str]
) -> None:
    """The database quotes them."""
    with capture_logs() as logs:
        async with failing("UPDATE OF file", "submission", f"RAISE '{QUOTED}'"), a_sink() as sink:
            email_id = await an_e_mail(by, sink)
            async with working(tools.parsers):
                await eventually(lambda: has_outcome(email_id, "QUEUED"))
    assert "submission.failed" in [line["event"] for line in logs]
    says_nothing(logs, "".join(capfd.readouterr()), await journal())


async def test_who_is_suppressed_meanwhile_is_told_to_the_writer_and_to_no_log(
    by: Viewer, tools: Tools, capfd: pytest.CaptureFixture[str]
) -> None:
    for each in (MARTA, BEA):
        await an_address(by, each)
    with capture_logs() as logs:
        async with a_sink() as sink:
            email_id = await an_e_mail(by, sink)
            await database.execute("UPDATE email_address SET suppressed_at = now()")
            async with working(tools.parsers):
                await eventually(lambda: has_outcome(email_id, "CANCELLED"))
    assert sink.letters == []
    assert MARTA in await database.value("SELECT text FROM notification WHERE kind = 'LETTER_BOUNCED'")
    says_nothing(logs, "".join(capfd.readouterr()), await journal())
