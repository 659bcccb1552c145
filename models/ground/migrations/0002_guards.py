"""
What Tortoise does not write: foreign keys that no firm can cross, indexes that begin with the firm, checks.

One statement each. The database itself refuses a link across firms: every key is (firm_id, x_id).
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

KEYS = [  # table, column, the table that it names
    ("session", "member_id", "team_member"),
    ("account_contact", "account_id", "account"),
    ("account_contact", "contact_id", "contact"),
    ("contact_email", "contact_id", "contact"),
    ("contact_email", "field_id", "email_field"),
    ("contact_email", "address_id", "email_address"),
    ("portal_user", "address_id", "email_address"),
    ("toggles", "account_id", "account"),
    ("toggles", "address_id", "email_address"),
    ("mailbox", "owner_id", "team_member"),
    ("mail_folder", "mailbox_id", "mailbox"),
    ("occurrence", "mailbox_id", "mailbox"),
    ("occurrence", "folder_id", "mail_folder"),
    ("occurrence", "email_id", "email"),
    ("email", "mailbox_id", "mailbox"),
    ("email_participant", "email_id", "email"),
    ("email_account", "email_id", "email"),
    ("email_account", "account_id", "account"),
    ("attachment", "email_id", "email"),
    ("notification", "member_id", "team_member"),
    ("journal_entry", "member_id", "team_member"),
]
TENANTS = [
    "team_member",
    "account",
    "contact",
    "email_field",
    "email_address",
    "journal_head",
    "idempotency",
    "thread_ref",
]

INDEXES = [
    "CREATE INDEX account_by_name ON account (firm_id, sort_key, id)",
    "CREATE INDEX account_by_age ON account (firm_id, created_at, id)",
    "CREATE INDEX account_words ON account USING gin (array_to_tsvector(words))",
    "CREATE INDEX contact_by_name ON contact (firm_id, sort_key, id)",
    "CREATE INDEX contact_by_age ON contact (firm_id, created_at, id)",
    "CREATE INDEX contact_words ON contact USING gin (array_to_tsvector(words))",
    "CREATE INDEX account_contact_by_contact ON account_contact (firm_id, contact_id)",
    "CREATE INDEX contact_email_by_address ON contact_email (firm_id, address_id)",
    "CREATE INDEX toggles_by_address ON toggles (firm_id, address_id)",
    "CREATE INDEX team_member_by_email ON team_member (email_key)",  # signing in, before the firm is known
    "CREATE INDEX session_by_member ON session (firm_id, member_id)",
    "CREATE INDEX journal_entry_by_subject ON journal_entry (firm_id, subject_id, position)",
    "CREATE INDEX journal_entry_by_account ON journal_entry USING gin (account_ids)",
    "CREATE INDEX notification_by_move ON notification (firm_id, member_id, position, id)",
    "CREATE INDEX notification_unread ON notification (firm_id, member_id) WHERE NOT read AND NOT archived",
    "CREATE INDEX email_by_date ON email (firm_id, sent_at, id)",
    "CREATE INDEX email_by_thread ON email (firm_id, thread_id, sent_at, id)",
    "CREATE INDEX email_words ON email USING gin (array_to_tsvector(words))",
    "CREATE INDEX email_participant_by_email ON email_participant (firm_id, email_id, place)",
    "CREATE INDEX email_participant_by_key ON email_participant (firm_id, key, email_id)",
    "CREATE INDEX email_account_by_date ON email_account (firm_id, account_id, sent_at, email_id)",
    "CREATE INDEX email_account_by_email ON email_account (firm_id, email_id)",
    "CREATE INDEX attachment_by_email ON attachment (firm_id, email_id, place)",
    "CREATE INDEX thread_ref_by_thread ON thread_ref (firm_id, thread_id)",
    "CREATE INDEX occurrence_by_mailbox ON occurrence (firm_id, mailbox_id, state, skip_reason)",
    "CREATE INDEX occurrence_pending ON occurrence (firm_id, mailbox_id, received_at) WHERE state = 'PENDING'",
    "CREATE INDEX occurrence_hashes ON occurrence USING gin (hashes) WHERE skip_reason = 'NOT_SWITCHED_ON'",
    "CREATE INDEX mailbox_lease ON mailbox (lease_until)",  # claimed across firms by any worker
]
CHECKS = [
    "ALTER TABLE installation ADD CONSTRAINT only_one CHECK (id = 1)",
    "ALTER TABLE occurrence ADD CONSTRAINT skipped_has_reason CHECK ((state = 'SKIPPED') = (skip_reason IS NOT NULL))",
    "ALTER TABLE occurrence ADD CONSTRAINT stored_has_email CHECK (state <> 'STORED' OR email_id IS NOT NULL)",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                *(f"ALTER TABLE {table} ADD FOREIGN KEY (firm_id) REFERENCES firm (id)" for table in TENANTS),
                *(
                    f"ALTER TABLE {table} ADD FOREIGN KEY (firm_id, {column}) REFERENCES {named} (firm_id, id)"
                    for table, column, named in KEYS
                ),
                *INDEXES,
                *CHECKS,
            ]
        )
    ]
