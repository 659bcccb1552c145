"""Roles, and the right `manageAccounts`, enforced everywhere: every mutation of the schema, asked by everybody.

A mutation that is added later fails the first test here until RIGHTS says who may ask for it.
"""

from dataclasses import dataclass

import pytest
from graphql import GraphQLObjectType

from models import api_token
from models.viewer import ApiScope, TeamRole
from tests.support.api.client import Api, As
from tests.support.api.examples import EXAMPLES, SCHEMA, document_of, told
from tests.support.firm.factories import a_client, signed_in
from tests.support.firm.one_of_everything import World, a_world, everything

ACCOUNTS = "the right manageAccounts"
ACCOUNTS_OR_OWN = "the right manageAccounts; a client for its own"
ADMIN = "OWNER or ADMIN"
IN_PERSON = "OWNER or ADMIN, and no API token"
MEMBER = "any colleague"
NOTIFIER = "any colleague, and a token for nothing else"
SELF = "any colleague, and no API token"
CLIENT_TOO = "whoever is signed in, and no API token"
CLIENTS_ONLY = "a client"
PUBLIC = "anybody"
RIGHTS = {
    "signIn": PUBLIC,
    "acceptInvitation": PUBLIC,
    "requestNewInvitation": PUBLIC,
    "requestPasswordReset": PUBLIC,
    "resetPassword": PUBLIC,
    "unsubscribe": PUBLIC,
    "selectAccount": CLIENTS_ONLY,
    "dismissAccountNotice": CLIENTS_ONLY,
    "signOut": CLIENT_TOO,
    "createAccount": ACCOUNTS,
    "updateAccount": ACCOUNTS,
    "archiveAccount": ACCOUNTS,
    "createContact": ACCOUNTS,
    "updateContact": ACCOUNTS,
    "deleteContact": ACCOUNTS,
    "linkContact": ACCOUNTS,
    "unlinkContact": ACCOUNTS,
    "createEmailField": ACCOUNTS,
    "linkUnlinkedEmail": ACCOUNTS,
    "deleteUnlinkedEmail": ACCOUNTS,
    "setToggles": ACCOUNTS,
    "setNotificationPreferences": ACCOUNTS_OR_OWN,
    "bulkUpdateToggles": ACCOUNTS,
    "cancelBulkUpdate": ACCOUNTS,
    "undoBulkUpdate": ACCOUNTS,
    "importClients": ACCOUNTS,
    "sendInvitations": ACCOUNTS,
    "revokeInvitation": ACCOUNTS,
    "liftSuppression": ACCOUNTS,
    "connectMailbox": ADMIN,
    "updateMailbox": IN_PERSON,
    "disconnectMailbox": IN_PERSON,
    "syncMailboxNow": MEMBER,
    "sendEmail": MEMBER,
    "replyToEmail": MEMBER,
    "markNotifications": MEMBER,
    "archiveNotifications": MEMBER,
    "setAccountColumns": MEMBER,
    "setMemberNotificationSettings": MEMBER,
    "notifyClients": NOTIFIER,
    "updateFirm": ADMIN,
    "createApiToken": IN_PERSON,
    "revokeApiToken": IN_PERSON,
    "inviteTeamMember": IN_PERSON,
    "updateTeamMember": IN_PERSON,
    "removeTeamMember": IN_PERSON,
    "changePassword": SELF,
    "endSession": SELF,
    "startTwoFactor": SELF,
    "confirmTwoFactor": SELF,
    "endTwoFactor": SELF,
}
MAY = {
    ACCOUNTS: {"owner", "admin", "entrusted", "writing token"},
    ACCOUNTS_OR_OWN: {"owner", "admin", "entrusted", "writing token", "client"},
    ADMIN: {"owner", "admin", "writing token"},
    IN_PERSON: {"owner", "admin"},
    MEMBER: {"owner", "admin", "entrusted", "employee", "writing token"},
    NOTIFIER: {"owner", "admin", "entrusted", "employee", "writing token", "notifying token"},
    SELF: {"owner", "admin", "entrusted", "employee"},
    CLIENT_TOO: {"owner", "admin", "entrusted", "employee", "client"},
    CLIENTS_ONLY: {"client"},
    PUBLIC: {"owner", "admin", "entrusted", "employee", "writing token", "client", "nobody"},
}
SCOPES = {
    "writing token": ApiScope.WRITE,
    "reading token": ApiScope.READ,
    "notifying token": ApiScope.NOTIFY_CLIENTS,
}
ASKERS = ["owner", "admin", "entrusted", "employee", *SCOPES, "client", "nobody"]
MUTATION = SCHEMA.type_map["Mutation"]
assert isinstance(MUTATION, GraphQLObjectType)


@dataclass(frozen=True, slots=True)
class Asked:
    """`refused`: for lack of a right, not for what was asked."""

    refused: bool


async def the(asker: str, world: World) -> As:
    roles = {"owner": (TeamRole.OWNER, False), "admin": (TeamRole.ADMIN, False),
             "entrusted": (TeamRole.EMPLOYEE, True), "employee": (TeamRole.EMPLOYEE, False)}  # fmt: skip
    if asker in roles:
        role, right = roles[asker]
        return await signed_in(world.by, role=role, manage_accounts=right)
    if asker == "client":
        return (await a_client(world.by)).token
    if asker == "nobody":
        return None
    return (await api_token.create(world.owner.viewer, name=asker, scopes=[SCOPES[asker]])).token


async def asked(api: Api, name: str, who: As, world: World) -> Asked:
    """With its first example, or with nothing."""
    examples = EXAMPLES[f"Mutation.{name}"]
    if examples:
        document = document_of(f"Mutation.{name}", examples[0])
        body = (await api.told(document, told(examples[0].variables, world.ids), as_=who)).json()
    else:
        body = (await api.told(f"mutation {{ {name}(input: {{}}) {{ errors {{ code }} }} }}", as_=who)).json()
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    assert codes <= {"UNAUTHENTICATED", "FORBIDDEN"}, body
    refusals = [] if codes else body["data"][name]["errors"]
    return Asked(refused=bool(codes) or "NOT_ALLOWED" in {one["code"] for one in refusals})


def test_every_mutation_says_who_may_ask_for_it() -> None:
    assert isinstance(MUTATION, GraphQLObjectType)
    assert set(MUTATION.fields) == set(RIGHTS)


@pytest.mark.parametrize("name", sorted(RIGHTS))
async def test_only_who_may_is_let_through_and_nobody_else_changes_anything(api: Api, name: str) -> None:
    world = await a_world()
    askers = {asker: await the(asker, world) for asker in ASKERS}
    may = MAY[RIGHTS[name]]
    before = await everything()
    for asker in sorted(set(ASKERS) - may):
        assert (await asked(api, name, askers[asker], world)).refused, asker
    after = await everything()
    assert {table for table in after if after[table] != before[table]} <= {"api_token"}, "which says when it was used"
    for asker in sorted(may):
        assert not (await asked(api, name, askers[asker], world)).refused, asker
