"""Until it leaves nobody else can have what was written here: so clients do not see it."""

from models.ground import store
from models.letter.letter import LetterState

HERE_ONLY = (LetterState.QUEUED, LetterState.REFUSED, LetterState.CANCELLED)


def may_be_there(email_id: str) -> str:
    """The condition, with the firm as $1, that an e-mail was not written here, or may have left."""
    states = ", ".join(f"'{state}'" for state in HERE_ONLY)
    return f"""NOT EXISTS (
    SELECT 1 FROM submission s WHERE s.firm_id = {store.FIRM} AND s.id = {email_id} AND s.state IN ({states}))"""
