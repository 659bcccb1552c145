"""From the mail server to the Documents: a paper, and the logo of the signature that is none."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mail.sync import Tools
from models import document, email, firm_settings
from models.document import NotSavedReason
from models.email import EmailFilter
from models.ground import clock
from models.ground.page import Window
from models.viewer import System
from tests.support.emails.synced_mailbox import connected, synced
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")
PNG = b"\x89PNG\r\n\x1a\nlogo"


def a_paper() -> bytes:
    """As Outlook writes one: HTML that shows a logo, and a PDF."""
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = MARTA, STUDIO, "The contract"
    message["Message-ID"], message["Date"] = "<paper@client.test>", "Mon, 30 Nov 2026 09:00:00 +0000"
    message.set_content("Signed.")
    message.add_alternative('<p>Signed.</p><img src="cid:logo%40client">', subtype="html")
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@client>", filename="logo.png")  # type: ignore[union-attr,index]
    message.add_attachment(b"%PDF-1.7 signed", "application", "pdf", filename="contract.pdf")
    message.add_attachment(PNG, "image", "png", filename="plan.png")
    message.add_attachment(b"MZ", "application", "pdf", filename="invoice.pdf")
    return bytes(message)


async def test_papers_are_saved_and_a_logo_is_not(server: ImapServer, by: System, tools: Tools) -> None:
    owner = await a_member(by)
    made = await an_account(by, address=MARTA, email_sync=True)
    await firm_settings.update(by, {"auto_save_attachments": True})
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(a_paper(), clock.now() + timedelta(seconds=1))
    await synced(mailbox_id, tools)
    [view] = (await email.page(owner, EmailFilter(), Window())).rows
    attachments = (await email.attachments_of(owner, [view.id]))[view.id]
    assert {attachment.name: attachment.not_saved for attachment in attachments} == {
        "logo.png": NotSavedReason.INLINE,
        "contract.pdf": None,
        "plan.png": None,
        "invoice.pdf": NotSavedReason.FILE_TYPE,
    }
    page = (await document.of_accounts(owner, [made.id], Window()))[made.id]
    assert {saved.name for saved in page.rows} == {"contract.pdf", "plan.png"}
