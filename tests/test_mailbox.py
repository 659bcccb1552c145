"""Mailboxes: connected, mended, by whom; and where their passwords are not."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from models import journal, mailbox, team
from models.errors import ErrorCode
from models.ground import clock, store
from models.mailbox import MailboxChange, MailboxState, MailSecurity, MailServer, NewMailbox, connect, lease, update
from models.mailbox.mailbox import Mailbox
from models.mailbox.secret import unsealed
from models.viewer import ApiScope, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_firm, a_member, mail_ports
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
PASSWORD = "the mailbox password"
IMAP, SMTP = MailServer("imap.x.test", 993), MailServer("smtp.x.test", 587, MailSecurity.STARTTLS)
by = owner_of_a_new_firm


def _new(address: str = "Studio@X.test", **more: Any) -> NewMailbox:
    given: dict[str, Any] = {"address": address, "secret": PASSWORD, "imap": IMAP, "smtp": SMTP, **more}
    return NewMailbox(**given)


async def _view(by: Viewer, mailbox_id: Any) -> mailbox.MailboxView:
    return (await mailbox.by_ids(by, [mailbox_id]))[mailbox_id]


async def test_a_connected_mailbox_starts_as_checking_and_signs_in_with_its_address(by: Viewer) -> None:
    done = await connect(by, _new())
    view = await _view(by, done.ids[0])
    assert (view.address, view.username, view.owner_id) == ("Studio@x.test", "Studio@x.test", None)
    assert (view.imap, view.smtp, view.state, view.fault) == (IMAP, SMTP, MailboxState.CHECKING, None)
    assert done.cursor == await journal.head(by.firm_id)
    assert await mailbox.of_firm(by) == [view]


async def test_a_host_is_kept_without_what_came_along_when_it_was_pasted(by: Viewer) -> None:
    imap = replace(IMAP, host=f" {IMAP.host}\u202c{' ' * 300}")
    smtp = replace(SMTP, host=f"\t{SMTP.host}")
    (mailbox_id,) = (await connect(by, _new(imap=imap, smtp=smtp))).ids
    # the same servers: nobody has to say the password anew
    await update(by, mailbox_id, MailboxChange(imap=imap, smtp=smtp))
    view = await _view(by, mailbox_id)
    assert (view.imap, view.smtp, view.version) == (IMAP, SMTP, 1)


async def test_an_address_is_connected_once_also_at_once(by: Viewer) -> None:
    await connect(by, _new())
    with refused(ErrorCode.ALREADY_TAKEN, "address"):
        await connect(by, _new("studio@x.TEST"))
    await connect(await a_member(await a_firm()), _new())
    found = await asyncio.gather(*(connect(by, _new("other@x.test")) for _ in range(4)), return_exceptions=True)
    refusals = [one for one in found if isinstance(one, BaseException)]
    assert len(refusals) == 3
    assert {getattr(one, "code", one) for one in refusals} == {ErrorCode.ALREADY_TAKEN}


@pytest.mark.parametrize(
    "give",
    [
        lambda by, _, owner_id: connect(by, _new("other@x.test", owner_id=owner_id)),
        lambda by, mailbox_id, owner_id: update(by, mailbox_id, MailboxChange(owner_id=owner_id)),
    ],
    ids=["connect", "update"],
)
async def test_nobody_is_given_a_mailbox_who_is_removed_meanwhile(by: Viewer, store: str, give: Any) -> None:
    leaving = (await a_member(by, role=TeamRole.EMPLOYEE)).member_id
    mailbox_id = (await connect(by, _new())).ids[0]
    async with held(team.remove(by, leaving)):
        giving = asyncio.create_task(give(by, mailbox_id, leaving))
        await until_waiting(store, 1)
    with refused(ErrorCode.NOT_FOUND):
        await giving


async def test_an_employee_connects_their_own_mailbox_and_no_other(by: Viewer) -> None:
    employee = await a_member(by, role=TeamRole.EMPLOYEE)
    done = await connect(employee, _new(owner_id=employee.member_id))
    assert (await _view(by, done.ids[0])).owner_id == employee.member_id
    for owner_id in (None, by.member_id):
        with refused(ErrorCode.NOT_ALLOWED):
            await connect(employee, _new("other@x.test", owner_id=owner_id))
    shared = (await connect(by, _new("other@x.test"))).ids[0]
    with refused(ErrorCode.NOT_ALLOWED):
        await update(employee, shared, MailboxChange(paused=True))
    with refused(ErrorCode.NOT_ALLOWED):
        await update(employee, done.ids[0], MailboxChange(owner_id=None))
    await update(employee, done.ids[0], MailboxChange(paused=True))
    await connect(by, _new("third@x.test", owner_id=employee.member_id))


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"address": "no address"}, ErrorCode.ADDRESS_INVALID, ("address",)),
        ({"imap": MailServer("imap.x.test", 0)}, ErrorCode.INVALID, ("imap", "port")),
        ({"smtp": MailServer("", 587)}, ErrorCode.INVALID, ("smtp", "host")),
        ({"smtp": MailServer("a\r\nb", 587)}, ErrorCode.INVALID, ("smtp", "host")),
        ({"imap": MailServer("imap.x.test", 143, MailSecurity.NONE)}, ErrorCode.INVALID, ("imap", "security")),
        ({"secret": ""}, ErrorCode.INVALID, ("secret", "password")),
        ({"secret": "a\r\nb"}, ErrorCode.INVALID, ("secret", "password")),
        ({"secret": "\ud800"}, ErrorCode.INVALID, ("secret", "password")),
        ({"secret": "x" * 1001}, ErrorCode.INVALID, ("secret", "password")),
        ({"username": "a\nb"}, ErrorCode.INVALID, ("username",)),
        ({"sent_folder": "x" * 256}, ErrorCode.INVALID, ("sentFolder",)),
        ({"folders_left_out": ("Private", " ")}, ErrorCode.INVALID, ("foldersLeftOut", 1)),
        ({"folders_left_out": ("x" * 501,)}, ErrorCode.INVALID, ("foldersLeftOut", 0)),
        ({"folders_left_out": ("a\nb",)}, ErrorCode.INVALID, ("foldersLeftOut", 0)),
        ({"folders_left_out": ("Inbox",)}, ErrorCode.INVALID, ("foldersLeftOut", 0)),
        ({"folders_left_out": tuple(map(str, range(201)))}, ErrorCode.INVALID, ("foldersLeftOut",)),
        ({"owner_id": uuid7()}, ErrorCode.NOT_FOUND, ("ownerId",)),
    ],
)
async def test_what_is_wrong_is_refused_where_it_stands(
    by: Viewer, wrong: dict[str, Any], code: ErrorCode, path: tuple[str, ...]
) -> None:
    with refused(code, *path):
        await connect(by, _new(**wrong))
    mailbox_id = (await connect(by, _new())).ids[0]
    if "address" not in wrong:
        with refused(code, *path):
            await update(by, mailbox_id, MailboxChange(**{"secret": PASSWORD, **wrong}))


ELSEWHERE = [
    MailboxChange(imap=replace(IMAP, host="imap.thief.test")),
    MailboxChange(imap=replace(IMAP, port=143)),
    MailboxChange(imap=replace(IMAP, security=MailSecurity.STARTTLS)),
    MailboxChange(smtp=replace(SMTP, host="smtp.thief.test")),
    MailboxChange(smtp=replace(SMTP, port=25)),
    MailboxChange(smtp=replace(SMTP, security=MailSecurity.TLS)),
    MailboxChange(username="thief"),
]
"""Each sends the password somewhere else, or as somebody else's."""


