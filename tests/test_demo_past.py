"""The demo's people and their past mail hold together."""

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from pathlib import Path

import pytest

from mail.demo.fill import fill
from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail
from mail.demo.letters import CLIENTS, NEWCOMER, PastMessage, past_mail, thread_in_two
from mail.demo.people import BELLANDI, FIRMS, HARBOUR, Firm
from mail.demo.send import letter
from mail.demo.users import COLLEAGUE, MAILBOXES, STUDIO
from models.viewer import TeamRole

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EACH_FIRM = pytest.mark.parametrize("firm", FIRMS, ids=lambda firm: firm.slug)


@pytest.fixture(scope="module")
def past() -> list[PastMessage]:
    return list(past_mail(NOW))


@pytest.fixture(scope="module")
def parsed(past: list[PastMessage]) -> list[EmailMessage]:
    return [message_from_bytes(message.raw, _class=EmailMessage, policy=default) for message in past]


def addresses_of(firm: Firm) -> set[str]:
    return {address for contact in firm.contacts for address in contact.emails.values()}


def taking_part(message: EmailMessage) -> set[str]:
    headers = [str(value) for name in ("From", "To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return {address for _, address in getaddresses(headers)}


@EACH_FIRM
def test_codes_and_names_are_unique_and_nobody_is_left_over(firm: Firm) -> None:
    for values in ([a.code for a in firm.accounts], [a.name for a in firm.accounts], [c.name for c in firm.contacts]):
        assert max(Counter(values).values()) == 1
    assert {name for account in firm.accounts for name in account.contacts} == {c.name for c in firm.contacts}
    assert [colleague.role for colleague in firm.colleagues].count(TeamRole.OWNER) == 1


@EACH_FIRM
def test_a_contact_holds_an_address_once_and_all_are_made_up(firm: Firm) -> None:
    for contact in firm.contacts:
        assert contact.emails
        assert len(set(contact.emails.values())) == len(contact.emails)
    for address in addresses_of(firm) | {colleague.email for colleague in firm.colleagues}:
        assert address == address.casefold()
        assert address.endswith((".example", ".test"))


@EACH_FIRM
def test_switches_stand_on_held_addresses_only_and_once_for_those_who_share_one(firm: Firm) -> None:
    switches: dict[tuple[str, str], str] = {}
    for account in firm.accounts:
        for contact in firm.linked(account):
            words = account.contacts[contact.name].split()
            for address, word in zip(contact.emails.values(), words, strict=True):
                assert switches.setdefault((account.code, address), word) == word
    assert {(row.code, row.address) for row in firm.toggles()} == set(switches)


@EACH_FIRM
def test_the_firms_own_addresses_are_not_a_clients(firm: Firm) -> None:
    own = {firm.mailbox} | {colleague.email for colleague in firm.colleagues}
    assert not own & addresses_of(firm)
    assert firm.mailbox in {user.address for user in MAILBOXES}
    assert firm.activated <= {row.address for row in firm.toggles() if row.switches.login}


def test_the_main_firm_is_lively() -> None:
    assert len(BELLANDI.accounts) >= 40
    assert len(BELLANDI.contacts) >= 60
    assert len(addresses_of(BELLANDI)) >= 90
    assert {login_status(BELLANDI, account.code) for account in BELLANDI.accounts} == {"OFFLINE", "PENDING", "ACTIVE"}
    assert [account.archived for account in BELLANDI.accounts].count(True) == 1
    assert any(c.role is TeamRole.EMPLOYEE and not c.manage_accounts for c in BELLANDI.colleagues)
    on_several = Counter(row.address for row in BELLANDI.toggles())
    assert len([address for address, accounts in on_several.items() if accounts > 1]) >= 10
    assert len(addresses_of(BELLANDI) & addresses_of(HARBOUR)) == 1


def login_status(firm: Firm, code: str) -> str:
    on = {row.address for row in firm.toggles() if row.code == code and row.switches.login}
    if not on or firm.account(code).archived:
        return "OFFLINE"
    return "ACTIVE" if on & firm.activated else "PENDING"


def test_the_past_is_the_same_every_time_and_lies_in_the_past(past: list[PastMessage]) -> None:
    assert past == list(past_mail(NOW))
    dates = [message.received_at for message in past]
    assert dates == sorted(dates)
    assert NOW - timedelta(days=1_200) < dates[0] < NOW - timedelta(days=1_000)
    assert dates[-1] < NOW + timedelta(minutes=1)
    assert 600 <= len(past) <= 1_200
    assert {message.folder for message in past} == {"INBOX", "Sent"}


def test_the_past_parses_without_a_defect_and_with_crlf_only(
    past: list[PastMessage], parsed: list[EmailMessage]
) -> None:
    for message, read in zip(past, parsed, strict=True):
        assert not any(part.defects for part in read.walk())
        assert b"\n" not in message.raw.replace(b"\r\n", b"")
        assert (STUDIO.address in str(read["From"])) == (message.folder == "Sent")
        body = read.get_body(("plain",)) if read.get_content_type() != "multipart/report" else None
        assert "{" not in str(read["Subject"]) + (body.get_content() if body else "")


def test_threads_answer_what_was_written_before_them(parsed: list[EmailMessage]) -> None:
    seen: dict[str, EmailMessage] = {}
    for message in parsed:
        references = str(message["References"] or "").split()
        if references:
            assert message["In-Reply-To"] == references[-1]
            assert set(references) <= set(seen)
            before = str(seen[references[-1]]["References"] or "").split()
            assert references[:-1] == before
            assert taking_part(message) <= taking_part(seen[references[0]])
        assert message["Message-ID"] not in seen
        seen[str(message["Message-ID"])] = message


def test_the_past_has_something_of_everything(parsed: list[EmailMessage]) -> None:
    kinds = Counter(part.get_content_type() for message in parsed for part in message.walk())
    for kind in ("text/html", "application/pdf", "text/csv", "image/png", "message/delivery-status"):
        assert kinds[kind] >= 3
    assert sum(message["Cc"] is not None for message in parsed) > 50
    assert sum(message["Bcc"] is not None for message in parsed) > 5
    assert sum(message["List-Id"] is not None for message in parsed) > 20
    assert sum(message["Auto-Submitted"] is not None for message in parsed) > 5
    strangers = [message for message in parsed if not taking_part(message) & addresses_of(BELLANDI)]
    assert 50 < len(strangers) < len(parsed) / 3


def test_the_newcomer_has_a_past_and_no_sync(parsed: list[EmailMessage]) -> None:
    rows = [row for row in BELLANDI.toggles() if row.address == NEWCOMER.address]
    assert NEWCOMER.code in {row.code for row in rows}
    assert not any(row.switches.email_sync for row in rows)
    assert NEWCOMER.address in BELLANDI.contact(NEWCOMER.contact).emails.values()
    letters = [message for message in parsed if NEWCOMER.address in taking_part(message) and not message["Bcc"]]
    assert len(letters) >= 12
    assert len([message for message in letters if message["References"] is None]) >= 3


@pytest.mark.parametrize("days", [97, 211])
def test_the_newcomer_has_a_past_whenever_the_demo_is_started(days: int) -> None:
    raws = [message.raw for message in past_mail(NOW + timedelta(days=days))]
    assert sum(NEWCOMER.address.encode() in raw for raw in raws) >= 12


async def test_the_server_starts_with_the_past_filled_in_once(tmp_path: Path, past: list[PastMessage]) -> None:
    past = sorted([*past, *thread_in_two(NOW)], key=lambda message: message.received_at)
    assert fill(tmp_path, now=NOW) == len(past)
    assert fill(tmp_path, now=NOW) == 0
    for mailbox, name in {(message.mailbox, message.folder) for message in past}:
        folder = KeptFolder(tmp_path, mailbox=mailbox, name=name)
        put = [message for message in past if (message.mailbox, message.folder) == (mailbox, name)]
        expected = [(message.received_at.replace(microsecond=0), message.raw) for message in put]
        assert [(kept.received_at, kept.raw) for kept in folder.messages()] == expected
    async with DemoMail.start(tmp_path) as server:
        await server.deliver(past[0].raw, sender="a@example.test", to=[STUDIO.address])
    inbox = list(KeptFolder(tmp_path, mailbox=STUDIO.address, name="INBOX").messages())
    put = [message for message in past if (message.mailbox, message.folder) == (STUDIO.address, "INBOX")]
    assert inbox[-1].uid == len(inbox) == 1 + len(put)


def test_a_mailbox_that_has_been_filled_is_left_alone_and_the_other_is_filled(tmp_path: Path) -> None:
    fill(tmp_path, now=NOW)
    shutil.rmtree(tmp_path / COLLEAGUE.address)
    copies = [message for message in thread_in_two(NOW) if message.mailbox == COLLEAGUE.address]
    assert fill(tmp_path, now=NOW) == len(copies) == 6


def test_one_thread_lies_in_two_mailboxes_and_its_copies_differ_in_who_received_them_only() -> None:
    copies = list(thread_in_two(NOW))
    held = {box: [copy for copy in copies if copy.mailbox == box] for box in (STUDIO.address, COLLEAGUE.address)}
    letters = {box: [letter_of(copy) for copy in held[box]] for box in held}
    assert [copy.folder for copy in held[COLLEAGUE.address]].count(CLIENTS) == 3
    shared = [raw for raw in letters[STUDIO.address] if raw in letters[COLLEAGUE.address]]
    assert len(shared) == len(letters[STUDIO.address]) == 4
    assert len(letters[COLLEAGUE.address]) == 6
    parsed = [message_from_bytes(raw, _class=EmailMessage, policy=default) for raw in letters[COLLEAGUE.address]]
    ids = [str(message["Message-ID"]) for message in parsed]
    for number, message in enumerate(parsed):
        assert str(message["References"] or "").split() == ids[:number]
        assert NEWCOMER.address in taking_part(message)


def letter_of(copy: PastMessage) -> bytes:
    """Without the line of who received it."""
    return copy.raw.removeprefix(f"Delivered-To: {copy.mailbox}\r\n".encode())


def test_a_new_letter_calls_its_sender_by_name() -> None:
    raw = letter(sender="gareth@lantanatea.example", subject="Tè", text="Perché?", at=NOW)
    read = message_from_bytes(raw, _class=EmailMessage, policy=default)
    assert read["From"] == "Gareth Prosser <gareth@lantanatea.example>"
    assert (read["Subject"], read.get_content().strip()) == ("Tè", "Perché?")
