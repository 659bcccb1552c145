"""The demo firms in the database are those of the data."""

from datetime import UTC, datetime

import pytest

from mail.demo import seed
from mail.demo.people import BELLANDI, CLIENT, FIRMS, HARBOUR, OWNER_PASSWORD, Account, Firm
from mail.demo.tokens import consent
from mail.demo.users import COLLEAGUE, MAIL_PASSWORD, STUDIO
from models import account, contact, mailbox, portal, session, team, toggles
from models.account import AccountFilter, AccountOrder, AccountView, LoginStatus
from models.ground import store
from models.ground.page import Window
from models.mailbox import MailSecurity, MailServer
from models.mailbox.ending import end_mailboxes
from models.mailbox.secret import unsealed
from models.viewer import Client, TeamRole, Viewer

pytestmark = pytest.mark.usefixtures("store")

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


async def _owner(demo: Firm) -> Viewer:
    return await _colleague(demo.owner.email)


async def _colleague(email: str) -> Viewer:
    viewer = (await session.sign_in(email=email, secret=OWNER_PASSWORD)).viewer
    assert isinstance(viewer, Viewer)
    return viewer


def _status(demo: Firm, client: Account) -> LoginStatus:
    on = {row.address for row in demo.toggles() if row.code == client.code and row.switches.login}
    if client.archived or not on:
        return LoginStatus.OFFLINE
    return LoginStatus.ACTIVE if on & demo.activated else LoginStatus.PENDING


async def _accounts(by: Viewer) -> dict[str, AccountView]:
    found = await account.page(by, AccountFilter(archived=None), AccountOrder.CODE_ASC, Window(size=200))
    return {row.code: row for row in found.rows}


async def test_every_account_has_the_status_and_the_switches_that_the_data_says() -> None:
    assert await seed.seed(NOW)
    for demo in FIRMS:
        owner = await _owner(demo)
        found = await _accounts(owner)
        assert set(found) == {client.code for client in demo.accounts}
        for client in demo.accounts:
            row = found[client.code]
            assert (row.name, row.kind.value, row.archived) == (client.name, client.kind.value, client.archived)
            assert row.login_status is _status(demo, client), client.code
        await _same_toggles(owner, demo, {row.id: code for code, row in found.items()})


async def _same_toggles(owner: Viewer, demo: Firm, codes: dict) -> None:  # type: ignore[type-arg]
    views = [view for group in (await toggles.of_accounts(owner, list(codes))).values() for view in group]
    found = {
        (codes[view.account_id], view.address.address): (view.login, view.notify, view.email_sync) for view in views
    }
    assert found == {
        (row.code, row.address): (row.switches.login, row.switches.notify, row.switches.email_sync)
        for row in demo.toggles()
    }
    activated = {view.address.address for view in views if view.address.portal_user}
    assert activated == demo.activated & {row.address for row in demo.toggles()}


async def test_all_colleagues_contacts_and_shared_addresses_are_there() -> None:
    await seed.seed(NOW)
    for demo in FIRMS:
        owner = await _owner(demo)
        members = {(one.email, one.role) for one in await team.of_firm(owner)}
        assert members == {(one.email, one.role) for one in demo.colleagues}
        assert await contact.count(owner, contact.ContactFilter()) == len(demo.contacts)
        known = await store.value("SELECT count(*) FROM email_address WHERE firm_id = $1", owner.firm_id)
        assert known == len({text for one in demo.contacts for text in one.emails.values()})


async def test_a_firm_that_is_there_is_left_alone() -> None:
    assert await seed.seed(NOW)
    before = await store.value("SELECT sum(head) FROM journal_head")
    assert not await seed.seed(NOW)
    assert await store.value("SELECT sum(head) FROM journal_head") == before
    assert await store.value("SELECT count(*) FROM firm") == len(FIRMS)


async def test_whoever_activated_did_so_before_now() -> None:
    await seed.seed(NOW)
    assert await store.value("SELECT max(activated_at) FROM portal_user") < NOW
    assert await store.value("SELECT count(*) FROM portal_user") == len(BELLANDI.activated) + len(HARBOUR.activated)


async def test_a_client_who_activated_signs_in_and_picks_one_of_two_accounts() -> None:
    await seed.seed(NOW)
    client = (await session.sign_in(email=CLIENT, secret=OWNER_PASSWORD)).viewer
    assert isinstance(client, Client)
    found = await portal.of(client)
    assert len(found.accounts) == 2
    assert found.account is None


async def test_an_employee_without_the_right_cannot_manage_accounts() -> None:
    await seed.seed(NOW)
    davide = await _colleague("davide.serra@demo.test")
    assert davide.role is TeamRole.EMPLOYEE
    assert not davide.may_manage_accounts


IMAP, SMTP = (MailServer("127.0.0.1", port, MailSecurity.NONE) for port in (1143, 1025))


async def test_the_demo_mailboxes_are_connected_once_and_follow_their_servers() -> None:
    await seed.seed(NOW)
    by = await seed.main_firm()
    await seed.connect_demo_mailboxes(by, IMAP, SMTP, token_port=1180)
    owner = await _owner(BELLANDI)
    before = await mailbox.of_firm(owner)
    elsewhere = MailServer("127.0.0.1", 40_143, MailSecurity.NONE)
    for _ in range(2):
        await seed.connect_demo_mailboxes(by, elsewhere, SMTP, token_port=1181)
    after = await mailbox.of_firm(owner)
    thomas = next(one.id for one in await team.of_firm(owner) if one.email == COLLEAGUE.address)
    assert [(view.address, view.owner_id) for view in after] == [(STUDIO.address, None), (COLLEAGUE.address, thomas)]
    assert [(view.id, view.version) for view in after] == [(view.id, view.version + 1) for view in before]
    for view, secret in zip(after, (MAIL_PASSWORD, consent(COLLEAGUE.address, port=1181)), strict=True):
        assert (view.imap, view.smtp) == (elsewhere, SMTP)
        row = await store.row("SELECT secret, secret_kind FROM mailbox WHERE id = $1", view.id)
        assert await unsealed(by.firm_id, view.id, row) == secret


async def test_a_demo_mailbox_that_was_disconnected_does_not_come_back_at_the_next_start() -> None:
    await seed.seed(NOW)
    by = await seed.main_firm()
    await seed.connect_demo_mailboxes(by, IMAP, SMTP, token_port=1180)
    owner = await _owner(BELLANDI)
    await mailbox.disconnect(owner, next(one.id for one in await mailbox.of_firm(owner) if one.owner_id))
    await end_mailboxes()
    await seed.connect_demo_mailboxes(by, IMAP, SMTP, token_port=1180)
    assert [view.address for view in await mailbox.of_firm(owner)] == [STUDIO.address]
