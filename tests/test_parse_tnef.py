"""winmail.dat: its files are the attachments, its text the text; a broken one stays a file, as it came."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.parse import ParsedEmail, parse
from mail.parse.tnef import opened
from mail.parse.tnef.compressed import MOST_BYTES, decompressed
from mail.parse.tnef.mapi import Property
from mail.parse.tnef.rtf import rich_text
from mail.parse.tnef.stream import Broken, Name
from tests.support.emails.certified import a_letter, an_envelope
from tests.support.emails.invariants import assert_storable
from tests.support.emails.winmail import (
    BINARY,
    NUMBER,
    TEXT,
    UNICODE,
    a_file,
    an_attached_letter,
    attribute,
    in_mail,
    rtf,
    value,
    values,
    winmail,
)

PDF = b"%PDF-1.4"
HTML = value(Property.HTML, BINARY, "<p>Grüße</p>".encode())
UTF8 = value(Property.INTERNET_CODEPAGE, NUMBER, 65001)


def read(*said: bytes, files: tuple[bytes, ...] = (), text: str = "The plain one.") -> ParsedEmail:
    email = parse(in_mail(winmail(*said, files=files), text=text))
    assert_storable(email)
    return email


def test_its_files_are_the_attachments() -> None:
    identity = value(Property.ATTACH_CONTENT_ID, UNICODE, "logo@client.test")
    email = read(files=(a_file("Übersicht März.pdf", PDF), a_file("logo.png", b"\x89PNG", identity)))
    named = [(file.name, file.content_type, file.content, file.content_id) for file in email.attachments]
    assert named == [
        ("Übersicht März.pdf", "application/pdf", PDF, None),
        ("logo.png", "image/png", b"\x89PNG", "logo@client.test"),
    ]
    assert email.text == "The plain one."


def test_the_name_of_a_file_does_no_harm() -> None:
    email = read(files=(a_file("..\\..\\a<b>.exe", PDF), a_file("", PDF), a_file("con\0.txt", PDF)))
    assert [file.name for file in email.attachments] == ["a_b_.exe", "SHORT~1.TXT", "_con.txt"]


def test_its_html_is_the_letter_made_safe_as_any() -> None:
    email = read(HTML, UTF8, value(Property.BODY, UNICODE, "Grüße, plain"))
    assert email.safe_html
    assert "<p>Grüße</p>" in email.safe_html
    assert email.text == "Grüße, plain"
    assert email.attachments == ()
    evil = read(value(Property.HTML, BINARY, b"<p onclick='x'>a<script>b</script></p>"))
    assert evil.safe_html
    assert "onclick" not in evil.safe_html
    assert "script" not in evil.safe_html


@pytest.mark.parametrize("kind", [TEXT, UNICODE])
def test_its_text_is_the_text(kind: int) -> None:
    assert read(value(Property.BODY, kind, "Grüße\r\naus Wien")).text == "Grüße\naus Wien"


def test_html_beside_it_is_not_given_up_for_its_plain_text() -> None:
    raw = in_mail(winmail(value(Property.BODY, TEXT, "plainer"), files=[a_file("a.pdf", PDF)]), text="<b>rich</b>")
    email = parse(raw.replace(b"text/plain", b"text/html"))
    assert email.text == "rich"
    assert [file.name for file in email.attachments] == ["a.pdf"]


@pytest.mark.parametrize(("kind", "name"), [("application/ms-tnef", "x"), ("application/octet-stream", "WinMail.dat")])
def test_it_is_known_by_its_type_or_its_name(kind: str, name: str) -> None:
    email = parse(in_mail(winmail(files=[a_file("a.pdf", PDF)]), kind=kind, name=name))
    assert [file.name for file in email.attachments] == ["a.pdf"]


def test_a_message_that_is_nothing_but_tnef_is_read() -> None:
    raw = in_mail(winmail(HTML, UTF8))
    body = raw.partition(b"base64\r\n\r\n")[2]
    alone = b"From: a@x\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
    assert parse(alone).text.strip() == "Grüße"
    assert parse(alone).attachments == ()


def test_a_letter_attached_to_it_is_a_file_and_left_closed() -> None:
    email = read(files=(an_attached_letter("Fwd", winmail(HTML)),))
    (file,) = email.attachments
    assert (file.name, file.content_type) == ("Fwd.tnef", "application/ms-tnef")
    assert opened(file.content)


def test_it_is_opened_within_a_certified_letter() -> None:
    head = a_letter().partition(b"Content-Type: ")[0]
    whole = in_mail(winmail(files=[a_file("a.pdf", PDF)]))
    letter = head + whole[whole.index(b"Content-Type: multipart") :]
    assert [file.name for file in parse(an_envelope(letter)).attachments] == ["a.pdf"]


# Rich text


def test_compressed_rich_text_is_as_the_specification_has_it() -> None:
    """[MS-OXRTFCP], 3.1: two examples."""
    first = "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0"
    second = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0"
    assert decompressed(bytes.fromhex(first)) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompressed(bytes.fromhex(second)) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert decompressed(struct.pack("<IIII", 20, 8, 0x414C454D, 0) + b"{\\rtf1 }") == b"{\\rtf1 }"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe\par\tab 5 \'80}", "Grüße\n\t5 €"),
        (r"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8}", "При"),
        (r"{\rtf1\ansi{\fonttbl{\f0 A;}{\f1\fcharset204 B;}}\'e4{\f1 \'e4}\'e4}", "äдä"),
        (r"{\rtf1\ansi\ansicpg932 \'93\'fa\'96\'7b}", "日本"),
        (r"{\rtf1\ansi\uc1 \u8364?5 \u-10179?\u-8704?\uc2\u228\'e4\'e4.}", "€5 😀ä."),
        (r"{\rtf1\ansi\u-10179?alone}", "\ufffdalone"),
        (r"{\rtf1{\info{\title no}}{\*\unknown no}{\pict 0123}{\stylesheet no;}yes\{\}\\\~\_}", "yes{}\\\xa0\u2011"),
        (r"{\rtf1{\pict\bin4 {{{{}}yes}", "yes"),
        (r"{\rtf1\fromtext plain\line\ldblquote a\rdblquote\emdash{}b}", "plain\n“a”—b"),
        (r"{\rtf1 cut \u", "cut "),
        (r"}}}{\rtf1 odd}", "odd"),
    ],
)
def test_rich_text_is_read(written: str, text: str) -> None:
    assert rich_text(written.encode()).text == text
    assert read(value(Property.RTF, BINARY, rtf(written))).text == text


def test_html_hidden_in_rich_text_comes_out_as_it_was() -> None:
    written = (
        r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag19 <html>}{\*\htmltag64}"
        r"{\*\htmltag84 <p class=\'22a\'22>}\htmlrtf {\b\htmlrtf0 Gr\'fc\'dfe{\*\htmltag84 &nbsp;}"
        r"\htmlrtf\'a0\htmlrtf0"
        r"\u8364?\htmlrtf }\htmlrtf0 {\*\mhtmltag84 no}{\*\htmltag92 </p>}\htmlrtf\par\htmlrtf0\par"
        r"{\*\htmltag27 </html>}}"
    )
    assert rich_text(written.encode()).html == '<html><p class="a">Grüße&nbsp;€</p>\n</html>'
    email = read(value(Property.RTF, BINARY, rtf(written)))
    assert email.safe_html
    assert "Grüße" in email.text


# Hostile


CUT = winmail(HTML, files=(a_file("a.pdf", PDF * 100),))
BROKEN = {
    "nothing": b"",
    "no TNEF": b"PK\3\4" + b"x" * 100,
    "only its signature": winmail()[:6],
    "cut in a file": CUT[:-300],
    "cut in a property": winmail(HTML)[:-20],
    "a length beyond all": winmail(files=[attribute(Name.ATTACH_BEGINS, b"")])
    + attribute(Name.ATTACH_DATA, b"", length=2**32 - 1),
    "a number of properties beyond all": winmail() + attribute(Name.MESSAGE_PROPERTIES, b"\xff\xff\xff\xff"),
    "a number of values beyond all": winmail(struct.pack("<HHI", BINARY, Property.BODY, 2**32 - 1)),
    "many values of no length": winmail()
    + attribute(Name.MESSAGE_PROPERTIES, values(*[struct.pack("<HHI", 0x1000 | NUMBER, 1, 2**31)] * 5)),
    "a type that nobody knows": winmail(struct.pack("<HHI", 0x0099, Property.BODY, 1), files=[a_file("a.pdf", PDF)]),
    "too many properties": winmail(
        *[value(Property.MESSAGE_CODEPAGE, NUMBER, 1252)] * 20_001, files=[a_file("a.pdf", PDF)]
    ),
    "too many values": winmail(
        struct.pack("<HHI", 0x1000 | NUMBER, 1, 100_001) + b"x" * 400_004, files=[a_file("a.pdf", PDF)]
    ),
    "a name that is cut off": winmail(struct.pack("<HH", NUMBER, 0x8001) + b"x" * 10),
    "too many files": winmail(files=[attribute(Name.ATTACH_BEGINS, b"")] * 1_001),
    "too many attributes": winmail(files=[a_file("a.pdf", PDF)]) + attribute(0x00078008, b"") * 20_001,
    "nothing in it": winmail(value(Property.MESSAGE_CODEPAGE, NUMBER, 1252)),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_one_stays_a_file_as_it_came(why: str) -> None:
    email = parse(in_mail(BROKEN[why]))
    assert_storable(email)
    assert [(file.name, file.content) for file in email.attachments] == [("winmail.dat", BROKEN[why])]
    assert email.text == "The plain one."


def test_what_stands_behind_it_is_nothing_of_its() -> None:
    whole = winmail(files=[a_file("a.pdf", PDF)])
    for behind in (b"\0" * 50, b"\1" * 50, b"garbage", b"\2" + b"\xff" * 30):
        inside = opened(whole + behind)
        assert inside
        assert [file.name for file in inside.files] == ["a.pdf"]


def test_a_letter_that_cannot_be_read_takes_no_file_with_it() -> None:
    broken = value(Property.RTF, BINARY, b"no rich text")
    email = read(broken, files=(a_file("a.pdf", PDF),))
    assert [file.name for file in email.attachments] == ["a.pdf"]
    assert email.text == "The plain one."


def test_of_many_only_a_few_are_opened() -> None:
    raw = in_mail(winmail(files=[a_file("a.pdf", PDF)]))
    head, mark, part = raw.partition(b"--b\r\nContent-Type: application")
    email = parse(head + (mark + part.removesuffix(b"--b--\r\n")) * 5 + b"--b--\r\n")
    assert [file.name for file in email.attachments] == ["a.pdf"] * 3 + ["winmail.dat"] * 2


def test_rich_text_that_blows_up_ends_where_it_may() -> None:
    header = struct.pack("<IIII", 0, 2**32 - 1, 0x75465A4C, 0)
    assert len(decompressed(header + (b"\xff" + b"\0\0" * 8) * 250_000)) == MOST_BYTES
    with pytest.raises(Broken):
        decompressed(header[:10])


@given(st.binary(max_size=300))
def test_any_bytes_are_no_rich_text_that_raises(data: bytes) -> None:
    rich_text(data)
    decompressed(struct.pack("<IIII", len(data), 1_000, 0x75465A4C, 0) + data)


@given(st.data())
def test_any_change_of_a_byte_leaves_something_to_read(data: st.DataObject) -> None:
    whole = bytearray(winmail(HTML, value(Property.RTF, BINARY, rtf(r"{\rtf1 x}")), files=(a_file("a.pdf", PDF),)))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert_storable(parse(in_mail(bytes(whole))))
