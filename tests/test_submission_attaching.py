"""What an e-mail carries: files that are the firm's or the writer's own, by their content, 25 MB of them."""

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import email, submission
from models.email import MessageAttachment
from models.errors import ErrorCode
from models.ground import store
from models.submission import AttachmentRef
from models.viewer import ApiScope
from tests.support.emails.correspondence import (
    Office,
    a_document,
    a_file,
    an_email,
    an_upload,
    arrived,
    refused,
    replied,
    sent,
    uploaded,
)
from tests.support.firm.factories import a_member
from tests.support.firm.invitations import later

pytestmark = pytest.mark.usefixtures("store")


async def test_files_are_attached_from_where_they_are(office: Office) -> None:
    letter, (attachment,) = await a_letter_with(office, a_file("theirs.pdf", 7))
    document, mine = await a_document(office, attachment, letter), await uploaded(office.by, b"mine")
    refs = (AttachmentRef(document_id=document), an_upload(mine), AttachmentRef(attachment_id=attachment))
    for email_id in (await sent(office, attachments=refs), await replied(office, letter, attachments=refs)):
        files = await store.rows("SELECT * FROM attachment WHERE email_id = $1 ORDER BY place", email_id)
        assert [file["name"] for file in files] == ["saved.pdf", "offer.pdf", "theirs.pdf"]
        assert [file["size"] for file in files] == [9, 4, 7]
        assert [file["file"] for file in files] == [
            *(a_file("saved.pdf").file, sha256(b"mine").hexdigest(), a_file("theirs.pdf").file)
        ]
        views = (await email.attachments_of(office.by, [email_id]))[email_id]
        assert {view.not_saved for view in views} == {"AUTO_SAVE_OFF"}


async def a_letter_with(office: Office, *files: MessageAttachment) -> tuple[UUID, list[UUID]]:
    """Its id, and those of its attachments."""
    letter = await arrived(office, attachments=files)
    views = (await email.attachments_of(office.by, [letter]))[letter]
    return letter, [view.id for view in views]


async def test_25_mb_of_files_are_carried_and_no_byte_more(office: Office) -> None:
    half = 25 * 1024 * 1024 // 2
    _, ids = await a_letter_with(office, a_file("a", half), a_file("b", half), a_file("c", 1))
    refs = tuple(AttachmentRef(attachment_id=attachment) for attachment in ids)
    too_much = submission.send(office.by, an_email(office.box, attachments=refs), key="1")
    assert await refused(too_much) == [(ErrorCode.INVALID, ("attachments",))]
    assert await sent(office, attachments=refs[:2])


async def test_an_upload_is_its_owners_and_for_a_day(office: Office) -> None:
    mine, theirs = await uploaded(office.by), await uploaded(await a_member(office.firm))
    not_there = [(ErrorCode.NOT_FOUND, ("attachments", "0", "uploadId"))]
    with_mine, with_theirs = [an_email(office.box, attachments=(an_upload(each),)) for each in (mine, theirs)]
    assert await refused(submission.send(office.by, with_theirs, key="1")) == not_there
    assert (await submission.send(office.by, with_mine, key="1")).ids
    later(days=1, hours=1)
    assert await refused(submission.send(office.by, with_mine, key="2")) == not_there


async def test_an_id_is_good_for_its_own_kind(office: Office) -> None:
    _, (attachment,) = await a_letter_with(office, a_file("theirs.pdf"))
    of_all_kinds = (
        AttachmentRef(attachment_id=attachment),
        AttachmentRef(document_id=attachment),
        AttachmentRef(upload_id=attachment),
    )
    assert await refused(submission.send(office.by, an_email(office.box, attachments=of_all_kinds), key="1")) == [
        (ErrorCode.NOT_FOUND, ("attachments", "1", "documentId")),
        (ErrorCode.NOT_FOUND, ("attachments", "2", "uploadId")),
    ]


async def test_a_token_that_may_not_read_has_nobody_else_read_it_either(office: Office) -> None:
    _, (attachment,) = await a_letter_with(office, a_file("theirs.pdf"))
    refs = (AttachmentRef(attachment_id=attachment), AttachmentRef(document_id=uuid7()))
    token = replace(office.by, scopes=frozenset({ApiScope.WRITE}))
    assert await refused(submission.send(token, an_email(office.box, attachments=refs), key="1")) == [
        (ErrorCode.NOT_ALLOWED, ("attachments", "0", "attachmentId")),
        (ErrorCode.NOT_ALLOWED, ("attachments", "1", "documentId")),
    ]
    own = an_email(office.box, attachments=(an_upload(await uploaded(office.by)),))
    assert (await submission.send(token, own, key="1")).ids
    reading = replace(token, scopes=frozenset({ApiScope.WRITE, ApiScope.READ}))
    assert (await submission.send(reading, an_email(office.box, attachments=refs[:1]), key="2")).ids


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("application/pdf", "application/pdf"),
        ("Image/PNG", "image/png"),
        ("multipart/mixed", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("text/plain; charset=utf-8", "application/octet-stream"),
        ("text/plain\r\nBcc: x@y.test", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
async def test_no_file_says_how_the_e_mail_is_to_be_read(office: Office, said: str, kept: str) -> None:
    email_id = await sent(office, attachments=(an_upload(await uploaded(office.by, kind=said)),))
    assert await store.value("SELECT content_type FROM attachment WHERE email_id = $1", email_id) == kept
