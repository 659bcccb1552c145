"""An outgoing e-mail: a row, written in the transaction that causes it, delivered later."""

from models.letter.table import Letter, LetterKind, LetterState
from models.letter.writing import NewLetter, cancel, write

__all__ = ["Letter", "LetterKind", "LetterState", "NewLetter", "cancel", "write"]
