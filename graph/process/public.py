"""What may be asked without a session; anything else is refused before it runs."""

from graphql import DocumentNode

from graph.engine.transport import RequestCode, RequestError
from graph.engine.transport.roots import roots

PUBLIC = frozenset(
    {
        "signIn",
        "requestPasswordReset",
        "resetPassword",
        "invitationOffer",
        "acceptInvitation",
        "requestNewInvitation",
        "viewer",  # null, which says that nobody is signed in
        "portalAction",
        "unsubscribeOffer",
        "unsubscribe",
        "__typename",
        "__schema",  # refused by validation outside development
        "__type",
    }
)


def check_public(document: DocumentNode, operation_name: str | None) -> None:
    """Raises RequestError UNAUTHENTICATED, naming the first field that needs a session. The document must be valid."""
    for name in roots(document, operation_name):
        if name not in PUBLIC:
            raise RequestError(RequestCode.UNAUTHENTICATED, f"Sign in first: `{name}` needs a session.")
