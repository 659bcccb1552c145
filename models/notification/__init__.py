"""An entry of a team member's Inbox+ (R38)."""

from models.notification.channels import NotificationChannel, NotificationSetting, set_member_settings
from models.notification.conversation import Conversation
from models.notification.listing import InboxFilter, NotificationView, by_ids, count, page, unread_count
from models.notification.marking import Selection, archive, mark
from models.notification.merging import GONE_KEPT_FOR, merge
from models.notification.notification import NotificationKind
from models.notification.raising import NewNotification, raise_for_team
from models.notification.words import Said

__all__ = [
    "GONE_KEPT_FOR",
    "Conversation",
    "InboxFilter",
    "NewNotification",
    "NotificationChannel",
    "NotificationKind",
    "NotificationSetting",
    "NotificationView",
    "Said",
    "Selection",
    "archive",
    "by_ids",
    "count",
    "mark",
    "merge",
    "page",
    "raise_for_team",
    "set_member_settings",
    "unread_count",
]
