"""Real messages, many of them broken on purpose: ours, and those of MESSAGES_DIR or of the folder beside the house."""

import os
from collections.abc import Sequence
from pathlib import Path

from mail.parse import Unreadable, read_headers
from models import address, toggles
from models.ground import store
from models.viewer import System
from tests.support.firm.factories import an_account

_NOT_MESSAGES = {".md", ".txt", ".py", ".json"}


def real_messages() -> list[bytes]:
    """As a server hands them out: each line ends in CRLF."""
    named = os.environ.get("MESSAGES_DIR")
    beside = [Path(__file__).parents[2] / "messages", Path(__file__).parents[4] / "shared/data/messages"]
    places = [Path(named)] if named else beside
    paths = [path for place in places if place.is_dir() for path in sorted(place.rglob("*")) if path.is_file()]
    return [_with_crlf(path.read_bytes()) for path in paths if path.suffix not in _NOT_MESSAGES]


def _with_crlf(raw: bytes) -> bytes:
    return b"\r\n".join(raw.splitlines()) + b"\r\n"


async def switch_on_everybody(by: System, messages: Sequence[bytes]) -> None:
    """Email sync, for each address that a header names, on one account."""
    account, keys = await an_account(by), set[str]()
    for raw in messages:
        try:
            keys |= {address.compared(one.address) for one in read_headers(raw).participants if one.address}
        except Unreadable:
            continue
    async with store.transaction():
        ids = await address.ensure(by, [address.TypedAddress(key, key) for key in keys if len(key) < 320])
        await toggles.ensure(by, [(account.id, each) for each in ids.values()])
        await store.execute("UPDATE toggles SET email_sync = true WHERE account_id = $1", account.id)
