"""What the header block says: addresses, names, dates, words in any charset."""

from datetime import UTC, datetime

import pytest

from mail.parse import ParsedHeaders, Unreadable, db_text, parse, read_headers
from mail.parse.charsets import decode
from models.participant import Role


def headers(*lines: str) -> ParsedHeaders:
    return read_headers("\r\n".join([*lines, "", ""]).encode())


def people(value: str) -> list[tuple[str | None, str]]:
    return [(one.name, one.address) for one in headers(f"To: {value}").participants]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ada@client.example", [(None, "ada@client.example")]),
        ("<ada@client.example>", [(None, "ada@client.example")]),
        ("Ada Client <Ada@Client.example>", [("Ada Client", "Ada@Client.example")]),
        ('"Client, Ada" <ada@client.example>', [("Client, Ada", "ada@client.example")]),
        ("'Ada' <ada@client.example>", [("Ada", "ada@client.example")]),
        ("ada@client.example (Ada (the first))", [("Ada the first", "ada@client.example")]),
        ('"boss@firm.example" <evil@x>', [("boss@firm.example", "evil@x")]),
        ("boss@firm.example <evil@x>", [("boss@firm.example", "evil@x")]),
        ("ada@client.example <ada@client.example>", [(None, "ada@client.example")]),
        ("a@x.example, b@x.example;c@x.example", [(None, f"{one}@x.example") for one in "abc"]),
        ("a@x.example b@x.example", [(None, "a@x.example"), (None, "b@x.example")]),
        ("<a@x.example><b@x.example>", [(None, "a@x.example"), (None, "b@x.example")]),
        ("Team: a@x.example, B <b@x.example>;", [(None, "a@x.example"), ("B", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        (",, ,", []),
        ("<>", []),
        ("=?utf-8?Q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
        ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>', [("Jörg", "j@x.example")]),
        ("Jörg <jörg@bücher.example>", [("Jörg", "jörg@bücher.example")]),
        ("a@xn--bcher-kva.example", [(None, "a@xn--bcher-kva.example")]),
        ('"two words"@x.example', [(None, '"two words"@x.example')]),
        ("a@[192.0.2.1]", [(None, "a@[192.0.2.1]")]),
        ("<@relay.example,@other:a@x.example>", [(None, "a@x.example")]),
        ("a..b@docomo.example", [(None, "a..b@docomo.example")]),
        ("mailto:a@x.example", [(None, "a@x.example")]),
        ('"unclosed <a@x.example>', [("unclosed", "a@x.example")]),
        ("Ada (unclosed <a@x.example>", [("Ada unclosed", "a@x.example")]),
        ("Ada \x07\u202e<a@x.example>", [("Ada", "a@x.example")]),
    ],
)
def test_addresses_are_read_as_they_stand(written: str, read: list[tuple[str | None, str]]) -> None:
    assert people(written) == read


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("MAILER-DAEMON", "MAILER-DAEMON"),
        ("Ada <nobody>", "Ada"),
        ("=?utf-8?Q?ada=40client.example?=", "ada@client.example"),
        ("Ada <=?utf-8?Q?ada=40client.example?=>", "Ada"),
        ("Ada <ada@client.example@x.example>", "Ada"),
        ("Ada <ada@cli\u200bent.example>", "Ada"),
        ("Ada <ada\x00@client.example>", "Ada"),
        ("Ada <ada@client.example\t>x", None),
        ("Ada <a da@client.example>", "Ada"),
        ("Ada <" + "a" * 300 + "@client.example>", "Ada"),
    ],
)
def test_an_address_that_cannot_be_read_is_never_made_up(written: str, name: str | None) -> None:
    found = people(written)
    if name is not None:
        assert found == [(name, "")]
    else:
        assert [address for _, address in found] == ["ada@client.example"]  # a blank at its end is not part of it


def test_all_six_headers_take_part_in_their_order_and_each_once() -> None:
    said = headers("Bcc: b@x", "From: f@x", "To: t@x, t@x", "Cc: c@x", "Reply-To: r@x", "Sender: s@x", "To: t2@x")
    assert [(one.role, one.address) for one in said.participants] == [
        (Role.BCC, "b@x"),
        (Role.FROM, "f@x"),
        (Role.TO, "t@x"),
        (Role.CC, "c@x"),
        (Role.REPLY_TO, "r@x"),
        (Role.SENDER, "s@x"),
        (Role.TO, "t2@x"),
    ]


