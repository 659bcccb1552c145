"""What the tests of letters share: rows, a route to a server of the test, what became of them."""

from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from mail.compose import Sender
from mail.outbox import Pass, Route, new_owner, one_pass
from mail.smtp import SmtpServer
from models import address, letter
from models.ground import clock, secret_link, store
from models.invitation import Invitation, InvitationAccount
from models.letter import LetterKind, NewLetter
from models.password_reset import PasswordReset
from models.viewer import Actor, Viewer
from tests.support.waiting import PATIENCE

FROM, BASE = "portal@switchboard.test", "https://portal.firm.test"


def a_route(server: SmtpServer, *, timeout: float = PATIENCE) -> Route:
    return Route(server, Sender(FROM, BASE), timeout)


async def sent_all(server: SmtpServer, *, timeout: float = PATIENCE) -> Pass:
    """One pass of an outbox of its own."""
    return await one_pass(a_route(server, timeout=timeout), owner=new_owner())


async def an_invitation(by: Actor, address_id: UUID, *accounts: UUID) -> Invitation:
    """Not sent yet."""
    now = clock.now()
    made = await Invitation.create(
        id=uuid7(), firm_id=by.firm_id, address_id=address_id, seed=secret_link.new_seed(), created_at=now,
        expires_at=now + timedelta(days=30),
    )  # fmt: skip
    for account_id in accounts:
        await InvitationAccount.create(id=uuid7(), firm_id=by.firm_id, invitation_id=made.id, account_id=account_id)
    return made


async def written(
    by: Actor,
    to: str = "anna@client.test",
    *,
    kind: LetterKind = LetterKind.ACCOUNT_ADDED,
    facts: Mapping[str, Any] | None = None,
    asked_by: Viewer | None = None,
    **ids: Any,
) -> UUID:
    """A letter in the queue."""
    said = {"accountNames": ["Vetreria Valsecchi"], "inviterName": "Chiara", "message": None, **(facts or {})}
    async with store.transaction():
        (letter_id,) = await letter.write(asked_by or by, [NewLetter(kind, address.typed(to), said, **ids)])
    return letter_id


async def invitation_letter(by: Actor, to: str, invitation: Invitation, *, asked_by: Viewer | None = None) -> UUID:
    """The letter of an invitation."""
    facts = {"expiresAt": invitation.expires_at.isoformat()}
    ids = {"invitation_id": invitation.id, "address_id": invitation.address_id}
    return await written(by, to, kind=LetterKind.INVITATION, facts=facts, asked_by=asked_by, **ids)


async def a_reset(by: Actor, address_id: UUID) -> UUID:
    """The row of a link to a new password."""
    user_id, now = await address.activate(by, address_id, at=clock.now()), clock.now()
    made = await PasswordReset.create(
        id=uuid7(), firm_id=by.firm_id, user_id=user_id, seed=secret_link.new_seed(), created_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    return made.id


async def row_of(letter_id: UUID) -> Any:
    return await store.row("SELECT * FROM letter WHERE id = $1", letter_id)


async def state_of(letter_id: UUID) -> str:
    return str((await row_of(letter_id))["state"])


async def due_again() -> None:
    """As if every wait and every lease were over."""
    await store.execute("UPDATE letter SET due_at = now() - interval '1 s' WHERE settled_at IS NULL")
    await store.execute("UPDATE letter SET locked_until = now() - interval '1 s' WHERE locked_until IS NOT NULL")


def opened(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text_of(raw: bytes, kind: str = "plain") -> str:
    part = opened(raw).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
