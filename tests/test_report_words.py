"""Reports for people only, as servers word them: late is not lost, and whoever is away has not bounced (R17)."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.parse import Unreadable
from mail.parse.report import read_report
from mail.parse.report.ties import is_null, message_ids, return_tokens, signed
from tests.support.emails.invariants import assert_one_line

DAEMON = "Mail Delivery System <mailer-daemon@mx.test>"
HARD = "hard"


def kind_of(sender: str, subject: str, text: str, *more: str) -> str:
    head = "\r\n".join([f"From: {sender}", f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", *more])
    report = read_report(f"{head}\r\n\r\n{text}\r\n".encode())
    assert report is not None
    return HARD if any(failure.nobody for failure in report.failures) else report.kind


@pytest.mark.parametrize(
    ("sender", "subject", "text", "kind"),
    [
        (DAEMON, "Warning: message 1x delayed 24 hours", "Your message has not been delivered yet.", "DELAYED"),
        (DAEMON, "Warning: could not send message for past 4 hours",
         "THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND.\r\n421 Connection timed out", "DELAYED"),
        (DAEMON, "Delivery Status Notification (Delay)", "Gmail will retry for 45 more hours.", "DELAYED"),
        (DAEMON, "Avviso", "La consegna è in ritardo.", "DELAYED"),
        (DAEMON, "Returned mail: Cannot send message for 5 days", "421 Deferred: Connection timed out", "FAILED"),
        (DAEMON, "Undelivered Mail", "550 5.7.1 looks like spam", "FAILED"),
        (DAEMON, "Undelivered Mail", "550 No such user here", HARD),
        (DAEMON, "Mail delivery failed", "anna@client.test\r\n  Unrouteable address", "FAILED"),
        (DAEMON, "Unzustellbar: Einladung", "Der Empfänger ist unbekannt.", HARD),
        (DAEMON, "Non recapitabile: Invito", "Il destinatario non esiste.", HARD),
        ("posta-certificata@pec.test", "AVVISO DI MANCATA CONSEGNA: Invito",
         "E' stato rilevato un errore 5.1.1 - indirizzo non valido", "HARD-PEC"),
        ("posta-certificata@pec.test", "CONSEGNA: Invito", "Il messaggio è stato consegnato.", "PEC"),
        ("Anna <anna@client.test>", "Out of office", "I am away. 550 no such user", "ANSWER"),
        ("Anna <anna@client.test>", "Risposta automatica: Invito", "Sono fuori ufficio.", "ANSWER"),
        ("Anna <anna@client.test>", "Re: Undelivered Mail", "> 550 5.1.1 user unknown\r\nWhat is that?", "NONE"),
        (DAEMON, "Your daily summary", "3 messages were delivered.", "NONE"),
    ],
)  # fmt: skip
def test_what_is_said_to_people_is_read(sender: str, subject: str, text: str, kind: str) -> None:
    more = (
        ["X-Ricevuta: errore-consegna"] if kind == "HARD-PEC" else ["X-Ricevuta: avvenuta-consegna"] * (kind == "PEC")
    )
    said = {"HARD-PEC": HARD, "PEC": "NONE"}.get(kind, kind)
    assert kind_of(sender, subject, text, *more) == said


def test_what_quotes_our_letter_is_not_what_the_server_says() -> None:
    quoted = "----- Original message -----\r\n\r\nMessage-ID: <1@x>\r\n\r\n550 5.1.1 user unknown"
    assert kind_of(DAEMON, "Undelivered Mail", f"554 5.7.1 rejected\r\n{quoted}") == "FAILED"


ID = "0192b7d8-8ce8-73e6-b939-39c7a9419cbb"


@pytest.mark.parametrize(
    "text",
    [f"Message-ID: <{ID}@portal.test>", f"&lt;{ID}@portal.test&gt;", f"> In-Reply-To:\r\n\t<{ID.upper()}@Portal.Test>.",
     f'"value":"{ID}@portal.test"'],
)  # fmt: skip
def test_a_message_id_is_found_wherever_it_is_quoted(text: str) -> None:
    assert message_ids(text) == (f"{ID}@portal.test",)


@pytest.mark.parametrize("text", [f"x{ID}@portal.test", f"{ID[:-1]}@portal.test", f"{ID}", f"{ID}@"])
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert message_ids(text) == ()


def test_our_header_is_found_folded_and_quoted() -> None:
    value = f"{ID}.{'s' * 43}"
    for text in (f"X-Switchboard-Letter: {value}", f"> x-switchboard-letter:\r\n {value} more",
                 f"X-Switchboard-Letter: {value[:40]}\r\n\t{value[40:]}\r\nTo: x"):  # fmt: skip
        assert signed(text) == (value,)
    assert signed(f"X-Switchboard-Letter: {value[:-1]}\r\nTo: x") == ()


def test_a_return_address_is_found_by_its_shape_and_many_are_not_kept() -> None:
    assert return_tokens(f"Delivered-To: bounces+{'A' * 45}@x.test, b-{'a' * 44}@x.test") == ("a" * 45,)
    assert len(return_tokens(" ".join(f"{'a' * 43}{one}{two}@x" for one in "abcdefgh" for two in "abcdefgh"))) == 20


def test_the_null_path_is_empty_and_all_of_them_are() -> None:
    assert is_null(["<>"])
    assert is_null([" <> ", "<>"])
    for paths in ([], [""], ["<a@b.test>"], ["<>", "<a@b.test>"], ["<MAILER-DAEMON>"]):
        assert not is_null(paths)


_PIECES = [
    b"From: mailer-daemon@x\r\n",
    b"Return-Path: <>\r\n",
    b"\r\n\r\n",
    b"--b\r\n",
    b"--b--",
    b"Action: failed\r\n",
    b"Content-Type: multipart/report; boundary=b\r\n",
    b"Content-Type: message/delivery-status\r\n",
    b"Status: 5.1.1\r\n",
    b"Content-Type: message/feedback-report\r\n",
    b"Feedback-Type: abuse\r\n",
    b"Final-Recipient: rfc822;",
    b"\x1b$B",
    b"550 ",
    b"Diagnostic-Code: smtp; \xff\xfe\x00",
    b"user unknown",
    b"X-Switchboard-Letter: ",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Type: text/plain; charset=utf-7\r\n",
    b"+2AA-",
    b"\0",
    b"\xe2\x80\xae",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=8)), max_size=40).map(b"".join))
def test_of_any_bytes_comes_a_report_that_can_be_kept_or_none(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        report = read_report(raw)
        for failure in report.failures if report else ():
            assert_one_line(failure.status, failure.diagnostic)
