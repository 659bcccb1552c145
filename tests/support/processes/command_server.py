"""
Runs commands of `switchboard`, each in a process forked from this one, which has imported the program already.

To import it takes ten times as long as to say what is wrong with a setting. One request and one answer for each line:
{"arguments": […], "environment": {…}, "told": "…"} → {"returncode": 1, "stdout": "…", "stderr": "…"}.
"""

import json
import os
import sys
import tempfile
from typing import IO

from graph.process import cli


def serve() -> None:
    for line in sys.stdin:
        print(json.dumps(_run(**json.loads(line))), flush=True)


def _run(arguments: list[str], environment: dict[str, str], told: str) -> dict[str, object]:
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(told.encode())
        stdin.seek(0)
        if not (pid := os.fork()):
            _become(arguments, environment, (stdin, stdout, stderr))
        _, status = os.waitpid(pid, 0)
        said = [_all_of(stdout), _all_of(stderr)]
    return {"returncode": os.waitstatus_to_exitcode(status), "stdout": said[0], "stderr": said[1]}


def _become(arguments: list[str], environment: dict[str, str], streams: tuple[IO[bytes], ...]) -> None:
    """Never returns."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["switchboard", *arguments]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a new one: the server's has read ahead
    code: object = 0
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else bool(code))


def _all_of(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


if __name__ == "__main__":
    serve()
