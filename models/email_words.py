"""The words that a search finds an e-mail by. Imports nothing of a database: the parser's processes need it."""

from collections.abc import Sequence

from models.participant import Participant
from models.text import words

MOST_SEARCHED = 256 * 1024  # bytes
MOST_WORDS = 4_000


def email_words(subject: str, people: Sequence[Participant], text: str) -> list[str]:
    """At most 4,000, of the subject, all participants and the text, in that order, 256 kB together."""
    named = (f"{person.name or ''} {person.address}".strip() for person in people)
    whole = "\n".join([subject, *named, text[:MOST_SEARCHED]])
    return words(whole.encode()[:MOST_SEARCHED].decode("utf-8", "ignore"), most=MOST_WORDS)
