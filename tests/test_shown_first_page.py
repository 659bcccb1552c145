"""What the README and docs/api.md give to copy runs as it stands, on `make run`."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mail.demo.people import BELLANDI
from tests.support.processes.switchboard import CHECKOUT, Running, running
from tests.support.waiting import patience

README, API = (CHECKOUT / name for name in ("README.md", "docs/api.md"))
THERE = "http://127.0.0.1:8000"


async def test_the_examples_of_the_first_page_run_as_they_stand(var: Path, tmp_path: Path) -> None:
    with running("demo", output=tmp_path / "said", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        script = tmp_path / "hello.py"
        script.write_text(_shown(README, "python", demo))
        said = await _said_until(script, "'__typename': 'TogglesChanged'")
        assert "'errors': []" in said
        assert "Traceback" not in said
        if shutil.which("curl"):
            answers = await asyncio.to_thread(_bash, _shown(API, "sh", demo))
            assert f'"totalCount":{_clients()}' in answers
            assert '"errors":[],"recipients"' in answers


def test_the_first_page_counts_the_clients_of_the_demo() -> None:
    assert f" {_clients()} clients" in README.read_text()


def _clients() -> int:
    return sum(not account.archived for account in BELLANDI.accounts)


def _shown(page: Path, language: str, demo: Running) -> str:
    """The page's first block in that language, which asks this demo."""
    block = re.search(rf"^```{language}\n(.*?{THERE}.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert block, f"{page.name} shows nothing in {language}"
    return block[1].replace(THERE, f"http://127.0.0.1:{demo.port}")


async def _said_until(script: Path, words: str) -> str:
    """What the script has printed by then; it goes on for ever, and is ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout
    said = ""
    try:
        async with patience():
            while words not in said and (line := await process.stdout.readline()):
                said += line.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    assert words in said, said
    return said


def _bash(script: str) -> str:
    return subprocess.run(["bash", "-e"], input=script, text=True, capture_output=True, timeout=60, check=True).stdout
