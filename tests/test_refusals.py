"""What the rules refuse is never taken for a bug of ours, wherever it is raised."""

from datetime import UTC, datetime

import pytest

from graph.engine.transport import RequestCode
from graph.engine.transport.errors import refusal
from models.errors import ErrorCode, RateLimited, Refusal, TooMuch


@pytest.mark.parametrize("code", ErrorCode)
def test_a_rule_that_speaks_where_there_is_no_payload_is_told_in_its_own_words(code: ErrorCode) -> None:
    (told,) = refusal(Refusal(code, "So it stands in the rules."), request_id="r").body["errors"]
    assert told["message"] == "So it stands in the rules."
    assert told["extensions"]["code"] != RequestCode.INTERNAL


def test_too_often_says_when_to_try_again_and_too_much_that_it_is_a_limit() -> None:
    later = datetime(2026, 11, 29, tzinfo=UTC)
    (often,) = refusal(RateLimited("Too often.", retry_at=later), request_id="r").body["errors"]
    (much,) = refusal(TooMuch("Ask for fewer."), request_id="r").body["errors"]
    assert often["extensions"] == {"code": "RATE_LIMITED", "retryAt": "2026-11-29T00:00:00+00:00", "requestId": "r"}
    assert much["extensions"]["code"] == "LIMIT_EXCEEDED"
