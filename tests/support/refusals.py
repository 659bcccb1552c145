"""What the business refuses, as a test says it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.errors import ErrorCode, Refusal, Refusals


@contextmanager
def refused(code: ErrorCode, *path: str | int) -> Iterator[None]:
    """The block is refused with this code, at this place of the input where one is given."""
    try:
        yield
    except Refusal as one:
        found: tuple[Refusal, ...] = (one,)
    except Refusals as several:
        found = several.refusals
    else:
        pytest.fail(f"nothing was refused; {code} was expected")
    assert {each.code for each in found} == {code}, found
    assert all(len(each.message) > 10 for each in found), "in words that help"
    if path:
        assert tuple(map(str, path)) in {each.path for each in found}, [each.path for each in found]
