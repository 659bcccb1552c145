"""Words in charsets that are not as declared, and in encoded words that are not as the standard wants them."""

import base64

import pytest

from mail.parse import parse, read_headers
from mail.parse.charsets import decode


def subject(value: bytes, kind: bytes = b"") -> str:
    return parse(b"From: a@x\r\nSubject: " + value + b"\r\n" + kind + b"\r\n").subject


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"Attivit\xe0", None, "Attività"),
        (b"Attivit\xe0", "us-ascii", "Attività"),
        (b"Attivit\xe0", "utf-8", "Attività"),
        (b"Attivit\xe0", "x-martian", "Attività"),
        (b"La novit\xe0 e il caff\xe8", None, "La novità e il caffè"),
        (b"AMANH\xc3", None, "AMANHÃ"),
        ("Grüße".encode()[:-1] + b"\xc3", None, "Grüß\ufffd"),
        (b"Cut in \xc3", "utf-8", "Cut in \ufffd"),
        (b"5 \xe2\x82", "utf-8", "5 \ufffd"),
        ("Grüße aus Köln".encode()[:-3], "utf-8", "Grüße aus K\ufffd"),
        ("Łódź".encode("cp1250"), "x-cp1250", "Łódź"),
        ("Łódź".encode("cp1250"), "windows1250", "Łódź"),
        ("“Ciao”".encode("cp1252"), "iso_8859-1", "“Ciao”"),
        ("“Ciao”".encode("cp1252"), "ISO-8859-1-Windows-3.1-Latin-1", "“Ciao”"),
        ("İş".encode("cp1254"), "iso-8859-9", "İş"),
        ("你好".encode("gb18030"), "gb_2312-80", "你好"),
        ("안녕".encode("cp949"), "windows-949", "안녕"),
        ("表①".encode("cp932"), "windows-31j", "表①"),
        (b"\x1b$B-j;3ED\x1b(B", "iso-2022-jp", "㈱山田"),
        (b"\x1b$B-j;3ED\x1b(B", "ISO-2022-JP-MS", "㈱山田"),
        (b"\x1b$B-j;3ED\x1b(B", "cp50221", "㈱山田"),
        (b"\x1b$B;3ED\x1b(B", None, "山田"),
        (b"\x1b$B;3ED\x1b(B", "us-ascii", "山田"),
        (b"\x1b$B-j\r\nABC\x1b(J!", "iso-2022-jp", "㈱\r\nABC!"),
        (b"\x1b(I6@6E\x1b(B \x1b$B-j\x1b(B", "iso-2022-jp", "ｶﾀｶﾅ ㈱"),
        ("日本語".encode("euc_jp"), "iso-2022-jp", "日本語"),
        ("日本語".encode("cp932"), "iso-2022-jp", "日本語"),
        ("日本語".encode(), "iso-2022-jp", "日本語"),
        (b"Attivit\xe0 n. 1", "iso-2022-jp", "Attività n. 1"),
        ("안녕".encode("iso2022_kr"), "iso-2022-kr", "안녕"),
        ("안녕".encode("iso2022_kr").removeprefix(b"\x1b$)C"), "iso-2022-kr", "안녕"),
        ("你好 ok".encode("hz"), "hz-gb-2312", "你好 ok"),
        (b"\x1b[1mbold\x1b[0m", None, "\x1b[1mbold\x1b[0m"),
    ],
)
def test_a_text_is_read_whatever_its_charset_is_said_to_be(data: bytes, charset: str | None, text: str) -> None:
    assert decode(data, charset) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"Attivit\xe0", "Attività"),
        (b"=?us-ascii?q?Attivit=E0?=", "Attività"),
        (b"=?iso-8859-1?Q?Fr\xf6sche?=", "Frösche"),
        (b"=?iso-8859-1?Q?Fr\xc3\xb6sche?=", "Frösche"),
        (b"=?utf-8?Q?Fr\xc3\xb6sche_=C3=BC?=", "Frösche ü"),
        (b"=?utf-8?Q?Fr\xf6sche?=", "Frösche"),
        (b"=?koi8-r?Q?\xf0\xd2\xc9?=", "При"),
        (b"Fr\xf6sche =?utf-8?Q?=C3=BC?=", "Frösche ü"),
        (b"=?utf-8?Q?Come_stai?_Bene,_grazie!?=", "Come stai? Bene, grazie!"),
        (b"=?utf-8?Q?unfinished =?utf-8?Q?finished?=", "=?utf-8?Q?unfinished finished"),
        (b"=??Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-2022-jp?B?" + base64.b64encode(b"\x1b$B-j;3ED\x1b(B") + b"?=", "㈱山田"),
        (b"\x1b$B;3ED\x1b(B", "山田"),
    ],
)
def test_a_subject_is_read_however_it_is_encoded(written: bytes, read: str) -> None:
    assert subject(written) == read


@pytest.mark.parametrize(
    ("written", "charset", "read"),
    [
        ("Łódź".encode("cp1250"), b"windows-1250", "Łódź"),
        ("Привет".encode("koi8_r"), b"koi8-r", "Привет"),
        ("你好".encode("gb18030"), b"gb2312", "你好"),
        ("你好".encode(), b"gb2312", "你好"),
        (b"J\xfcrgen", b"gb2312", "Jürgen"),
        (b"J\xfcrgen", b"utf-8", "Jürgen"),
        (b"J\xfcrgen", b"utf-16", "Jürgen"),
    ],
)
def test_bytes_in_a_header_are_read_in_the_charset_of_the_letter(written: bytes, charset: bytes, read: str) -> None:
    raw = b"From: " + written + b" <a@x>\r\nSubject: " + written + b"\r\nContent-Type: text/plain; charset=" + charset
    letter = parse(raw + b"\r\n\r\n")
    assert (letter.subject, letter.participants[0].name, letter.participants[0].address) == (read, read, "a@x")
    assert read_headers(raw + b"\r\n\r\n").participants == letter.participants
