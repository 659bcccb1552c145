"""To whom a regular e-mail goes: whom somebody typed, or whom an answer is for."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from models import address, text
from models.address import TypedAddress, compared
from models.at_once import MOST_AT_ONCE, must_be_few
from models.errors import ErrorCode, Faults, Refusal
from models.participant import Participant, Role

LONGEST_TYPED = 1_000  # characters of one, with its name
_QUOTED_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
Path = tuple[str | int, ...]


class ReplyRecipients(StrEnum):
    """SENDER: by Reply-To, else From. ALL: To and Cc, too. Of a message of ours, SENDER is whom it went to."""

    SENDER = "SENDER"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Recipient:
    """`role`: TO or CC. `path`: where in the input it was asked for."""

    role: Role
    name: str | None
    address: TypedAddress
    path: Path

    @property
    def participant(self) -> Participant:
        return Participant(self.role, self.name, self.address.text)


def typed(to: Sequence[str], cc: Sequence[str], faults: Faults) -> tuple[Recipient, ...]:
    """
    Each as `a@b.example` or `Name <a@b.example>`; who is in both stays in `to`. Adds to `faults` ADDRESS_INVALID for
    each that is malformed, with its path, and answers the others; INVALID for more than 100, or nobody in `to`.
    """
    people: list[Recipient] = []
    for role, header, texts, least in ((Role.TO, "to", to, 1), (Role.CC, "cc", cc, 0)):
        with faults:
            must_be_few(texts, "recipients", header, least=least)
            people += _recipients(role, header, texts, faults)
    with faults:
        return _each_once(people, "cc" if cc else "to")
    return ()


def _recipients(role: Role, header: str, texts: Sequence[str], faults: Faults) -> Iterator[Recipient]:
    for place, words in enumerate(texts):
        with faults:
            yield _recipient(role, words, (header, place))


def _recipient(role: Role, typed_text: str, path: Path) -> Recipient:
    words = typed_text.strip()
    if len(words) > LONGEST_TYPED:
        raise Refusal(ErrorCode.ADDRESS_INVALID, f"A recipient has at most {LONGEST_TYPED} characters.", *path)
    before, bracket, after = words.rpartition("<")
    if not bracket or not after.endswith(">"):
        return Recipient(role, None, address.typed(words, *path), path)
    typed_address = address.typed(after[:-1], *path)
    name = _name(before.strip(), path)
    return Recipient(role, None if name == typed_address.text else name, typed_address, path)


def _name(name: str, path: Path) -> str | None:
    """Without the quotes around it (RFC 5322, 3.4), which it needs where somebody could take it for an address."""
    if quoted := _QUOTED_NAME.fullmatch(name):
        name = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    elif {*'<>"@'} & {*name}:
        words = 'Say one recipient at each place, as in Anna <anna@rossi.example>; a name with an @ stands in "quotes".'
        raise Refusal(ErrorCode.ADDRESS_INVALID, words, *path)
    try:
        return text.one_line(name, noun="The recipient's name") if name.strip() else None
    except Refusal as wrong:
        raise Refusal(ErrorCode.ADDRESS_INVALID, wrong.message, *path) from None


_ANSWERED = {False: (Role.REPLY_TO, Role.FROM), True: (Role.TO,)}
_BESIDE = {False: (Role.TO, Role.CC), True: (Role.CC,)}
"""By whether we sent it: the headers that say who is answered, the first that names anybody; and those of ALL."""


def answered(
    people: Sequence[Participant], whom: ReplyRecipients, *, ours: Collection[str], outgoing: bool
) -> tuple[Recipient, ...]:
    """
    Who hears an answer to a message of these `people`: none of `ours` (keys), none twice; who stands there without a
    good address is left out. `outgoing`: we sent it. Raises INVALID where nobody is left, or more than 100.
    """
    main = next(filter(None, (_usable(people, role, ours) for role in _ANSWERED[outgoing])), [])
    beside = _BESIDE[outgoing] if whom is ReplyRecipients.ALL else ()
    copied = [recipient for role in beside for recipient in _usable(people, role, ours)]
    if not main and not copied:
        words = "Nobody is left to answer: the message names no address but your firm's own. Write a new e-mail."
        raise Refusal(ErrorCode.INVALID, words, "recipients")
    copies = copied if main else []
    in_order = [replace(recipient, role=Role.TO) for recipient in main or copied]
    return _each_once([*in_order, *(replace(recipient, role=Role.CC) for recipient in copies)], "recipients")


def _usable(people: Sequence[Participant], role: Role, ours: Collection[str]) -> list[Recipient]:
    """Stops as soon as there are too many: a stranger's header may name thousands."""
    first_named: dict[str, Participant] = {}
    for person in people:
        if person.role is role and person.address:
            first_named.setdefault(compared(person.address), person)
    usable = (recipient for recipient in _valid(first_named.values()) if recipient.address.key not in ours)
    return list(islice(usable, MOST_AT_ONCE + 1))


def _valid(people: Iterable[Participant]) -> Iterator[Recipient]:
    for person in people:
        with suppress(Refusal):
            yield Recipient(person.role, person.name, address.typed(person.address), ("recipients",))


def _each_once(people: Iterable[Recipient], *path: str) -> tuple[Recipient, ...]:
    by_key: dict[str, Recipient] = {}
    for recipient in people:
        by_key.setdefault(recipient.address.key, recipient)
    if len(by_key) > MOST_AT_ONCE:
        words = f"An e-mail goes to at most {MOST_AT_ONCE} recipients; these are {len(by_key)} or more."
        raise Refusal(ErrorCode.INVALID, words, *path)
    return tuple(by_key.values())
