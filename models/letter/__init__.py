"""An outgoing e-mail: a row, written in the transaction that causes it, delivered later."""

from models.letter.claiming import Claimed, claim, give_back, hand_over
from models.letter.gathering import NoticeItem, Tidings, gather, would_gather
from models.letter.letter import Letter, LetterKind, LetterState, Urgency
from models.letter.limits import LetterLimits, ToBe, limit, limits_of, must_have_room, room
from models.letter.returning import Returned, bounced, complained, named
from models.letter.settling import put_off, refused, sent, stopped, unknown, wait_for_server
from models.letter.turns import close_settled, open_missed
from models.letter.writing import NewLetter, cancel, cancel_all_to, forget_accounts, name_by, wake_by, write

__all__ = [
    "Claimed",
    "Letter",
    "LetterKind",
    "LetterLimits",
    "LetterState",
    "NewLetter",
    "NoticeItem",
    "Returned",
    "Tidings",
    "ToBe",
    "Urgency",
    "bounced",
    "cancel",
    "cancel_all_to",
    "claim",
    "close_settled",
    "complained",
    "forget_accounts",
    "gather",
    "give_back",
    "hand_over",
    "limit",
    "limits_of",
    "must_have_room",
    "name_by",
    "named",
    "open_missed",
    "put_off",
    "refused",
    "room",
    "sent",
    "stopped",
    "unknown",
    "wait_for_server",
    "wake_by",
    "would_gather",
    "write",
]
