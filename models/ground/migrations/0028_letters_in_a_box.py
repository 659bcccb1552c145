"""The HTML of e-mails that are stored already gets the box around it that nothing is drawn outside of (safeHtml)."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0027_hashes_at_once")]

    operations = [
        ops.RunSQL(
            [
                """UPDATE email SET safe_html = '<div style="overflow-x:auto;overflow-y:hidden">' || safe_html || '</div>'
                WHERE safe_html IS NOT NULL"""
            ]
        )
    ]
