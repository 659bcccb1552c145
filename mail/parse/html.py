"""HTML mail: what may be shown of it, and what it says in plain text."""

import html
import re

import nh3

from mail.parse.markup import TAGS, well_nested

_ANYWHERE = {"align", "bgcolor", "color", "dir", "height", "lang", "style", "title", "valign", "width", "background"}
_OWN = {
    "a": {"href"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "font": {"face", "size"},
    "ol": {"start", "type"},
}
_ATTRIBUTES = {tag: _ANYWHERE | _OWN.get(tag, set()) for tag in TAGS}
_NAMES = frozenset[str]().union(*_ATTRIBUTES.values())
# fmt: off
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-right",
    "border-spacing", "border-style", "border-top", "border-width", "color", "direction", "font-family", "font-size",
    "font-style", "font-weight", "height", "letter-spacing", "line-height", "list-style-type", "margin",
    "margin-bottom", "margin-left", "margin-right", "margin-top", "max-width", "min-width", "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align", "text-decoration", "text-indent",
    "text-transform", "vertical-align", "white-space", "width", "word-break",
}
# fmt: on
_LINKS = ("http://", "https://", "mailto:", "tel:")
_LOADS = re.compile(r"url\s*\(|image-set|expression|\\|/\*", re.IGNORECASE)
_REMOTE = re.compile(r"url\s*\(\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*/?>')
_PARAGRAPHS = {"p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_LINES = {"br", "div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "address", "caption", "center"}
_BREAKS = {**dict.fromkeys(_LINES, "\n"), **dict.fromkeys(_PARAGRAPHS, "\n\n"), "td": " ", "th": " "}


def safe(source: str) -> tuple[str, int]:
    """
    `source` made harmless, and how many images were taken out of it: remote ones tell their sender who reads. Only
    those that came with the message (`cid:`) stay. Links open elsewhere and do not say where they were followed.
    """
    filtering = _Filter()
    text = nh3.clean(
        well_nested(source, _NAMES),
        tags=TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=filtering.keep,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )
    return text, filtering.blocked


class _Filter:
    def __init__(self) -> None:
        self.blocked = 0

    def keep(self, tag: str, name: str, value: str) -> str | None:
        """The attribute's value where it may stay."""
        plain = value.strip().lower()
        if name == "href":
            return value if plain.startswith(_LINKS) else None
        if name == "style":
            self.blocked += len(_REMOTE.findall(value))
            return None if _LOADS.search(value) else value
        if name == "background" or (name == "src" and not plain.startswith("cid:")):
            self.blocked += bool(plain)
            return None
        return value


def to_text(safe_html: str) -> str:
    """The plain text of what `safe` returned: lines where blocks end, blanks and entities read."""
    out, done = list[str](), 0
    for tag in _TAG.finditer(safe_html):
        out.append(_words(safe_html[done : tag.start()]))
        done = tag.end()
        out.append(_BREAKS.get(tag[2], ""))
        if tag[2] == "li" and not tag[1]:
            out.append("- ")
    return _tidy("".join([*out, _words(safe_html[done:])]))


def shown(text: str) -> str:
    """Plain text as HTML, to stand between parts that are HTML."""
    return '<div style="white-space:pre-wrap">' + html.escape(text, quote=False) + "</div>" if text.strip() else ""


def _words(source: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(source))


def _tidy(text: str) -> str:
    lines = (" ".join(line.split(" ")).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(re.sub(r" {2,}", " ", line) for line in lines)).strip()
