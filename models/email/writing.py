"""Stores a message that a colleague writes here, whether or not an account asks for it (R45)."""

from uuid import UUID

from uuid_utils.compat import uuid7

from models.email import inserting, linking, threads
from models.email.email import EmailDirection
from models.email.message import Message
from models.viewer import Viewer


async def write(
    by: Viewer, mailbox_id: UUID, email_id: UUID, message: Message, *, thread_id: UUID | None = None
) -> tuple[UUID, ...]:
    """
    Links it to the accounts that ask for it, and answers them. `thread_id`: of what it answers; None: it begins one.
    Nothing enters Inbox+. Inside a transaction, under `history.lock`.
    """
    assert message.message_id, "it is our own"
    thread = thread_id or uuid7()
    await threads.name(by, message.message_id, thread)
    new = inserting.NewEmail(email_id, thread, EmailDirection.OUTGOING, message, message.received_at)
    await inserting.insert(by.firm_id, mailbox_id, [new])
    await inserting.add_participants(by.firm_id, [(email_id, message)], new=[email_id])
    asking = await linking.asking(by, [message])
    linked = await linking.link(by, [(email_id, message, asking)])
    return tuple(linked.get(email_id, ()))
