from datetime import timedelta
from enum import StrEnum

from tortoise import Model, fields

KEPT_FOR = timedelta(days=1)
"""One that has failed for so long is thrown away: whoever asked has asked again."""


class ErrandKind(StrEnum):
    """What each is, `models/errand/running.py` says."""

    NEW_INVITATION = "NEW_INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - a word, not a secret


class Errand(Model):
    """
    Written alike whatever is asked for, so it is of no firm: who is meant, only whoever does it looks up. `about` tells
    it from others and says nothing; `sealed`: what was asked, for it holds addresses and links. `due_at`: by the
    database's clock.
    """

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharEnumField(ErrandKind, max_length=40)
    about = fields.CharField(43, unique=True)
    sealed = fields.BinaryField()
    asked_at = fields.DatetimeField()
    due_at = fields.DatetimeField()

    class Meta:
        table = "errand"
