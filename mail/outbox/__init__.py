"""
Letters leave: claimed, composed, handed over outside of any transaction, settled as they leave.

Killed anywhere, a letter is lost nowhere: before its bytes begin to leave it is simply claimed again; after that its
outcome is unknown, and it leaves once more at most, the same bytes under the same Message-ID (P2).
"""

from mail.outbox.line import AT_ONCE
from mail.outbox.route import Route
from mail.outbox.running import Outbox, Pass, new_owner, one_pass

__all__ = ["AT_ONCE", "Outbox", "Pass", "Route", "new_owner", "one_pass"]
