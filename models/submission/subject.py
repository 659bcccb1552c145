"""The subject of an answer."""

import re

LONGEST_SUBJECT = 1_000  # characters
RE = "Re: "
_ANSWERS = re.compile(
    r"(?:\s{0,9}(?:re|r|aw|sv|vs|antw|antwort|odp|rif|res|ynt)\s{0,2}(?:[\[(]\d{1,4}[\])]\s{0,2})?[:：])+",
    re.IGNORECASE,
)
"""How programs of all languages begin the subject of an answer; some count, as in `Re[2]:`."""


def subject_of_answer(subject: str) -> str:
    """`Re: ` once, whatever the answers before began with: `R:` is Italian, `AW:` German, `SV:` Scandinavian."""
    answers = _ANSWERS.match(subject)
    bare = subject[answers.end() :].strip() if answers else subject.strip()
    whole = f"{RE}{bare}".strip()
    return whole if len(whole) <= LONGEST_SUBJECT else whole[: LONGEST_SUBJECT - 1] + "…"
