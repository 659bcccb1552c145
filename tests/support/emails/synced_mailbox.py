"""What the tests of the sync share: a mailbox, letters, and the one question: does the ledger equal the server?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import files, store
from models.mailbox import MailSecurity, MailServer, NewMailbox, Secret
from models.viewer import System, TeamRole, Viewer
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.servers.imap import ARRIVED, ImapServer, ServedFolder
from tests.support.waiting import patience

NOBODY = MailServer("127.0.0.1", 1, MailSecurity.NONE)
NOT_THE_MAILBOX = "Something went wrong on our side, not in the mailbox. "


async def connected(
    by: System,
    server: MailServer,
    *,
    address: str = STUDIO,
    username: str = "anna",
    password: Secret = "secret",
    smtp: MailServer = NOBODY,
) -> UUID:
    """Its door for sending is shut, unless a test is about it: reading goes on."""
    new = NewMailbox(address, password, imap=server, smtp=smtp, username=username)
    return (await mailbox.connect(by, new)).ids[0]


def letter(
    sender: str = MARTA,
    to: Sequence[str] = (STUDIO,),
    *,
    subject: str = "The glass",
    text: str = "When does it come?",
    message_id: str | None = None,
    date: datetime = ARRIVED,
    **headers: str,
) -> bytes:
    """As a mail program writes one; each is another message, unless `message_id` says which."""
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    message["Date"], message["Message-ID"] = format_datetime(date), f"<{message_id or uuid7()}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


async def synced(mailbox_id: UUID, tools: Tools) -> None:
    """One complete pass, that must go well."""
    assert await sync_once(mailbox_id, tools), (await row_of(mailbox_id))["error_message"]


async def row_of(mailbox_id: UUID) -> Any:
    return await store.row("SELECT * FROM mailbox WHERE id = $1", mailbox_id)


async def ledger_of(folder_name: str, mailbox_id: UUID) -> list[Any]:
    """By UID, what is on the server as the ledger has it."""
    return list(
        await store.rows(
            "SELECT o.* FROM occurrence o JOIN mail_folder f ON f.id = o.folder_id AND f.uidvalidity = o.uidvalidity"
            " WHERE f.name = $1 AND f.mailbox_id = $2 AND o.gone_at IS NULL ORDER BY o.uid",
            folder_name,
            mailbox_id,
        )
    )


async def states(mailbox_id: UUID, folder_name: str = "INBOX") -> list[str]:
    """Of each message on the server, what became of it: STORED, QUARANTINED, PENDING or why it was skipped."""
    return [row["skip_reason"] or row["state"] for row in await ledger_of(folder_name, mailbox_id)]


async def ledger_equals_server(server: ImapServer, mailbox_id: UUID, *, pending: int = 0) -> None:
    """
    Row by row the ledger is what the server holds; the figures add up; what is STORED is that very message, once, and
    whatever somebody asks for is stored.
    """
    held = {folder.name: [(message.uid, message.raw) for message in folder.messages] for folder in server.folders}
    await all_agrees(held, mailbox_id, pending=pending)


async def all_agrees(held: Mapping[str, Sequence[tuple[int, bytes]]], mailbox_id: UUID, *, pending: int = 0) -> None:
    """The same of any server that holds these messages, by folder and UID."""
    firm_id = (await row_of(mailbox_id))["firm_id"]
    for name, messages in held.items():
        rows = await ledger_of(name, mailbox_id)
        assert [row["uid"] for row in rows] == [uid for uid, _ in messages], name
        for row, (_, raw) in zip(rows, messages, strict=True):
            if row["state"] == "STORED":
                assert _body(await source_of(firm_id, row["email_id"])) == _body(raw), (name, row["uid"])
    by = Viewer(firm_id, uuid7(), uuid7(), TeamRole.OWNER, manage_accounts=True)
    health = (await mailbox.health_of(by, [mailbox_id]))[mailbox_id]
    skipped = sum(count for _, count in health.skipped)
    assert health.on_server == sum(map(len, held.values()))
    assert health.on_server == health.stored + health.pending + skipped + health.quarantined
    assert health.pending == pending
    assert await unstored_though_wanted(firm_id) == 0


async def nothing_is_there_twice(by: System) -> None:
    """Neither stored nor told, of letters that have a Message-ID of their own."""
    for counted in _ONCE:
        assert await store.rows(f"{counted} HAVING count(*) > 1", by.firm_id) == [], counted


_ONCE = (
    "SELECT message_id FROM email WHERE firm_id = $1 GROUP BY message_id",
    "SELECT email_id, account_id FROM email_account WHERE firm_id = $1 GROUP BY 1, 2",
    "SELECT subject_id FROM journal_entry WHERE firm_id = $1 AND kind = 'EMAIL_STORED' AND subject_id IS NOT NULL"
    " GROUP BY subject_id",
    "SELECT member_id, subject_id FROM notification WHERE firm_id = $1 GROUP BY 1, 2",
)


def _body(raw: bytes) -> bytes:
    """What all copies of a message share."""
    return raw.partition(b"\r\n\r\n")[2].rstrip(b"\r\n")


async def source_of(firm_id: UUID, email_id: UUID) -> bytes:
    name = await store.value("SELECT raw_file FROM email WHERE id = $1", email_id)
    return b"".join([piece async for piece in await files.read(firm_id, name)])


async def unstored_though_wanted(firm_id: UUID) -> int:
    """Rows with a participant whose Email sync is on that were skipped as if nobody asked for them."""
    found: int = await store.value(
        "SELECT count(*) FROM occurrence o WHERE o.firm_id = $1 AND o.gone_at IS NULL"
        " AND o.skip_reason = 'NOT_SWITCHED_ON' AND EXISTS (SELECT 1 FROM toggles t"
        " JOIN account a ON a.id = t.account_id AND a.archived_at IS NULL"
        " JOIN email_address e ON e.id = t.address_id"
        " WHERE t.firm_id = $1 AND t.email_sync AND e.hash = ANY(o.hashes))",
        firm_id,
    )
    return found


async def subjects_of(account_id: UUID) -> list[str]:
    rows = await store.rows(
        "SELECT m.subject FROM email_account l JOIN email m ON m.id = l.email_id WHERE l.account_id = $1 ORDER BY 1",
        account_id,
    )
    return [row["subject"] for row in rows]


async def announced(firm_id: UUID) -> list[tuple[bool, dict[str, str]]]:
    """EMAIL_STORED entries in their order: whether it is about one message, and what it says."""
    rows = await store.rows(
        "SELECT subject_id, changes FROM journal_entry WHERE firm_id = $1 AND kind = 'EMAIL_STORED' ORDER BY position",
        firm_id,
    )
    return [(row["subject_id"] is not None, row["changes"]) for row in rows]


async def notifications(by: System) -> list[tuple[str, int]]:
    """Text and count of every entry in anybody's Inbox+, in their order."""
    rows = await store.rows("SELECT text, count FROM notification WHERE firm_id = $1 ORDER BY position", by.firm_id)
    return [(row["text"], row["count"]) for row in rows]


async def eventually(check: Callable[[], Awaitable[object]]) -> None:
    """Until it holds."""
    async with patience():
        while not await check():  # noqa: ASYNC110 - another process or the database is what changes
            await asyncio.sleep(0.02)


def past(folder: ServedFolder, *letters: bytes) -> None:
    """Puts them into the folder, one a day, the last one yesterday."""
    for index, raw in enumerate(letters):
        folder.append(raw, ARRIVED - timedelta(days=len(letters) - index))


async def tells(mailbox_id: UUID, words: str) -> bool:
    row = await row_of(mailbox_id)
    if row["error_message"] is None:
        return False
    said = (row["state"], row["error_code"], row["error_path"], row["error_message"])
    told = f"{NOT_THE_MAILBOX}{words} It is tried again by itself."
    assert said == ("RETRYING", "MAILBOX_UNREACHABLE", None, told)
    return True
