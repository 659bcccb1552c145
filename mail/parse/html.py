"""HTML mail: what may be shown of it, and what it says in plain text."""

import html
import re
from urllib.parse import unquote

import nh3

from mail.parse.markup import TAGS, well_nested

_ANYWHERE = {"align", "bgcolor", "color", "dir", "height", "lang", "style", "title", "valign", "width"}
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
# A negative length, or a function that may come to one, would lay the letter over what the reader's program says of it.
_COVERS = re.compile(r"[^:]*+:.*(?:(?<!\w)-\s*\.?\d|(?<![\w-])(?!rgba?\(|hsla?\()[a-z-]+\()", re.IGNORECASE | re.DOTALL)
# Possessive: where blanks may follow blanks, each of a thousand would be tried as the end of the first.
_REMOTE = re.compile(r"url\s*+\(\s*+[\"']?\s*+(?:https?:)?//", re.IGNORECASE)

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*/?>')
_SHOWN = re.compile(r'src="\s*+cid:([^"]*+)"', re.IGNORECASE)
_PARAGRAPHS = {"p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_LINES = {"div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "address", "caption", "center"}
_LINE, _PARAGRAPH = "\x01", "\x02"  # ends of lines and paragraphs, however many meet in one place
_BREAKS = {**dict.fromkeys(_LINES, _LINE), **dict.fromkeys(_PARAGRAPHS, _PARAGRAPH), "br": "\n", "td": " ", "th": " "}
_BREAK = re.compile(r"[ \n\x01\x02]+")


def safe(source: str) -> tuple[str, int]:
    """
    `source` made harmless, and how many images were taken out of it: remote ones tell their sender who reads. Only
    those that came with the message (`cid:`) stay. Links open elsewhere and do not say where they were followed. All of
    it stands in one box that nothing is drawn outside of.
    """
    blocked = 0

    def keep(tag: str, name: str, value: str) -> str | None:
        nonlocal blocked
        if name == "style":
            blocked += len(_REMOTE.findall(value))
            return ";".join(rule for rule in value.split(";") if not _LOADS.search(rule) and not _COVERS.match(rule))
        if name == "background" or (tag, name) == ("img", "src"):
            blocked += bool(value.strip()) and not _is_enclosed(value)
        return value if _may_stay(tag, name, value) else None

    text = nh3.clean(
        well_nested(source, keep),
        tags=TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_second_look,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )
    return boxed(text), blocked


def boxed(page: str) -> str:
    """
    Clipped, whatever its styles do: an inline padding or border, a line or a box without height would draw over what
    the reader's program shows around the letter. What is too wide is reached by scrolling.
    """
    return f'<div style="overflow-x:auto;overflow-y:hidden">{page}</div>'


def _second_look(tag: str, name: str, value: str) -> str | None:
    """Nothing of a letter's own `rel` and `target` comes as far as here."""
    return value if name in {"rel", "target"} or _may_stay(tag, name, value) else None


def _may_stay(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return value.strip().lower().startswith(_LINKS)
    if name == "src":
        return _is_enclosed(value)
    return name in _ATTRIBUTES.get(tag, ()) and not (name == "style" and _LOADS.search(value))


def _is_enclosed(url: str) -> bool:
    return url.strip().lower().startswith("cid:")


def content_ids(safe_html: str) -> set[str]:
    """Of the pictures that came with the message and that it shows (RFC 2392)."""
    return {unquote(html.unescape(address)).strip() for address in _SHOWN.findall(safe_html)}


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
    return re.sub(r"[\s\x00-\x1f]+", " ", html.unescape(source))


def _tidy(text: str) -> str:
    return _BREAK.sub(lambda run: _shortest(run[0]), text).strip()


def _shortest(run: str) -> str:
    if _PARAGRAPH in run or run.count("\n") > 1:
        return "\n\n"
    return "\n" if _LINE in run or "\n" in run else " "
