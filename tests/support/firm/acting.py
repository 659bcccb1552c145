"""Who acts in a test: `by`, which is a new firm itself, or a person where a module says `by = owner_of_a_new_firm`."""

import pytest

from models.session import SignedIn
from models.viewer import System, Viewer
from tests.support.firm.factories import a_firm, a_member, signed_in


@pytest.fixture
async def by(store: str) -> System:
    return await a_firm()


@pytest.fixture
async def viewer(by: System) -> Viewer:
    """An owner of the firm."""
    return await a_member(by)


@pytest.fixture
async def owner_of_a_new_firm(store: str) -> Viewer:
    return await a_member(await a_firm())


@pytest.fixture
async def owner(by: System) -> SignedIn:
    """Of the firm, with a session."""
    return await signed_in(by)
