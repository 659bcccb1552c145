"""What a client sees and does: its accounts, one at a time, its password."""

from models.portal.accounts import Portal, PortalAccount, Waiting, of
from models.portal.picking import dismiss_notice, must_be_in, select
from models.portal.visit import PortalVisit

__all__ = [
    "Portal",
    "PortalAccount",
    "PortalVisit",
    "Waiting",
    "dismiss_notice",
    "must_be_in",
    "of",
    "select",
]