def test_participants_are_at_most_two_thousand() -> None:
    assert len(headers("To: " + ",".join(f"a{n}@x" for n in range(5_000))).participants) == 2_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 2 Mar 2026 10:00:00 +0100", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2 Mar 2026 10:00 GMT", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 10:00:00 -0000 (PST)", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 10:00:00 +9900", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-03-02T10:00:00+01:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("Tue, 31 Feb 2026 10:00:00 +0100", None),
        ("Mon, 2 Mar 2026 25:00:00 +0100", None),
        ("Mon, 2 Mar 3026 10:00:00 +0100", None),
        ("Mon, 2 Mar 1926 10:00:00 +0100", None),
        ("Fri, 31 Dec 9999 23:00:00 -2300", None),
        ("9" * 5_000, None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(written: str, read: datetime | None) -> None:
    assert headers(f"Date: {written}").sent_at == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe_an_alle?=", "Grüße an alle"),
        ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?one?= =?utf-8?Q?two?= three", "onetwo three"),
        ("=?utf-8?B?R3LDvMM=?=\r\n =?utf-8?B?n2U=?=", "Grüße"),
        ("=?utf-8?Q?two words?=", "two words"),
        ("=?martian?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?X?what?=", "=?utf-8?X?what?="),
        ("=?utf-8?Q?line=0D=0ABcc:_evil@x?=", "line Bcc: evil@x"),
        ("=?utf-7?Q?+2AA-x?=", "x"),
        ("a\u202eb\x1b[0m\x00c", "ab [0mc"),
    ],
)
def test_words_of_a_subject(written: str, read: str) -> None:
    assert parse(f"From: a@x\r\nSubject: {written}\r\n\r\n".encode()).subject == read


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße €".encode(), "utf-8", "Grüße €"),
        ("Grüße €".encode("cp1252"), "utf-8", "Grüße €"),
        ("Grüße €".encode("cp1252"), "iso-8859-1", "Grüße €"),
        ("Grüße €".encode("cp1252"), None, "Grüße €"),
        ("Grüße €".encode(), "x-martian", "Grüße €"),
        ("Grüße €".encode(), "us-ascii; format=flowed", "Grüße €"),
        ("Grüße €".encode(), "us-ascii", "Grüße €"),
        (f"{'so ' * 99}weiß.".encode("cp1252"), None, f"{'so ' * 99}weiß."),
        (f"{'so ' * 99}weiß.".encode("cp1252"), "utf-8", f"{'so ' * 99}weiß."),
        (f"{'so ' * 99}weiß.".encode("cp1252"), "us-ascii", f"{'so ' * 99}weiß."),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        ("안녕".encode("cp949"), "ks_c_5601-1987", "안녕"),
        ("表①".encode("cp932"), '"Shift_JIS"', "表①"),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本"),
        ("Привет".encode("koi8_r"), "koi8-r", "Привет"),
        (b"68656c6c6f", "hex", "68656c6c6f"),
        (b"\\ud800", "unicode_escape", "\\ud800"),
        (b"a\x81b", None, "a\ufffdb"),
        (("ü" * 50).encode() + b"\xff", "utf-8", "ü" * 50 + "\ufffd"),
    ],
)
def test_charsets(data: bytes, charset: str | None, text: str) -> None:
    assert decode(data, charset) == text


def test_database_text_has_no_nul_and_no_lone_surrogate() -> None:
    assert db_text("a\0b\ud800c\udfffd😀") == "abcd😀"


@pytest.mark.parametrize(
    ("lines", "automatic"),
    [
        (("Auto-Submitted: auto-replied",), True),
        (("Auto-Submitted: no",), False),
        (("Auto-Submitted: No (a person wrote it)",), False),
        (("Precedence: BULK",), True),
        (("Precedence: first-class",), False),
        (("X-Auto-Response-Suppress: All",), True),
        (("X-Auto-Response-Suppress: None",), False),
        (("X-Autoreply: yes",), True),
        (("X-Autorespond: A letter",), True),
        (("List-Unsubscribe: <https://x.example>",), True),
        (("Return-Path: <>",), True),
        (("Return-Path: <a@x>",), False),
        (("Content-Type: multipart/report; report-type=delivery-status; boundary=b",), True),
    ],
)
def test_automatic_mail_is_known(lines: tuple[str, ...], automatic: bool) -> None:
    assert headers("From: a@x", *lines).automatic is automatic


def test_ids_stand_without_brackets_also_where_they_are_broken() -> None:
    said = headers("Message-ID: <one@x>", "In-Reply-To: <two@x> from Monday", "References: <1@x>", "\t<2@ x> <>")
    assert (said.message_id, said.in_reply_to, said.references) == ("one@x", "two@x", ("1@x", "2@x"))
    assert headers("Message-ID: bare@x").message_id == "bare@x"
    assert headers("Message-ID: <>").message_id is None


def test_a_letter_of_our_own_is_known() -> None:
    assert headers("X-Switchboard-Letter: 0190").letter_id == "0190"
    assert headers("From: a@x").letter_id is None


@pytest.mark.parametrize(
    "block", [b"", b"\r\n\r\n", b"no header here\r\n\r\n", b"\x00\xff" * 100, b": nameless\r\n\r\n"]
)
def test_a_block_without_any_header_is_unreadable(block: bytes) -> None:
    with pytest.raises(Unreadable, match="no header that can be read"):
        read_headers(block)


def test_a_header_block_beyond_256_kb_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="256 kB"):
        read_headers(b"From: a@x\r\n" + b"X: " + b"y" * 300_000 + b"\r\n\r\n")
