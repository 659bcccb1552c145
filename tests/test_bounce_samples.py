"""Sixty real reports: each is read as a person reads it, and tied to the letter that it is about (R17)."""

from email.utils import formatdate
from uuid import UUID

import pytest

from mail.parse.report import Report, ReportKind, read_report
from mail.returns.address import return_address
from mail.returns.settling import settle
from models.ground import clock, store
from models.viewer import System
from tests.support.firm.factories import an_address
from tests.support.letters.outbox import row_of, written
from tests.support.letters.report_samples import (
    ANSWER,
    COMPLAINT,
    DELIVERED,
    HARD,
    LATE,
    NAMING,
    NONE,
    SAMPLES,
    TOLD,
    Sample,
    sent_from_nowhere,
    there,
)

BY_KIND = {
    ReportKind.FAILED: TOLD,
    ReportKind.DELAYED: LATE,
    ReportKind.DELIVERED: DELIVERED,
    ReportKind.COMPLAINT: COMPLAINT,
    ReportKind.ANSWER: ANSWER,
    ReportKind.NONE: NONE,
}


@pytest.fixture(autouse=True)
def _there() -> None:
    there()


def read(raw: bytes) -> Report:
    report = read_report(raw)
    assert report is not None
    return report


async def sent(by: System, sample: Sample) -> UUID:
    letter_id = await written(by, sample.to, address_id=await an_address(by, sample.to))
    await store.execute("UPDATE letter SET state = 'SENT', settled_at = $2 WHERE id = $1", letter_id, clock.now())
    return letter_id


def test_the_table_names_each_sample_once() -> None:
    assert len({sample.name for sample in SAMPLES}) == 60
    assert len(NAMING) == 51


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_is_read_as_a_person_reads_it(sample: Sample) -> None:
    report = read(sample.raw)
    hard = any(failure.nobody for failure in report.failures)
    assert (HARD if hard else BY_KIND[report.kind]) == sample.said


@pytest.mark.parametrize("sample", NAMING, ids=lambda sample: sample.name)
async def test_a_report_is_tied_to_the_letter_whose_message_id_it_quotes(by: System, sample: Sample) -> None:
    letter_id, _other = await sent(by, sample), await sent(by, sample)
    message_id = (await row_of(letter_id))["message_id"].strip("<>")
    await settled_as(sample, letter_id, read(sent_from_nowhere(sample.about(message_id))))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_every_report_is_tied_by_the_return_address(by: System, sample: Sample) -> None:
    letter_id, _other = await sent(by, sample), await sent(by, sample)
    to = return_address("bounces+{letter}@portal.test", letter_id)
    received = f"Delivered-To: {to.upper()}\r\nReceived: by mx.portal.test; {formatdate(0)}\r\n"
    await settled_as(sample, letter_id, read(received.encode() + sample.raw))


async def settled_as(sample: Sample, letter_id: UUID, report: Report) -> None:
    """What became of the letter, of its address and of the others is what a person would have done. Also again."""
    for _ in range(2):
        assert await settle(report) == (sample.said not in {ANSWER, NONE})
    bounced = [letter_id] if sample.said in {HARD, TOLD} else []
    rows = await store.rows("SELECT id FROM letter WHERE state = 'BOUNCED'")
    assert [row["id"] for row in rows] == bounced
    suppressed = await store.rows("SELECT address FROM email_address WHERE suppressed_at IS NOT NULL")
    assert [row["address"] for row in suppressed] == ([sample.to] if sample.said == HARD else [])
