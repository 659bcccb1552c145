"""Whole messages: real ones, nasty ones, any bytes at all. Nothing but Unreadable may come of them."""

import os
import time
from pathlib import Path

import pytest

from mail.parse import LARGEST_MESSAGE, ParsedEmail, Unreadable, parse, read_headers
from mail.parse.attachments import safe_name
from mail.parse.html import boxed
from tests.support.emails.invariants import assert_storable

HERE = Path(__file__).resolve().parent
REAL = Path(os.environ.get("MESSAGES_DIR", HERE.parent.parent / "shared" / "data" / "messages"))
OURS = sorted((HERE / "messages").glob("*.eml"))
HEAD = b"From: a@x\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nSubject: Papers\r\n"


def nasty(name: str) -> ParsedEmail:
    return parse((HERE / "messages" / f"{name}.eml").read_bytes())


def test_every_real_message_is_read() -> None:
    if not REAL.is_dir():
        pytest.skip(f"no folder {REAL}: set MESSAGES_DIR to a folder of real messages")
    files = [file for file in REAL.rglob("*") if file.is_file() and file.suffix != ".md"]
    unreadable = set()
    for file in files:
        try:
            assert_storable(parse(file.read_bytes()))
        except Unreadable:
            unreadable.add(file.name)
    assert len(files) > 200
    assert {name for name in unreadable if "noheader" not in name and "sample_output" not in name} == set()


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_every_nasty_message_is_read_as_far_as_it_goes(file: Path) -> None:
    raw = file.read_bytes()
    said = parse(raw)
    assert_storable(said)
    assert said.message_id == "1@client.example"
    assert "desk@firm.example" in {one.address for one in said.participants} or file.stem == "addresses-that-lie"
    assert read_headers(raw).participants == said.participants


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-body", ""),
        ("no-blank-line-before-the-body", "Hello, here is what you asked for.\nNote: it is late.\n"),
        ("header-line-not-indented", "Hello\n"),
        ("lone-carriage-returns", "Hello\nagain\n"),
        ("charset-unknown", "Grüße – 5 €\n"),
        ("charset-is-a-lie", "Grüße – 5 €\n"),
        ("japanese-iso-2022-jp", "こんにちは\n"),
        ("html-declares-its-charset", "Привет"),
        ("broken-base64", "Hello there, friend"),
        ("base64-in-several-runs", "Hello there"),
        ("quoted-printable-broken", "Grüße =ZZ and the end"),
        ("multipart-without-boundary", "Hello"),
        ("multipart-without-end", "Hello"),
        ("multipart-of-nothing", ""),
        ("multipart-boundary-inside-another", "Hello"),
        ("nested-90-deep", "At the bottom\n"),
        ("message-in-a-message", "See below"),
        ("type-with-many-semicolons", "Hello\n"),
    ],
)
def test_the_text_of_nasty_messages(name: str, text: str) -> None:
    assert nasty(name).text == text


@pytest.mark.parametrize(
    ("name", "names"),
    [
        (
            "attachment-names-that-climb",
            ["passwd", "evil.exe", "invoicefdp.exe", "attachment-4.txt", "_con.txt", "a b .pdf"],
        ),
        ("attachment-name-in-pieces", ["Résumé of 2026.pdf", "Bücher.pdf", "attachment-3.pdf"]),
        ("message-in-a-message", ["attachment-1.eml", "winmail.dat"]),
        ("multipart-without-boundary", ["attachment-1.pdf"]),
        ("multipart-without-end", ["bill.pdf"]),
        ("uuencoded-body", ["a.txt"]),
        ("multipart-of-nothing", []),
    ],
)
def test_the_attachments_of_nasty_messages(name: str, names: list[str]) -> None:
    assert [file.name for file in nasty(name).attachments] == names


def test_attachments_keep_their_bytes() -> None:
    assert nasty("uuencoded-body").attachments[0].content == b"Hello"
    inner, tnef = nasty("message-in-a-message").attachments
    assert parse(inner.content).subject == "Inner"
    assert (inner.content_type, tnef.content_type) == ("message/rfc822", "application/ms-tnef")


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("folder/", "folder"),
        ("...", ""),
        (".htaccess", "htaccess"),
        ('a<b>:"c|d?e*.txt', "a_b___c_d_e_.txt"),
        ("nul", "_nul"),
        ("x" * 500 + ".pdf", "x" * 179 + ".pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\r\nb\0.txt", "a b.txt"),
    ],
)
def test_names_of_files(written: str, safe: str) -> None:
    assert safe_name(written) == safe


