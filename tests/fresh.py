"""
`python -m tests.fresh PYTHON [TARGET…]`: both commands for that Python, as a newcomer meets them.

A fresh clone in a folder with a space in its name: what `make run` installs, `make run` until it answers a query, its
end with nothing left running; then the targets (`test`, `check`) there.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes.switchboard import CHECKOUT, Running, a_free_port, all_gone, environment, processes_about

SIGN_IN = 'mutation { signIn(input: {email: "owner@demo.test", password: "demo password", session: BEARER}) { token } }'
CLIENTS = "{ accounts(first: 1) { totalCount } }"


def main(python: str, targets: Sequence[str]) -> None:
    with a_clone() as clone:
        make = Make(python, clone)
        make(".venv/installed")
        answers_and_stops(make)
        for target in targets:
            make(target)


@contextmanager
def a_clone() -> Iterator[Path]:
    """Of what is committed here; where root starts PostgreSQL, its user may pass through."""
    outer = Path(tempfile.mkdtemp(prefix="switchboard-fresh-"))
    outer.chmod(0o711)
    try:
        clone = outer / "a fresh clone"
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)
        if (beside := CHECKOUT.parent / "shared").exists():  # the design: tests compare with it where it is
            (outer / "shared").symlink_to(beside)
        yield clone
    finally:
        shutil.rmtree(outer)


@dataclass(frozen=True)
class Make:
    """`make` with that Python, in that clone."""

    python: str
    clone: Path

    def __call__(self, target: str) -> None:
        with self.timed(target):
            subprocess.run(self.command(target), cwd=self.clone, env=environment({}), check=True)

    def command(self, target: str) -> list[str]:
        return ["make", target, f"PYTHON={self.python}"]

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        print(f"{self.python}, a fresh clone: {what}: {time.monotonic() - begun:.0f} s", flush=True)


def answers_and_stops(make: Make) -> None:
    with make_run(make) as run:
        with make.timed("run, until it has answered"):
            run.until_said("Ctrl-C stops everything")
            token = asked(run.port, SIGN_IN)["signIn"]["token"]
            assert asked(run.port, CLIENTS, token)["accounts"]["totalCount"] > 0
        started = run.descendants()
        for pid in run.children():
            os.kill(pid, signal.SIGTERM)
        run.until_gone()
        assert run.process.returncode == 0, f"it ended with {run.process.returncode}:\n{run.said}"
        assert "Traceback" not in run.said, run.said
    assert all_gone(started)
    assert not processes_about(make.clone)


@contextmanager
def make_run(make: Make) -> Iterator[Running]:
    port, output = a_free_port(), make.clone.parent / "said"
    told_to = environment({"PORT": str(port), "PYTHONUNBUFFERED": "1"})
    with output.open("wb") as out:
        process = subprocess.Popen(
            make.command("run"),
            cwd=make.clone,
            env=told_to,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Running(process, output, port, make.clone / "var")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def asked(port: int, query: str, token: str | None = None) -> dict[str, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
