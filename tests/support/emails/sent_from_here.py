"""What was sent from here, as its bytes left and as servers keep it: for tests of copies in Sent."""

from typing import Any
from uuid import UUID

from mail.own_email import signed
from mail.parse import parse
from models import stored_file
from models.ground import files, store
from models.viewer import Viewer
from tests.support.emails.submissions import way_of, written
from tests.support.emails.synced_mailbox import ledger_equals_server, ledger_of, letter
from tests.support.servers.imap import ImapServer, Served


async def as_it_left(email_id: UUID, *, header: str | None = None, first: str | None = None, **more: Any) -> bytes:
    """`header`: what its own one says; `first`: the Message-ID that Microsoft remembers."""
    row = await way_of(email_id)
    facts = {"sender": row["from_address"], "to": row["recipients"], "subject": "The offer"}
    dated = {"message_id": row["message_id"], "date": row["created_at"]}
    own = f"X-Switchboard-Email: {header or signed(email_id)}\r\n"
    remembered = f"X-Microsoft-Original-Message-ID: <{first}>\r\n" if first else ""
    return (own + remembered).encode() + letter(**facts | dated | more)


async def sent_here(writer: Viewer, box: UUID, *, state: str = "SENT", text: str = "Here it is.", **more: Any) -> UUID:
    """An e-mail whose bytes have left, just now: it is to stand in Sent."""
    email_id = await written(writer, box, text=text, **more)
    raw = await as_it_left(email_id, text=text)
    await store.execute(_NAMED, email_id)
    (file,) = await stored_file.keep(writer.firm_id, [raw])
    await store.execute(_LEFT, email_id, state, file)
    await store.execute(
        "UPDATE email SET raw_file = $2, fingerprint = $3 WHERE id = $1", email_id, file, parse(raw).fingerprint
    )
    return email_id


_NAMED = """
INSERT INTO thread_ref (id, firm_id, message_id, thread_id)
SELECT gen_random_uuid(), firm_id, message_id, thread_id FROM email WHERE id = $1
"""
_LEFT = """
UPDATE submission SET state = $2::text, copy = 'WANTED', copy_due_at = now(), file = $3, handed_over = 1,
  sent_at = CASE $2::text WHEN 'SENT' THEN created_at END, settled_at = CASE $2::text WHEN 'SENT' THEN created_at END
WHERE id = $1
"""


async def an_hour_later() -> None:
    """For all that wait for a copy."""
    await store.execute("UPDATE submission SET copy_due_at = copy_due_at - interval '1 hour'")


async def copy_of(email_id: UUID) -> tuple[str | None, int, str | None]:
    row = await way_of(email_id)
    return row["copy"], row["copy_tries"], row["copy_error"]


def in_sent(server: ImapServer) -> list[Served]:
    return server.folders[1].messages


def appends(server: ImapServer) -> int:
    return sum(command.startswith("APPEND") for command in server.commands)


async def one_in_sent_and_one_in_the_thread(server: ImapServer, box: UUID, email_id: UUID) -> None:
    (message,) = in_sent(server)
    row = await store.row("SELECT firm_id, raw_file, fingerprint FROM email WHERE id = $1", email_id)
    assert row
    raw = b"".join([piece async for piece in await files.read(row["firm_id"], row["raw_file"])])
    assert message.raw == raw
    assert [(row["email_id"], row["state"]) for row in await ledger_of("Sent", box)] == [(email_id, "STORED")]
    assert await store.value("SELECT count(*) FROM email WHERE direction = 'OUTGOING'") == 1
    assert (await way_of(email_id))["copy"] == "THERE"
    await ledger_equals_server(server, box)
