"""What a client sees and does: its accounts, one at a time, its password."""

from models.portal.accounts import Portal, PortalAccount, Waiting, of
from models.portal.picking import dismiss_notice, must_be_in, select

__all__ = [
    "Portal",
    "PortalAccount",
    "Waiting",
    "dismiss_notice",
    "must_be_in",
    "of",
    "select",
]
