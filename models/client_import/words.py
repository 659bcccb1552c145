"""The words that people write into cells for yes and no and for kinds of accounts, in English and Italian."""

from models import text
from models.account import AccountKind

_SAID = {
    True: "yes|y|si|s|true|t|vero|1|x|on|✓|✔|☑|enabled|attivo|attiva|abilitato|abilitata",
    False: "no|n|false|f|falso|0|off|☐|✗|disabled|disattivo|disattiva|disabilitato|disabilitata|non attivo",
}
_ANSWERS = {word: answer for answer, words in _SAID.items() for word in words.split("|")}
_KINDS_SAID = {
    AccountKind.COMPANY: """company|business|corporation|azienda|societa|ditta|impresa|persona giuridica
        |legal entity|giuridica""",
    AccountKind.INDIVIDUAL: "individual|person|private|private person|individuo|persona|persona fisica|privato|fisica",
    AccountKind.OTHER: "other|altro|altra|altri|ente|associazione|association",
}
_KINDS = {word.strip(): kind for kind, words in _KINDS_SAID.items() for word in words.split("|")}
_FAILED_SAID = "#N/A|#N/D|#REF!|#RIF!|#VALUE!|#VALORE!|#NAME?|#NOME?|#DIV/0!|#NULL!|#NULLO!|#NUM!|#SPILL!|#CALC!"
FAILED = frozenset(_FAILED_SAID.split("|"))
"""What a spreadsheet shows where a formula failed, in a CSV file too."""
LONGEST = 40
"""Characters; a longer cell is none of these words."""


def yes_or_no(cell: str) -> bool | None:
    """None: it is neither."""
    return _ANSWERS.get(_plain(cell))


def account_kind(cell: str) -> AccountKind | None:
    """None: it is no kind."""
    return _KINDS.get(_plain(cell))


def _plain(cell: str) -> str:
    return " ".join(text.folded(cell.strip()).split()) if len(cell) <= LONGEST else ""
