"""What the tests of notices share: what the firm's software tells of, and letters that tell it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from models import firm, letter
from models.address import typed
from models.client_event import ClientEvent
from models.firm_settings import SETTINGS, ClientAction, FirmSettings
from models.ground import store
from models.letter import NoticeItem, Tidings
from models.letter.standing import Aim, Standing
from models.notification_category import NotificationCategory
from models.viewer import Actor
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, an_account


def settings_of(name: str, **decided: Any) -> FirmSettings:
    """Of a firm that has decided these; all others are as every firm starts."""
    wish = {"name": name, **decided}
    kept = {setting: rule.read(rule.checked(wish.get(setting), setting)) for setting, rule in SETTINGS.items()}
    return FirmSettings(id=UUID(int=2), version=1, **kept)


BELLANDI = settings_of(
    "Studio Bellandi",
    actions_without_login=(ClientAction.VIEW_DOCUMENTS,),
    software_url="https://software.test",
)


def a_line(
    subject: str, event: ClientEvent = ClientEvent.DOCUMENT_UPLOADED, *, text: str | None = None, link: str = "/d/1"
) -> dict[str, Any]:
    """Of a letter's facts."""
    return {"event": event.value, "subject": subject, "text": text, "link": link, "action": None}


def about_notices(
    category: NotificationCategory = NotificationCategory.DOCUMENT_UPLOADS,
    *,
    settings: FirmSettings = BELLANDI,
    **standing: Any,
) -> dict[str, Any]:
    """What a claim finds out about the letter of a notice."""
    aim = Aim(UUID(int=2), UUID(int=4), UUID(int=5), category)
    return {"aim": aim, "standing": Standing(datetime(2026, 11, 26, 9, 6, tzinfo=UTC), settings, **standing)}


async def told_account(by: Actor, address: str = ANNA, *, login: bool = False, name: str = "Vetreria") -> MadeAccount:
    """Whose address wants notices."""
    return await an_account(by, address=address, notify=True, login=login, name=name)


def tidings(
    made: MadeAccount,
    subject: str = "Bilancio 2025",
    *,
    to: str = ANNA,
    event: ClientEvent = ClientEvent.DOCUMENT_UPLOADED,
    text: str | None = None,
) -> Tidings:
    return Tidings(typed(to), made.address, made.id, "Vetreria Valsecchi", NoticeItem(event, subject, text))


async def gathered(by: Actor, *what: Tidings) -> list[UUID | None]:
    async with store.transaction(by.firm_id):
        await firm.one_at_a_time(by.firm_id)
        return await letter.gather(by, what)


async def a_notice(by: Actor, made: MadeAccount, subject: str = "Bilancio 2025") -> UUID:
    """A letter of its own in the queue, that is due."""
    (letter_id,) = await gathered(by, tidings(made, subject))
    assert letter_id is not None
    return letter_id


async def subjects(letter_id: UUID) -> Sequence[str]:
    """What a letter lists."""
    return [line["subject"] for line in await lines(letter_id)]


async def lines(letter_id: UUID) -> Sequence[dict[str, Any]]:
    """A letter's notices, with subject, text and link."""
    found: Sequence[dict[str, Any]] = orjson.loads(
        await store.value("SELECT facts->>'notices' FROM letter WHERE id = $1", letter_id)
    )
    return found


async def later(wait: timedelta) -> None:
    """As if so much time had gone by: on the database's clock, which nobody sets, the letters are older by it."""
    await store.execute("UPDATE letter SET due_at = due_at - $1::interval", wait)