@pytest.mark.parametrize("change", ELSEWHERE)
async def test_the_password_goes_nowhere_else_unless_whoever_says_where_knows_it(
    by: Viewer, change: MailboxChange
) -> None:
    mailbox_id = (await connect(by, _new())).ids[0]
    before = await _view(by, mailbox_id)
    for stays in (change, replace(change, sent_folder="Sent", paused=False)):
        with refused(ErrorCode.INVALID, "secret"):
            await update(by, mailbox_id, stays)
    assert await _view(by, mailbox_id) == before
    await update(by, mailbox_id, replace(change, secret="said anew"))
    assert (await _view(by, mailbox_id)).version == 2


@pytest.mark.parametrize("change", ELSEWHERE)
async def test_an_api_token_changes_nothing_about_where_the_password_goes(by: Viewer, change: MailboxChange) -> None:
    token = replace(by, scopes=frozenset(ApiScope))
    mailbox_id = (await connect(by, _new())).ids[0]
    before = await _view(by, mailbox_id)
    for asked in (change, replace(change, secret="another")):
        with refused(ErrorCode.NOT_ALLOWED):
            await update(token, mailbox_id, asked)
    assert await _view(by, mailbox_id) == before


async def test_what_stays_where_it_is_asks_for_no_password_and_a_token_may_say_it(by: Viewer) -> None:
    token = replace(by, scopes=frozenset(ApiScope))
    mailbox_id = (await connect(by, _new())).ids[0]
    await update(token, mailbox_id, MailboxChange(imap=IMAP, smtp=SMTP, sent_folder="Gesendet", paused=True))
    await update(token, mailbox_id, MailboxChange(secret="changed at the provider"))
    view = await _view(by, mailbox_id)
    assert (view.sent_folder, view.state, view.version) == ("Gesendet", MailboxState.PAUSED, 3)


