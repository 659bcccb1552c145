"""One table for the tests that walk the schema: what each field that takes arguments is tried with.

A field or an input that is missing here makes these tests fail: add an example of it. `<account>` stands for the global
id of that name in `world.World.ids`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
)

from graph.schema import schema as built

SCHEMA = built._schema
Path = tuple[str, ...]
SERVER = {"host": "mail.client.test", "port": 993}
OAUTH = {
    "tokenUrl": "https://accounts.client.test/token",
    "clientId": "a client",
    "clientSecret": "its secret",
    "refreshToken": "a refresh token",
}
OUTCOME = "{ errors { __typename message code path } cursor }"
IDS = "{ nodes { id } totalCount }"
EVENTS = "{ __typename ... on FeedEvent { cursor } }"
PAGE = {"first": 5, "after": None}
BOTH_WAYS = PAGE | {"last": None, "before": None}


@dataclass(frozen=True, slots=True)
class Example:
    """Variables, by argument; and what is asked of the answer."""

    variables: dict[str, Any]
    selection: str = OUTCOME


def _input(**values: Any) -> Example:
    return Example({"input": values})


NEW_CONTACT = {
    "name": "Bruno",
    "emails": [
        {
            "field": {"id": "<field>"},
            "address": "bruno@new.test",
            "toggles": {
                "login": True,
                "notificationPreferences": [{"category": "PROPOSALS", "on": False}],
                "invite": {"message": "Welcome"},
            },
        },
        {"field": {"name": "Work email"}, "address": "bruno@work.test"},
    ],
}
WITH_FREE = [
    {"addressId": "<free_address>", "toggles": {"login": True, "notify": True, "invite": {"message": "Hello"}}}
]
BULK_UPDATE = {
    "accounts": {"ids": ["<account>", "<pending_account>"]},
    "login": "ENABLE_FOR_ALL",
    "invite": {"message": "Welcome", "again": False},
    "notify": "ENABLE_FOR_ALL",
    "notificationPreferences": [{"category": "ORGANIZERS", "on": False}],
    "emailSync": "DO_NOTHING",
    "idempotencyKey": "bulk update",
}
MATCHING = {"matching": {"search": "vet", "kinds": ["COMPANY"], "archived": False}}
REFUSED_OR_SEEN = (
    "{ report { accountCount login { changed } items { totalCount } } refused: errors { code message path } }"
)
INBOX = {"read": False, "accountId": "<account>", "kinds": ["EMAIL_RECEIVED"], "upTo": "c99"}

FILES = [{"uploadId": "<upload>"}, {"documentId": "<document>"}, {"attachmentId": "<attachment>"}]
NEW_EMAIL = {
    "mailboxId": "<mailbox>",
    "to": ["Anna <anna@client.test>"],
    "cc": ["bruno@new.test"],
    "subject": "VAT return",
    "text": "Here it is.",
}

EXAMPLES: dict[str, list[Example]] = {
    "Query.node": [Example({"id": "<account>"}, "{ id __typename }")],
    "Query.nodes": [Example({"ids": ["<account>", "<email>"]}, "{ id __typename }")],
    "Query.accounts": [
        Example({"filter": {"search": "vet", "kinds": ["COMPANY"]}, "orderBy": "NAME_ASC"} | BOTH_WAYS, IDS)
    ],
    "Query.contacts": [Example({"filter": {"search": "mar"}, "orderBy": "NAME_ASC"} | BOTH_WAYS, IDS)],
    "Query.emails": [
        Example({"filter": {"search": "inv", "accountId": "<account>"}} | BOTH_WAYS, IDS),
        Example({"filter": {"addressId": "<address>"}}, IDS),
        Example({"filter": {"thread": "<thread>"}}, IDS),
    ],
    "Query.portalAction": [Example({"token": "nonsense"}, "{ action }")],
    "Query.unsubscribeOffer": [Example({"token": "nonsense"}, "{ category on }")],
    "Query.inbox": [Example({"filter": INBOX} | PAGE, IDS)],
    "Query.journal": [
        Example({"filter": {"accountId": "<account>", "since": "2020-01-01T00:00:00Z"}} | PAGE, IDS),
        Example({"filter": {"subjectId": "<mailbox>"}}, IDS),
        Example({"filter": {"actorId": "<member>", "until": "2099-01-01T00:00:00Z"}}, IDS),
        Example({"filter": {"bulkUpdateId": "<bulk_update>"}}, IDS),
    ],
    "Query.bulkUpdate": [Example({"id": "<bulk_update>"}, "{ id status report { accountCount } }")],
    "Query.bulkUpdates": [Example(PAGE, IDS)],
    "Query.imports": [Example(PAGE, IDS)],
    "Query.bulkUpdatePreview": [
        Example({"input": BULK_UPDATE}, REFUSED_OR_SEEN),
        Example({"input": {"accounts": MATCHING, "emailSync": "DISABLE_FOR_ALL"}}, REFUSED_OR_SEEN),
    ],
    "Query.portal": [Example({"accountId": "<account>"}, "{ account { id } }")],
    "Mutation.signIn": [
        _input(
            email="nobody@firm.test",
            password="a wrong one",
            code="123456",
            firm="studio",
            session="BEARER",
            accountId="<account>",
            **{"as": "TEAM_MEMBER"},
        )
    ],
    "Mutation.signOut": [],
    "Mutation.requestPasswordReset": [
        _input(email="nobody@firm.test", firm="studio", idempotencyKey="reset", **{"as": "PORTAL_USER"})
    ],
    "Mutation.resetPassword": [_input(token="no link of ours", password="a new one")],
    "Mutation.selectAccount": [_input(accountId="<account>")],
    "Mutation.dismissAccountNotice": [_input(accountId="<account>")],
    "Mutation.createAccount": [
        _input(
            name="Nuova",
            kind="COMPANY",
            code="N1",
            contacts=[{"new": NEW_CONTACT}, {"existing": {"contactId": "<free_contact>", "toggles": WITH_FREE}}],
            idempotencyKey="create account",
        )
    ],
    "Mutation.updateAccount": [_input(id="<account>", code="V77", name="Valsecchi", kind="OTHER", expectedVersion=1)],
    "Mutation.archiveAccount": [_input(id="<account>", archived=True, expectedVersion=1)],
    "Mutation.createContact": [_input(**NEW_CONTACT, accountId="<account>", idempotencyKey="create contact")],
    "Mutation.updateContact": [
        _input(
            id="<contact>",
            name="Marta V.",
            emails=[
                {"field": {"id": "<field>"}, "address": "marta@new.test"},
                {"field": {"name": "Spouse email"}, "address": "spouse@new.test"},
            ],
            expectedVersion=1,
            idempotencyKey="update contact",
        )
    ],
    "Mutation.deleteContact": [_input(id="<contact>", expectedVersion=1)],
    "Mutation.linkContact": [
        _input(accountId="<account>", contactId="<free_contact>", toggles=WITH_FREE, idempotencyKey="link contact")
    ],
    "Mutation.linkUnlinkedEmail": [
        _input(
            accountId="<unlinked_account>",
            addressId="<unlinked_address>",
            contactId="<former_contact>",
            field={"id": "<field>"},
        ),
        _input(
            accountId="<unlinked_account>",
            addressId="<unlinked_address>",
            contactId="<former_contact>",
            field={"name": "Other email"},
        ),
    ],
    "Mutation.deleteUnlinkedEmail": [_input(accountId="<unlinked_account>", addressId="<unlinked_address>")],
    "Mutation.unlinkContact": [_input(accountId="<account>", contactId="<contact>")],
    "Mutation.setAccountColumns": [_input(columns=["NAME", "CODE"])],
    "Mutation.setMemberNotificationSettings": [
        _input(settings=[{"kind": "EMAIL_RECEIVED", "channels": ["INBOX", "DAILY_DIGEST"]}])
    ],
    "Mutation.updateFirm": [
        _input(
            name="Studio Due",
            language="it",
            senderName="Studio",
            replyTo="desk@firm.test",
            copyTo=None,
            invitationDays=10,
            actionsWithoutLogin=["PAY_INVOICES"],
            clientsMaySetPreferences=False,
            autoSaveAttachments=True,
            timeZone="Europe/Rome",
            softwareUrl="https://clients.firm.test",
            expectedVersion=1,
        )
    ],
    "Mutation.inviteTeamMember": [
        _input(email="new@firm.test", name="New", role="ADMIN", manageAccounts=False, idempotencyKey="invite member")
    ],
    "Mutation.updateTeamMember": [
        _input(id="<colleague>", name="Renamed", role="ADMIN", manageAccounts=True, expectedVersion=1)
    ],
    "Mutation.removeTeamMember": [_input(id="<colleague>")],
    "Mutation.changePassword": [_input(currentPassword="a wrong one", newPassword="a new password")],
    "Mutation.endSession": [_input(id="<session>")],
    "Mutation.startTwoFactor": [_input(password="a wrong one")],
    "Mutation.confirmTwoFactor": [_input(code="123456")],
    "Mutation.endTwoFactor": [_input(password="a wrong one", code="123456")],
    "Mutation.createEmailField": [_input(name="Holiday email", idempotencyKey="create field")],
    "Mutation.createApiToken": [
        _input(name="Export", scopes=["READ"], expiresAt="2099-01-01T00:00:00Z", idempotencyKey="create token")
    ],
    "Mutation.revokeApiToken": [_input(id="<token>")],
    "Mutation.setToggles": [
        _input(
            toggles=[
                {"accountId": "<account>", "addressId": "<address>", "notify": False, "expectedVersion": None},
                {
                    "accountId": "<pending_account>",
                    "addressId": "<pending_address>",
                    "invite": {"message": "Welcome", "again": True},
                },
            ],
            idempotencyKey="set toggles",
        )
    ],
    "Mutation.setNotificationPreferences": [
        _input(
            toggles=[
                {
                    "accountId": "<account>",
                    "addressId": "<address>",
                    "preferences": [{"category": "MESSAGES", "on": False}, {"category": "APPROVALS", "on": True}],
                    "expectedVersion": None,
                }
            ]
        )
    ],
    "Mutation.bulkUpdateToggles": [
        _input(**BULK_UPDATE),
        _input(accounts=MATCHING, emailSync="DISABLE_FOR_ALL"),
    ],
    "Mutation.cancelBulkUpdate": [_input(id="<queued_bulk_update>")],
    "Mutation.undoBulkUpdate": [_input(id="<bulk_update>", idempotencyKey="undo")],
    "Mutation.importClients": [
        _input(
            uploadId="<list>",
            columns=[
                {"header": "Client", "into": {"field": "ACCOUNT_NAME"}},
                {"header": "E-mail", "into": {"email": {"id": "<field>"}}},
                {"header": "Spouse", "into": {"email": {"name": "Spouse email"}}},
            ],
            toggles={
                "login": True,
                "notificationPreferences": [{"category": "PROPOSALS", "on": False}],
                "invite": {"message": "Welcome"},
            },
            dryRun=False,
            idempotencyKey="import",
        ),
        _input(uploadId="<list>", dryRun=True),
    ],
    "Mutation.sendInvitations": [
        _input(
            toggles=[{"accountId": "<pending_account>", "addressId": "<pending_address>"}],
            message="A reminder",
            idempotencyKey="send invitations",
        )
    ],
    "Mutation.liftSuppression": [_input(addressId="<address>")],
    "Mutation.revokeInvitation": [_input(id="<invitation>")],
    "Query.invitationOffer": [Example({"token": "no link of ours"}, "{ firmName }")],
    "Mutation.unsubscribe": [_input(token="no link of ours", on=True)],
    "Mutation.acceptInvitation": [_input(token="no link of ours", password="a new one", session="BEARER")],
    "Mutation.requestNewInvitation": [
        _input(**{"for": {"token": "no link of ours"}}, idempotencyKey="ask"),
        _input(**{"for": {"address": {"email": "nobody@firm.test", "firm": "studio"}}}, idempotencyKey="ask"),
    ],
    "Mutation.connectMailbox": [
        _input(
            address="second@firm.test",
            ownerId="<member>",
            username="second",
            secret={"password": "a secret"},
            imap=SERVER,
            smtp=SERVER | {"security": "STARTTLS"},
            sentFolder="Sent",
            foldersLeftOut=["Private"],
            keepsSent=True,
            idempotencyKey="connect mailbox",
        ),
        _input(address="third@firm.test", secret={"oauth": OAUTH}, imap=SERVER, smtp=SERVER),
    ],
    "Mutation.updateMailbox": [
        _input(
            id="<mailbox>",
            ownerId="<member>",
            username="third",
            secret={"password": "another"},
            imap=SERVER,
            smtp=SERVER,
            sentFolder="Sent",
            foldersLeftOut=["Private"],
            keepsSent=False,
            paused=True,
            expectedVersion=1,
        ),
        _input(id="<mailbox>", secret={"oauth": OAUTH}),
    ],
    "Mutation.disconnectMailbox": [_input(id="<mailbox>", storedEmails="FORGET")],
    "Mutation.syncMailboxNow": [_input(id="<mailbox>", idempotencyKey="sync now")],
    "Mutation.sendEmail": [
        _input(**NEW_EMAIL, idempotencyKey="send"),
        _input(**NEW_EMAIL, attachments=FILES, idempotencyKey="send with files"),
    ],
    "Mutation.replyToEmail": [
        _input(emailId="<email>", text="Thank you.", idempotencyKey="reply"),
        _input(
            emailId="<email>",
            recipients="ALL",
            mailboxId="<mailbox>",
            text="Thank you.",
            attachments=FILES,
            idempotencyKey="reply with files",
        ),
    ],
    "Mutation.markNotifications": [
        _input(notifications={"ids": ["<notification>"]}, read=True),
        _input(notifications={"matching": INBOX}),
    ],
    "Mutation.archiveNotifications": [
        _input(notifications={"ids": ["<notification>"]}, archived=True),
        _input(notifications={"matching": INBOX}),
    ],
    "Mutation.notifyClients": [
        _input(
            account={"id": "<account>"},
            event="CLIENT_REQUEST_SENT",
            subject="What we need",
            text="Please send it by Friday.",
            link="/requests/7",
            action="UPLOAD_DOCUMENTS",
            dryRun=False,
            idempotencyKey="request 7",
        ),
        _input(
            account={"code": "V1"}, event="INVOICE_SENT", subject="Invoice 12", text="Here it is.", idempotencyKey="12"
        ),
    ],
    "Subscription.inboxNotifications": [Example({"after": "c1"}, EVENTS)],
    "Subscription.emailArrived": [Example({"accountId": "<account>", "after": None}, EVENTS)],
    "Subscription.togglesChanged": [Example({"accountId": "<account>", "after": None}, EVENTS)],
    "Subscription.bulkUpdateProgress": [Example({"id": "<bulk_update>"}, "{ done total bulkUpdate { status } }")],
    "Subscription.importProgress": [Example({"id": "<import>"}, "{ id status rows rowsDone rowsWithErrors }")],
    "Subscription.mailboxHealth": [Example({"id": "<mailbox>"}, "{ id address health { state stored } }")],
    "Account.documents": [],
    "Account.emails": [],
    "BulkUpdateReport.items": [],
    "Account.notices": [],
    "Import.rowErrors": [],
    "Contact.accounts": [],
    "Portal.documents": [],
    "Portal.emails": [],
    "Portal.softwareLink": [],
}
"""The last take no ids: page sizes and cursors, which test_api_paging tries; a path (tests/test_notice_link.py)."""


def fields_with_arguments() -> list[tuple[str, GraphQLField]]:
    """`Type.field`, of every type that anybody can reach."""
    types = [each for name, each in SCHEMA.type_map.items() if not name.startswith("__")]
    objects = [each for each in types if isinstance(each, GraphQLObjectType)]
    return [(f"{one.name}.{name}", field) for one in objects for name, field in one.fields.items() if field.args]


def leaves(arguments: dict[str, Any], *types: str, before: Path = ()) -> Iterator[Path]:
    """Where values of these scalars go in; lists are left out of the path."""
    holder: GraphQLArgument | GraphQLInputField
    for name, holder in arguments.items():
        named = get_named_type(holder.type)
        if isinstance(named, GraphQLInputObjectType):
            yield from leaves(named.fields, *types, before=(*before, name))
        elif named.name in types:
            yield (*before, name)


def filled(value: Any) -> Iterator[tuple[Path, tuple[str | int, ...], Any]]:
    """Every leaf of an example: its path without and with places in lists, and what stands there."""

    def walk(one: Any, path: Path, exact: tuple[str | int, ...]) -> Iterator[tuple[Path, tuple[str | int, ...], Any]]:
        if isinstance(one, dict):
            for key, inner in one.items():
                yield from walk(inner, (*path, key), (*exact, key))
        elif isinstance(one, list):
            for place, inner in enumerate(one):
                yield from walk(inner, path, (*exact, place))
        else:
            yield path, exact, one

    return walk(value, (), ())


def told(value: Any, ids: dict[str, str]) -> Any:
    """The example with the ids of a world."""
    if isinstance(value, dict):
        return {key: told(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [told(inner, ids) for inner in value]
    return ids[value[1:-1]] if isinstance(value, str) and value.startswith("<") else value


def replaced(value: Any, exact: tuple[str | int, ...], new: Any) -> Any:
    """A copy with another value at one place."""
    if not exact:
        return new
    key, *rest = exact
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], tuple(rest), new)
    return copy


def document_of(name: str, example: Example) -> str:
    """The operation that asks this root field with these variables."""
    root, _, field_name = name.partition(".")
    type_ = SCHEMA.type_map[root]
    assert isinstance(type_, GraphQLObjectType)
    args = type_.fields[field_name].args
    given = [each for each in args if each in example.variables]
    declared = ", ".join(f"${each}: {args[each].type}" for each in given)
    passed = ", ".join(f"{each}: ${each}" for each in given)
    return f"{root.lower()}({declared}) {{ {field_name}({passed}) {example.selection} }}"
