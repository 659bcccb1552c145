"""What the firm's other software may raise for an account; each event's category and actions are told here once."""

from models.errors import ErrorCode, Refusal
from models.firm_settings import ClientAction
from models.ground.enums import TextWithFacts
from models.notification_category import NotificationCategory

_OF_REQUESTS = (ClientAction.COMPLETE_REQUESTS, ClientAction.UPLOAD_DOCUMENTS)


class ClientEvent(TextWithFacts):
    """
    `category`: by which an address takes or leaves it (R13). `actions`: what its letter may let the bearer do without
    signing in, where the firm allows it (R12); the first by itself, another where whoever raises it says so.
    """

    def __init__(self, _: str, category: NotificationCategory, *actions: ClientAction) -> None:
        self.category, self.actions = category, actions

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
    CLIENT_REQUEST_SENT = "CLIENT_REQUEST_SENT", NotificationCategory.CLIENT_REQUESTS, *_OF_REQUESTS
    CLIENT_REQUEST_REMINDER = "CLIENT_REQUEST_REMINDER", NotificationCategory.CLIENT_REQUESTS, *_OF_REQUESTS

    def action_of(self, action: ClientAction | None = None, *path: str) -> ClientAction | None:
        """`action`: by whoever raises the event; None: its own. Raises INVALID where it is none of its actions."""
        if action is None:
            return next(iter(self.actions), None)
        if action not in self.actions:
            choices = f"can have {' or '.join(self.actions)}" if self.actions else "has none"
            raise Refusal(ErrorCode.INVALID, f"{action} is no action of {self}, which {choices}. Leave it out.", *path)
        return action