def test_a_related_image_carries_its_id() -> None:
    said = parse(
        HEAD
        + b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=cid:l@x>"
        b"\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <l@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"iVBORw==\r\n"
    )
    (logo,) = said.attachments
    assert (logo.name, logo.content_id, logo.content) == ("attachment-1.png", "l@x", b"\x89PNG")
    assert said.safe_html == boxed('<img src="cid:l@x">')


def test_the_snippet_leaves_out_what_is_quoted() -> None:
    said = parse(HEAD + b"\r\nThank you,\r\n  agreed.\r\n\r\nOn Monday Bob wrote:\r\n> old words\r\n>> older\r\n")
    assert said.snippet == "Thank you, agreed."
    assert parse(HEAD + b"\r\n> only quoted\r\n").snippet == "> only quoted"
    assert parse(HEAD + b"\r\n" + b"word " * 100).snippet == ("word " * 39).strip() + "…"


def test_copies_in_several_mailboxes_have_one_fingerprint() -> None:
    sent = HEAD + b"To: t@x\r\nBcc: b@x\r\n\r\nHello\r\nthere\r\n"
    received = (
        b"Return-Path: <a@x>\r\nDelivered-To: t@x\r\nReceived: from a by b\r\nDKIM-Signature: v=1\r\nX-Spam: no\r\n"
        + sent.replace(b"Bcc: b@x\r\n", b"")
    )
    assert parse(received).fingerprint == parse(sent).fingerprint
    assert parse(sent.replace(b"\r\n", b"\n")).fingerprint == parse(sent).fingerprint
    assert parse(sent + b"\r\n").fingerprint == parse(sent).fingerprint
    assert (
        parse(sent.replace(b"Subject: Papers", b"Subject:\r\n =?utf-8?Q?Papers?=")).fingerprint
        == parse(sent).fingerprint
    )
    assert len(parse(sent).fingerprint) == 32


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hallo"),
        (b"<1@x>", b"<2@x>"),
        (b"From: a@x", b"From: b@x"),
        (b"Papers", b"Paper"),
        (b"10:00", b"10:01"),
        (b"Message-ID: <1@x>\r\n", b""),
        (b"Subject", b"Content-Type: image/png\r\nSubject"),
        (b"Subject", b"Content-Type: text/plain; charset=utf-16\r\nSubject"),
        (b"Subject", b"Content-Transfer-Encoding: base64\r\nSubject"),
    ],
)
def test_other_content_under_the_same_id_is_another_message(old: bytes, new: bytes) -> None:
    raw = HEAD + b"\r\nHello\r\n"
    assert parse(raw.replace(old, new)).fingerprint != parse(raw).fingerprint


def test_a_message_beyond_the_caps_is_unreadable_and_says_why() -> None:
    parts = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_001
    deep = HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(5_000)
    )
    for raw, reason in (
        (HEAD + b"\r\n" + b"x" * LARGEST_MESSAGE, "larger than 50 MB"),
        (parts, "more than 1000 parts"),
        (deep, "nested deeper than 100"),
        (b"", "no header"),
    ):
        with pytest.raises(Unreadable, match=reason):
            parse(raw)


HTML_PART = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>x &amp;</p>" * 40_000 + b"\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Type: text/plain" + b";" * 20_000 + b"\r\n\r\nx",
        HEAD + b"Content-Type: text/plain" + b';a="' * 20_000 + b"\r\n\r\nx",
        b"From: " + b"(" * 100_000 + b")" * 100_000 + b"\r\n\r\n",
        b"From: " + b"a:" * 100_000 + b"\r\n\r\n",
        b"From: " + b'<"' * 100_000 + b"\r\n\r\n",
        HEAD + b"Subject: " + b"=?a?q?" * 40_000 + b"\r\n\r\n",
        HEAD + b"junk\r\n" * 40_000 + b"To: b@c\r\n\r\n",
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--<script><a '\"" * 60_000,
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"&" * 1_000_000,
        HEAD + b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"a=" * 1_000_000,
        HEAD + b"Content-Type: a/b\r\nContent-Transfer-Encoding: x-uue\r\n\r\n" + b"M\n" * 1_500_000,
        HEAD + b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"a." * 1_000_000,
        HEAD + b"Content-Type: text/plain; charset=gb18030\r\n\r\n" + b"\xff\x81" * 4_000_000,
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + (HTML_PART * 19) + b"--b\r\n\r\nhi\r\n--b--\r\n",
    ],
    ids=range(15),
)
def test_what_is_slow_elsewhere_is_answered_within_the_time_limit(raw: bytes) -> None:
    """Each of these takes some parser from seconds to hours; in the pool a message has five seconds."""
    begun = time.process_time()
    assert_storable(parse(raw))
    assert time.process_time() - begun < 5
