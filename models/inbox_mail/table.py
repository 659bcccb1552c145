from datetime import timedelta

from tortoise import Model, fields

KEPT_FOR = timedelta(days=365)
"""A clock that is set back further may bring a digest twice."""


class InboxDigest(Model):
    """
    Written with its letter: there is one for a colleague and a day, whatever clocks say. `day`: as it is at the firm.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    day = fields.DateField()
    written_at = fields.DatetimeField()

    class Meta:
        table = "inbox_digest"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "day"))
