"""Connecting a mailbox, mending it, and disconnecting it."""

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import asked_id, changed, given, optional
from graph.mailbox import Mailbox, mailbox_of
from models import mailbox
from models.ground.unset import UNSET, Unset
from models.mailbox import MailboxChange, MailSecurity, MailServer, NewMailbox, OAuth, Secret, StoredEmails

strawberry.enum(StoredEmails, description="FORGET: those that no other mailbox holds.")


@strawberry.input
class MailServerInput:
    host: str
    port: int
    security: MailSecurity = MailSecurity.TLS

    def asked(self) -> MailServer:
        return MailServer(self.host, self.port, self.security)


@strawberry.input(
    name="MailboxOAuthInput", description="Access tokens are fetched with it as they are needed (RFC 6749, 6)."
)
class MailboxOAuthInput:
    token_url: str
    client_id: str
    client_secret: str | None = strawberry.UNSET
    refresh_token: str

    def asked(self) -> OAuth:
        return OAuth(self.token_url, self.client_id, self.refresh_token, given(self.client_secret))


@strawberry.input(one_of=True, description="Kept encrypted, never shown.")
class MailboxSecretInput:
    password: str | None = strawberry.UNSET
    oauth: MailboxOAuthInput | None = strawberry.UNSET

    def asked(self) -> Secret:
        oauth = given(self.oauth)
        return oauth.asked() if oauth else given(self.password) or ""


@strawberry.input
class ConnectMailboxInput:
    address: str
    owner_id: strawberry.ID | None = optional("Null or absent: shared by the firm.")
    username: str | None = optional("The address if absent.")
    secret: MailboxSecretInput
    imap: MailServerInput
    smtp: MailServerInput
    sent_folder: str | None = strawberry.UNSET
    folders_left_out: list[str] = strawberry.field(default_factory=list)
    keeps_sent: bool | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class ConnectMailboxPayload(Payload):
    mailbox: Mailbox | None = None


@strawberry.input
class UpdateMailboxInput:
    id: strawberry.ID
    owner_id: strawberry.ID | None = strawberry.UNSET
    username: str | None = strawberry.UNSET
    secret: MailboxSecretInput | None = optional("Needed wherever host, port, security or username change.")
    imap: MailServerInput | None = strawberry.UNSET
    smtp: MailServerInput | None = strawberry.UNSET
    sent_folder: str | None = strawberry.UNSET
    folders_left_out: list[str] | None = strawberry.UNSET
    keeps_sent: bool | None = strawberry.UNSET
    paused: bool | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET

    def asked(self) -> MailboxChange:
        secret = given(self.secret)
        paused = given(self.paused)
        return MailboxChange(
            owner_id=UNSET if self.owner_id is strawberry.UNSET else asked_id(Kind.TEAM_MEMBER, self.owner_id),
            username=changed(self.username, cleared=""),
            secret=secret.asked() if secret else UNSET,
            imap=_server(self.imap),
            smtp=_server(self.smtp),
            sent_folder=UNSET if self.sent_folder is strawberry.UNSET else self.sent_folder,
            keeps_sent=UNSET if self.keeps_sent is strawberry.UNSET else self.keeps_sent,
            folders_left_out=UNSET if (names := given(self.folders_left_out)) is None else tuple(names),
            paused=UNSET if paused is None else paused,
        )


def _server(input: MailServerInput | None) -> MailServer | Unset:
    server = given(input)
    return server.asked() if server else UNSET


@strawberry.type
class UpdateMailboxPayload(Payload):
    mailbox: Mailbox | None = None


@strawberry.input
class DisconnectMailboxInput:
    id: strawberry.ID
    stored_emails: StoredEmails = StoredEmails.KEEP


@strawberry.type
class DisconnectMailboxPayload(Payload):
    advice: str | None = strawberry.field(default=None, description="What is left for a person to do.")


@strawberry.type
class MailboxMutation:
    @strawberry.mutation(description="Starts as CHECKING; `health` then says in plain words what is wrong.")
    @refusable(ConnectMailboxPayload)
    async def connect_mailbox(self, info: Info, input: ConnectMailboxInput) -> ConnectMailboxPayload:
        new = NewMailbox(
            address=input.address,
            secret=input.secret.asked(),
            imap=input.imap.asked(),
            smtp=input.smtp.asked(),
            owner_id=asked_id(Kind.TEAM_MEMBER, input.owner_id),
            username=given(input.username),
            sent_folder=given(input.sent_folder),
            folders_left_out=tuple(input.folders_left_out),
            keeps_sent=given(input.keeps_sent),
        )
        done = await mailbox.connect(viewer_of(info), new, key=given(input.idempotency_key))
        return ConnectMailboxPayload(mailbox=await mailbox_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(
        description="What was wrong is tried again at once (R23). No API token changes host, port, security, username."
    )
    @refusable(UpdateMailboxPayload)
    async def update_mailbox(self, info: Info, input: UpdateMailboxInput) -> UpdateMailboxPayload:
        key = key_of(Kind.MAILBOX, input.id)
        expected = given(input.expected_version)
        done = await mailbox.update(viewer_of(info), key, input.asked(), expected_version=expected)
        return UpdateMailboxPayload(mailbox=await mailbox_of(info, key), cursor=cursor_of(done))

    @strawberry.mutation(
        description="At once for everybody; what it left goes in the background. FORGET takes an OWNER or ADMIN in"
        " person. Connected again, nothing is stored twice."
    )
    @refusable(DisconnectMailboxPayload)
    async def disconnect_mailbox(self, info: Info, input: DisconnectMailboxInput) -> DisconnectMailboxPayload:
        done = await mailbox.disconnect(viewer_of(info), key_of(Kind.MAILBOX, input.id), input.stored_emails)
        return DisconnectMailboxPayload(advice=_ADVICE, cursor=cursor_of(done))


_ADVICE = (
    "The mailbox is read no more, and its password is deleted here. If access was granted at the mail provider,"
    " withdraw that consent there too."
)
