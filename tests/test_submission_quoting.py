"""What an answer says of the message that it answers: its subject, its Message-IDs, its words below a line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.parse import parse
from mail.sync.reading import message
from models.participant import Participant, Role
from models.submission.quoting import MOST_QUOTED, introduced, quoted, with_quote
from models.submission.references import MOST_CHARACTERS, references_of_answer
from models.submission.subject import LONGEST_SUBJECT, subject_of_answer

ANNA = Participant(Role.FROM, "Anna Rossi", "anna@rossi.test")
WHEN = datetime(2026, 11, 30, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("VAT return", "Re: VAT return"),
        ("Re: VAT return", "Re: VAT return"),
        ("RE: VAT return", "Re: VAT return"),
        ("re:VAT return", "Re: VAT return"),
        ("R: Dichiarazione IVA", "Re: Dichiarazione IVA"),
        ("AW: Steuer", "Re: Steuer"),
        ("Antw: Steuer", "Re: Steuer"),
        ("SV: Moms", "Re: Moms"),
        ("RE : TVA", "Re: TVA"),
        ("Re[2]: VAT", "Re: VAT"),
        ("Re (3): VAT", "Re: VAT"),
        ("R: AW: Re: SV: RE: VAT", "Re: VAT"),
        ("Re：增值税", "Re: 增值税"),
        ("Fwd: VAT", "Re: Fwd: VAT"),
        ("Fwd: Re: VAT", "Re: Fwd: Re: VAT"),
        ("Reminder: VAT", "Re: Reminder: VAT"),
        ("Ref. 12: VAT", "Re: Ref. 12: VAT"),
        ("VAT re: 2026", "Re: VAT re: 2026"),
        ("", "Re:"),
        ("  ", "Re:"),
        ("Re:", "Re:"),
        ("R: R: ", "Re:"),
    ],
)
def test_the_subject_begins_with_re_once(subject: str, answer: str) -> None:
    assert subject_of_answer(subject) == subject_of_answer(answer) == answer


@given(st.text(max_size=2_000))
def test_no_subject_is_too_long_and_answered_again_it_stays(subject: str) -> None:
    answer = subject_of_answer(subject)
    assert len(answer) <= LONGEST_SUBJECT
    assert answer.startswith("Re:")
    assert subject_of_answer(answer) == answer


def test_a_long_subject_is_cut_where_one_sees_it() -> None:
    assert subject_of_answer("x" * 1_000) == "Re: " + "x" * 995 + "…"


def test_an_answer_names_what_it_answers_last() -> None:
    assert references_of_answer((), "b@c.test") == ("b@c.test",)
    assert references_of_answer(("a@c.test",), "b@c.test") == ("a@c.test", "b@c.test")
    assert references_of_answer(("a@c.test",), None) == ("a@c.test",)
    assert references_of_answer((), None) == ()


def test_of_a_long_conversation_it_names_the_beginning_and_the_newest() -> None:
    names = [f"{number}@c.test" for number in range(150)]
    assert references_of_answer(names, "now@c.test") == ("0@c.test", *names[-98:], "now@c.test")
    long = [f"{number}{'x' * 800}@c.test" for number in range(100)]
    cut = references_of_answer(long, "now@c.test")
    assert (cut[0], cut[1:-1], cut[-1]) == (long[0], tuple(long[-len(cut) + 2 :]), "now@c.test")
    assert MOST_CHARACTERS - 900 < sum(map(len, cut)) <= MOST_CHARACTERS


def test_it_names_none_twice_and_none_that_a_header_cannot_say() -> None:
    broken = ("a@c.test", "", "a b", "x>\r\nBcc: carla@else.test", "ü@c.test", "<a@c.test>", "x" * 901, "b@c.test")
    assert references_of_answer((*broken, "a@c.test"), "b@c.test") == ("a@c.test", "b@c.test")


@given(st.lists(st.text(max_size=20) | st.sampled_from(["a@b", "c@d"]), max_size=150), st.none() | st.text(max_size=20))
def test_whatever_a_stranger_named_at_most_a_hundred_stand_in_one_header(names: list[str], last: str | None) -> None:
    references = references_of_answer(names, last)
    assert len(references) == len(set(references)) <= 100
    assert all(name.isascii() and name.isprintable() and not {*"<> "} & {*name} for name in references)


def test_each_line_is_quoted_and_what_is_quoted_already_one_deeper() -> None:
    assert (
        quoted("Hello\r\n\r\n  there\n> you\n>> wrote\rbye \n\n") == "> Hello\n>\n>   there\n>> you\n>>> wrote\n> bye"
    )


@pytest.mark.parametrize("nothing", ["", "\n\n", "\r\n"])
def test_where_there_is_nothing_to_quote_nothing_is_introduced(nothing: str) -> None:
    assert with_quote("Thank you.", nothing, "Anna wrote:") == "Thank you."


def test_the_quote_stands_below_a_line_of_its_own() -> None:
    assert with_quote("Thank you.", "Here\nit is.", "Anna wrote:") == "Thank you.\n\nAnna wrote:\n> Here\n> it is."


@pytest.mark.parametrize("original", ["\n" * 500_000 + "x", "word " * 300_000, "è\n" * 300_000, "> quoted\n" * 100_000])
def test_at_most_256_kb_are_quoted_and_whole_lines_of_them(original: str) -> None:
    quote = quoted(original)
    assert len(quote.encode()) <= MOST_QUOTED
    whole = [f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in original.strip("\n").split("\n")]
    lines = quote.split("\n")
    assert lines == whole[: len(lines)] or (len(lines) == 1 and whole[0].startswith(quote))
    assert len(quote.encode()) > MOST_QUOTED - 20 or len(lines) == len(whole)


@given(st.text(max_size=300))
def test_whatever_it_says_nobody_takes_it_for_the_answer(original: str) -> None:
    assert all(line.startswith(">") for line in quoted(original).split("\n") if line)
    assert "\r" not in quoted(original)
    assert "\0" not in quoted(original)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "On December 1, 2026, 12:05\u202fAM, Anna Rossi <anna@rossi.test> wrote:"),
        ("en-GB", "On 1 December 2026, 00:05, Anna Rossi <anna@rossi.test> wrote:"),
        ("it", "Il 1 dicembre 2026 alle 00:05, Anna Rossi <anna@rossi.test> ha scritto:"),
        ("it-CH", "Il 1 dicembre 2026 alle 00:05, Anna Rossi <anna@rossi.test> ha scritto:"),
        ("it-ZZ", "Il 1 dicembre 2026 alle 00:05, Anna Rossi <anna@rossi.test> ha scritto:"),
        ("de", "On December 1, 2026, 12:05\u202fAM, Anna Rossi <anna@rossi.test> wrote:"),
    ],
)
def test_the_line_above_is_in_the_firms_language_by_the_firms_clock(language: str, line: str) -> None:
    assert introduced(ANNA, WHEN, language=language, time_zone="Europe/Rome") == line


@pytest.mark.parametrize(
    ("name", "address", "who"),
    [
        (None, "anna@rossi.test", "anna@rossi.test"),
        ("Anna", "", "Anna"),
        (None, "", "?"),
        ("Anna\r\n> forged", "a@b.test", "Anna > forged <a@b.test>"),
        ("A" * 200, "a@b.test", "A" * 59 + "… <a@b.test>"),
        ("{who} {0}", "a@b.test", "{who} {0} <a@b.test>"),
    ],
)
def test_whatever_the_sender_calls_itself_stays_on_that_line(name: str | None, address: str, who: str) -> None:
    line = introduced(Participant(Role.FROM, name, address), WHEN, language="en-GB", time_zone="UTC")
    assert line == f"On 30 November 2026, 23:05, {who} wrote:"


@pytest.mark.parametrize("when", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "Nowhere/Nothing"])
def test_no_date_of_a_stranger_is_too_odd_to_be_said(when: datetime, zone: str) -> None:
    assert introduced(ANNA, when, language="it", time_zone=zone).startswith("Il ")


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"References": "<1@c.test> <2@c.test>", "In-Reply-To": "<2@c.test>"}, ("1@c.test", "2@c.test")),
        ({"References": "<1@c.test>", "In-Reply-To": "<2@c.test>"}, ("1@c.test", "2@c.test")),
        ({"In-Reply-To": "<2@c.test>"}, ("2@c.test",)),
        ({"References": "<1@c.test>\r\n <2@c.test>"}, ("1@c.test", "2@c.test")),
        ({}, ()),
    ],
)
def test_what_a_message_answers_stands_last_among_what_it_names(
    headers: dict[str, str], named: tuple[str, ...]
) -> None:
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parsed = parse(f"From: anna@client.test\r\n{said}\r\nHello\r\n".encode())
    assert message(parsed, raw_file="0", attachments=(), received_at=WHEN).references == named
