"""Signed links to a file."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models.ground import clock, keys
from models.links import FileKind, Opened, file_link, opened

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TO = Opened(uuid4(), uuid4(), uuid4())
THEIRS = keys.Key.new()


@pytest.fixture(autouse=True)
def _time_and_key() -> None:
    keys.use(bytes(32))
    keys.firms()[TO.firm_id] = THEIRS
    clock.set_source(lambda: NOW)


def _token(kind: FileKind = FileKind.ATTACHMENT, name: str = "invoice.pdf") -> str:
    link = file_link("https://x.test", kind, key=THEIRS, to=TO, name=name)
    assert link.startswith(f"https://x.test/files/{kind}/")
    return link.split("/")[5]


async def test_a_link_leads_to_its_row_for_an_hour() -> None:
    token = _token()
    assert await opened(FileKind.ATTACHMENT, token) == TO
    clock.set_source(lambda: NOW + timedelta(hours=1))
    assert await opened(FileKind.ATTACHMENT, token) == TO
    clock.set_source(lambda: NOW + timedelta(hours=1, seconds=1))
    assert await opened(FileKind.ATTACHMENT, token) is None


@pytest.mark.parametrize("kind", [FileKind.SOURCE, FileKind.QUARANTINE])
async def test_a_link_is_good_for_its_kind_only(kind: FileKind) -> None:
    assert await opened(kind, _token()) is None


@pytest.mark.parametrize("token", ["", ".", "...", "a.b.c.d", "é.é.é.é", "x" * 5000])
async def test_what_was_not_signed_leads_nowhere(token: str) -> None:
    assert await opened(FileKind.ATTACHMENT, token) is None


async def test_an_altered_link_leads_nowhere() -> None:
    firm, row, expires, session, signature = _token().split(".")
    for altered in (
        f"{firm}.{row}.{int(expires) + 1}.{session}.{signature}",
        f"{uuid4().hex}.{row}.{expires}.{session}.{signature}",
        f"{firm}.{uuid4().hex}.{expires}.{session}.{signature}",
        f"{firm}.{row}.{expires}.{uuid4().hex}.{signature}",
        f"{firm}.{row}.{expires}.{signature}",
    ):
        assert await opened(FileKind.ATTACHMENT, altered) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b?c#d", "naïve.pdf", "\r\nSet-Cookie: x"])
def test_a_name_stays_one_harmless_part_of_the_path(name: str) -> None:
    link = file_link("https://x.test", FileKind.ATTACHMENT, key=THEIRS, to=TO, name=name)
    last = link.split("/", 6)[6]
    assert link.isascii()
    assert link.isprintable()
    assert not set(last) & set("/?# ")
