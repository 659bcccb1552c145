"""The bytes of an e-mail that a person writes here: what every mail program reads, and nothing but what was written."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from mail.own_email import own_email
from mail.own_letter import is_own_letter
from mail.parse import ParsedEmail, parse
from mail.submission import mime
from mail.submission.composing import compose, some_bytes
from mail.submission.keeping import is_wide
from models import stored_file
from models.email import MessageAttachment
from models.ground import files
from models.ground.settings import Settings
from models.participant import Participant, Role
from models.submission.due import Due, Written
from models.viewer import System
from tests.support.firm.factories import a_firm

pytestmark = pytest.mark.usefixtures("store")
TO = (Participant(Role.TO, "Marta Rossi", "marta@client.test"),)


@pytest.fixture
async def by(store: str, tmp_path: Path) -> System:
    files.open_files(Settings(var=tmp_path))
    return await a_firm()


def due(firm_id: UUID | None = None, **said: Any) -> Due:
    email_id = uuid7()
    plain = Due(
        firm_id=firm_id or uuid7(),
        id=email_id,
        from_name="Anna Bianchi",
        from_address="studio@firm.test",
        recipients=("marta@client.test",),
        suppressed=frozenset(),
        message_id=f"{email_id}@firm.test",
        in_reply_to=None,
        references=(),
        written_at=datetime(2026, 11, 30, 15, 0, tzinfo=UTC),
        handed_over=0,
        file=None,
    )
    return replace(plain, **said)


def words(
    text: str = "Here it is.",
    subject: str = "The offer",
    people: Sequence[Participant] = TO,
    attachments: Sequence[MessageAttachment] = (),
) -> Written:
    return Written(subject, text, tuple(people), tuple(attachments))


async def bytes_of(asked: Due, said: Written) -> bytes:
    """Composed; what mail programs would take amiss is looked for in each."""
    with some_bytes() as content:
        fingerprint = await compose(asked, said, content)
        wide = is_wide(content)
        content.seek(0)
        raw = content.read()
    assert fingerprint == parse(raw).fingerprint
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body.isascii()
    assert head.isascii() != wide
    return raw


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


async def test_a_plain_answer_says_who_wrote_it_to_whom_and_what_it_answers() -> None:
    asked = due(in_reply_to="theirs@client.test", references=("first@client.test", "theirs@client.test"))
    people = (*TO, Participant(Role.CC, None, "carl@client.test"), Participant(Role.BCC, None, "hidden@firm.test"))
    raw = await bytes_of(asked, words(people=people))
    assert raw.decode().splitlines() == [
        'From: "Anna Bianchi" <studio@firm.test>',
        'To: "Marta Rossi" <marta@client.test>',
        "Cc: carl@client.test",
        "Subject: The offer",
        "Date: Mon, 30 Nov 2026 15:00:00 +0000",
        f"Message-ID: <{asked.message_id}>",
        "In-Reply-To: <theirs@client.test>",
        "References: <first@client.test>",
        " <theirs@client.test>",
        raw.decode().splitlines()[9],
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Here it is.",
    ]


async def test_its_header_is_a_kind_of_its_own_and_no_machine_wrote_it() -> None:
    asked = due()
    raw = await bytes_of(asked, words())
    message = read(raw)
    assert own_email(message["X-Switchboard-Email"]) == asked.id
    assert not is_own_letter(parse(raw).letter_id)
    assert message["Auto-Submitted"] is None
    assert not parse(raw).automatic


TEXTS = {
    "accents": "Perché no? €100, così.\n\nA presto\n",
    "Chinese": "你好，这是报价。" * 40,
    "dots": ".\n..\n.dot\n" * 3,
    "blanks": "two  \n\tblanks \t\n-- \nAnna",
    "a long line": "x" * 5_000 + " é",
    "equal signs": "a=3D=\nb=",
    "other line ends": "a\r\nb\rc\nd",
    "nothing": "",
    "From in front": "From here on\n>From there",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_the_text_arrives_as_it_was_written(text: str) -> None:
    raw = await bytes_of(due(), words(text))
    expected = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    assert read(raw).get_content().replace("\r\n", "\n").rstrip("\n") == expected
    assert parse(raw).text.rstrip() == expected.rstrip()


def test_greek_and_chinese_are_base64_and_italian_is_not() -> None:
    assert mime.text_part("Perché no? A domani, e grazie. " * 20)[0][1].endswith("quoted-printable")
    assert mime.text_part("你好" * 100)[0][1].endswith("base64")


FILES = {
    "plain": ("offer.pdf", "application/pdf"),
    "accents": ("Fattura è così.pdf", "application/pdf"),
    "long": ("Ångström " * 20 + "x.pdf", "application/pdf"),
    "quotes": ('the "best" offer.pdf', "application/pdf"),
    "percent and semicolon": ("100%; really.pdf", "application/pdf"),
    "a message": ("answer.eml", "message/rfc822"),
}


@pytest.mark.parametrize(("name", "kind"), FILES.values(), ids=FILES)
async def test_files_arrive_byte_for_byte_under_their_names(by: System, name: str, kind: str) -> None:
    contents = [bytes(range(256)) * 3_000, b"", b"x", b"y" * 57]
    kept = await stored_file.keep(by.firm_id, contents)
    attached = [
        MessageAttachment(name, kind, None, len(content), file) for content, file in zip(contents, kept, strict=True)
    ]
    raw = await bytes_of(due(by.firm_id), words(attachments=attached))
    expected_kind = "application/octet-stream" if kind == "message/rfc822" else kind
    assert _theirs(read(raw)) == [(name, expected_kind, content) for content in contents]
    # a quote is nothing that we would show as part of a file's name
    assert _ours(parse(raw)) == [(name.replace('"', "_"), expected_kind, content) for content in contents]
    assert parse(raw).text.strip() == "Here it is."


def _theirs(message: EmailMessage) -> list[tuple[str | None, str, bytes]]:
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))  # type: ignore[misc]
        for part in message.iter_attachments()
    ]


def _ours(message: ParsedEmail) -> list[tuple[str, str, bytes]]:
    return [(one.name, one.content_type, one.content) for one in message.attachments]


HOSTILE = {
    "ASCII": "Anna\r\nBcc: all@firm.test\r\n\r\n<script>\x00",
    "more than ASCII": "Anna\r\nBcc: all@firm.test\r\n\r\n<script>\u202e\x00",
    "a quote": 'Anna" <a@evil.test>,\n "',
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
async def test_nothing_that_anybody_typed_or_sent_adds_a_header_or_a_part(by: System, hostile: str) -> None:
    (file,) = await stored_file.keep(by.firm_id, [b"content"])
    attached = MessageAttachment(f"../{hostile}.pdf", f"text/html\r\nX: {hostile}", None, 7, file)
    asked = due(
        by.firm_id,
        from_name=hostile,
        in_reply_to=hostile,
        references=(hostile, "good@client.test", "a b@c", "<x@y>", "é@client.test", "x" * 2_000),
    )
    people = [Participant(Role.TO, hostile, "marta@client.test"), Participant(Role.CC, "=?utf-8?q?x?=", "b@x.test")]
    raw = await bytes_of(asked, words(f"--=_{asked.id.hex}--\n", hostile, people, [attached]))
    message = read(raw)
    assert message["Bcc"] is None
    assert message["In-Reply-To"] is None
    assert message["References"] == "<good@client.test>"
    assert [each.addr_spec for each in message["To"].addresses] == ["marta@client.test"]
    assert [each.addr_spec for each in message["From"].addresses] == ["studio@firm.test"]
    (found,) = message.iter_attachments()
    assert found.get_content_type() == "application/octet-stream"
    assert (found.get_filename() or "").startswith(".._Anna")
    names = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "X-Switchboard-Email", "MIME-Version")
    assert message.keys() == [*names, "Content-Type"]


async def test_names_and_subjects_outside_of_ascii_are_encoded_and_folded() -> None:
    people = [Participant(Role.TO, f"Søren Ångström {n}", f"s{n}@client.test") for n in range(100)]
    raw = await bytes_of(due(from_name="Zoë"), words(subject="Über Größe " * 20, people=people))
    message = read(raw)
    assert [each.display_name for each in message["To"].addresses] == [one.name for one in people]
    assert message["Subject"].strip() == ("Über Größe " * 20).strip()
    assert message["From"].addresses[0].display_name == "Zoë"


async def test_an_address_outside_of_ascii_stands_there_as_it_is_and_its_domain_as_mail_servers_know_it() -> None:
    people = [Participant(Role.TO, None, "josé@bücher.test")]
    raw = await bytes_of(due(), words(people=people))
    assert "To: josé@xn--bcher-kva.test\r\n".encode() in raw


@pytest.mark.parametrize("address", ["a b@x.test", "a@x.test, b@x.test", "a@x.test\r\nBcc: b@x.test", "", "a@"])
async def test_what_is_not_one_address_is_not_written(address: str) -> None:
    with pytest.raises(ValueError, match=r"."), some_bytes() as content:
        await compose(due(), words(people=[Participant(Role.TO, None, address)]), content)


async def test_of_more_than_a_hundred_references_the_last_ones_stay() -> None:
    raw = await bytes_of(due(references=tuple(f"{n}@x.test" for n in range(150))), words())
    assert parse(raw).references == tuple(f"{n}@x.test" for n in range(50, 150))


async def test_the_same_bytes_are_made_each_time() -> None:
    asked = due()
    assert await bytes_of(asked, words()) == await bytes_of(asked, words())


def _anything() -> Iterator[st.SearchStrategy[Any]]:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
    yield from (text, text, text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*_anything())
async def test_whatever_is_written_is_one_message_with_the_fingerprint_that_its_copies_have(
    subject: str, text: str, name: str
) -> None:
    message = read(await bytes_of(due(from_name=name), words(text, subject)))
    assert [each.addr_spec for each in message["From"].addresses] == ["studio@firm.test"]
    assert message["Bcc"] is None
