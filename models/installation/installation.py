from tortoise import Model, fields

COMPARED_ANEW = 2
"""How `address.compared` makes keys; 1 was by full case folding, and `respelling.compare_anew` goes on from there."""


INDEXED_ANEW = 2
"""How `text.words` and `text.sort_key` make what is found and sorted by; `reindexing.index_anew` goes on from 1."""


class Installation(Model):
    """
    One row, of no firm. `compared`: how the keys of all addresses were made; `indexed`: how what is found and sorted by
    was. `secret`, sealed by the key: what signs and seals where no firm is meant; `secret_before`: the one before,
    until each firm has its new key.
    """

    id = fields.IntField(primary_key=True)
    key_fingerprint = fields.CharField(64)
    compared = fields.IntField(default=1, db_default=1)
    indexed = fields.IntField(default=1, db_default=1)
    secret = fields.BinaryField(null=True)
    secret_before = fields.BinaryField(null=True)

    class Meta:
        table = "installation"
