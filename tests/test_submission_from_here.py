"""What a colleague writes here, from the mutation's verb to the server that takes it."""

import io

import pytest

from mail.parse import parse
from mail.sync import Tools
from models import mailbox, submission, upload
from models.ground import store
from models.submission import AttachmentRef, NewEmail
from models.upload import NewUpload
from models.viewer import Viewer
from tests.support.emails.sending_mailbox import (
    CARL,
    IN,
    a_box,
    a_sink,
    becomes,
    door_of,
    has_error,
    owner_who_writes,
)
from tests.support.emails.submissions import PDF, written
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.cast import MARTA
from tests.support.servers.smtp import SmtpSink

pytestmark = pytest.mark.usefixtures("store")
by = owner_who_writes


async def test_asked_for_a_look_what_waits_for_its_next_try_leaves_at_once(by: Viewer, tools: Tools) -> None:
    async with a_sink(answers={"MAIL": "452 4.3.1 no room"}) as sink:
        box = await a_box(by, sink)
        async with working(tools.parsers):
            email_id = await written(by, box)

            async def is_told() -> bool:
                return await door_of(by) == ("MAILBOX_UNREACHABLE", "smtp.host") and await has_error(email_id)

            await eventually(is_told)
            sink.answers = dict(IN)
            await mailbox.sync_now(by, box)
            await becomes(email_id, "SENT")


async def test_what_a_colleague_writes_arrives_with_its_files_and_is_what_the_firm_keeps(
    by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink)
    upload_id = await upload.keep(by, NewUpload("Offerta è.pdf", "application/pdf", len(PDF)), io.BytesIO(PDF))
    new = NewEmail(box, (MARTA,), (CARL,), "Über alles", "Ecco l'offerta.", (AttachmentRef(upload_id=upload_id),))
    (email_id,) = (await submission.send(by, new, key="1")).ids
    async with working(tools.parsers):
        await becomes(email_id, "SENT")
    (taken,) = sink.letters
    said = parse(taken.raw)
    assert (said.subject, said.text.strip()) == ("Über alles", "Ecco l'offerta.")
    assert [(each.role, each.address) for each in said.participants[1:]] == [("TO", MARTA), ("CC", CARL)]
    assert [(each.name, each.content) for each in said.attachments] == [("Offerta è.pdf", PDF)]
    row = await store.row("SELECT fingerprint, message_id FROM email WHERE id = $1", email_id)
    assert row is not None
    assert (row["fingerprint"], row["message_id"]) == (said.fingerprint, said.message_id)