async def test_of_two_who_change_it_at_once_the_second_is_asked_for_the_password_of_what_it_then_is(
    by: Viewer, store: str
) -> None:
    mailbox_id = (await connect(by, _new())).ids[0]
    moved = replace(IMAP, host="imap.elsewhere.test")
    async with held(update(by, mailbox_id, MailboxChange(imap=moved, secret="of elsewhere"))):
        back = asyncio.create_task(update(by, mailbox_id, MailboxChange(imap=IMAP)))
        await until_waiting(store, 1)
    with refused(ErrorCode.INVALID, "secret"):
        await back
    assert (await _view(by, mailbox_id)).imap == moved


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
async def test_without_tls_only_the_loopback_is_reached(by: Viewer, host: str) -> None:
    await connect(by, _new(imap=MailServer(host, 1143, MailSecurity.NONE)))


async def test_outside_of_development_a_mail_server_is_on_a_port_of_mail_servers(by: Viewer) -> None:
    mailbox_id = (await connect(by, _new())).ids[0]
    for name, server in {"imap": IMAP, "smtp": SMTP}.items():
        other: dict[str, Any] = {name: replace(server, port=6379), "secret": PASSWORD}
        with mail_ports(2525):
            with refused(ErrorCode.INVALID, name, "port"):
                await connect(by, _new("other@x.test", **other))
            with refused(ErrorCode.INVALID, name, "port"):
                await update(by, mailbox_id, MailboxChange(**other))
    with mail_ports(2525):
        await update(by, mailbox_id, MailboxChange(smtp=replace(SMTP, port=2525), secret=PASSWORD))


@pytest.mark.parametrize(("door", "path"), [("", "secret.password"), ("smtp_", "smtp.host")])
async def test_a_change_tries_again_at_once_whatever_was_wrong(by: Viewer, door: str, path: str) -> None:
    """R23, at both doors."""
    mailbox_id = (await connect(by, _new())).ids[0]
    wrong = {"error_code": "MAILBOX_UNREACHABLE", "error_message": "It is away.", "error_path": path, "failures": 3}
    later = {f"{door}{name}": value for name, value in {**wrong, "retry_at": clock.now() + timedelta(hours=1)}.items()}
    await Mailbox.filter(id=mailbox_id).update(state=MailboxState.NEEDS_ATTENTION, refusals=3, **later)
    view = await _view(by, mailbox_id)
    assert view.fault is not None
    assert view.fault.path == tuple(path.split("."))
    await update(by, mailbox_id, MailboxChange(secret="a better one"))
    view = await _view(by, mailbox_id)
    assert (view.state, view.fault, view.version) == (MailboxState.CHECKING, None, 2)
    row = await store.row("SELECT * FROM mailbox WHERE id = $1", mailbox_id)
    assert row is not None
    assert (row[f"{door}failures"], row["refusals"], row[f"{door}retry_at"]) == (0, 0, None)
    assert await unsealed(by.firm_id, mailbox_id, row) == "a better one"


