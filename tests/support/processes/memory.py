"""What a child says of the memory that it took."""

import asyncio
import json
from typing import Any

MB = 2**20


async def said_by(child: asyncio.subprocess.Process) -> dict[str, Any]:
    """The next line of JSON, among those of the log."""
    assert child.stdout
    while line := await child.stdout.readline():
        if line.startswith(b"{"):
            said: dict[str, Any] = json.loads(line)
            return said
    raise AssertionError("the child has ended")
