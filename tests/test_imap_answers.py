"""What servers say, read without a server: names, dates, figures, folders."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.imap import Folder, Garbage, Unfetchable
from mail.imap.answers import examined, fetched, response_code, searched, status
from mail.imap.dates import NO_DATE, moment
from mail.imap.fetching import bites, uid_set
from mail.imap.listing import listed
from mail.imap.names import from_wire, line_of, to_wire


@given(st.text())
def test_every_folder_name_comes_back_as_it_was(name: str) -> None:
    wire = to_wire(name)
    assert wire.isascii()
    assert wire.isprintable()
    assert from_wire(wire) == name


@pytest.mark.parametrize("broken", ["R&D", "&&&", "&AB-", "&A-", "a&", "Ünïcode", "&====-"])
def test_a_folder_name_that_is_not_encoded_stays_as_it_stands_and_goes_back_byte_for_byte(broken: str) -> None:
    (folder,) = listed([(b'LIST () "/" "' + broken.encode() + b'"',)])
    assert (folder.name, folder.wire, folder.selectable) == (from_wire(broken), broken.encode(), True)


def test_folders_are_read_however_they_are_written() -> None:
    answers = [
        (b'LIST (\\HasNoChildren \\SENT) "/" Sent',),
        (b'LIST (\\Noselect) "/" [Gmail]',),
        (b'LIST () NIL "with \\"quotes\\" and (brackets"',),
        (b'LIST () "." {9}', b"liter(al\\", b""),
        (b'LIST (\\NonExistent) "/" gone',),
        (b'list (\\HasNoChildren \\) "\\\\" Folder\\Subfolder 1  ',),
        (b'LIST () "/" INBOX/Da\tOggetto\tRicevuto\t',),
        (b'LIST () "/" "the "odd" one"',),
        (b'LIST () "/" NIL',),
        (b'LIST () "/" "extended" ("CHILDINFO" ("SUBSCRIBED"))',),
        (b'LIST () "/" atom ("CHILDINFO" ("SUBSCRIBED"))',),
        (b'LIST () "/" Caf\xe9',),
    ]
    assert listed(answers) == [
        Folder("Sent", frozenset({"\\Sent"}), True, "/"),
        Folder("[Gmail]", frozenset(), False, "/"),
        Folder('with "quotes" and (brackets', frozenset(), True, ""),
        Folder("liter(al\\", frozenset(), True, "."),
        Folder("gone", frozenset(), False, "/"),
        Folder("Folder\\Subfolder 1", delimiter="\\"),
        Folder("INBOX/Da\tOggetto\tRicevuto", delimiter="/"),
        Folder('the "odd" one', delimiter="/"),
        Folder("NIL", delimiter="/"),
        Folder("extended", delimiter="/"),
        Folder("atom", delimiter="/"),
        Folder("Café", delimiter="/"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'LIST (\\NoSelect) "/" ""',
        b"LIST",
        b'LIST "/" INBOX',
        b"LIST () INBOX",
        b'LIST () "/" "Clients',
        b"LIST (((",
        b"LIST ",
        b'LIST x "/" a',
        b'LIST () "/" (a)',
    ],
)
def test_a_line_that_names_no_folder_is_passed_over_and_the_others_are_read(line: bytes) -> None:
    assert listed([(line,), (b'LIST () "/" INBOX',)]) == [Folder("INBOX", delimiter="/")]


def test_two_folders_are_never_one() -> None:
    first, second = listed([(b'LIST () "/" "R&-D"',), (b'LIST () "/" "R&D"',)])
    assert (first.name, first.wire) == ("R&D", b"R&-D")
    assert (second.name, second.wire) == ("R&D (R&D)", b"R&D")
    assert listed([(b'LIST () "/" a',), (b'LIST () "/" "a"',)]) == [Folder("a", delimiter="/")]


def test_a_name_goes_in_quotes_or_where_none_hold_it_as_a_literal() -> None:
    assert line_of(b'R"D', "(UIDNEXT)") == ('"R\\"D" (UIDNEXT)', ())
    assert line_of(b"Caf\xe9", "(UIDNEXT)") == ("{4}", (b"Caf\xe9 (UIDNEXT)",))
    assert line_of() == ("", ())


def test_figures_are_read_however_they_are_written_and_nought_is_none() -> None:
    said = [(b"3 exists",), (b"ok [uidvalidity 1697802109 ] Ok",), (b"OK [UIDNEXT 0]",), (b"OK [UNSEEN 2]",)]
    assert examined(said) == {"EXISTS": 3, "UIDVALIDITY": 1697802109}
    assert examined([(b"0 EXISTS",)], b"[UIDNEXT 1] done") == {"EXISTS": 0, "UIDNEXT": 1}
    assert examined([(b"OK [UIDVALIDITY 1797802109123] milliseconds",)])["UIDVALIDITY"] == 1797802109123 % 2**32
    assert status([(b'STATUS "INBOX" ()',)]) == {}
    assert status([(b"STATUS My Folder (MESSAGES 0 UIDNEXT 0 UIDVALIDITY NIL)",)]) == {"EXISTS": 0}


def test_items_of_a_message_come_in_any_order_and_case() -> None:
    (items,) = fetched(
        [
            (
                b'7 fetch (BODY[HEADER.FIELDS ("FROM" TO)]<0> {3}',
                b"(\r\n",
                b' flags (\\Seen) uid 5 INTERNALDATE "x" MODSEQ (9))',
            )
        ]
    )
    assert items[b"BODY["] == b"(\r\n"
    assert items[b"UID"] == b"5"
    assert list(fetched([(b"7 EXPUNGE",), (b"SEARCH 1",)])) == []


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_garbage(noise: bytes) -> None:
    for read in (fetched, searched, listed, status, examined):
        for start in (b"1 FETCH ", b"SEARCH ", b"LIST ", b'LIST () "/" ', b"STATUS ", b"OK ["):
            with suppress(Garbage):
                assert list(read([(start + noise,)]) or []) is not None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        (b" 7-jul-1996 02:44:60 +0000", datetime(1996, 7, 7, 2, 44, 59, tzinfo=UTC)),
        (b"1-Jul-1996 02:44:25", datetime(1996, 7, 1, 2, 44, 25, tzinfo=UTC)),
        (b"17-Jul-1996 02:44:25 GMT", datetime(1996, 7, 17, 2, 44, 25, tzinfo=UTC)),
        (b"Wed, 17 Jul 1996 02:44:25 -0700 (PDT)", datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        (b"00-Jan-0000 00:00:00 +0000", NO_DATE),
        (b"9" * 10_000, NO_DATE),
        (b"\xff", NO_DATE),
        (b"31-Feb-2020 00:00:00 +0000", NO_DATE),
        (b"01-Jan-0001 00:00:00 +2359", NO_DATE),
        (b"01-Foo-2020 00:00:00 +0000", NO_DATE),
        (b"", NO_DATE),
        (None, NO_DATE),
    ],
)
def test_a_date_is_in_utc_and_one_that_cannot_be_loses_no_message(said: bytes | None, meant: datetime) -> None:
    assert moment(said) == meant


def test_uids_are_found_in_any_number_of_lines() -> None:
    assert searched([(b"SEARCH 3 1",), (b"SEARCH",), (b"SEARCH 2 3 (MODSEQ 9)",)]) == [1, 2, 3]
    assert searched([(b'ESEARCH (TAG "A1") UID ALL 1:3',)]) is None


def test_a_code_is_read_from_the_start_of_the_words_only() -> None:
    assert response_code(b"[AuthenticationFailed] no [LIMIT]") == "AUTHENTICATIONFAILED"
    assert response_code(b"no [LIMIT]") == ""


@given(st.lists(st.integers(1, 300), max_size=60))
def test_a_set_of_uids_names_each_and_no_other(uids: list[int]) -> None:
    runs = [run.split(":") for run in uid_set(uids).split(",") if run]
    assert {uid for run in runs for uid in range(int(run[0]), int(run[-1]) + 1)} == set(uids)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 20 * 2**20)), max_size=200))
def test_bites_lose_nothing_and_stay_small(wanted: list[tuple[int, int]]) -> None:
    batches = list(bites(wanted))
    assert [uid for batch in batches for uid in batch] == [uid for uid, _ in wanted]
    sizes = iter(size for _, size in wanted)
    for batch in batches:
        assert sum(next(sizes) for _ in batch) <= 8 * 2**20 or len(batch) == 1
        assert len(batch) <= 50


def test_what_was_fetched_shows_no_letters_in_a_log() -> None:
    assert repr(Unfetchable(1, "why")) == "Unfetchable(uid=1, reason='why')"
