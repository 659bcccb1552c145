"""
The templates of letters: a folder for each language under mail/templates, and what they may say.

Of each kind `<kind>.txt`, whose first line is the subject, and `<kind>.html`; of each event that a notice tells of
`events/<event>.txt`, its heading and below it the words of its button; `category.txt`, what each category is about;
`more.txt`, how many more there are of a list. A language that is not there is its primary one (`it` for `it-CH`), else
English; so is a single template that a language lacks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import escape

from models.time_zone import zone_of

FOLDER = Path(__file__).parent / "templates"
OTHERWISE = "en"
MOST_NAMES = 20
"""Of accounts, in one sentence; one more than that is named, too, as "1 more" would say less in as many words."""
NOTHING_SAID: Mapping[str, Any] = {
    "accountNames": (),
    "inviterName": None,
    "personName": None,
    "message": None,
    "replyTo": None,
    "copyOf": None,
    "accountName": None,
    "activation": None,
    "unsubscribe": None,
    "timeZone": str(UTC),  # of letters that an earlier release wrote
}


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str
    html: str


OWN = {"toAddress", "link", "activation", "unsubscribe"}
"""What a letter has of its own, when a thousand others say the same: templates print it, or ask whether it is there."""
_KEPT, _KEPT_BYTES = 64, 50_000
_PLACE = re.compile("\0([0-9]+)\0")  # nothing that anybody typed has one


def written(kind: str, language: str, values: Mapping[str, Any]) -> Words:
    """
    Rendered once for all letters that differ in what is their own (`OWN`).

    Raises jinja2.TemplateError, KeyError or ValueError where a value that the template prints is missing or odd.
    """
    own: list[str] = []
    shared = orjson.dumps(_left_open(values, own))
    words = (_rendered if len(shared) <= _KEPT_BYTES else _rendered.__wrapped__)(kind, language, shared)
    return Words(_filled(words.subject, own), _filled(words.text, own), _filled(words.html, list(map(escape, own))))


def _left_open(value: Any, own: list[str]) -> Any:
    """With places, by number, for what is the letter's own."""
    if isinstance(value, dict):
        return {key: _place(item, own) if key in OWN and item else _left_open(item, own) for key, item in value.items()}
    return [_left_open(item, own) for item in value] if isinstance(value, list | tuple) else value


def _place(text: str, own: list[str]) -> str:
    own.append(text)
    return f"\0{len(own) - 1}\0"


def _filled(text: str, own: Sequence[str]) -> str:
    return _PLACE.sub(lambda place: own[int(place[1])], text)


@lru_cache(maxsize=_KEPT)
def _rendered(kind: str, language: str, shared: bytes) -> Words:
    values = orjson.loads(shared)
    templates = _templates(language)
    variables = {**values, "language": templates.globals["language"]}
    subject, _, body = templates.get_template(f"{kind}.txt").render(variables).lstrip().partition("\n")
    if values["copyOf"]:
        subject = templates.get_template("copy_subject.txt").render(variables, subject=subject).strip()
        body = f"{templates.get_template('copy.txt').render(variables)}\n{body.strip()}"
    variables["subject"] = subject
    footer = templates.get_template("footer.txt").render(variables)
    page = templates.get_template(f"{kind}.html").render(variables)
    return Words(subject, f"{body.strip()}\n\n-- \n{footer}", page)


def languages() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@cache
def _templates(language: str) -> Environment:
    folder = _folder(language)
    templates = Environment(
        loader=FileSystemLoader([FOLDER / folder, FOLDER / OTHERWISE, FOLDER]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    locale = _locale(language, folder)
    templates.globals["language"] = folder
    templates.filters |= {
        "date": pass_context(lambda context, text: _date(_time(text, context), locale)),
        "moment": pass_context(lambda context, text: _moment(_time(text, context), locale)),
        "names": lambda names: _names(names, locale, templates),
        "quoted": _quoted,
        "about": lambda category: _words_about(category, templates),
        "heading": lambda event: _words_of(event, templates)[0],
        "button": lambda event: _words_of(event, templates)[1],
    }
    return templates


@cache
def _words_of(event: str, templates: Environment) -> tuple[str, str]:
    heading, button = templates.get_template(f"events/{event.lower()}.txt").render().strip().split("\n")
    return heading, button


@cache
def _words_about(category: str, templates: Environment) -> str:
    return templates.get_template("category.txt").render(category=category).strip()


def _folder(language: str) -> str:
    folders = {name.casefold(): name for name in languages()}
    tag = language.replace("_", "-").casefold()
    return folders.get(tag) or folders.get(tag.partition("-")[0]) or OTHERWISE


def _locale(language: str, folder: str) -> Locale:
    """Dates follow the region (`en-US`), as far as the words are in that language at all."""
    if language.partition("-")[0].casefold() == folder.partition("-")[0].casefold():
        try:
            return Locale.parse(language, sep="-")
        except (ValueError, UnknownLocaleError):
            pass
    return Locale.parse(folder, sep="-")


def _time(text: str, context: Context) -> datetime:
    """By the firm's clock."""
    return datetime.fromisoformat(text).astimezone(zone_of(context["timeZone"]))


def _date(time: datetime, locale: Locale) -> str:
    return _day(time.date(), locale)


@lru_cache(maxsize=1000)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


def _moment(time: datetime, locale: Locale) -> str:
    """It says which clock it means: whoever reads it may live by another."""
    return f"{_date(time, locale)}, {format_time(time, 'short', locale=locale)} {_clock(time, locale)}"


def _clock(time: datetime, locale: Locale) -> str:
    name = time.tzname()
    return name if name == str(UTC) else f"({get_timezone_name(time, 'long', locale=locale)})"


def _names(names: Sequence[str], locale: Locale, templates: Environment) -> str:
    """The first ones, where somebody has thousands: mail programs cut a letter short that is too long (P4)."""
    if (omitted := len(names) - MOST_NAMES) <= 1:
        return format_list(list(names), "standard", locale=locale)
    more = templates.get_template("more.txt").render(count=format_decimal(omitted, locale=locale)).strip()
    return format_list([*names[:MOST_NAMES], more], "standard", locale=locale)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
