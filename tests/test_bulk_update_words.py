"""
What a bulk update says of its errors, and in Inbox+ of its end, compared with tests/golden_bulk_update.

To change the words: change them, delete the golden files, run this, and look at what it wrote.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from models.account import AccountFilter
from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.item import BulkAction, BulkOutcome
from models.bulk_update.listing import BulkUpdateView
from models.bulk_update.result import Result
from models.bulk_update.words import sentence, told
from models.errors import ErrorCode
from models.notification.bulk_update_words import BulkUpdateTold, SwitchTold
from models.notification.words import LANGUAGES, English
from models.notification_category import NotificationCategory
from models.run import RunKind, RunStatus
from models.toggles import NotificationPreference, Switch
from tests.support.golden import is_golden

GOLDEN = Path(__file__).parent / "golden_bulk_update"
CODES = {
    ErrorCode.ADDRESS_SUPPRESSED: {Switch.LOGIN},
    ErrorCode.RATE_LIMITED: {Switch.LOGIN},
    ErrorCode.OWN_ADDRESS: {Switch.EMAIL_SYNC},
    ErrorCode.ACTIVATED_SINCE: {Switch.LOGIN},
    ErrorCode.ACCOUNT_ARCHIVED: set(Switch),
    ErrorCode.CHANGED_MEANWHILE: set(Switch),
    ErrorCode.NOT_ALLOWED: set(Switch),
    ErrorCode.NO_ADDRESS: set(Switch),
}
"""Each code that an item can have, with the switches that can have it."""


def failed(before: bool | None, after: bool | None, code: ErrorCode) -> Result:
    return Result(before, after, BulkOutcome.ERROR, code)


def errors() -> Iterator[str]:
    for code, switches in CODES.items():
        sides = [None] if code is ErrorCode.NO_ADDRESS else [False, True]
        for switch, now in product(Switch, sides):
            if switch in switches:
                yield f"{code} {switch}: {sentence(code, switch, failed(now, now, code))}"


def test_each_error_is_told_in_plain_words() -> None:
    assert is_golden(GOLDEN / "errors.txt", "\n".join(errors()) + "\n")


@given(st.sampled_from(ErrorCode), st.sampled_from(Switch), *[st.sampled_from([None, False, True])] * 2)
def test_no_error_is_without_words(code: ErrorCode, switch: Switch, before: bool | None, after: bool | None) -> None:
    said = sentence(code, switch, failed(before, after, code))
    assert said.endswith(".")
    assert "None" not in said


LOGIN, NOTIFY, SYNC = (SwitchTold(name, on=True) for name in ("Login", "Notify", "Email sync"))
DONE = BulkUpdateTold(240, 229, 229, ())
UNDONE = replace(DONE, is_undo=True)


LOGIN_BACK, NOTIFY_BACK, SYNC_BACK = (replace(one, on=None) for one in (LOGIN, NOTIFY, SYNC))


ENDS: dict[str, BulkUpdateTold] = {
    "as the issue has it": replace(DONE, switches=(replace(LOGIN, changed=212, unchanged=14, errors=3),)),
    "one of each": BulkUpdateTold(1, 3, 3, (replace(LOGIN, changed=1, unchanged=1, errors=1),)),
    "thousands": BulkUpdateTold(61_234, 100_000, 100_000, (replace(LOGIN, changed=98_765, unchanged=1_235),)),
    "invited": replace(DONE, switches=(replace(LOGIN, invited=200, changed=12, unchanged=14, errors=3),)),
    "one invited": BulkUpdateTold(1, 1, 1, (replace(LOGIN, invited=1),)),
    "all three": replace(
        DONE,
        switches=(
            replace(LOGIN, on=False, changed=1_200, unchanged=1),
            replace(NOTIFY, changed=3, unchanged=226, categories=True),
            replace(SYNC, unchanged=1, errors=228),
        ),
    ),
    "one asked of had nothing": replace(DONE, switches=(replace(LOGIN, on=False, changed=2), NOTIFY)),
    "nothing to change": BulkUpdateTold(12, 0, 0, (replace(LOGIN, on=False),)),
    "no account": BulkUpdateTold(0, 0, 0, (LOGIN,)),
    "stopped": BulkUpdateTold(9_000, 3_200, 10_000, (replace(LOGIN, changed=3_150, errors=50),), stopped=True),
    "stopped at once": BulkUpdateTold(9_000, 0, 10_000, (LOGIN,), stopped=True),
    "cancelled before": BulkUpdateTold(0, 0, 0, (LOGIN,), stopped=True),
    "not begun": BulkUpdateTold(
        0, 0, 0, (LOGIN,), stopped=True, reason="More than 100,000 addresses match by now. Choose fewer accounts."
    ),
    "undone": replace(
        UNDONE, switches=(replace(LOGIN_BACK, changed=212), replace(NOTIFY_BACK, changed=1, unchanged=2, errors=1))
    ),
    "undone with conflicts": replace(UNDONE, switches=(replace(SYNC_BACK, changed=1, unchanged=3_000, errors=3),)),
    "nothing to undo": replace(UNDONE, total=0, done=0, switches=(LOGIN_BACK,)),
    "undo stopped": replace(
        UNDONE, done=1_000, total=2_290, switches=(replace(LOGIN_BACK, changed=1_000),), stopped=True
    ),
    "undo cancelled before": replace(UNDONE, done=0, total=0, stopped=True),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_end_is_told_in_the_firms_language(language: str) -> None:
    said = [f"{name}: {LANGUAGES[language].bulk_update_finished(run)}" for name, run in ENDS.items()]
    assert is_golden(GOLDEN / f"ends_{language}.txt", "\n".join(said) + "\n")


FIGURES = st.integers(0, 100_000)
SWITCHES_TOLD = st.builds(
    SwitchTold,
    st.sampled_from([one.name for one in (LOGIN, NOTIFY, SYNC)]),
    st.sampled_from([None, False, True]),
    *[FIGURES] * 4,
    categories=st.booleans(),
)
RUNS = st.builds(
    BulkUpdateTold,
    *[FIGURES] * 3,
    st.tuples(*[SWITCHES_TOLD] * 3),
    is_undo=st.booleans(),
    stopped=st.booleans(),
    reason=st.none() | st.text(max_size=2_000),
)


@given(run=RUNS, words=st.sampled_from(list(LANGUAGES.values())))
def test_the_end_fits_into_an_entry_and_no_count_is_lost(run: BulkUpdateTold, words: English) -> None:
    said = words.bulk_update_finished(run)
    assert 0 < len(said) <= 500
    if run.total or not run.stopped:
        counts = [(one.changed, one.unchanged, one.invited * (not run.is_undo), one.errors) for one in run.switches]
        assert all(words.figure(count) in said for each in counts for count in each if count)


def a_view(**more: Any) -> BulkUpdateView:
    tallies = {switch: dict.fromkeys(BulkOutcome, 0) for switch in Switch}
    tallies[Switch.EMAIL_SYNC][BulkOutcome.ERROR] = 2
    plain = BulkUpdateView(
        id=uuid7(),
        kind=RunKind.BULK_UPDATE,
        status=RunStatus.FINISHED,
        edit=BulkEdit(
            AccountSelection(matching=AccountFilter()),
            notify=BulkAction.ENABLE_FOR_ALL,
            email_sync=BulkAction.DISABLE_FOR_ALL,
            preferences=(NotificationPreference(NotificationCategory.MESSAGES, on=False),),
        ),
        started_by=uuid7(),
        started_at=datetime(2026, 11, 30, tzinfo=UTC),
        ended_at=datetime(2026, 11, 30, tzinfo=UTC),
        undoes=None,
        undone_by=None,
        reason=None,
        account_count=5,
        total=2,
        done=2,
        turn=2,
        tallies=tallies,
    )
    return replace(plain, **more)


def test_a_run_is_told_as_it_was_asked_for() -> None:
    run = told(a_view())
    assert (run.accounts, run.done, run.total, run.stopped, run.is_undo) == (5, 2, 2, False, False)
    login, notify, email_sync = run.switches
    assert (login.name, notify.name, email_sync.name) == ("Login", "Notify", "Email sync")
    assert not login.says_something
    assert (notify.on, notify.categories) == (True, True)
    assert (email_sync.on, email_sync.categories, email_sync.errors) == (False, False, 2)


def test_an_undo_that_was_cancelled_is_told_as_one() -> None:
    run = told(a_view(kind=RunKind.UNDO, status=RunStatus.CANCELLED, edit=None))
    assert (run.stopped, run.is_undo) == (True, True)
    assert {one.on for one in run.switches} == {None}
