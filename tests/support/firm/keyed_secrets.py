"""A firm with one of everything that hangs on a key: what is sealed, what is signed, what is hashed."""

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyotp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mail.own_letter import own_letter
from mail.returns.address import letter_of, return_address
from models import firm_key, firm_settings, links, mailbox, password_reset, portal_action, second_factor, unsubscribe
from models.errors import ErrorCode, Refusal
from models.firm_settings import ClientAction, FirmWish
from models.ground import clock, keys, store
from models.invitation import link
from models.links import FileKind, Opened
from models.mailbox import MailServer, NewMailbox
from models.mailbox.secret import unsealed
from models.notification_category import NotificationCategory
from models.session import marks
from models.viewer import System, Viewer
from tests.support.database.store import KEY
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_firm,
    a_member,
    an_account,
    invited,
    reset_token,
    with_password,
)

SECRET = "the mailbox's password"
TEMPLATE = "bounces+{letter}@portal.test"


@dataclass(frozen=True, slots=True)
class Hanging:
    """Made before the keys change; `sealed_opens` and `links_lead` say what is left of it afterwards."""

    by: System
    owner: Viewer
    account: MadeAccount
    mailbox: UUID
    totp: str
    tokens: Mapping[str, str]

    async def sealed_opens(self) -> bool:
        """Each secret as it was."""
        kept = await store.row("SELECT * FROM mailbox WHERE id = $1", self.mailbox)
        return await unsealed(self.by.firm_id, self.mailbox, kept) == SECRET and await self._code_is_taken()

    async def _code_is_taken(self) -> bool:
        await store.execute("UPDATE team_member SET totp_step = NULL WHERE id = $1", self.owner.member_id)
        code = pyotp.TOTP(self.totp).at(clock.now())
        with suppress(Refusal):
            async with store.transaction():
                await second_factor.check(self.by.firm_id, self.owner.member_id, code)
            return True
        return False

    async def links_lead(self) -> set[str]:
        """Those that still do."""
        known = marks.Owner(self.by.firm_id, self.owner.member_id, await self._password_hash())
        good = {
            "invitation": await link.followed(self.tokens["invitation"]),
            "reset": await self._reset_leads(),
            "action": await portal_action.opened(self.tokens["action"]),
            "unsubscribe": await unsubscribe.offer(self.tokens["unsubscribe"]),
            "file": await links.opened(FileKind.SOURCE, self.tokens["file"]),
            "device": marks.known([self.tokens["device"]], known),
            "bounce": letter_of(self.tokens["bounce"]),
            "own letter": own_letter(self.tokens["own letter"]),
        }
        return {name for name, leads in good.items() if leads}

    async def _password_hash(self) -> str:
        query = "SELECT password_hash FROM team_member WHERE id = $1"
        return str(await store.value(query, self.owner.member_id))

    async def _reset_leads(self) -> bool:
        """A password that is too weak is refused after the link is looked at, and uses nothing up."""
        try:
            await password_reset.use(token=self.tokens["reset"], secret="short")
        except Refusal as refused:
            return refused.code is ErrorCode.WEAK_PASSWORD
        raise AssertionError("nobody takes such a password")


LINKS = {"invitation", "reset", "action", "unsubscribe", "file", "device", "bounce", "own letter"}


async def hanging(name: str = "anna", by: System | None = None) -> Hanging:
    by = by or await a_firm()
    owner = await a_member(by)
    server = MailServer("mail.firm.test", 993)
    pay = [ClientAction.PAY_INVOICES]
    await firm_settings.update(owner, FirmWish(actions_without_login=pay, software_url="https://desk.test"))
    made = await an_account(by, address=f"{name}@client.test", email_sync=True)
    user = await an_account(by, address=f"{name}.two@client.test", login=True)
    await with_password(by, user.address)
    box = (await mailbox.connect(owner, NewMailbox(f"{name}@firm.test", SECRET, server, server))).ids[0]
    tokens = {
        "invitation": await invited(by, made.id, made.address),
        "reset": await reset_token(f"{name}.two@client.test"),
        "device": await marks.mark_of(owner),
        **await _signed(by, made),
        **_of_a_letter(made.id),
    }
    return Hanging(by, owner, made, box, await _second_factor(owner), tokens)


async def _second_factor(owner: Viewer) -> str:
    started = await second_factor.start(owner, PASSWORD)
    await second_factor.confirm(owner, pyotp.TOTP(started.secret).at(clock.now()))
    return started.secret


async def _signed(by: System, made: MadeAccount) -> dict[str, str]:
    key = await firm_key.of(by.firm_id)
    ids = {"firm_id": by.firm_id, "account_id": made.id, "address_id": made.address}
    action = portal_action.token(key, **ids, action=ClientAction.PAY_INVOICES, path="/invoices/1", at=clock.now())
    off = unsubscribe.link("", key=key, **ids, category=NotificationCategory.MESSAGES)
    to = Opened(by.firm_id, made.id, made.id)
    file = links.file_link("", FileKind.SOURCE, key=key, to=to, name="message.eml")
    return {"action": action, "unsubscribe": off.rpartition("/")[2], "file": file.split("/")[3]}


def _of_a_letter(letter_id: UUID) -> dict[str, str]:
    bounce = return_address(TEMPLATE, letter_id).removeprefix("bounces+").partition("@")[0]
    return {"bounce": bounce, "own letter": f"{letter_id}.{keys.installation().signature('letter', str(letter_id))}"}


async def rows_of(*tables: str) -> dict[str, list[dict[str, Any]]]:
    """As they stand, in some order that stays."""
    return {
        table: [dict(row) for row in await store.rows(f"SELECT * FROM {table} t ORDER BY t::text")] for table in tables
    }


def derived_then(purpose: str) -> bytes:
    """As all was until 2026: from the key of the installation itself."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(KEY)


async def made_then() -> Hanging:
    """As the release before left it: no firm has a key, and all hangs on the installation's."""
    by = await a_firm()
    await store.execute("DELETE FROM firm_key")
    await store.execute("UPDATE installation SET secret = NULL")
    keys.use(KEY)
    keys.firms()[by.firm_id] = keys.Key(KEY)
    made = await hanging("anna", by)
    for row in await store.rows("SELECT id, key FROM email_address"):
        hashed = hmac.digest(derived_then(f"address:{by.firm_id}"), row["key"].encode(), "sha256")[:16]
        await store.execute("UPDATE email_address SET hash = $2 WHERE id = $1", row["id"], hashed)
    keys.use(KEY)
    return made
