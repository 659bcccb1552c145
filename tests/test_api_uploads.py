"""`POST /uploads`, as pages and programs send files."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from graph.ids import Kind, key_of
from graph.pages import uploads
from models import api_token, upload
from models.ground import files, store
from models.session import SignedIn
from models.viewer import ApiScope, Viewer
from tests.support.api.client import Api, As, Browser, an_api, bearer
from tests.support.api.toy_server import until
from tests.support.firm.factories import a_client, a_firm, signed_in
from tests.support.firm.one_of_everything import PDF
from tests.support.servers.bucket import Bucket
from tests.support.waiting import patience

pytestmark = pytest.mark.usefixtures("store")
MB = 1024 * 1024
BILL = ("bill.pdf", PDF, "application/pdf")
BOUNDARY = "--a-boundary"


@pytest.fixture
async def anna(store: str) -> SignedIn[Viewer]:
    return await signed_in(await a_firm())


async def sent(
    api: Api, file: tuple[str, bytes, str] = BILL, *, as_: As = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    return await api.http.post("/uploads", files={"file": file}, headers={**bearer(as_), **(headers or {})})


async def raw(api: Api, body: bytes | AsyncIterator[bytes], *, as_: As, kind: str | None = None) -> httpx.Response:
    form = {"content-type": f'multipart/form-data; boundary="{BOUNDARY}"' if kind is None else kind}
    return await api.http.post("/uploads", content=body, headers={**bearer(as_), **form})


@asynccontextmanager
async def cut_after(api: Api, body: bytes, *, as_: As) -> AsyncIterator[asyncio.StreamReader]:
    """The beginning of a request on a line that is cut at the end of the block; until then nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.settings.port)
    head = {**bearer(as_), "content-type": f'multipart/form-data; boundary="{BOUNDARY}"', "content-length": "20000000"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"host": "firm.test", **head}.items())
    writer.write(f"POST /uploads HTTP/1.1\r\n{lines}\r\n".encode() + body)
    try:
        await writer.drain()
        yield reader
    finally:
        writer.close()


def part(content: bytes, disposition: str = 'form-data; name="file"; filename="bill.pdf"') -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\nContent-Type: application/pdf\r\n\r\n"
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def told(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


async def kept() -> int:
    return int(await store.value("SELECT count(*) FROM upload"))


async def test_a_file_is_kept_and_its_id_and_size_are_told(api: Api, anna: SignedIn[Viewer]) -> None:
    answer = await sent(api, as_=anna)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["name"], body["size"]) == ("bill.pdf", len(PDF))
    upload_id = key_of(Kind.UPLOAD, body["id"])
    row = (await upload.by_ids(anna.viewer, [upload_id]))[upload_id]
    assert row.content_type == "application/pdf"
    assert b"".join([piece async for piece in await files.read(row.firm_id, row.file)]) == PDF


async def test_a_browser_sends_its_cookie_and_the_header(api: Api, anna: SignedIn[Viewer]) -> None:
    browser = Browser(api, {api.settings.cookie: anna.token})
    own = browser.headers | {"x-switchboard": "1"}
    assert (await sent(api, headers=own)).status_code == 201
    assert told(await sent(api, headers=browser.headers)) == (403, "FORBIDDEN")
    assert told(await sent(api, headers=own | {"origin": "https://evil.test"})) == (403, "FORBIDDEN")
    assert await kept() == 1


async def test_who_may_not_change_anything_uploads_nothing(api: Api, anna: SignedIn[Viewer]) -> None:
    client = await a_client(anna.viewer)
    reader = await api_token.create(anna.viewer, name="Ledger", scopes=[ApiScope.READ])
    assert told(await sent(api)) == (401, "UNAUTHENTICATED")
    assert told(await sent(api, as_="x" * 43)) == (401, "UNAUTHENTICATED")
    assert told(await sent(api, as_=client)) == (403, "FORBIDDEN")
    assert told(await sent(api, as_=reader.token)) == (403, "FORBIDDEN")
    assert await kept() == 0


async def test_a_token_that_may_change_things_uploads(api: Api, anna: SignedIn[Viewer]) -> None:
    writer = await api_token.create(anna.viewer, name="Ledger", scopes=[ApiScope.WRITE])
    answer = await sent(api, as_=writer.token)
    assert answer.status_code == 201
    ids: list[UUID] = [key_of(Kind.UPLOAD, answer.json()["id"])]
    assert set(await upload.by_ids(anna.viewer, ids)) == set(ids)


async def test_25_mb_are_taken_and_a_byte_more_is_not(api: Api, anna: SignedIn[Viewer]) -> None:
    assert (await sent(api, ("a.pdf", b"x" * (25 * MB), "application/pdf"), as_=anna)).status_code == 201
    for size in (25 * MB + 1, 26 * MB):
        answer = await sent(api, ("a.pdf", b"x" * size, "application/pdf"), as_=anna)
        assert told(answer) == (413, "PAYLOAD_TOO_LARGE")
        assert answer.json()["errors"][0]["message"] == "A file may have at most 25 MB; a CSV file, 20 MB."
    assert await kept() == 1


