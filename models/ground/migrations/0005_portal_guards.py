"""What Tortoise does not write of 0004: keys that no firm can cross, indexes, checks."""

from tortoise import migrations
from tortoise.migrations import operations as ops

KEYS = [  # table, column, the table that it names
    ("session", "user_id", "portal_user"),
    ("session", "account_id", "account"),
    ("recovery_code", "member_id", "team_member"),
    ("invitation", "address_id", "email_address"),
    ("invitation", "member_id", "team_member"),
    ("invitation", "invited_by", "team_member"),
    ("invitation_account", "invitation_id", "invitation"),
    ("invitation_account", "account_id", "account"),
    ("letter", "address_id", "email_address"),
    ("letter", "member_id", "team_member"),
    ("letter", "invitation_id", "invitation"),
    ("letter", "reset_id", "password_reset"),
    ("letter", "asked_by", "team_member"),
    ("portal_visit", "user_id", "portal_user"),
    ("portal_visit", "account_id", "account"),
    ("password_reset", "member_id", "team_member"),
    ("password_reset", "user_id", "portal_user"),
    ("journal_entry", "user_id", "portal_user"),
]
INDEXES = [
    "CREATE INDEX session_by_user ON session (firm_id, user_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX email_address_by_key ON email_address (key)",  # signing in, before the firm is known
    "CREATE UNIQUE INDEX invitation_live ON invitation (firm_id, address_id) WHERE ended_at IS NULL",
    "CREATE UNIQUE INDEX invitation_of_member ON invitation (firm_id, member_id) WHERE ended_at IS NULL",
    "CREATE INDEX invitation_by_address ON invitation (firm_id, address_id, id)",
    "CREATE INDEX invitation_account_by_account ON invitation_account (firm_id, account_id, invitation_id)",
    "CREATE UNIQUE INDEX password_reset_of_member ON password_reset (firm_id, member_id) WHERE ended_at IS NULL",
    "CREATE UNIQUE INDEX password_reset_of_user ON password_reset (firm_id, user_id) WHERE ended_at IS NULL",
    "CREATE INDEX letter_due ON letter (due_at) WHERE settled_at IS NULL",  # claimed across firms by any worker
    "CREATE INDEX letter_by_age ON letter (firm_id, created_at)",
    "CREATE INDEX letter_by_recipient ON letter (firm_id, to_key, created_at)",
    "CREATE INDEX letter_by_invitation ON letter (firm_id, invitation_id) WHERE invitation_id IS NOT NULL",
]
CHECKS = [
    "ALTER TABLE session ADD CONSTRAINT of_one_person CHECK (num_nonnulls(member_id, user_id) = 1)",
    "ALTER TABLE session ADD CONSTRAINT account_of_client CHECK (account_id IS NULL OR user_id IS NOT NULL)",
    "ALTER TABLE invitation ADD CONSTRAINT of_one_person CHECK (num_nonnulls(address_id, member_id) = 1)",
    "ALTER TABLE invitation ADD CONSTRAINT ended_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))",
    "ALTER TABLE password_reset ADD CONSTRAINT of_one_person CHECK (num_nonnulls(member_id, user_id) = 1)",
    "ALTER TABLE password_reset ADD CONSTRAINT ended_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0004_portal")]

    operations = [
        ops.RunSQL(
            [
                *(
                    f"ALTER TABLE {table} ADD FOREIGN KEY (firm_id, {column}) REFERENCES {named} (firm_id, id)"
                    for table, column, named in KEYS
                ),
                *INDEXES,
                *CHECKS,
            ]
        )
    ]
