"""
`python -m bench` runs all; `python -m bench accounts fanout` some; `--accounts 10` sets a size. `DATABASE_URL`: an
empty database to use instead of a server of its own; with it name one benchmark.
"""

import inspect
import sys
from collections.abc import Sequence
from importlib import import_module
from time import perf_counter
from typing import Any

from bench.figure import Figure, machine
from graph.process.cli import run

ALL = (
    "accounts",
    "toggle",
    "chunks",
    "bulk",
    "imports",
    "fanout",
    "idle",
    "reconnects",
    "given_up",
    "arrival",
    "history",
    "outage",
    "passes",
    "sync",
    "search",
    "samples",
    "letters",
    "notices",
    "strangers",
    "promises",
)


def main(arguments: Sequence[str]) -> int:
    names, sizes = _read(arguments)
    print(machine(), flush=True)
    figures = [figure for name in names or ALL for figure in _run(name, sizes)]
    missed = sum(figure.met is False for figure in figures)
    print(f"\n{missed} of {sum(figure.met is not None for figure in figures)} targets missed")
    return 1 if missed else 0


def _run(name: str, sizes: dict[str, float]) -> list[Figure]:
    module = import_module(f"bench.{name}")
    known = inspect.signature(module.run).parameters
    begun = perf_counter()
    print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
    mine: dict[str, Any] = {size: type(known[size].default)(value) for size, value in sizes.items() if size in known}
    figures: list[Figure] = run(module.run(**mine))
    print("\n".join(map(str, figures)))
    print(f"  ({perf_counter() - begun:.0f} s)", flush=True)
    return figures


def _read(arguments: Sequence[str]) -> tuple[list[str], dict[str, float]]:
    names: list[str] = []
    sizes: dict[str, float] = {}
    rest = iter(arguments)
    for each in rest:
        if each.startswith("--"):
            sizes[each[2:]] = float(next(rest))
        elif each in ALL:
            names.append(each)
        else:
            raise SystemExit(f"There is no benchmark {each}. There are {', '.join(ALL)}.")
    return names, sizes


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
