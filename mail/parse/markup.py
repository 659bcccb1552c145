"""
HTML → well-nested HTML of known tags only, in one pass.

The real parser (in nh3) takes time and memory with the square of what is open at once. Here everything that stays open
is bounded first: at most `DEEPEST` tags, each closed by us in order, so that nothing is left for it to repair.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator

LONGEST = 1_000_000  # characters; the rest is cut off
MOST_ENTITIES = 50_000  # each costs nh3 more than the one before
MOST_TAGS = 50_000  # after these only the words are kept
DEEPEST = 100

_VOID = {"br", "hr", "img", "wbr", "col"}
# fmt: off
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
}
_BLOCK = {
    "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "nav", "ol", "p", "pre", "section", "ul",
}
# fmt: on
_TABLE = {"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup"}
TAGS = _INLINE | _VOID | _BLOCK | _TABLE
_READ = TAGS | {"body"}  # for its background

_SECTIONS = {"thead", "tbody", "tfoot"}
_INSIDE = {
    "td": {"tr", *_SECTIONS, "table"},
    "th": {"tr", *_SECTIONS, "table"},
    "tr": {*_SECTIONS, "table"},
    **{tag: {"table"} for tag in (*_SECTIONS, "caption", "colgroup")},
}
_ENDS = {"li": {"li"}, "dd": {"dd", "dt"}, "dt": {"dd", "dt"}, "a": {"a"}}
_WALLS = {"table", "td", "th", "caption"}  # an end tag does not reach through these

_UNSEEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(script|style|title|textarea|xmp|iframe|noframes|noembed|template)\b"
    r".*?(?:</\1(?:\s*>|\b)|\Z)|<[!?][^>]*>?",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>"']*)([^<>"']*(?:"[^"<]*"[^<>"']*|'[^'<]*'[^<>"']*)*|[^<>]*)>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w-]{0,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


Keep = Callable[[str, str, str], str | None]
"""What becomes of an attribute, from its tag, its name and its value; None: nothing."""


def well_nested(source: str, keep: Keep) -> str:
    """`source` with only `TAGS` and what `keep` keeps, every tag closed. What scripts and styles say is left out."""
    source = _UNSEEN.sub("", "&".join(source[:LONGEST].split("&", MOST_ENTITIES)[:MOST_ENTITIES]))
    out, done, nest, words = list[str](), 0, _Nest(), _Words()
    for number, tag in enumerate(_TAG.finditer(source)):
        out.append(words.escaped(source[done : tag.start()]))
        done, name = tag.end(), tag[2].lower()
        if number < MOST_TAGS and name in _READ:
            out.extend(nest.end(name) if tag[1] else nest.begin(name, _attributes(name, tag[3], keep)))
    return "".join([*out, words.escaped(source[done:]), *nest.close(0)])


class _Words:
    """What stands between the tags. Of brackets that are none of a tag's, only so many stay as entities may."""

    def __init__(self) -> None:
        self._room = MOST_ENTITIES

    def escaped(self, source: str) -> str:
        self._room -= source.count("<") + source.count(">")
        lower, greater = ("&lt;", "&gt;") if self._room >= 0 else ("", "")
        return source.replace("<", lower).replace(">", greater)


def _attributes(tag: str, source: str, keep: Keep) -> str:
    pairs = ((match[1].lower(), match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(source))
    values = ((name, keep(tag, name, html.unescape(text))) for name, text in dict(pairs).items())
    return "".join(f' {name}="{html.escape(value)}"' for name, value in values if value is not None)


class _Nest:
    """What is open, outermost first."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._open = Counter[str]()

    def begin(self, name: str, attributes: str) -> Iterator[str]:
        if name not in TAGS:
            return
        if name not in _VOID:
            if name in _INSIDE and not self._open["table"]:
                return
            yield from self._make_room(name)
            if len(self._stack) >= DEEPEST:
                return
            self._stack.append(name)
            self._open[name] += 1
        yield f"<{name}{attributes}>"

    def end(self, name: str) -> Iterator[str]:
        if self._open[name]:
            walls = {"table"} if name in _TABLE else _WALLS
            yield from self._back_to({name}, lambda tag: tag not in walls)

    def close(self, height: int) -> Iterator[str]:
        """End tags until only `height` are open."""
        while len(self._stack) > height:
            name = self._stack.pop()
            self._open[name] -= 1
            yield f"</{name}>"

    def _make_room(self, name: str) -> Iterator[str]:
        """What HTML lets people leave open ends here: a paragraph at the next block, an item, a cell, a row."""
        if parents := _INSIDE.get(name):
            while self._stack[-1] not in parents:
                yield from self.close(len(self._stack) - 1)
            return
        if name not in _INLINE:
            yield from self._back_to({"p"}, _INLINE.__contains__)
        yield from self._back_to(_ENDS.get(name, set()), lambda tag: tag in _INLINE or tag in {"p", "div"})

    def _back_to(self, names: set[str], through: Callable[[str], bool]) -> Iterator[str]:
        """Closes the nearest of `names`, with all that is open in it; nothing where something else stands between."""
        if any(self._open[name] for name in names):
            for height in range(len(self._stack) - 1, -1, -1):
                if self._stack[height] in names:
                    yield from self.close(height)
                    return
                if not through(self._stack[height]):
                    return
