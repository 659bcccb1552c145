"""One-click unsubscribing over HTTP, as mail programs do it by themselves (RFC 8058)."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.pages.one_click import ONE_CLICK, _fields
from models.ground import store as database
from models.viewer import Viewer
from tests.support.api.client import Api, an_api
from tests.support.database.failing import FAILS
from tests.support.firm.factories import MadeAccount, a_firm, a_member, an_account, signed_in
from tests.support.firm.new_keys import rotated
from tests.support.firm.one_of_everything import everything
from tests.support.firm.preferences import muted
from tests.support.letters.unsubscribe_links import MESSAGES, link_of
from tests.support.processes.several_servers import a_server, asked

FORM = {"content-type": "application/x-www-form-urlencoded"}
BODY = b"List-Unsubscribe=One-Click"
PART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


async def a_letter() -> tuple[Viewer, MadeAccount]:
    owner = await a_member(await a_firm())
    return owner, await an_account(owner, login=True, notify=True)


async def posted(api: Api, link: str, body: bytes = BODY, headers: dict[str, str] = FORM) -> httpx.Response:
    return await api.http.post(link, content=body, headers=headers)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, BODY),
        ({"content-type": "Application/X-WWW-Form-URLEncoded; charset=UTF-8"}, BODY),
        (FORM, b"List-Unsubscribe=One%2DClick"),
        (MULTIPART, PART + b"--b--\r\n"),
        (MULTIPART, PART + b"--b--"),
        ({"content-type": 'multipart/form-data; boundary="b"'}, b"\r\n" + PART + b"--b--\r\n"),
    ],
)
async def test_one_post_takes_the_category_off_and_a_second_is_answered_the_same(
    api: Api, headers: dict[str, str], body: bytes
) -> None:
    owner, made = await a_letter()
    answers = [await posted(api, link_of(owner, made), body, headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text == "You will get no more of these e-mails.\n"
    assert [name for answer in answers for name in ("set-cookie", "location") if name in answer.headers] == []
    assert answers[0].headers["cache-control"] == "no-store"
    assert await muted(owner, made.id, made.address) == {MESSAGES}


async def test_it_needs_no_cookie_and_one_that_comes_along_tells_nothing(api: Api) -> None:
    owner, made = await a_letter()
    cookie = f"{api.settings.cookie}={(await signed_in(owner)).token}"
    foreign = {"origin": "https://mail.example", "sec-fetch-site": "cross-site", "cookie": cookie}
    answer = await posted(api, link_of(owner, made), headers=FORM | foreign)
    assert answer.status_code == 200
    asked = "{ journal(first: 1) { nodes { kind by actor { __typename } } } }"
    [entry] = (await api.ask(asked, as_=await signed_in(owner)))["journal"]["nodes"]
    assert entry == {"kind": "PREFERENCES_CHANGED", "by": "LETTER_LINK", "actor": None}


async def test_looking_changes_nothing_however_often_scanners_look(api: Api) -> None:
    owner, made = await a_letter()
    link, before = link_of(owner, made), await everything()
    for method in ("GET", "HEAD", "GET"):
        answer = await api.http.request(method, link)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert link.rpartition("/")[2] not in answer.text
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert (await api.http.request(method, link)).status_code == 405
    assert await everything() == before


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, b""),
        (FORM, b"List-Unsubscribe=one-click"),
        (FORM, b"List-Unsubscribe=One-Click&on=true"),
        (FORM, b"List-Unsubscribe=One-Click&List-Unsubscribe=One-Click"),
        (FORM, b"List-Unsubscribe="),
        (FORM, b"\xff\xfe\0"),
        ({}, BODY),
        ({"content-type": "text/plain"}, BODY),
        ({"content-type": "application/json"}, b'{"List-Unsubscribe": "One-Click"}'),
        (MULTIPART, b""),
        (MULTIPART, BODY),
        (MULTIPART, PART + PART + b"--b--"),
        (MULTIPART, b"--c" + PART[3:] + b"--c--"),
        (MULTIPART, PART.replace(b"One-Click", b"\xff") + b"--b--"),
        ({"content-type": "multipart/form-data"}, PART + b"--b--"),
        (FORM | {"content-encoding": "gzip"}, b"\x1f\x8b\x08\0\0\0\0\0"),
    ],
)
async def test_any_other_post_is_refused_in_plain_words(api: Api, headers: dict[str, str], body: bytes) -> None:
    owner, made = await a_letter()
    before = await everything()
    answer = await posted(api, link_of(owner, made), body, headers)
    assert (answer.status_code, "RFC 8058" in answer.text) == (400, True)
    assert await everything() == before


async def test_a_body_is_bounded_whether_its_length_is_told_or_not(api: Api) -> None:
    owner, made = await a_letter()
    link, before = link_of(owner, made), await everything()
    assert (await posted(api, link, BODY + b"&" * 5_000)).status_code == 413

    async def pieces() -> Any:
        yield BODY
        for _ in range(100):
            yield b"&" * 100

    assert (await api.http.post(link, content=pieces(), headers=FORM)).status_code == 413
    assert await everything() == before


async def test_of_one_other_byte_it_is_no_link_and_says_no_more_than_of_nonsense(api: Api) -> None:
    owner, made = await a_letter()
    link, before = link_of(owner, made), await everything()
    nonsense = await posted(api, "/unsubscribe/nonsense")
    assert (nonsense.status_code, nonsense.text) == (
        404, "There is no such link. Copy it from the letter as a whole.\n"
    )  # fmt: skip
    for at in (15, 60, -40, -1):
        wrong = list(link)
        wrong[at] = "A" if wrong[at] != "A" else "B"
        answer = await posted(api, "".join(wrong))
        assert (answer.status_code, answer.text) == (404, nonsense.text)
    await rotated(leaked=True)
    before = await everything()
    assert (await posted(api, link)).status_code == 404
    assert await everything() == before


async def test_a_network_has_its_share_and_is_told_when_to_come_again(store: str, tmp_path: Path) -> None:
    owner, made = await a_letter()
    async with an_api(store, tmp_path, cost_per_stranger=25) as api:
        answers = [await posted(api, link_of(owner, made)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 0


async def test_what_breaks_is_told_in_plain_words_and_no_log_has_the_token(own_store: str, tmp_path: Path) -> None:
    owner, made = await a_letter()
    link = link_of(owner, made)
    await database.execute("ALTER TABLE toggles ADD CHECK (muted = '{}')")
    with a_server(own_store, tmp_path, "one") as server:
        async with asked(server) as api:
            told = await posted(api, link)
            assert (told.status_code, "Something went wrong on our side" in told.text) == (500, True)
            assert (await posted(api, link, b"nonsense")).status_code == 400
            assert (await posted(api, link[:-1])).status_code == 404
            assert (await api.http.get(link)).status_code == 200
    assert "CheckViolation" in server.said
    assert link.rpartition("/")[2][:-1] not in server.said


async def test_a_mail_program_comes_again_where_the_database_is_away(own_store: str, tmp_path: Path) -> None:
    owner, made = await a_letter()
    await database.execute(
        FAILS.format(returns="trigger", how="RAISE 'full' USING ERRCODE = '53100'", end="RETURN NEW;")
    )
    await database.execute("CREATE TRIGGER fails BEFORE UPDATE ON toggles FOR EACH ROW EXECUTE FUNCTION fails()")
    async with an_api(own_store, tmp_path) as api:
        told = await posted(api, link_of(owner, made))
        assert (told.status_code, told.text[:34]) == (503, "The database does not answer just ")
        await database.execute("DROP FUNCTION fails CASCADE")
        assert (await posted(api, link_of(owner, made))).status_code == 200
    assert await muted(owner, made.id, made.address) == {MESSAGES}


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")), st.binary(max_size=300))
def test_no_form_is_beyond_reading(parameters: str, body: bytes) -> None:
    """What is one is known by its words alone."""
    for content_type in (f"multipart/form-data; {parameters}", f"multipart/form-data; boundary=b; {parameters}"):
        for given_ in (body, b"--b\r\n" + body + b"\r\n--b--", b"--b\r\nContent-Disposition: " + body + b"\r\n\r\nx"):
            if _fields(content_type, given_) == ONE_CLICK:
                assert b"One-Click" in given_
