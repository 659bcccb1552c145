"""Which parts are the letter and which came with it (RFC 2046; RFC 2183)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from mail.parse import charsets, html, markup
from mail.parse.parts import Part

LONGEST_TEXT = 1_000_000  # characters
MOST_BYTES = 8_000_000  # of one text part; what comes after is only in the raw source
MOST_CONVERTED = 20  # parts that are HTML, standing between plain ones
MOST_CONVERTED_HTML = markup.LONGEST  # characters of them together; what comes after is only in the HTML
LONGEST_SNIPPET = 200
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SIDE_FORMS = {"text/x-amp-html", "text/watch-html"}  # other forms of the same letter, for other programs
_QUOTE = re.compile(r"[>|]|-{2,} ?\w[^-]{3,40}-{2,}\s*\Z|_{10,}\s*\Z")
_INTRODUCES = re.compile(r".{0,200}\b(?:wrote|writes|schrieb|escribió|ha scritto|a écrit)\b.{0,80}:\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    text: str = ""
    html: str | None = None

    def as_text(self, budget: "_Budget") -> str:
        if self.text or not self.html:
            return self.text
        budget.html -= len(self.html)
        return html.to_text(html.safe(self.html)[0]) if budget.html >= 0 else ""

    def as_html(self) -> str:
        return self.html if self.html is not None else html.shown(self.text)


@dataclass(slots=True)
class _Budget:
    html: int = MOST_CONVERTED_HTML


def of_the_letter(root: Part) -> Part:
    """
    `root`, without the file's names that some programs give to the letter itself: to forms of one text, and to the
    only text there is. What is disposed of as a file stays one.
    """
    root = _forms_unnamed(root)
    texts = list(islice(_texts(root), 2))
    if not root.children or len(texts) != 1 or "filename" in (texts[0].headers.first("content-disposition") or ""):
        return root
    return _unnamed(root, texts[0])


def _forms_unnamed(part: Part) -> Part:
    if not part.children:
        return part
    children = tuple(_forms_unnamed(child) for child in part.children)
    if part.type == "multipart/alternative":
        children = tuple(replace(child, filename=None) if _is_text(child) else child for child in children)
    return replace(part, children=children) if children != part.children else part


def _texts(part: Part) -> Iterator[Part]:
    if _is_text(part):
        yield part
    for child in part.children:
        yield from _texts(child)


def _is_text(part: Part) -> bool:
    return part.type in {"text/plain", "text/html"} and part.disposition != "attachment"


def _unnamed(part: Part, only: Part) -> Part:
    if part is only:
        return replace(part, filename=None) if part.filename else part
    return replace(part, children=tuple(_unnamed(child, only) for child in part.children)) if part.children else part


def body(root: Part) -> Body:
    """The letter. Of alternatives the richest is shown, the plain one is its text; others follow one another."""
    return _body(root, _Budget())


def _body(root: Part, budget: _Budget) -> Body:
    if not root.children:
        return _leaf(root) if root.disposition != "attachment" else Body()
    bodies = [_body(part, budget) for part in root.children if part.children or not is_attachment(part)]
    if root.type == "multipart/alternative":
        texts = [body.text for body in bodies if body.text.strip()]
        pages = [body.html for body in bodies if body.html]
        return Body(texts[0] if texts else "", pages[-1] if pages else None)
    return _one_after_the_other([body for body in bodies if body.text.strip() or body.html], budget)


def _one_after_the_other(bodies: list[Body], budget: _Budget) -> Body:
    if len(bodies) < 2:
        return bodies[0] if bodies else Body()
    page = "\n".join(body.as_html() for body in bodies)[: markup.LONGEST] if any(body.html for body in bodies) else None
    if len(bodies) > MOST_CONVERTED or not any(body.text for body in bodies):
        return Body("\n\n".join(body.text for body in bodies if body.text)[:LONGEST_TEXT], page)
    return Body("\n\n".join(body.as_text(budget) for body in bodies)[:LONGEST_TEXT], page)


def _leaf(part: Part) -> Body:
    if not part.type.startswith("text/"):
        return Body()
    data = part.content()[:MOST_BYTES]
    charset = part.parameters.get("charset")
    if part.type != "text/html":
        return Body(_clean(charsets.decode(data, charset)))
    meta = _META.search(data[:2048])
    return Body(html=_clean(charsets.decode(data, charset or (meta[1].decode("ascii") if meta else None))))


def _clean(text: str) -> str:
    return charsets.db_text(text).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def is_attachment(part: Part) -> bool:
    """A part beside the letter: one that says so, one with a file's name, one that is no text."""
    if part.disposition == "attachment" or part.filename:
        return True
    return part.type not in {"text/plain", "text/html"} and not part.type.startswith("multipart/")


def attached(root: Part) -> Iterator[Part]:
    """The parts that came with the letter, in their order."""
    if root.children:
        for part in root.children:
            yield from attached(part) if part.children else _if_attached(part)
    elif root.disposition == "attachment" or not root.type.startswith(("text/", "multipart/")):
        yield root


def _if_attached(part: Part) -> Iterator[Part]:
    if is_attachment(part) and part.type not in _SIDE_FORMS:
        yield part


def snippet(text: str) -> str:
    """The first words of the letter, on one line, without what it quotes, unless there is nothing else."""
    lines = text[:20_000].split("\n")
    line = _begun(line for line in lines if not _is_quoted(line.strip())) or _begun(lines)
    if len(line) <= LONGEST_SNIPPET:
        return line
    return line[: LONGEST_SNIPPET - 1].rsplit(" ", 1)[0].rstrip() + "…"


def _is_quoted(line: str) -> bool:
    """Of a line without blanks at its ends: it is quoted, or introduces what is."""
    return bool(_QUOTE.match(line) or (line.endswith(":") and _INTRODUCES.match(line)))


def _begun(lines: Iterable[str]) -> str:
    """As many of them as a snippet needs, on one line; of lines with much that is not shown no more than 2,000."""
    taken, length, shown = list[str](), 0, 0
    for line in lines:
        taken.append(line)
        length += len(line) + 1
        shown += len(f"{charsets.one_line(line, 2_000)} ".lstrip())
        if length > 2_000 or shown > LONGEST_SNIPPET + 1:  # the last blank stands for no sign
            break
    return charsets.one_line(" ".join(taken)[:2_000], 2_000)
