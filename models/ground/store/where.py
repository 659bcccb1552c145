"""The conditions of a list: only those that are given, so that PostgreSQL plans for these and no others."""

from collections.abc import Sized

AFRESH = "/* afresh */ "
"""
At the beginning of a statement: it is planned for its values each time, which costs a round trip. For what finds few or
many by its value, as a search does. All others keep the plan that their connection has made of them once.
"""
FIRM = "ANY(ARRAY(SELECT $1::uuid))"
"""
As in `t.firm_id = {store.FIRM}`: the firm of `$1`, for what is looked up one by one (LATERAL). PostgreSQL, which may
have looked at a table when the firm had one row there or none, believes that it still has; then any index that begins
with the firm seems as good as the right one. Of a list whose length it does not know it expects ten, and never a single
row by the firm alone.
"""
MANY = 20


def for_many(statement: str, things: Sized) -> str:
    """
    The statement, planned `AFRESH` for more than 20 things: a plan that was kept when tables were small takes any index
    that begins with the firm for as good as the right one, and reads the whole firm for each of them.
    """
    return AFRESH + statement if len(things) > MANY else statement


class Where:
    """`?` in a condition stands for its value, wherever it is written."""

    def __init__(self, condition: str, value: object) -> None:
        self.args: list[object] = []
        self._conditions: list[str] = []
        self._beginning = ""
        self.add(condition, value)

    def add(self, condition: str, value: object, *, afresh: bool = False) -> None:
        """`afresh`: how many it finds hangs on the value."""
        self.say(condition.replace("?", self.value(value)))
        if afresh:
            self.afresh()

    def given(self, condition: str, value: object, *, afresh: bool = False) -> None:
        """Adds a condition, unless the value is None."""
        if value is not None:
            self.add(condition, value, afresh=afresh)

    def say(self, condition: str) -> None:
        """Adds a condition without a value."""
        self._conditions.append(condition)

    def value(self, value: object) -> str:
        """Adds an argument; answers its place, to be written into a condition."""
        self.args.append(value)
        return f"${len(self.args)}"

    def afresh(self) -> None:
        """However many it finds hangs on its values."""
        self._beginning = AFRESH

    def after(self, statement: str) -> str:
        """The statement, which ends before its WHERE, with these conditions."""
        return f"{self._beginning}{statement} WHERE {' AND '.join(self._conditions)}"