@pytest.mark.parametrize(("name", "kind"), [("a.CSV", "application/pdf"), ("a.txt", "text/csv; charset=utf-8")])
async def test_a_csv_file_has_20_mb_at_most(api: Api, anna: SignedIn[Viewer], name: str, kind: str) -> None:
    assert (await sent(api, (name, b"x" * (20 * MB), kind), as_=anna)).status_code == 201
    assert told(await sent(api, (name, b"x" * (20 * MB + 1), kind), as_=anna)) == (413, "PAYLOAD_TOO_LARGE")


async def test_what_is_sent_without_its_length_is_refused_once_it_is_too_much(api: Api, anna: SignedIn[Viewer]) -> None:
    pieces = 0

    async def many() -> AsyncIterator[bytes]:
        nonlocal pieces
        yield part(b"")[:-2]
        while pieces < 50:
            pieces += 1
            yield b"x" * MB

    assert told(await raw(api, many(), as_=anna)) == (413, "PAYLOAD_TOO_LARGE")
    assert await kept() == 0


async def test_who_hangs_up_midway_leaves_nothing_and_frees_the_place(api: Api, anna: SignedIn[Viewer]) -> None:
    budget = api.app.state.budget
    async with cut_after(api, part(b"x" * (5 * MB)), as_=anna):
        await until(lambda: budget.operations)
    await until(lambda: not budget.operations)
    assert await kept() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        END,
        part(PDF),  # its end never comes
        part(PDF)[:-20],
        part(PDF, "form-data") + END,
        part(PDF, 'form-data; name="file"') + END,  # a field, not a file
        part(PDF) + part(PDF) + END,
        part(PDF, 'form-data; name="note"') + part(PDF) + END,
    ],
    ids=["empty", "nonsense", "no part", "no end", "cut", "no name", "a field", "two files", "a field and a file"],
)
async def test_what_is_not_one_file_is_refused_in_plain_words(api: Api, anna: SignedIn[Viewer], body: bytes) -> None:
    answer = await raw(api, body, as_=anna)
    assert told(answer) == (400, "BAD_REQUEST")
    assert answer.json()["errors"][0]["message"].startswith("Send one file as multipart/form-data")
    assert await kept() == 0


@pytest.mark.parametrize("kind", ["application/json", "text/csv", "multipart/mixed; boundary=x", ""])
async def test_another_kind_of_body_is_refused(api: Api, anna: SignedIn[Viewer], kind: str) -> None:
    assert told(await raw(api, part(PDF) + END, as_=anna, kind=kind)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x"])
async def test_a_form_without_a_boundary_is_refused(api: Api, anna: SignedIn[Viewer], kind: str) -> None:
    assert told(await raw(api, part(PDF) + END, as_=anna, kind=kind)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("name", ["../../etc/passwd", "Größe – 発票.pdf", 'q"uote.pdf', "a;b.pdf", "C:\\bill.pdf"])
async def test_any_name_that_can_be_shown_is_only_a_name(api: Api, anna: SignedIn[Viewer], name: str) -> None:
    """It is no path of ours: a file is kept by its content."""
    answer = await sent(api, (name, PDF, "application/pdf"), as_=anna)
    assert answer.status_code == 201


@pytest.mark.parametrize("name", ["", "a%0Ab"])
async def test_a_name_that_cannot_be_shown_is_refused(api: Api, anna: SignedIn[Viewer], name: str) -> None:
    disposition = (
        f"form-data; name=\"file\"; filename*=UTF-8''{name}" if name else 'form-data; name="file"; filename=""'
    )
    answer = await raw(api, part(PDF, disposition) + END, as_=anna)
    assert answer.status_code == 400
    assert await kept() == 0


async def test_whoever_sends_slowly_takes_up_a_place_of_their_own_session(store: str, tmp_path: Path) -> None:
    anna = await signed_in(await a_firm())
    async with an_api(store, tmp_path, operations_at_once=1) as api:
        async with cut_after(api, part(PDF), as_=anna):
            await until(lambda: api.app.state.budget.operations)
            assert told(await sent(api, as_=anna)) == (400, "LIMIT_EXCEEDED")
        await until(lambda: not api.app.state.budget.operations)
        assert (await sent(api, as_=anna)).status_code == 201


async def test_whoever_takes_too_long_is_told_so(
    api: Api, anna: SignedIn[Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SECONDS", 0.0)
    async with cut_after(api, part(PDF), as_=anna) as reader, patience():
        answer = await reader.readuntil(b'"LIMIT_EXCEEDED"')
    assert b"The file took longer" in answer
    assert await kept() == 0


async def test_where_the_files_are_away_it_says_so_and_may_be_sent_again(api: Api, anna: SignedIn[Viewer]) -> None:
    async with Bucket() as bucket:
        with bucket.opened():
            bucket.says = b"503"
            answer = await sent(api, as_=anna)
    assert told(answer) == (503, "UNAVAILABLE")
    assert answer.json()["errors"][0]["message"].startswith("The store of files does not answer just now.")
    assert await kept() == 0


async def test_other_methods_are_told_to_post(api: Api) -> None:
    answer = await api.http.get("/uploads")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
