"""Words kept in a file, to be looked at by people and compared by tests."""

from pathlib import Path

import pytest


def is_golden(path: Path, said: str) -> bool:
    """Fails where there is no such file, and writes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
        pytest.fail(f"{path} was not there and has been written. Look at it, and run this again.")
    return path.read_text() == said
