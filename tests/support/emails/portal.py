"""Mail that comes to a client's portal, from the bytes on; and the page that shows it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from mail.parse import Unreadable, parse
from mail.sync import reading
from models import document, email, firm_settings, stored_file
from models.email import Incoming, MessageAttachment, history
from models.ground import clock, store
from models.viewer import System
from tests.support.api.client import Api
from tests.support.api.pages import sign_in
from tests.support.api.portal import a_box
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, a_client, a_firm, an_account
from tests.support.processes.browser import Window, a_window

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""Of one transparent point."""


def written(
    html: str, *, subject: str = "Plans", pictures: Mapping[str, bytes] | None = None, files: Mapping[str, bytes] = {}
) -> bytes:
    """From ANNA. `pictures`: by Content-ID; `files`: by name, all PDFs."""
    message = EmailMessage(SMTP)
    message["From"], message["To"] = f"Anna <{ANNA}>", "Studio <box@firm.test>"
    message["Cc"], message["Bcc"] = "Paolo <paolo@client.test>", "Hidden <hidden@firm.test>"
    message["Subject"], message["Message-ID"] = subject, f"<{uuid7()}@client.test>"
    message.set_content("In plain words.")
    message.add_alternative(html, subtype="html", cte="base64")
    body = message.get_payload()[1]  # type: ignore[index]
    assert isinstance(body, EmailMessage)
    for identity, picture in (pictures or {}).items():
        body.add_related(picture, "image", "png", cid=f"<{identity}>", filename=f"{identity}.png")
    for name, content in files.items():
        message.add_attachment(content, "application", "pdf", filename=name)
    return bytes(message)


async def arrives(by: System, box: UUID, raw: bytes, *, shown_as: str | None = None) -> UUID:
    """Read, kept and received as a mailbox's holder does. `shown_as`: its HTML, as if nobody had made it harmless."""
    parsed = parse(raw)
    assert not isinstance(parsed, Unreadable)
    raw_file, *names = await stored_file.keep(by.firm_id, [raw, *(each.content for each in parsed.attachments)])
    kept = [
        MessageAttachment(
            *(each.name, each.content_type, each.content_id, len(each.content), name),
            document.unfit(each.name, each.content, shown=each.content_type == "image/png"),
        )
        for each, name in zip(parsed.attachments, names, strict=True)
    ]
    message = reading.message(parsed, raw_file=raw_file, attachments=kept, received_at=clock.now())
    async with store.transaction():
        await history.lock(by.firm_id)
        (received,) = await email.receive(by, box, [Incoming(message, arrival=True)])
    assert received.email_id is not None
    if shown_as is not None:
        await store.execute("UPDATE email SET safe_html = $2 WHERE id = $1", received.email_id, shown_as)
    return received.email_id


@dataclass
class InPortal:
    """ANNA's page, signed in to her one account, where what she sends is saved."""

    by: System
    box: UUID
    account: MadeAccount
    window: Window
    downloads: Path

    async def comes_unseen(self, raw: bytes) -> None:
        await arrives(self.by, self.box, raw)

    async def comes(self, raw: bytes, *, shown_as: str | None = None) -> UUID:
        """And is in the list, on top."""
        received = await arrives(self.by, self.box, raw, shown_as=shown_as)
        await self.window.until(f"document.querySelector('#emails details')?.id === 'email_{received.hex}'")
        return received

    async def opens(self) -> None:
        """The newest, by the keyboard; its letter stands in its frame."""
        await self.window.press("#emails li:first-child summary")
        await self.window.until(f"{LETTER}?.body?.childElementCount")


LETTER = "document.querySelector('#emails li:first-child iframe')?.contentDocument"


@asynccontextmanager
async def in_portal(api: Api, folder: Path, *, language: str = "en") -> AsyncIterator[InPortal]:
    by = await a_firm()
    await firm_settings.update(by, {"auto_save_attachments": True})
    account = await an_account(by, name="Vetreria", address=ANNA, login=True, email_sync=True)
    await a_client(by, account)
    downloads = folder / "downloads"
    async with a_window(folder / "browser", language=language) as window:
        await window.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        await window.goto(f"{api.url}/portal")
        await sign_in(window)
        await window.shows("#no-emails")
        yield InPortal(by, await a_box(by), account, window, downloads)
