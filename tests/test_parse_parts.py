"""Parts that are slightly off: types, boundaries, transfer encodings, names of files."""

import base64
import contextlib
from time import process_time

import pytest

from mail.parse import ParsedEmail, Unreadable, parse

HEAD = b"From: a@x\r\nSubject: Papers\r\n"
TWO = (
    b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf; name=f.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"
)
FOOTER = (
    b"\r\n\r\n____________\r\nLista mailing list\r\nLista@example.org\r\nhttps://example.org/mailman/listinfo/lista\r\n"
)


def read(headers: bytes, body: bytes) -> ParsedEmail:
    return parse(HEAD + headers + b"\r\n\r\n" + body)


def content(encoding: bytes, body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> str:
    return read(b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding, body).text


def file_name(disposition: bytes) -> str:
    part = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; " + disposition
    return (
        read(b"Content-Type: multipart/mixed; boundary=b", b"--b\r\n" + part + b"\r\n\r\nx\r\n--b--")
        .attachments[0]
        .name
    )


def summary(letter: ParsedEmail) -> tuple[str, list[str]]:
    return letter.text.strip(), [file.name for file in letter.attachments]


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/*; boundary=b",
        b"multipart; boundary=b",
        b"multipart/ mixed; boundary=b",
        b'"multipart/mixed"; boundary=b',
        b"multipart/mixed (comment); boundary=b",
        b"multipart/mixed; (a (b); c) boundary=b",
        b"multipart/mixed; boundary=b (comment)",
        b'multipart/mixed; boundary="b" (comment)',
        b'multipart/mixed boundary="b"',
        b"multipart/mixed, boundary=b",
        b'multipart/mixed; boundary="b',
        b"multipart/mixed; boundary='b'",
        b'multipart/mixed; boundary=\\"b\\"',
        b'multipart/mixed; charset="utf-8" boundary=b',
        b"multipart/mixed; boundary=b; boundary=c",
        b"multipart/mixed; boundary=never",
        b"multipart/mixed; boundary=",
        b"multipart/mixed",
        b"mulitpart/mixed; boundary=b",
        b"\r\nContent-Type: multipart/mixed; boundary=b",
    ],
)
def test_a_letter_of_several_parts_is_known_by_a_type_that_is_slightly_off(kind: bytes) -> None:
    assert summary(read(b"Content-Type: " + kind, TWO)) == ("hello", ["f.pdf"])


def test_a_boundary_that_was_declared_otherwise_is_found_in_the_text() -> None:
    lined = TWO.replace(b"--b", b"------=_Part_1")
    for boundary in (b"----=_Part_2", b"----=_Pa\r\n rt_1", b""):
        assert summary(read(b'Content-Type: multipart/mixed; boundary="' + boundary + b'"', lined)) == (
            "hello",
            ["f.pdf"],
        )
    assert read(b"Content-Type: multipart/mixed; boundary=c", b"Ciao\r\n-- \r\nMario\r\n").text == "Ciao\n-- \nMario\n"


def test_the_blank_line_before_the_first_part_may_be_missing() -> None:
    letter = parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n" + TWO)
    assert (letter.subject, *summary(letter)) == ("Papers", "hello", ["f.pdf"])


def test_the_same_boundary_inside_and_outside_ends_the_inner_parts_first() -> None:
    inner = b"--b\r\nContent-Type: multipart/alternative;\r\n boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
    page = b"--b\r\nContent-Type: text/html\r\n\r\n<p>hello\r\n"
    letter = read(
        b"Content-Type: multipart/mixed; boundary=b", inner + page + b"--b--\r\n\r\n" + TWO[TWO.index(b"--b", 1) :]
    )
    assert summary(letter) == ("hello", ["f.pdf"])
    assert str(letter.safe_html).count("hello") == 1


def test_a_boundary_that_begins_like_the_outer_one_is_another() -> None:
    inner = b"--b\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n\r\nhello\r\n--b2--\r\n"
    assert summary(read(b"Content-Type: multipart/mixed; boundary=b", inner + TWO[TWO.index(b"--b", 1) :])) == (
        "hello",
        ["f.pdf"],
    )


@pytest.mark.parametrize("length", range(3))
def test_what_a_mailing_list_writes_below_base64_is_no_part_of_it(length: int) -> None:
    text = "Perché è così? La città è già più in là. Cordiali saluti, Niccolò" + "x" * length
    assert content(b"base64", base64.encodebytes(text.encode()) + FOOTER) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"w6g=\r\n--\r\nwww.avast.com", "è"),
        (b"w6g=\r\nConfidential\r\n", "è"),
        (b"CAUTION: from outside\r\n\r\nw6g=\r\n", "è"),
        (b"w6g", "è"),
        (b"w6g===", "è"),
        (b"w6g=\r\nw6g=\r\n", "èè"),
        (b"w6g=w6g=", "èè"),
        (b"w6hhYmM=\r\n\r\nZGVm\r\n", "èabcdef"),
        (b"SGVsbG8gdGhl\r\nc*mUsIGZyaWVuZA==\r\n", "Hello there, friend"),
        (b"Ciao a tutti, non sono codificato.\r\n", "Ciao a tutti, non sono codificato.\n"),
        (
            b"words of a text in letters only that is as\r\nlong as base64",
            "words of a text in letters only that is as\nlong as base64",
        ),
        (b"Ciao sono in arrivo e porto con me i document", "Ciao sono in arrivo e porto con me i document"),
        (b"SGVsbG8gdGhl cmUsIGZyaWVuZA== \r\n", "Hello there, friend"),
        (b"", ""),
    ],
)
def test_base64_is_read_with_noise_around_and_within(body: bytes, text: str) -> None:
    assert content(b"base64", body) == text


def test_a_file_keeps_its_bytes_whatever_stands_between_the_lines_of_its_base64() -> None:
    data = bytes(range(256)) * 3
    lines = base64.encodebytes(data).splitlines()
    lines[4:4] = [b"*** checked: no virus ***", b""]
    body = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"\r\n".join(lines) + FOOTER
    assert read(b"Content-Type: multipart/mixed; boundary=b", body).attachments[0].content == data


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        (b"base64 (c)", b"w6g=", "è"),
        (b'"base64"', b"w6g=", "è"),
        (b"BASE-64;", b"w6g=", "è"),
        (b"(c) quoted-printable", b"=C3=A8", "è"),
        (b"Quoted_Printable", b"=C3=A8", "è"),
        (b"quoted/printable", b"=c3=a8", "è"),
        (b"quoted-printable", b"cit=  \r\nt=C3=A0=", "città"),
        (b"quoted-printable", b"<a width=80 height=20 b=\"c\" d='e' f=g>", "<a width=80 height=20 b=\"c\" d='e' f=g>"),
        (b"quoted-printable", b"a=3Db width=80 c=zz d=zz e=zz", "a=b width\ufffd c=zz d=zz e=zz"),
        (b"8bit (c)", b"\xc3\xa8", "è"),
        (b"martian", b"w6g=", "w6g="),
    ],
)
def test_a_transfer_encoding_is_known_by_a_name_that_is_slightly_off(encoding: bytes, body: bytes, text: str) -> None:
    assert content(encoding, body).replace("\u20ac", "\ufffd") == text


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"filename=\"citt_.pdf\"; filename*=UTF-8''citt%C3%A0.pdf", "città.pdf"),
        (b"filename*=UTF-8''citt%C3%A0.pdf; filename=\"citt_.pdf\"", "città.pdf"),
        (b"filename*=UTF-8''; filename=\"plain.pdf\"", "plain.pdf"),
        (b'filename="cut.pd"; filename*0="who"; filename*1="le.pdf"', "whole.pdf"),
        (b"filename*1*=%A0.pdf; filename*0*=UTF-8''citt%C3", "città.pdf"),
        (b"filename*0*=UTF-8''100%25; filename*1=\" of 100%25.pdf\"", "100% of 100%25.pdf"),
        (b"filename*=citt%C3%A0.pdf", "città.pdf"),
        (b"filename*=l'estate dell'anno.pdf", "l'estate dell'anno.pdf"),
        (b"filename=\"UTF-8''citt%C3%A0.pdf\"", "città.pdf"),
        (b'filename="100%25.pdf"', "100%25.pdf"),
        (b"filename*=utf-8''=?utf-8?Q?citt=C3=A0?=.pdf", "città.pdf"),
        (b'filename="=?utf-8?Q?citt=C3=A0?=.pdf"', "città.pdf"),
        (b'filename="=?utf-8?Q?citt=C3?=\r\n =?utf-8?Q?=A0.pdf?="', "città.pdf"),
        (b'filename*0="=?utf-8?Q?citt=C3"; filename*1="=A0.pdf?="', "città.pdf"),
        (b'filename="citt\xe0.pdf"', "città.pdf"),
        (b'filename="fattura n. 3/2024.pdf"', "fattura n. 3_2024.pdf"),
        (b'filename="/home/mario/fattura.pdf"', "fattura.pdf"),
        (b'filename="a/../../fattura.pdf"', "fattura.pdf"),
        (b'filename="file:///C:/TEMP/fattura.pdf"', "fattura.pdf"),
        (b'filename="C:\\TEMP\\fattura.pdf"', "fattura.pdf"),
        (b'filename="C:\\\\TEMP\\\\fattura.pdf"', "fattura.pdf"),
        (b'filename="\\\\server\\share\\fattura.pdf"', "fattura.pdf"),
        (b"filename=C:\\TEMP\\fattura.pdf", "fattura.pdf"),
        (b'filename="C:\\TEMP\\(2) fattura.pdf"', "(2) fattura.pdf"),
        (b'filename="l\\\'anno \\(2\\).pdf"', "l'anno (2).pdf"),
        (b"filename=bill no 3 (2).pdf", "bill no 3 (2).pdf"),
        (b"filename=bill no 3.pdf size=3", "bill no 3.pdf"),
        (b'filename="bill.pdf', "bill.pdf"),
        (b"filename='bill.pdf'", "bill.pdf"),
        (b'filename="bill; no 3.pdf"', "bill; no 3.pdf"),
        (b'x=y filename="bill.pdf"', "bill.pdf"),
    ],
)
def test_a_file_has_the_name_that_its_sender_gave_it(written: bytes, name: str) -> None:
    assert file_name(written) == name


@pytest.mark.parametrize(
    ("kind", "text", "names"),
    [
        (b'application-x-gzip; name="document.xml.gz"', "", ["document.xml.gz"]),
        (b"text", "x", []),
        (b"text/", "x", []),
        (b"html", "x", []),
        (b"text/plain/x; charset=utf-8", "x", []),
        (b"garbage", "x", []),
        (b"; charset=utf-8", "x", []),
        (b"plain/text", "x", []),
        (b"application/pdf (a file)", "", ["attachment-1.pdf"]),
    ],
)
def test_a_bogus_type_at_the_root_is_read_as_what_it_means(kind: bytes, text: str, names: list[str]) -> None:
    assert summary(read(b"Content-Type: " + kind, b"x")) == (text, names)


def part(kind: bytes, body: bytes) -> bytes:
    return b"--b\r\nContent-Type: " + kind + b"\r\n\r\n" + body + b"\r\n"


PDF = part(b"application/pdf; name=f.pdf", b"x")


@pytest.mark.parametrize(
    ("kind", "parts", "text", "names"),
    [
        (b"mixed", part(b"text/plain; name=message.txt", b"The letter") + PDF, "The letter", ["f.pdf"]),
        (b"mixed", part(b"text/html; name=message.html", b"<p>The letter") + PDF, "The letter", ["f.pdf"]),
        (
            b"alternative",
            part(b"text/plain; name=a", b"The letter") + part(b"text/html; name=b", b"<p>x"),
            "The letter",
            [],
        ),
        (b"mixed", part(b"text/plain", b"The letter") + part(b"text/plain; name=a.txt", b"x"), "The letter", ["a.txt"]),
        (
            b"mixed",
            part(b"text/plain; name=a.txt", b"x") + part(b"text/plain; name=b.txt", b"y"),
            "",
            ["a.txt", "b.txt"],
        ),
        (b"mixed", part(b"text/plain\r\nContent-Disposition: inline; filename=a.txt", b"x"), "", ["a.txt"]),
        (b"mixed", part(b"text/plain; name=a.txt\r\nContent-Disposition: attachment", b"x"), "", ["a.txt"]),
    ],
)
def test_the_only_text_is_the_letter_also_where_it_has_a_name(
    kind: bytes, parts: bytes, text: str, names: list[str]
) -> None:
    letter = read(b"Content-Type: multipart/" + kind + b"; boundary=b", parts + b"--b--")
    assert summary(letter) == (text, names)


MANY = 200_000


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Type: multipart/mixed; boundary=b", b"--b--\r\n" * MANY),
        (b"Content-Type: multipart/mixed; boundary=never", b"--x\r\n" * MANY),
        (b"Content-Type: multipart/mixed; boundary=never", b"--x\nContent" * MANY),
        (b"Content-Type: multipart/mixed; boundary=b", b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n" * 900),
        (b"Content-Type: multipart/mixed; boundary=" + b"(" * 16_000, b"--b\r\n\r\nx"),
        (b"Content-Type: text/plain" + b" charset=" * 20_000, b"x"),
        (b"Content-Type: text/plain; name=" + b" " * 200_000, b"x"),
        (b"Content-Disposition: attachment; " + b" filename*0*=a'" * 20_000, b"x"),
        (b"Content-Transfer-Encoding: base64", b"!\r\n" * 4_000_000),
        (b"Content-Transfer-Encoding: base64", b"SGVsbG8=\r\n*\r\n" * 150_000),
        (b"Content-Transfer-Encoding: base64", b"*" * 10_000_000),
        (b"Content-Transfer-Encoding: quoted-printable", b"= " * 5_000_000),
        (b"Content-Transfer-Encoding: quoted-printable", b"=zz" * 3_000_000),
        (b"Content-Type: text/plain; charset=iso-2022-jp", b"\x1b$B" + b"-j" * 4_000_000),
        (b"Content-Type: text/plain; charset=iso-2022-jp", b"\x1b$B\x1b(B-\xff" * 1_000_000),
        (b"Subject: " + b"=?a?q?a?" * 30_000, b"x"),
        (b"Subject: " + b"=?a?q?\xff" * 30_000, b"x"),
        (b"junk\r\n" + b" a\r\n" * 60_000, b"x"),
        (b"Date: " + b"1 " * 100_000, b"x"),
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_off_is_read_in_linear_time(headers: bytes, body: bytes) -> None:
    began = process_time()
    with contextlib.suppress(Unreadable):
        read(headers, body)
    assert process_time() - began < 5
