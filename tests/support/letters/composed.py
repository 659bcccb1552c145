"""Letters of each kind, before they are composed; and how their pages are looked at."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

from mail.compose import Sender
from models.ground import keys
from models.letter import Claimed, LetterKind
from tests.support import golden
from tests.support.database.store import KEY
from tests.support.firm.notices import a_line, about_notices

GOLDEN = Path(__file__).parents[2] / "golden_letters"
SENDER = Sender("portal@switchboard.test", "https://portal.firm.test")
FIRM = {"firmName": "Studio Bellandi", "senderName": "Studio Bellandi & Soci", "replyTo": "studio@firm.test"}
FACTS: dict[LetterKind, dict[str, Any]] = {
    LetterKind.INVITATION: {
        "accountNames": ["Vetreria Valsecchi", "Trattoria Ornella", "Rossi & Figli"],
        "inviterName": "Chiara Bellandi",
        "message": "Ecco il portale di cui abbiamo parlato.\nA presto!",
        "expiresAt": "2026-12-26T09:00:00+00:00",
    },
    LetterKind.ACCOUNT_ADDED: {"accountNames": ["Vetreria Valsecchi"], "inviterName": None, "message": None},
    LetterKind.PASSWORD_RESET: {"personName": "Anna Conti", "expiresAt": "2026-11-26T15:30:00+00:00"},
    LetterKind.TEAM_INVITATION: {
        "inviterName": "Chiara Bellandi",
        "personName": "Luca Ferri",
        "role": "EMPLOYEE",
        "expiresAt": "2026-12-26T09:00:00+00:00",
    },
    LetterKind.INBOX_ENTRY: {
        "personName": "Luca Ferri",
        "entry": {"kind": "EMAIL_RECEIVED", "text": "Marta Valsecchi: The glass", "count": 3, "archived": False},
    },
    LetterKind.INBOX_DIGEST: {
        "personName": "Luca Ferri",
        "entries": [
            {"kind": "EMAIL_RECEIVED", "text": "Marta Valsecchi: The glass & <the> frame", "count": 3},
            {
                "kind": "INVITATION_ACCEPTED",
                "text": "anna@client.test has accepted the invitation and can sign in now: Rossi & Figli",
                "count": 1,
            },
        ],
        "more": 7,
    },
    LetterKind.NOTICE: {
        "accountName": "Vetreria Valsecchi",
        "notices": [a_line("Bilancio 2025", text="Ecco il bilancio.\nLo guardi con calma.")],
        "more": 0,
    },
}


def a_letter(kind: LetterKind = LetterKind.INVITATION, language: str = "en", **facts: Any) -> Claimed:
    is_reset = kind is LetterKind.PASSWORD_RESET
    return Claimed(
        id=UUID(int=1),
        firm_id=UUID(int=2),
        owner="me",
        key=keys.Key(KEY),
        kind=kind,
        language=language,
        to_address="anna@client.test",
        message_id="<1@portal.firm.test>",
        written_at=datetime(2026, 11, 26, 9, 5, tzinfo=UTC),
        facts=FIRM | FACTS[kind] | facts,
        invitation_id=None if is_reset else UUID(int=3),
        reset_id=UUID(int=3) if is_reset else None,
        seed=b"s" * 32,
        **(about_notices() if kind is LetterKind.NOTICE else {}),
    )


def is_golden(name: str, said: str) -> bool:
    return golden.is_golden(GOLDEN / name, said)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str | None, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(value for name, value in attrs if name in {"href", "src"})))


def tags(page: str) -> list[tuple[str, tuple[str | None, ...]]]:
    parser = Tags()
    parser.feed(page)
    return parser.seen
