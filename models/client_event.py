"""What the firm's other software may raise for an account; each event's category and action are told here once."""

from enum import StrEnum

from models.firm_settings import ClientAction
from models.notification_category import NotificationCategory


class ClientEvent(StrEnum):
    """
    `category`: by which an address takes or leaves it (R13). `action`: what its letter may let the bearer do without
    signing in, where the firm allows it (R12); None: nothing.
    """

    category: NotificationCategory
    action: ClientAction | None

    def __new__(cls, name: str, category: NotificationCategory, action: ClientAction | None = None) -> "ClientEvent":
        event = str.__new__(cls, name)
        event._value_ = name
        event.category, event.action = category, action
        return event

    DOCUMENT_UPLOADED = "DOCUMENT_UPLOADED", NotificationCategory.DOCUMENT_UPLOADS, ClientAction.VIEW_DOCUMENTS
    SIGNATURE_REQUESTED = "SIGNATURE_REQUESTED", NotificationCategory.SIGNATURE_REQUESTS, ClientAction.SIGN_DOCUMENTS
    SIGNATURE_REMINDER = "SIGNATURE_REMINDER", NotificationCategory.SIGNATURE_REQUESTS, ClientAction.SIGN_DOCUMENTS
    APPROVAL_REQUESTED = "APPROVAL_REQUESTED", NotificationCategory.APPROVALS, ClientAction.VIEW_DOCUMENTS
    APPROVAL_REMINDER = "APPROVAL_REMINDER", NotificationCategory.APPROVALS, ClientAction.VIEW_DOCUMENTS
    MESSAGE_SENT = "MESSAGE_SENT", NotificationCategory.MESSAGES
    MESSAGE_REPLIED = "MESSAGE_REPLIED", NotificationCategory.MESSAGES
    PROPOSAL_SENT = "PROPOSAL_SENT", NotificationCategory.PROPOSALS
    PROPOSAL_REMINDER = "PROPOSAL_REMINDER", NotificationCategory.PROPOSALS
    ORGANIZER_SENT = "ORGANIZER_SENT", NotificationCategory.ORGANIZERS
    ORGANIZER_REMINDER = "ORGANIZER_REMINDER", NotificationCategory.ORGANIZERS
    INVOICE_SENT = "INVOICE_SENT", NotificationCategory.INVOICES_AND_PAYMENTS, ClientAction.PAY_INVOICES
    INVOICE_REMINDER = "INVOICE_REMINDER", NotificationCategory.INVOICES_AND_PAYMENTS, ClientAction.PAY_INVOICES
    PAYMENT_CONFIRMED = "PAYMENT_CONFIRMED", NotificationCategory.INVOICES_AND_PAYMENTS
    PAYMENT_REFUNDED = "PAYMENT_REFUNDED", NotificationCategory.INVOICES_AND_PAYMENTS
    CLIENT_REQUEST_SENT = "CLIENT_REQUEST_SENT", NotificationCategory.CLIENT_REQUESTS, ClientAction.COMPLETE_REQUESTS
    CLIENT_REQUEST_REMINDER = (
        "CLIENT_REQUEST_REMINDER", NotificationCategory.CLIENT_REQUESTS, ClientAction.COMPLETE_REQUESTS
    )  # fmt: skip
