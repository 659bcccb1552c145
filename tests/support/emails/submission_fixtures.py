"""Fixture `leased`: the mailbox `box` of a test, in the hands of a worker."""

from uuid import UUID

import pytest

from models.mailbox import lease
from models.mailbox.lease import Leased


@pytest.fixture
async def leased(box: UUID) -> Leased:
    held = await lease.claim_one("worker", box)
    assert held
    return held
