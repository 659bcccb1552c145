"""Fixtures: an office that answers its mail; `leased`: the mailbox `box` of a test, in the hands of a worker."""

from uuid import UUID

import pytest

from models.mailbox import lease
from models.mailbox.lease import Leased
from tests.support.emails.correspondence import Office, an_office


@pytest.fixture
async def office(store: str) -> Office:
    return await an_office()


@pytest.fixture
async def leased(box: UUID) -> Leased:
    held = await lease.claim_one("worker", box)
    assert held
    return held
