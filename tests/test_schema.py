"""schema.graphql is the code's own, and never at odds with the design that it grows towards."""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from graphql import GraphQLInterfaceType, GraphQLSchema, build_schema, find_breaking_changes, find_dangerous_changes

from graph.errors import KINDS
from graph.node import READERS
from graph.process.cli import SCHEMA_FILE
from graph.schema import schema as built
from models.journal import Subject

DESIGN = Path(__file__).parents[2] / "shared" / "design" / "schema.graphql"
BEYOND = {
    *{"RequestPasswordResetInput.as"},  # an address may be a colleague's and a client's
    *{"Session", "TeamMember.sessions", "Mutation.endSession", "EndSessionInput", "EndSessionPayload"},
    *{"Mutation.changePassword", "ChangePasswordInput", "ChangePasswordPayload"},
    *{"TeamMember.twoFactor", "UpdateTeamMemberInput.twoFactor", "SignInInput.code", "ErrorCode.CODE_NEEDED"},
    *{"JournalKind.ADDRESS_IN_DOUBT", "NotificationKind.ADDRESS_IN_DOUBT"},
    *{"TeamMember.recoveryCodesLeft", "InvitationOffer.forTeam"},
    *{"Portal.id", "FirmSettings.id", "MailboxHealth.id", "TeamMember.unreadCount"},  # what caches know them again by
    *{f"{payload}.member" for payload in ("MarkNotificationsPayload", "ArchiveNotificationsPayload")},
    *{"NotificationsChanged.member", "NotificationsChanged.gone"},
    "Email.certifiedBy",  # shown where the letter inside of certified mail is (R18)
    "DisconnectMailboxPayload.advice",  # that the consent at the provider is withdrawn there
    "Portal.softwareLink",  # how the portal leads on (R14): joined by the server alone
    *{f"Mutation.{verb}TwoFactor" for verb in ("start", "confirm", "end")},
    *{f"{verb}TwoFactor{end}" for verb in ("Start", "Confirm", "End") for end in ("Input", "Payload")},
}
"""Ours alone: what the issues ask for and the design has no words for."""


def ours() -> GraphQLSchema:
    """`= null` is how Strawberry writes an argument that may be left out."""
    return build_schema(built.as_str().replace(" = null", ""))


def test_the_file_is_the_codes_own() -> None:
    assert SCHEMA_FILE.read_text() == built.as_str() + "\n", "write it anew with `switchboard schema`"


@pytest.mark.skipif(not DESIGN.exists(), reason="the design is not beside this checkout")
def test_whoever_uses_it_today_can_use_the_design_tomorrow() -> None:
    """All types, fields, arguments and values of ours, apart from a few, stand in the design, as they are here."""
    design = build_schema(DESIGN.read_text())
    changes = find_breaking_changes(ours(), design) + find_dangerous_changes(ours(), design)
    told = [
        change.description
        for change in changes
        if ("ADDED" not in change.type.name or "REQUIRED" in change.type.name)
        and not BEYOND & set(change.description.rstrip(".").split())
    ]
    assert told == []


def test_each_type_of_node_has_a_reader_and_each_reader_a_type() -> None:
    node = ours().type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    read = [get_args(get_type_hints(reader)["return"])[0].__name__ for reader in READERS.values()]
    assert sorted(read) == sorted(one.name for one in ours().get_implementations(node).objects)
    assert {KINDS[subject] for subject in Subject} <= READERS.keys()
