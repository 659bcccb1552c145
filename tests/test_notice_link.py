"""Where the button of a notice's letter leads (R12, R14)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ids import Kind, key_of
from models import firm_settings, notice_link, portal_action
from models.client_event import ClientEvent
from models.firm_settings import ClientAction, FirmSettings, FirmWish
from models.ground import clock, keys
from models.viewer import Viewer
from tests.support.api.client import Api
from tests.support.database.store import KEY, firms_key
from tests.support.firm.factories import PASSWORD, a_client, a_firm, a_member, an_account
from tests.support.firm.notices import settings_of

DESK = "https://desk.test/clients"
SOFTWARE, PATH = "https://clients.firm.test/app", "/invoices/12?tab=due#total"
AT = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)


def settings(software: str | None = SOFTWARE, *actions: ClientAction) -> FirmSettings:
    return settings_of("Studio", software_url=software, actions_without_login=actions)


def link(
    kept: FirmSettings,
    event: ClientEvent = ClientEvent.INVOICE_SENT,
    *,
    asked: ClientAction | None = None,
    path: str | None = PATH,
    at: datetime = AT,
) -> str:
    keys.use(KEY)
    return notice_link.leads_to(
        DESK,
        kept,
        key=keys.Key(KEY),
        account_id=UUID(int=2),
        address_id=UUID(int=3),
        event=event,
        action=asked,
        path=path,
        at=at,
    )


def asked_of_portal(url: str) -> tuple[UUID, str | None]:
    """The account and the path; asserts that it is the portal's page."""
    base, _, query = url.partition("?")
    assert base == f"{DESK}/portal"
    asked = {name: value for name, (value,) in parse_qs(query, keep_blank_values=True, strict_parsing=True).items()}
    return key_of(Kind.ACCOUNT, asked.pop("account")), asked.pop("to", None)


@pytest.mark.parametrize("event", ClientEvent)
def test_the_button_is_the_action_where_the_firm_allows_it_else_the_portal_that_leads_on(event: ClientEvent) -> None:
    every = settings(SOFTWARE, *ClientAction)
    if (action := event.action_of()) is None:
        assert asked_of_portal(link(every, event)) == (UUID(int=2), PATH)
        return
    assert link(settings(SOFTWARE, action), event).startswith(f"{DESK}/action/")
    others = [other for other in ClientAction if other is not action]
    assert asked_of_portal(link(settings(SOFTWARE, *others), event)) == (UUID(int=2), PATH)


def test_without_a_path_or_without_software_it_is_the_portal() -> None:
    every = settings(SOFTWARE, *ClientAction)
    assert asked_of_portal(link(every, path=None)) == (UUID(int=2), None)
    assert asked_of_portal(link(replace(every, software_url=None))) == (UUID(int=2), PATH)


def test_uploading_is_another_action_where_the_caller_says_so() -> None:
    event, upload = ClientEvent.CLIENT_REQUEST_SENT, ClientAction.UPLOAD_DOCUMENTS
    uploads = settings(SOFTWARE, upload)
    assert link(uploads, event, asked=upload).startswith(f"{DESK}/action/")
    assert asked_of_portal(link(uploads, event)) == (UUID(int=2), PATH)
    assert asked_of_portal(link(settings(SOFTWARE, ClientAction.COMPLETE_REQUESTS), event, asked=upload))


def test_a_letter_composed_anew_has_the_same_link() -> None:
    every = settings(SOFTWARE, *ClientAction)
    assert link(every) == link(every)
    assert link(every) != link(every, at=AT + timedelta(seconds=1))


def test_the_letter_names_no_place_but_ours() -> None:
    """`softwareUrl` is put in front when it is opened."""
    for kept in (settings(SOFTWARE, *ClientAction), settings(SOFTWARE)):
        assert "clients.firm.test" not in link(kept)
        assert link(kept) == link(replace(kept, software_url="https://new.firm.test"))


PATHS = st.from_regex(r"/[A-Za-z0-9~!$&'()*+,:=_/-]*(\?[!$&'()*+,;=:@/?.a-z0-9%-]*)?(#[a-z?/@]*)?", fullmatch=True)


@given(PATHS)
def test_any_path_comes_through_the_portals_address_unchanged(path: str) -> None:
    url = link(settings(), path=path)  # whether or not it is one: that is asked when it is opened
    assert urlsplit(url).geturl() == url
    assert url.isascii()
    assert asked_of_portal(url) == (UUID(int=2), path)


@pytest.fixture
async def owner(store: str) -> Viewer:
    owner = await a_member(await a_firm())
    pay = [ClientAction.PAY_INVOICES]
    await firm_settings.update(owner, FirmWish(actions_without_login=pay, software_url=SOFTWARE))
    return owner


async def test_the_button_opens_the_firms_software_without_login_for_seven_days(owner: Viewer) -> None:
    made, now = await an_account(owner, login=False), clock.now()
    url = notice_link.leads_to(
        DESK,
        await firm_settings.of(owner),
        key=firms_key(owner.firm_id),
        account_id=made.id,
        address_id=made.address,
        event=ClientEvent.INVOICE_REMINDER,
        path=PATH,
        at=now,
    )
    token = url.removeprefix(f"{DESK}/action/")
    opened = await portal_action.opened(token)
    assert opened is not None
    assert (opened.action, opened.account_id) == (ClientAction.PAY_INVOICES, made.id)
    assert opened.link == SOFTWARE + PATH
    clock.set_source(lambda: now + timedelta(days=7, seconds=1))
    assert await portal_action.opened(token) is None


LINK = "portal { softwareLink(path: $path) }"


async def test_the_portal_leads_on_below_the_firms_software_and_nowhere_else(api: Api, owner: Viewer) -> None:
    client = await a_client(owner)

    async def leads_on(path: str) -> str | None:
        document = f"query($path: String!) {{ {LINK} }}"
        found: str | None = (await api.ask(document, {"path": path}, as_=client.token))["portal"]["softwareLink"]
        return found

    assert await leads_on(PATH) == SOFTWARE + PATH
    for odd in (
        "https://evil.test",
        "//evil.test",
        "/../x",
        "javascript:alert(1)",
        "@evil.test",
        "",
        "/" + "a" * 3_000,
    ):
        assert await leads_on(odd) is None
    await firm_settings.update(owner, FirmWish(software_url="https://new.firm.test"))
    assert await leads_on(PATH) == "https://new.firm.test" + PATH
    await firm_settings.update(owner, FirmWish(software_url=None))
    assert await leads_on(PATH) is None


async def test_the_portal_leads_nowhere_before_an_account_is_picked(api: Api, owner: Viewer) -> None:
    first = await an_account(owner, address="anna@client.test", login=True)
    await a_client(owner, first, (await an_account(owner)).id)
    browser, variables = api.browser(), {"path": PATH, "id": f"account_{first.id.hex}"}
    signed = f"""mutation($path: String!) {{
      signIn(input: {{ email: "anna@client.test", password: "{PASSWORD}" }}) {{ {LINK} }} }}"""
    assert (await browser.ask(signed, {"path": PATH}))["signIn"] == {"portal": {"softwareLink": None}}
    picked = f"mutation($path: String!, $id: ID!) {{ selectAccount(input: {{ accountId: $id }}) {{ {LINK} }} }}"
    assert (await browser.ask(picked, variables))["selectAccount"] == {"portal": {"softwareLink": SOFTWARE + PATH}}
