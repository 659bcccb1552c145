"""`daticert.xml`: what the provider says of a letter. XML of a stranger: no DTD, no entity, nothing fetched."""

from collections import defaultdict
from dataclasses import dataclass, field
from xml.parsers import expat

from mail.parse.charsets import one_line
from mail.parse.ids import clean

LARGEST = 1024 * 1024  # bytes; about 12,000 recipients
DEEPEST = 20
LONGEST_VALUE = 1_000  # characters
LONGEST_NAME = 200
_SENDER = ("postacert", "intestazione", "mittente")
_PROVIDER = ("postacert", "dati", "gestore-emittente")
_IDENTIFIER = ("postacert", "dati", "identificativo")
_MESSAGE_ID = ("postacert", "dati", "msgid")
_SAID = {_SENDER, _PROVIDER, _IDENTIFIER, _MESSAGE_ID}


@dataclass(frozen=True, slots=True)
class Daticert:
    """
    `message_id`: as the sender's program gave it, '' where it gave none; `identifier`: the provider's own. Providers
    may put the latter into the letter, in the place of the former (RFC 6109, 2.2.1).
    """

    sender: str
    provider: str
    identifier: str
    message_id: str


def daticert(data: bytes) -> Daticert | None:
    """What it says of a letter. None: of something else, in doubt (said twice), or not to be read."""
    certificate = _Certificate()
    if len(data) > LARGEST or not certificate.read(data.lstrip()) or certificate.kind != "posta-certificata":
        return None
    if any(len(values) > 1 for values in certificate.values.values()):
        return None
    sender, provider, identifier, message_id = (
        certificate.values.get(path, [""])[0].strip() for path in (_SENDER, _PROVIDER, _IDENTIFIER, _MESSAGE_ID)
    )
    ids = (clean(text.strip("<>")) for text in (identifier, message_id))
    return Daticert(sender, one_line(provider, LONGEST_NAME), *ids) if sender else None


class _NotThat(Exception):
    """XML that no provider writes."""


@dataclass(slots=True)
class _Certificate:
    """`values`: the texts at each path that matters. `kind`: what the root says the whole is."""

    kind: str = ""
    values: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    path: list[str] = field(default_factory=list)

    def read(self, data: bytes) -> bool:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, _NotThat, LookupError, ValueError):  # the last two: of an encoding nobody has
            return False
        return True

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if not self.path:
            self.kind = attributes.get("tipo", "") if name == "postacert" else ""
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise _NotThat
        if tuple(self.path) in _SAID:
            self.values[tuple(self.path)].append("")

    def _end(self, _: str) -> None:
        self.path.pop()

    def _text(self, text: str) -> None:
        if values := self.values.get(tuple(self.path)):
            values[-1] += text
            if len(values[-1]) > LONGEST_VALUE:
                raise _NotThat


def _refuse(*_: object) -> None:
    raise _NotThat
