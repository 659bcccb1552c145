"""Any bytes at all: read, or Unreadable; nothing else comes of them."""

import contextlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mail.parse import Unreadable, parse
from tests.support.emails.invariants import assert_storable

OURS = sorted((Path(__file__).resolve().parent / "messages").glob("*.eml"))
HEAD = b"From: a@x\r\nMessage-ID: <1@x>\r\nSubject: Papers\r\n"
# fmt: off
_PIECES = [
    b"From: ", b"To: Bob <bob@x>", b"Subject: =?utf-8?B?", b"?=", b"Date: ", b"message-id: <", b"@", b";", b"+2AA-",
    b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html; charset=", b"Content-Transfer-Encoding: ",
    b"base64", b"uuencode", b"quoted-printable", b"Content-Disposition: attachment; filename*0*=", b"begin 644 a",
    b"utf-7", b"utf-16", b"punycode", b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"<", b">", b'"',
    b"(", b"<table><tr><td>", b"</td>", b"<p>", b"<li>", b"<a href=", b"<!--", b"&#xd800;", b"&#0;", b"\xff\xfe",
    b"message/rfc822", b"multipart/digest", b"multipart/alternative",
]
# fmt: on
_BROKEN = st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=8)), max_size=60).map(b"".join)


def read_or_not(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert_storable(parse(raw))


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(max_size=400), _BROKEN, _BROKEN.map(lambda rest: HEAD + rest)))
def test_any_bytes_are_read_or_unreadable(raw: bytes) -> None:
    read_or_not(raw)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(OURS), st.data())
def test_damaged_messages_are_read_or_unreadable(file: Path, data: st.DataObject) -> None:
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        stop = min(len(raw), start + data.draw(st.integers(0, 20)))
        raw[start:stop] = data.draw(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=6)))
    read_or_not(bytes(raw))
