"""How names are written, sorted and found."""

import re
import unicodedata
from itertools import chain

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


def one_line(text: str, *path: str | int, what: str = "The name", longest: int = LONGEST_NAME) -> str:
    """
    `text` trimmed, in Unicode's composed form, without what turns its direction (it comes along unseen when somebody
    pastes). Raises INVALID: empty, of nothing that can be seen, too long, or with control characters.
    """
    clean = unicodedata.normalize("NFC", TURNING.sub("", text)).strip()
    if all(unicodedata.category(char) in _UNSEEN for char in clean[: longest + 1]):
        raise Refusal(ErrorCode.INVALID, f"{what} is empty. Type at least one character.", *path)
    if len(clean) > longest:
        raise Refusal(ErrorCode.INVALID, f"{what} has {len(clean)} characters; at most {longest} fit.", *path)
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in clean):
        raise Refusal(
            ErrorCode.INVALID, f"{what} contains a line break or another character that cannot be shown.", *path
        )
    return clean


def some_lines(text: str, *path: str | int, what: str, longest: int) -> str:
    """As `one_line`, but with line breaks, and it may be empty."""
    clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(clean) > longest:
        raise Refusal(ErrorCode.INVALID, f"{what} has {len(clean)} characters; at most {longest} fit.", *path)
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in clean if char not in "\n\t"):
        raise Refusal(ErrorCode.INVALID, f"{what} contains a character that cannot be shown.", *path)
    return clean


def folded(text: str) -> str:
    """Without regard to case and accents: `Ré` and `RE` are the same."""
    if text.isascii():
        return text.lower()
    return _HIGH.sub(_unaccented, unicodedata.normalize("NFKD", text.casefold()))


def _unaccented(found: re.Match[str]) -> str:
    return "".join(char for char in found.group() if not unicodedata.combining(char))


def sort_key(text: str) -> str:
    """Orders as people do, compared byte by byte: accents and case aside, numbers by value (`V2` before `V10`)."""
    return _DIGITS.sub(lambda found: _by_value(found.group()), folded(text))[:400]


def _by_value(digits: str) -> str:
    number = digits.lstrip("0") or "0"
    return f"{len(number):03}{number}"


def words(*texts: str, most: int = MOST_WORDS) -> list[str]:
    """
    The words that a search finds these texts by, each once; the first `most` of them. 4,000 always fit in a tsvector,
    whose limit is 1 MB: a word has 60 characters at most, a character 4 bytes.
    """
    each = dict.fromkeys(chain.from_iterable(_WORD.findall(folded(text)) for text in texts))
    return sorted(list(dict.fromkeys(word[:60] for word in each))[:most])


def has_words(search: str) -> bool:
    """Whether it has a letter or a digit, of any script: without one it can find nothing."""
    return _WORD.search(folded(search)) is not None


def beginnings(search: str) -> list[str]:
    """
    One tsquery per word of a search, matching beginnings of words; at most eight words count. A blank one is no search
    (`[]`: no condition); one that is not, and has no words, finds nothing, not everything.
    """
    if search.strip() and not has_words(search):
        return [_NO_WORD]
    return [f"'{word[:60]}':*" for word in _WORD.findall(folded(search))[:8]]
