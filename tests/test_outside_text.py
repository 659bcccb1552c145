"""Whatever looks into text of others takes four times as long for four times as much, however it was made up."""

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from time import process_time
from typing import Any

import pytest
from starlette.requests import Request

import graph
import mail
import models
from graph.engine.transport.headers import cookie_of
from graph.engine.transport.media import accepted
from graph.engine.transport.request import read
from mail.imap.names import from_wire
from mail.parse.html import safe
from models.sheet.sheet import Unreadable
from tests.support.firm.sheets import laid_out

SHORT, LONG = 10_000, 40_000  # characters
NOTHING = 0.02  # seconds of the processor; for less, nobody waits and no clock is exact
LINEAR = 8.0  # 4 for what is linear, 16 for what is quadratic

BEGINNINGS = ("", "<a ", "url(", '"', "&", "=?utf-8?q?", ";a=", "a: ", "(", "$a", "\\")
REPEATED = (" ", "\t", "\n", "a", "A", "1", "-", "-a", "\\", '"', '\\"', "&", "<", "<a ", "(", "[", "{1", ";", ";a",
            ";a=", "=?a?q?", "?=", "@", "a@b", "a.", ",", ":", "//", "url(", "--\n", "_", " a", "a=''")  # fmt: skip
ONLY_AT_A_PLACE = {
    "mail.header_lines._QUOTED_LOCAL",
    "mail.imap.answers._TOKEN",
    "mail.imap.listing._QUOTED",
    "mail.parse.addr_spec._ADDRESS",
    "mail.parse.addr_spec._QUOTED_FIRST",
    "mail.parse.addresses._USUAL",
    "mail.parse.bodies._INTRODUCES",
    "mail.parse.bodies._QUOTE",
    "mail.parse.headers._FIELD",
    "mail.parse.html._COVERS",
    "models.compared._QUOTED",
    "models.submission.recipients._QUOTED_NAME",
}
"""Never searched for: it stands at the beginning of what is looked at, or where the last ended, or not at all."""


def _took(look: Callable[[str], Any], text: str) -> float:
    began = process_time()
    look(text)
    return process_time() - began


def grows_evenly(look: Callable[[str], Any], made: Callable[[int], str]) -> bool:
    """The best of several, where there is anything to measure."""
    if _took(look, made(SHORT)) < NOTHING / 4:  # what is quadratic takes a tenth of a second for so many
        return True
    short, long = (min(_took(look, made(length)) for _ in range(3)) for length in (SHORT, LONG))
    return long < max(NOTHING, LINEAR * short)


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for package in (graph, mail, models):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                for name, value in vars(importlib.import_module(module.name)).items():
                    if isinstance(value, re.Pattern):
                        yield f"{module.name}.{name}", value


@pytest.mark.parametrize(("name", "pattern"), [pytest.param(*named, id=named[0]) for named in patterns()])
def test_no_regular_expression_is_quadratic(name: str, pattern: re.Pattern[Any]) -> None:
    def look(text: str) -> None:
        given: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
        pattern.match(given)
        if name not in ONLY_AT_A_PLACE:
            pattern.fullmatch(given)
            for _ in pattern.finditer(given):
                pass

    for beginning, repeated in product(BEGINNINGS, REPEATED):
        assert grows_evenly(look, lambda length: beginning + repeated * (length // len(repeated)) + "!"), (  # noqa: B023
            beginning,
            repeated,
        )


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw, "query_string": b"", "path": "/"})


def content_type(text: str) -> None:
    with pytest.raises(Exception, match="Send `content-type"):
        asyncio.run(read(request(content_type=text), max_bytes=1_000))


def accept(text: str) -> None:
    with pytest.raises(Exception, match="Answers are"):
        accepted(text)


def table(text: str) -> None:
    with suppress(Unreadable):
        laid_out(text.encode())


READERS: dict[str, tuple[Callable[[str], Any], str, str, str]] = {
    "blanks before a charset": (content_type, "application/json;", " ", "x"),
    "blanks after a charset": (content_type, "application/json; charset=utf-8", " ", "x"),
    "a cookie of backslashes": (lambda text: cookie_of(request(cookie=text), "ours"), 'theirs="', "\\", '"'),
    "a cookie of escapes": (lambda text: cookie_of(request(cookie=text), "ours"), 'theirs="', "\\1", '"'),
    "many cookies": (lambda text: cookie_of(request(cookie=text), "ours"), "", "a=;", ""),
    "many kinds of answers": (accept, "", ",", "text/html"),
    "many parameters of an answer": (accept, "text/html", ";q", ""),
    "blanks in a style": (safe, '<p style="background:url(', " ", '">'),
    "styles that load": (safe, '<p style="', "a:url( ", '">'),
    "a table's cell of quotes": (table, 'a;b\n"', '""', '";x\n'),
    "a table's open quote": (table, 'a;b\n"', "x;y\n", ""),
    "a table's quotes in disorder": (table, "a;b\n", '"x"y;z\n', ""),
    "a table's many columns": (table, "", "a;", "\n1;2\n"),
    "a table's empty rows": (table, "a;b\n", ";\n\r", "1;2"),
    "apostrophes of ours": (table, "a;b\nx;", "'=", ""),
    "a folder's name": (from_wire, "", "&", ""),
    "a folder's name without an end": (from_wire, "&", "A", ""),
}


@pytest.mark.parametrize("name", READERS)
def test_what_reads_the_text_of_others_is_not_quadratic(name: str) -> None:
    look, beginning, repeated, end = READERS[name]
    assert grows_evenly(look, lambda length: beginning + repeated * (length // len(repeated)) + end)
