"""What a client asks of the portal, and a firm with something to show there."""

from uuid import UUID

from graph.ids import Kind, global_id
from models import mailbox
from models.mailbox import NewMailbox
from models.session import SignedIn
from models.viewer import Client, System
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, a_client, an_account, signed_in
from tests.support.firm.one_of_everything import SERVER

FRAME = "{ accounts { id name waitingEmails waiting { category count } } account { id } showAccountNotice emailSync }"
SELECT = (
    f"mutation($id: ID!) {{ selectAccount(input: {{ accountId: $id }}) {{ errors {{ code }} cursor portal {FRAME} }} }}"
)
RESET = """mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
  errors { code } cursor } }"""
ASK = """mutation($for: InvitationRequestInput!, $key: String!) {
  requestNewInvitation(input: { for: $for, idempotencyKey: $key }) { errors { code path } cursor } }"""


def account_id(made: MadeAccount) -> str:
    return global_id(Kind.ACCOUNT, made.id)


async def two_accounts(by: System) -> tuple[SignedIn[Client], MadeAccount, MadeAccount]:
    """A client who works in the first of two."""
    first, second = await an_account(by, name="A", address=ANNA, email_sync=True), await an_account(by, name="B")
    return await a_client(by, first, second.id), first, second


async def a_box(by: System) -> UUID:
    owner = await signed_in(by)
    return (await mailbox.connect(owner.viewer, NewMailbox("box@firm.test", "secret", SERVER, SERVER))).ids[0]
