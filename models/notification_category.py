"""What clients are told of, in the eight kinds that each address takes or leaves (R13). Not the team's Inbox+."""

from enum import StrEnum


class NotificationCategory(StrEnum):
    """
    One enum from column to schema; which events belong to each, `models/client_event.py` says. CONTRIBUTING names what
    else one more needs.
    """

    DOCUMENT_UPLOADS = "DOCUMENT_UPLOADS"
    SIGNATURE_REQUESTS = "SIGNATURE_REQUESTS"
    APPROVALS = "APPROVALS"
    MESSAGES = "MESSAGES"
    PROPOSALS = "PROPOSALS"
    ORGANIZERS = "ORGANIZERS"
    INVOICES_AND_PAYMENTS = "INVOICES_AND_PAYMENTS"
    CLIENT_REQUESTS = "CLIENT_REQUESTS"
