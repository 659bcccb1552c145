"""Letters leave once, whatever the mail server does (P2)."""

import pytest

from models.viewer import System
from tests.letters import (
    BASE,
    FROM,
    opened,
    row_of,
    sent_all,
    text_of,
    written,
)
from tests.make import a_firm
from tests.smtp_server import SmtpSink

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def by(store: str) -> System:
    return await a_firm()


async def test_a_letter_is_delivered_and_settled(by: System) -> None:
    letter_id = await written(by)
    async with SmtpSink() as sink:
        assert (await sent_all(sink.server)).handled == 1
    (taken,) = sink.letters
    assert (taken.sender, taken.to) == (FROM, ("anna@client.test",))
    row = await row_of(letter_id)
    message = opened(taken.raw)
    assert message["Message-ID"] == row["message_id"]
    assert message["Date"].datetime == row["created_at"].replace(microsecond=0)
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"{BASE}/portal" in text_of(taken.raw)
    assert row["state"] == "SENT"
    assert (row["sealed"], row["locked_by"], row["locked_until"]) == (None, None, None)
