"""Messages as they are received: made without a mail server, and put into a firm that keeps Anna's."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from models import email, mailbox
from models.email import Incoming, Message, Received, history
from models.ground import store
from models.mailbox import MailServer, NewMailbox
from models.mailbox import connect as connect_mailbox
from models.participant import Participant, Role
from models.session import SignedIn
from models.viewer import System, Viewer
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, a_member, an_account

CAME = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def a_message(number: int, *, answers: tuple[int, ...] = (), sender: str = ANNA) -> Message:
    return Message(
        fingerprint=sha256(str(number).encode()).digest(),
        message_id=f"{number}@client.test",
        references=tuple(f"{each}@client.test" for each in answers),
        subject=f"VAT return {number}",
        participants=(Participant(Role.FROM, "Anna", sender), Participant(Role.TO, None, "studio@firm.test")),
        sent_at=CAME + timedelta(hours=number),
        received_at=CAME + timedelta(hours=number),
        automatic=False,
        text="Here it is.",
        safe_html=None,
        blocked_images=0,
        snippet="Here it is.",
        words=("vat", "return", str(number)),
        attachments=(),
        raw_file="0" * 64,
        parser_version=1,
    )


async def a_synced_firm() -> tuple[System, Viewer, UUID]:
    """With an account of Anna's that asks for her mail, and a mailbox."""
    by = await a_firm()
    owner = await a_member(by)
    await an_account(by, address=ANNA, email_sync=True)
    server = MailServer("mail.firm.test", 993)
    done = await mailbox.connect(owner, NewMailbox("studio@firm.test", "a secret", server, server))
    return by, owner, done.ids[0]


async def received(by: System, mailbox_id: UUID, *messages: Message, arrival: bool = False) -> list[Received]:
    async with store.transaction():
        await history.lock(by.firm_id)
        return await email.receive(by, mailbox_id, [Incoming(each, arrival) for each in messages])


async def a_mailbox(owner: SignedIn) -> UUID:
    server = MailServer("mail.firm.test", 993)
    done = await connect_mailbox(owner.viewer, NewMailbox("studio@firm.test", "a secret", server, server))
    return done.ids[0]
