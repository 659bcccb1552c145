"""Dates as programs write them: each of these is 09:00 UTC on 2 March 2026, or no date at all."""

from datetime import UTC, datetime

import pytest

from mail.parse.dates import moment

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "Mon, 2 Mar 2026 10:00:00 +01:00",
        "Mon, 2 Mar 2026 10:00:00 +01",
        "Mon, 2 Mar 2026 10:00:00 +1",
        "Mon, 2 Mar 2026 10:00:00 +100",
        "Mon, 2 Mar 2026 10:00:00 0100",
        "Mon, 2 Mar 2026 10:00:00 GMT+1",
        "Mon, 2 Mar 2026 10:00:00 UTC+01:00",
        "Mon, 2 Mar 2026 10:00:00 CET",
        "Mon, 2 Mar 2026 10:00 MEZ",
        "Mon, 2 Mar 2026 09:00:00 A",
        "Mon, 2 Mar 2026 09:00:00 Mars Standard Time",
        "Mon, 2 Mar 2026 01:00:00 -0800 (PST (Pacific))",
        "Mon, 2 Mar 2026 01:00:00 PST",
        "Mon, 2 Mar 2026 10:00:00.250 +0100",
        "Mon, 2 Mar 2026 10:00:00 UT +0100",
        "Mon, 2 Mar 2026 10:00:00 +0100 (Mitteleuropäische Zeit)",
        "Mon, 2 Mar 26 09:00:00 Hora oficial do Brasil",
        "Mon, 2 Mar 2026 10.00.00 +0100",
        "Mon, 2 Mar 2026 10 : 00 : 00 +0100",
        "Mon,(a)2(b)Mar 2026 10:00:00+0100",
        "Mon, 2 Mar 26 10:00:00 +0100",
        "Mon, 2 Mar 126 10:00:00 +0100",
        "Mon, 2 Mar 19126 10:00:00 +0100",
        "Sun, 1 Mar 2026 24:00:00 -0900",
        "Mon Mar  2 09:00:00 2026",
        "Mon Mar  2 10:00:00 CET 2026",
        "Mon Mar  2 10:00:00 2026 +0100",
        "March 2, 2026 10:00 AM +0100",
        "02-Mar-2026 10:00:00 +0100",
        "2026-03-02 10:00:00 +0100",
        "2026-03-02T09:00:00Z",
        "20260302T100000+0100",
        "lun, 2 mar 2026 10:00:00 +0100",
        "Mo., 2. März 2026 10:00:00 +0100",
        "lun. 2 mars 2026 10:00:00 +0100",
    ],
)
def test_a_date_is_read_however_it_is_written(written: str) -> None:
    assert moment(written) == NINE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Fri, 21 Nov 97 09:55:06 -0600", datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 12:30 PM +0000", datetime(2026, 3, 2, 12, 30, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 12:30 a.m. +0000", datetime(2026, 3, 2, 0, 30, tzinfo=UTC)),
        ("2 ott 2026 24:00 +0200", datetime(2026, 10, 2, 22, tzinfo=UTC)),
        ("2 Mar 2026", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2 Mar 2026 24:01 +0000", None),
        ("2 Mar 2026 110:00 +0000", None),
        ("2 Mar 2026 10:60 +0000", None),
        ("2 Xyz 2026 10:00 +0000", None),
        ("2/3/2026 10:00", None),
        ("(2 Mar 2026 10:00)", None),
    ],
)
def test_what_is_no_date_is_none(written: str, read: datetime | None) -> None:
    assert moment(written) == read
