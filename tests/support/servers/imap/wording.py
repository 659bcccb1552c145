"""How a server says what it knows, and what it refuses. As it stands: plain RFC 3501."""

from dataclasses import dataclass

from tests.support.servers.imap.folders import Served, ServedFolder

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """
    Lines stand without "{tag}" and the end of the line; names in braces are filled in. What follows a tag begins with
    OK, NO or BAD. `low` is a UIDNEXT that is too low, `more` one message more than there are.
    """

    list_line: bytes = b'* LIST ({flags}) "/" "{name}"'
    listed: bytes = b"OK done"
    marks_on_request: bool = False
    """What a folder is for is told only where it is asked for (RETURN (SPECIAL-USE))."""

    examine: tuple[bytes, ...] = (
        b"* FLAGS (\\Seen)",
        b"* {exists} EXISTS",
        b"* 0 RECENT",
        b"* OK [UIDVALIDITY {validity}] valid",
        b"* OK [UIDNEXT {next}] next",
    )
    examined: bytes = b"OK [READ-ONLY] done"
    unless_introduced: bytes = b""
    """The answer to EXAMINE before ID (RFC 2971)."""

    status: bytes = b'* STATUS "{name}" (MESSAGES {exists} UIDNEXT {next} UIDVALIDITY {validity})'
    status_of_open: bytes = b"OK done"

    search: bytes = b"* SEARCH{uids}"
    searched: bytes = b"OK done"
    searched_by_header: bytes = b""
    """The answer to a search by a header, where nothing is searched."""
    hidden: frozenset[int] = frozenset()
    """UIDs that no search finds."""

    fetch: tuple[bytes, ...] = (b"* {number} FETCH ({items})",)
    """Of each message. `items`: what was asked for; else by name: uid, size, date, flags, part, body."""
    items: tuple[bytes, ...] = (b"UID {uid}", b"RFC822.SIZE {size}", b'INTERNALDATE "{date}"', b"BODY{part} {body}")
    body: bytes = b"{{length}}\r\n{content}"
    backwards: bool = False

    between: tuple[bytes, ...] = ()
    """Said before the end of each command in an open folder, though nobody asked."""
    idle: bytes = b""
    """The answer to IDLE where it is refused."""
    signed_in: bytes = b"OK in"
    capability_outside: str | None = None
    """What it can do, as told before the sign-in. None: the same as after it; empty: it does not say."""
    ends: tuple[bytes, ...] = (b"\r\n",)
    """Ends of lines, in turn."""

    def of_folder(self, line: bytes, folder: ServedFolder, exists: int) -> bytes:
        return filled(
            line,
            name=folder.name,
            flags=folder.flags,
            exists=exists,
            more=exists + 1,
            validity=folder.uidvalidity,
            next=folder.uidnext,
            low=max(folder.uidnext // 2, 1),
        )

    def of_message(self, number: int, message: Served, asked: bytes, part: bytes, *, first: int | None) -> list[bytes]:
        """Each answer as one line, its literals within. `first`: so many bytes of the part."""
        content = message.part(part)[:first]
        body = filled(self.body, length=len(content), content=content)
        at = message.received_at
        facts: dict[str, object] = {
            "number": number,
            "uid": message.uid,
            "size": len(message.raw),
            "date": f"{at:%d}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S %z}",
            "labels": message.labels,
            "part": part if first is None else part + b"<0>",
            "body": body,
        }
        items = [filled(item, **facts) for item in self.items if item.partition(b" ")[0].partition(b"{")[0] in asked]
        return [filled(line, **facts, items=b" ".join(items)) for line in self.fetch]


LABELLED = Wording(
    items=(
        b"UID {uid}",
        b"X-GM-LABELS ({labels})",
        b"RFC822.SIZE {size}",
        b'INTERNALDATE "{date}"',
        b"BODY{part} {body}",
    )
)
"""As Gmail: each message with the folders that it stands in (X-GM-EXT-1)."""


def filled(template: bytes, **facts: object) -> bytes:
    """Each name in braces once, in one go: what is filled in is not looked at again."""
    pieces = template.split(b"{")
    whole = pieces[0]
    for piece in pieces[1:]:
        name, brace, rest = piece.partition(b"}")
        known = brace and name.decode("latin-1") in facts
        whole += _bytes(facts[name.decode()]) + rest if known else b"{" + piece
    return whole


def _bytes(fact: object) -> bytes:
    return fact if isinstance(fact, bytes) else str(fact).encode("latin-1")
