"""What is in a message: the letter, and the files that came with it."""

from mail.parse import bodies, tnef
from mail.parse.attachments import attachment, extension, guessed_type
from mail.parse.bodies import Body
from mail.parse.parsed import ParsedAttachment
from mail.parse.parts import MOST_PARTS, Part

MOST_OPENED = 3
"""Of files like winmail.dat in one message; what comes after stays as it came."""


def contents(root: Part) -> tuple[Body, tuple[ParsedAttachment, ...]]:
    """
    Instead of a winmail.dat (TNEF) the files in it, and its text instead of the one beside it, where it is not plainer.
    A broken one stays an attachment, as it came.
    """
    root = bodies.of_the_letter(root)
    letter, files, left = bodies.body(root), list[ParsedAttachment](), MOST_OPENED
    for number, part in enumerate(bodies.attached(root), 1):
        inside = tnef.opened(part.content()) if left and tnef.is_tnef(part) else None
        if inside is None or len(files) + len(inside.files) > MOST_PARTS:
            files.append(attachment(part, number))
            continue
        left -= 1
        letter = _richer(letter, inside)
        files += (_file(file, number) for number, file in enumerate(inside.files, len(files) + 1))
    return letter, tuple(files)


def _richer(letter: Body, inside: tnef.Tnef) -> Body:
    if inside.html or (inside.text.strip() and not letter.html):
        return Body(inside.text, inside.html)
    return letter


def _file(file: tnef.TnefFile, number: int) -> ParsedAttachment:
    kind = file.type or guessed_type(file.name)
    name = file.name or f"attachment-{number}{extension(kind)}"
    return ParsedAttachment(name=name, content_type=kind, content=file.content, content_id=file.content_id)
