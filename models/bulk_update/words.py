"""What came of a bulk update, in plain words: of each error for the API, of all of it for Inbox+ (R29)."""

from models.bulk_update.item import BulkOutcome
from models.bulk_update.listing import BulkUpdateView
from models.bulk_update.result import Result
from models.errors import ErrorCode
from models.notification.bulk_update_words import BulkUpdateTold, SwitchTold
from models.run import RunKind, RunStatus
from models.toggles import Switch

_NOT_INVITED = {ErrorCode.ADDRESS_SUPPRESSED, ErrorCode.RATE_LIMITED, ErrorCode.ACCOUNT_ARCHIVED}
"""Where Login is on all the same, these say why no invitation went out (R17, R44)."""
_WHY = {
    ErrorCode.ADDRESS_SUPPRESSED: "letters to this address came back",
    ErrorCode.RATE_LIMITED: "the letters of this hour are used up, the firm's or those to this address",
    ErrorCode.ACCOUNT_ARCHIVED: "the account is archived",
    ErrorCode.OWN_ADDRESS: "this is an address of the firm itself",
    ErrorCode.CHANGED_MEANWHILE: "somebody has set it since, or the address is no longer on this account",
    ErrorCode.NOT_ALLOWED: "whoever started this may no longer manage accounts, or its API token has ended",
    ErrorCode.ACTIVATED_SINCE: "this person has activated the address since, and an undo locks nobody out",
}


def sentence(code: ErrorCode, switch: Switch, result: Result) -> str:
    """For an error of one switch of one item: how it is, what was not done, and why."""
    name = name_of(switch)
    if code is ErrorCode.NO_ADDRESS:
        return f"{name} was not enabled, because there is no e-mail address. Add one to a contact."
    how = "" if result.after is None else f" is {'on' if result.after else 'off'}"
    return f"{name}{how}; {_not_done(code, switch, result)}, because {_WHY.get(code, f'of {code}')}."


def _not_done(code: ErrorCode, switch: Switch, result: Result) -> str:
    if switch is Switch.LOGIN and result.after and code in _NOT_INVITED:
        return "no invitation was sent"
    # in one word with its categories: which of them an error is about, it does not say
    return "it or its categories were left so" if switch is Switch.NOTIFY else "it was left so"


def name_of(switch: Switch) -> str:
    """As people see it: `Email sync`."""
    return switch.replace("_", " ").capitalize()


def told(run: BulkUpdateView) -> BulkUpdateTold:
    """The figures from which Inbox+ makes its sentence, in any language."""
    return BulkUpdateTold(
        run.account_count,
        run.done,
        run.total,
        tuple(_told(run, switch) for switch in Switch),
        is_undo=run.kind is RunKind.UNDO,
        stopped=run.status is RunStatus.CANCELLED,
        reason=run.reason,
    )


def _told(run: BulkUpdateView, switch: Switch) -> SwitchTold:
    tally = run.tallies[switch]
    return SwitchTold(
        name_of(switch),
        run.edit.action(switch).wants if run.edit else None,
        changed=tally[BulkOutcome.CHANGED],
        unchanged=tally[BulkOutcome.UNCHANGED],
        invited=tally[BulkOutcome.INVITED],
        errors=tally[BulkOutcome.ERROR],
        categories=switch is Switch.NOTIFY and bool(run.edit and run.edit.preferences),
    )
