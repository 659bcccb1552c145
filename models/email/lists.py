"""Where lists of e-mails are read from, and in what order."""

from dataclasses import dataclass

from models.ground.page import Order


@dataclass(frozen=True, slots=True)
class EmailList:
    """`rows` stand in its order; `source` has the e-mails beside them, as `m`."""

    rows: str
    source: str
    order: Order


OF_FIRM = EmailList("email m", "email m", Order("NEWEST_FIRST", "m.sorted_at", "timestamptz", descending=True))
OF_ACCOUNT = EmailList(
    "email_account l",
    "email_account l JOIN email m ON m.firm_id = l.firm_id AND m.id = l.email_id",
    Order("NEWEST_FIRST", "l.sorted_at", "timestamptz", descending=True, id_column="l.email_id"),
)
