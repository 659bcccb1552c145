"""Downloads by the signed links of the API."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from graph.pages.files import AWAY
from models import api_token, session, team
from models.ground import clock, files, store
from models.viewer import ApiScope
from tests.support.api.client import Api
from tests.support.firm.one_of_everything import PDF, World, a_letter, a_world
from tests.support.servers.bucket import Bucket

LINKS = "query($id: ID!) { node(id: $id) { ... on Email { rawUrl attachments { url name size contentType } } } }"


async def _links(api: Api, world: World, email: str | None = None) -> Any:
    return (await api.ask(LINKS, {"id": email or world.ids["email"]}, as_=world.owner))["node"]


async def _get(api: Api, url: str) -> httpx.Response:
    assert url.startswith(api.url)
    return await api.http.get(url)


def _assert_gone(answer: httpx.Response) -> None:
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "expired" in answer.text


async def test_an_attachment_comes_as_it_was_sent_and_is_saved_not_shown(api: Api) -> None:
    world = await a_world()
    (attachment,) = (await _links(api, world))["attachments"]
    answer = await _get(api, attachment["url"])
    assert answer.status_code == 200
    assert answer.content == PDF
    assert len(PDF) == attachment["size"]
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''invoice.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "private" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers


async def test_a_source_comes_as_bytes(api: Api) -> None:
    world = await a_world()
    answer = await _get(api, (await _links(api, world))["rawUrl"])
    assert answer.status_code == 200
    assert answer.text.startswith("From: anna@client.test\nSubject: Invoice 12\n")
    assert "html" not in answer.headers["content-type"]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("page.html", "text/html"), ("a.svg", "image/svg+xml"), ("x.js", "text/javascript"), ("x", "text/html; charset=x"),
     ("x", "nonsense"), ("x", "a/b\r\nSet-Cookie: a=b")],
)  # fmt: skip
async def test_what_a_stranger_sent_never_runs_as_a_page_of_ours(api: Api, name: str, content_type: str) -> None:
    world = await a_world()
    content = b"<script>alert(1)</script>"
    key = await a_letter(world.by, mailbox_id=world.mailbox, attachment=content, name=name, content_type=content_type)
    (attachment,) = (await _links(api, world, f"email_{key.hex}"))["attachments"]
    answer = await _get(api, attachment["url"])
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b.pdf", 'q"uote.pdf', "Größe – 発票.pdf", "a;b.pdf", "a%2Fb.pdf", ".pdf"]
)
async def test_any_name_makes_a_link_that_works_and_a_header_that_is_one(api: Api, name: str) -> None:
    world = await a_world()
    key = await a_letter(world.by, mailbox_id=world.mailbox, attachment=PDF, name=name)
    (attachment,) = (await _links(api, world, f"email_{key.hex}"))["attachments"]
    answer = await _get(api, attachment["url"])
    assert (answer.status_code, answer.content) == (200, PDF)
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert not set(disposition.partition("''")[2]) & set('/\\";, ')


async def test_an_altered_link_leads_nowhere(api: Api) -> None:
    world = await a_world()
    shown = await _links(api, world)
    for url in (shown["rawUrl"], shown["attachments"][0]["url"]):
        before, kind, token, name = url.rsplit("/", 3)
        firm, row, expires, session_id, signature = token.split(".")
        altered = [
            f"{firm}.{row}.{int(expires) + 1}.{session_id}.{signature}",
            f"{row}.{firm}.{expires}.{session_id}.{signature}",
            f"{firm}.{row}.{expires}.{signature}",
            f"{firm}.{row}.{expires}.{session_id}.{signature[:-1]}",
            f"{firm}.{row}.{expires}.{session_id}.",
            f"{firm}.{row}.{expires}.{session_id}",
            "x",
            "%00",
            "%ff",
            token + "%20",
            token.replace(".", "%2e.", 1),
        ]
        for one in altered:
            _assert_gone(await api.http.get(f"{before}/{kind}/{one}/{name}"))
        others = {"attachment", "source", "quarantine"} - {kind}
        for other in others:
            _assert_gone(await api.http.get(f"{before}/{other}/{token}/{name}"))


async def test_a_link_is_good_for_an_hour(api: Api) -> None:
    world, now = await a_world(), clock.now()
    clock.set_source(lambda: now)
    url = (await _links(api, world))["rawUrl"]
    clock.set_source(lambda: now + timedelta(minutes=59))
    assert (await _get(api, url)).status_code == 200
    clock.set_source(lambda: now + timedelta(minutes=60, seconds=1))
    _assert_gone(await _get(api, url))


async def test_a_colleagues_link_dies_with_the_session_and_with_the_colleague(api: Api) -> None:
    """P5"""
    world = await a_world()
    signing_out = (await _links(api, world))["rawUrl"]
    leaving = (await api.ask(LINKS, {"id": world.ids["email"]}, as_=world.employee))["node"]["rawUrl"]
    await team.remove(world.owner.viewer, world.employee.viewer.member_id)
    _assert_gone(await _get(api, leaving))
    assert (await _get(api, signing_out)).status_code == 200
    await session.sign_out(world.owner.viewer)
    _assert_gone(await _get(api, signing_out))


async def test_a_link_for_an_api_token_dies_with_the_token(api: Api) -> None:
    world = await a_world()
    created = await api_token.create(world.owner.viewer, name="Archive", scopes=[ApiScope.READ])
    url = (await api.ask(LINKS, {"id": world.ids["email"]}, as_=created.token))["node"]["rawUrl"]
    assert (await _get(api, url)).status_code == 200
    await api_token.revoke(world.owner.viewer, created.done.ids[0])
    _assert_gone(await _get(api, url))


async def test_a_link_that_comes_live_is_each_ones_own(api: Api) -> None:
    """A document that asks for links is executed for each by itself, so that they die one by one."""
    world = await a_world()
    live = "subscription { emailArrived { ... on EmailArrived { email { rawUrl attachments { url } } } } }"
    async with api.follow(live, as_=world.owner) as stays, api.follow(live, as_=world.employee) as leaves:
        for feed in (stays, leaves):
            await feed.next()
        await a_letter(world.by, mailbox_id=world.mailbox, attachment=PDF)
        kept, lost = [(await feed.next())["email"] for feed in (stays, leaves)]
    await session.sign_out(world.employee.viewer)
    for email, links_left in ((kept, 200), (lost, 404)):
        for url in (email["rawUrl"], email["attachments"][0]["url"]):
            assert (await _get(api, url)).status_code == links_left


async def test_what_is_gone_from_the_database_or_the_disk_is_gone(api: Api) -> None:
    world = await a_world()
    shown = await _links(api, world)
    await store.execute("UPDATE email SET raw_file = $1 WHERE firm_id = $2", "0" * 64, world.by.firm_id)
    _assert_gone(await _get(api, shown["rawUrl"]))
    await store.execute("DELETE FROM document WHERE firm_id = $1", world.by.firm_id)
    await store.execute("DELETE FROM attachment WHERE firm_id = $1", world.by.firm_id)
    _assert_gone(await _get(api, shown["attachments"][0]["url"]))


async def test_while_the_store_of_files_is_away_a_link_says_so_and_then_leads_there_again(api: Api) -> None:
    world = await a_world()
    url = (await _links(api, world))["rawUrl"]
    async with Bucket() as bucket:
        with bucket.opened():
            bucket.says = b"503"
            told = await _get(api, url)
    assert (told.status_code, told.headers["retry-after"], told.text) == (503, "60", AWAY)
    files.open_files(api.settings)
    assert (await _get(api, url)).status_code == 200


async def test_only_get_and_head_are_answered(api: Api) -> None:
    world = await a_world()
    url = (await _links(api, world))["rawUrl"]
    assert (await api.http.head(url)).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert (await api.http.request(method, url)).status_code == 405
