"""The bodies of e-mails: as large as strangers make them, and in memory for as long as an answer is made."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from tests.support.api.client import Api, TopLevelErrors
from tests.support.emails.received import a_message, a_synced_firm, received
from tests.support.firm import factories

LARGE = "x" * 1_000_000
BODIES = "query ($first: Int!) { emails(first: $first) { nodes { text safeHtml } } }"


async def test_an_answer_brings_so_much_text_and_no_more(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    by, _, box = await a_synced_firm()
    for number in range(11):
        await received(by, box, replace(a_message(number), text=LARGE, safe_html=LARGE))
    owner = await factories.signed_in(by)
    few = (await api.ask(BODIES, {"first": 10}, as_=owner))["emails"]["nodes"]
    assert few == [{"text": LARGE, "safeHtml": LARGE}] * 10
    with capture_logs() as logs, pytest.raises(TopLevelErrors, match="11 e-mails have 22,000,000 bytes") as refused:
        await api.ask(BODIES, {"first": 11}, as_=owner)
    assert set(refused.value.codes) == {"LIMIT_EXCEEDED"}
    assert "at most 20,000,000 may be read at once. Ask for fewer." in refused.value.messages[0]
    assert logs == []
    assert not [record for record in caplog.records if record.levelno >= 30]


async def test_who_certified_a_letter_is_told_beside_it(api: Api) -> None:
    by, _, box = await a_synced_firm()
    certified = replace(a_message(2), certified_by="Provider Test PEC", carrier="posta-certificata@provider.test")
    await received(by, box, a_message(1), certified)
    owner = await factories.signed_in(by)
    told = await api.ask("{ emails(first: 10) { nodes { subject certifiedBy } } }", as_=owner)
    assert told["emails"]["nodes"] == [
        {"subject": "VAT return 2", "certifiedBy": "Provider Test PEC"},
        {"subject": "VAT return 1", "certifiedBy": None},
    ]
