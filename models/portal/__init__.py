"""What a client sees and does: its accounts, one at a time, its password."""

from models.portal.table import PasswordReset, PortalVisit

__all__ = ["PasswordReset", "PortalVisit"]