async def test_what_is_absent_stays_and_what_is_the_same_changes_nothing(by: Viewer) -> None:
    mailbox_id = (await connect(by, _new(sent_folder="Sent Items", owner_id=by.member_id))).ids[0]
    before = await _view(by, mailbox_id)
    same = MailboxChange(username="Studio@x.test", imap=IMAP, smtp=SMTP, sent_folder="Sent Items")
    assert (await update(by, mailbox_id, same)).cursor is None
    assert (await update(by, mailbox_id, MailboxChange())).cursor is None
    assert await _view(by, mailbox_id) == before
    await update(by, mailbox_id, MailboxChange(owner_id=None, sent_folder=None))
    view = await _view(by, mailbox_id)
    assert (view.owner_id, view.sent_folder, view.imap, view.username) == (None, None, IMAP, before.username)


async def test_a_paused_mailbox_stays_paused_until_it_is_taken_up_again(by: Viewer) -> None:
    mailbox_id = (await connect(by, _new())).ids[0]
    await update(by, mailbox_id, MailboxChange(paused=True))
    await update(by, mailbox_id, MailboxChange(secret="another"))
    assert (await _view(by, mailbox_id)).state is MailboxState.PAUSED
    await update(by, mailbox_id, MailboxChange(paused=False))
    assert (await _view(by, mailbox_id)).state is MailboxState.CHECKING


async def test_a_version_that_is_not_the_present_one_is_refused(by: Viewer) -> None:
    mailbox_id = (await connect(by, _new())).ids[0]
    await update(by, mailbox_id, MailboxChange(paused=True), expected_version=1)
    with refused(ErrorCode.CHANGED_MEANWHILE):
        await update(by, mailbox_id, MailboxChange(paused=False), expected_version=1)
    with refused(ErrorCode.NOT_FOUND):
        await update(by, uuid7(), MailboxChange(paused=False))


async def test_the_password_is_nowhere_but_sealed(by: Viewer) -> None:
    """P9"""
    new, change = _new(), MailboxChange(secret=PASSWORD)
    mailbox_id = (await connect(by, new, key="once")).ids[0]
    await update(by, mailbox_id, change)
    for shown in (repr(new), repr(change), repr(await _view(by, mailbox_id)), repr(await Mailbox.get(id=mailbox_id))):
        assert PASSWORD not in shown
    tables = await store.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    for table in tables:
        for row in await store.rows(f'SELECT * FROM "{table["table_name"]}"'):
            assert PASSWORD not in str(dict(row)), table
            assert PASSWORD.encode() not in b"|".join(one for one in row.values() if isinstance(one, bytes)), table


async def test_the_journal_tells_what_changed_in_the_words_of_the_api(by: Viewer) -> None:
    mailbox_id = (await connect(by, _new(owner_id=by.member_id))).ids[0]
    head = await journal.head(by.firm_id)
    elsewhere = MailServer("imap.elsewhere.test", 993)
    await update(by, mailbox_id, MailboxChange(owner_id=None, imap=elsewhere, secret="another"))
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("MAILBOX_CHANGED")
    assert {(one.field, one.before, one.after) for one in entry.changes} == {
        ("ownerId", str(by.member_id), None),
        ("imap.host", "imap.x.test", "imap.elsewhere.test"),
        ("secret", None, None),
    }


async def test_the_same_key_with_another_password_or_folder_is_refused(by: Viewer) -> None:
    """R31"""
    done = await connect(by, _new(), key="once")
    assert (await connect(by, _new(), key="once")).ids == done.ids
    for other in (_new(secret="another"), _new(sent_folder="Sent"), _new(username="me")):
        with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
            await connect(by, other, key="once")


async def test_a_mailbox_that_was_never_synced_has_an_empty_bill_of_health(by: Viewer) -> None:
    """R22"""
    mailbox_id = (await connect(by, _new())).ids[0]
    health = (await mailbox.health_of(by, [mailbox_id]))[mailbox_id]
    assert (health.on_server, health.stored, health.pending, health.skipped, health.quarantine) == (0, 0, 0, (), ())


async def test_a_worker_claims_no_more_than_it_asks_for_whatever_postgres_thinks_of_the_table(by: Viewer) -> None:
    await store.execute("ANALYZE mailbox")  # it thinks that there are none
    for n in range(4):
        await connect(by, _new(f"{n}@x.test"))
    assert [len(await lease.claim(f"worker {n}", most=3)) for n in range(3)] == [3, 1, 0]
