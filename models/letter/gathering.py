"""
Notices that come close together leave as one letter: the first of a category, account and address at once, those of the
next minute together. A letter with a single one shows nothing of this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from models.address import TypedAddress
from models.client_event import ClientEvent
from models.firm_settings import ClientAction
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.letter.letter import LetterKind
from models.letter.limits import ToBe, room
from models.letter.writing import NewLetter, write
from models.notification_category import NotificationCategory
from models.viewer import Actor

GATHERED_FOR = timedelta(seconds=60)
MOST_LISTED = 50
"""In one letter, which then says how many more there are."""
MOST_TEXT = 20_000
"""Characters of all its texts together; what has no room is cut. In emoji they make a letter of half a megabyte."""
CUT = "…"


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """What a letter tells of one event. `link`: a path below the firm's own software; `action`: what it may allow."""

    event: ClientEvent
    subject: str
    text: str | None = None
    link: str | None = None
    action: ClientAction | None = None


@dataclass(frozen=True, slots=True)
class Tidings:
    """One event for one address on one account."""

    to: TypedAddress
    address_id: UUID
    account_id: UUID
    account_name: str
    item: NoticeItem

    @property
    def category(self) -> NotificationCategory:
        return self.item.event.category


@dataclass(slots=True)
class _Sheet:
    """
    All that one letter is to tell. `letter_id`: the one that waits and takes it in, `listed` it tells of by now, with
    `characters` of text; None: a new one, not before `due_at`, if it `fits`.
    """

    first: Tidings
    items: list[NoticeItem] = field(default_factory=list)
    letter_id: UUID | None = None
    listed: int = 0
    characters: int = 0
    due_at: datetime | None = None
    fits: bool = True

    @property
    def lines(self) -> Sequence[NoticeItem]:
        return list(_with_room(self.items[: max(0, MOST_LISTED - self.listed)], MOST_TEXT - self.characters))

    @property
    def more(self) -> int:
        return len(self.items) - len(self.lines)


def _with_room(items: Sequence[NoticeItem], left: int) -> Iterator[NoticeItem]:
    """The texts as far as `left` characters reach; each still has its subject and its link."""
    for item in items:
        text = item.text or ""
        yield item if len(text) <= left else replace(item, text=text[: max(0, left)].rstrip() + CUT)
        left -= len(text)


async def gather(by: Actor, tidings: Sequence[Tidings]) -> list[UUID | None]:
    """
    In order: the letter that tells of it; None: the address, or the firm, has had its letters of this hour. What joins
    a letter that waits takes no room. As many statements for fifty as for one.

    Runs inside a transaction that has taken `firm.one_at_a_time`.
    """
    sheets = _sheets(tidings)
    await _look(by, list(sheets.values()), lock="FOR NO KEY UPDATE")
    await _append(by, [sheet for sheet in sheets.values() if sheet.letter_id])
    checkpoint("while notices are gathered")
    await _begin(by, [sheet for sheet in sheets.values() if not sheet.letter_id and sheet.fits])
    return [sheets[_place(notice)].letter_id for notice in tidings]


async def would_gather(by: Actor, tidings: Sequence[Tidings]) -> list[bool]:
    """Whether `gather` would find room for each now. Writes nothing."""
    sheets = _sheets(tidings)
    await _look(by, list(sheets.values()))
    return [sheets[_place(notice)].fits for notice in tidings]


_Place = tuple[UUID, UUID, NotificationCategory]


def _place(notice: Tidings) -> _Place:
    return notice.account_id, notice.address_id, notice.category


def _sheets(tidings: Sequence[Tidings]) -> dict[_Place, _Sheet]:
    sheets: dict[_Place, _Sheet] = {}
    for notice in tidings:
        sheets.setdefault(_place(notice), _Sheet(notice)).items.append(notice.item)
    return sheets


async def _look(by: Actor, sheets: Sequence[_Sheet], *, lock: str = "") -> None:
    """
    Looks for the letter that waits and can take each sheet in. With `lock` nobody else adds to it or claims it
    meanwhile.
    """
    if not sheets:
        return
    places = [_place(sheet.first) for sheet in sheets]
    rows = await store.rows(
        store.for_many(_LOOK.format(lock=lock), places),
        by.firm_id,
        [account_id for account_id, _, _ in places],
        [address_id for _, address_id, _ in places],
        [category for _, _, category in places],
        GATHERED_FOR.total_seconds(),
    )
    for sheet, waiting in zip(sheets, rows, strict=True):
        sheet.letter_id, sheet.due_at = waiting["id"], waiting["due_at"]
        sheet.listed, sheet.characters = waiting["listed"] or 0, waiting["characters"] or 0
    new = [sheet for sheet in sheets if not sheet.letter_id]
    refusals = await room(by, [ToBe(LetterKind.NOTICE, sheet.first.to.key) for sheet in new])
    for sheet, refusal in zip(new, refusals, strict=True):
        sheet.fits = refusal is None


_SUCH = "l.firm_id = $1 AND l.account_id = n.account_id AND l.address_id = n.address_id AND l.category = n.category"
# one that was tried and put off waits for the mail server, maybe for hours: it takes in nothing, and delays nobody
_LOOK = f"""
SELECT waiting.id, waiting.listed, waiting.characters, greatest(now(), last.due_at) AS due_at
FROM unnest($2::uuid[], $3::uuid[], $4::text[]) WITH ORDINALITY AS n(account_id, address_id, category, place)
LEFT JOIN LATERAL (
  SELECT l.id, jsonb_array_length(l.facts->'notices') AS listed, (
    SELECT sum(length(i->>'text')) FROM jsonb_array_elements(l.facts->'notices') i) AS characters FROM letter l
  WHERE {_SUCH} AND l.due_at > now() AND l.settled_at IS NULL AND l.attempts = 0
  ORDER BY l.due_at LIMIT 1 {{lock}}) waiting ON true
LEFT JOIN LATERAL (
  SELECT least(l.due_at, now()) + make_interval(secs => $5) AS due_at FROM letter l
  WHERE {_SUCH} ORDER BY l.due_at DESC LIMIT 1) last ON true
ORDER BY n.place
"""


async def _append(by: Actor, sheets: Sequence[_Sheet]) -> None:
    if sheets:
        await store.execute(
            store.for_many(_APPEND, sheets),
            by.firm_id,
            [sheet.letter_id for sheet in sheets],
            [orjson.dumps(sheet.lines).decode() for sheet in sheets],
            [sheet.more for sheet in sheets],
        )


_APPEND = """
UPDATE letter l SET facts = l.facts || jsonb_build_object(
  'notices', (l.facts->'notices') || n.notices::jsonb, 'more', (l.facts->>'more')::int + n.more)
FROM unnest($2::uuid[], $3::text[], $4::int[]) AS n(id, notices, more) WHERE l.firm_id = $1 AND l.id = n.id
"""


async def _begin(by: Actor, sheets: Sequence[_Sheet]) -> None:
    ids = await write(by, [_new(sheet) for sheet in sheets])
    for sheet, letter_id in zip(sheets, ids, strict=True):
        sheet.letter_id = letter_id


def _new(sheet: _Sheet) -> NewLetter:
    first = sheet.first
    return NewLetter(
        LetterKind.NOTICE,
        first.to,
        {"accountName": first.account_name, "notices": sheet.lines, "more": sheet.more},
        address_id=first.address_id,
        account_id=first.account_id,
        category=first.category,
        due_at=sheet.due_at,
    )
