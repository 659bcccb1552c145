"""How names are written, sorted and found."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from models.errors import ErrorCode, Refusal

LONGEST_NAME = 200  # characters
MOST_WORDS = 200
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")
_NO_WORD = "'_'"  # a tsquery that finds nothing: no word has this sign
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Invisible, and they turn the direction of what follows: an account could be shown as another one."""
_UNSEEN = {"Cf", "Zs"}
"""Joiners, marks of direction, blanks: of these alone a name would be a blank place in every list and letter."""
_HIGH = re.compile("[\u0300-\U0010ffff]+")  # where combining characters begin
_STROKED = str.maketrans(
    dict(zip("łøđðħŧıŋƒƶɇɨɉʉƀɓƈɖɗɠƙƚɲƥʈƭʋƴ", "loddhtinfzeijubbcddgklnpttvy", strict=True))
    | {"æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, as people type them who do not have them on their keyboard."""
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese and Japanese, written without blanks between words."""
_ONE_UNSPACED = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_TYPED_OTHERWISE = "".join(map(chr, _STROKED))
FOUND_OTHERWISE = (
    f"[{_TYPED_OTHERWISE}{_TYPED_OTHERWISE.upper().replace('I', '')}ǿǾǽǼǣǢ{_UNSPACED}\u3200-\u33ff\uff66-\uff9f]"
)
"""A regular expression, for PostgreSQL too: text without these letters is found and sorted by its folded form."""
MOST_SEARCHED_WORDS = 8


def one_line(text: str, *path: str | int, noun: str = "The name", longest: int = LONGEST_NAME) -> str:
    """
    `text` trimmed, in Unicode's composed form, without what turns its direction (it comes along unseen when somebody
    pastes). Raises INVALID: empty, of nothing that can be seen, too long, or with control characters.
    """
    clean = unicodedata.normalize("NFC", TURNING.sub("", text)).strip()
    if all(unicodedata.category(char) in _UNSEEN for char in clean[: longest + 1]):
        raise Refusal(ErrorCode.INVALID, f"{noun} is empty. Type at least one character.", *path)
    if len(clean) > longest:
        raise Refusal(ErrorCode.INVALID, f"{noun} has {len(clean)} characters; at most {longest} fit.", *path)
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in clean):
        raise Refusal(
            ErrorCode.INVALID, f"{noun} contains a line break or another character that cannot be shown.", *path
        )
    return clean


def some_lines(text: str, *path: str | int, noun: str, longest: int) -> str:
    """As `one_line`, but with line breaks, and it may be empty."""
    clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(clean) > longest:
        raise Refusal(ErrorCode.INVALID, f"{noun} has {len(clean)} characters; at most {longest} fit.", *path)
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in clean if char not in "\n\t"):
        raise Refusal(ErrorCode.INVALID, f"{noun} contains a character that cannot be shown.", *path)
    return clean


def folded(text: str) -> str:
    """Without regard to case and accents: `Ré` and `RE` are the same."""
    if text.isascii():
        return text.lower()
    return _HIGH.sub(_unaccented, unicodedata.normalize("NFKD", text.casefold()))


def _unaccented(match: re.Match[str]) -> str:
    return "".join(char for char in match.group() if not unicodedata.combining(char))


def plain(text: str) -> str:
    """As people type it to search, and expect it sorted: folded, and `Łódź` is `lodz`, `Ærø` is `aero`."""
    if text.isascii():
        return text.lower()
    return folded(text).translate(_STROKED)


def sort_key(name: str) -> str:
    """Orders as people do, compared byte by byte: accents and case aside, numbers by value (`V2` before `V10`)."""
    return _DIGITS.sub(lambda match: _by_value(match.group()), plain(name))[:400]


def code_key(code: str) -> str:
    """Orders likewise, and tells codes apart: `Ł1` and `L1` are two."""
    return _DIGITS.sub(lambda match: _by_value(match.group()), folded(code))[:400]


def _by_value(digits: str) -> str:
    number = digits.lstrip("0") or "0"
    return f"{len(number):03}{number}"


def words(*texts: str, most: int = MOST_WORDS) -> list[str]:
    """
    The words that a search finds these texts by, each once; the first `most` of them. 4,000 always fit in a tsvector,
    whose limit is 1 MB: a word has 60 characters at most, a character 4 bytes.

    Chinese and Japanese are written without blanks: each two characters that follow each other are a word, and so is
    the last one of a run, so that a search finds what stands inside.
    """
    vocabulary = dict.fromkeys(word for text in texts for word in _words(text, closing=True))
    return sorted(list(vocabulary)[:most])


def _words(text: str, *, closing: bool) -> Iterator[str]:
    """
    Each that is written the same way once. `closing`: with the last character of each run of pairs, by which a search
    for one character finds it there.
    """
    for word in dict.fromkeys(_WORD.findall(plain(text))):
        if word.isascii():
            yield word[:60]
            continue
        for run in _RUN.findall(word):
            yield from _pairs(run, closing=closing) if _ONE_UNSPACED.match(run) else (run[:60],)


def _pairs(run: str, *, closing: bool) -> Iterator[str]:
    yield from (run[at : at + 2] for at in range(len(run) - 1))
    if closing or len(run) == 1:
        yield run[-1]


def has_words(search: str) -> bool:
    """Whether it has a letter or a digit, of any script: without one it can find nothing."""
    return _WORD.search(plain(search)) is not None


def beginnings(search: str) -> list[str]:
    """
    One tsquery per word of a search, matching beginnings of words; at most eight words count. A blank one is no search
    (`[]`: no condition); one that is not, and has no words, finds nothing, not everything.
    """
    if search.strip() and not has_words(search):
        return [_NO_WORD]
    typed = islice(_words(search, closing=False), MOST_SEARCHED_WORDS)
    return [f"'{word}':*" for word in typed]
