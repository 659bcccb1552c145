"""The firm gets a copy of what its clients are sent, without any secret (R16)."""

from typing import Any

import pytest

from models.ground import store
from models.letter import LetterKind
from models.viewer import System
from tests.support.firm.factories import an_account, an_address
from tests.support.letters.outbox import a_reset, an_invitation, invitation_letter, opened, sent_all, text_of, written
from tests.support.servers.smtp import SmtpSink

pytestmark = pytest.mark.usefixtures("store")


async def test_the_firm_gets_a_copy_without_the_link(by: System) -> None:
    await store.execute("UPDATE firm SET copy_to = 'Files@firm.test', language = 'it'")
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    await invitation_letter(by, "anna@client.test", invitation)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
        await sent_all(sink.server)
        assert (await sent_all(sink.server)).handled == 0
    to_anna, copy = sink.letters
    assert copy.to == ("Files@firm.test",)
    assert "/invitation/" in text_of(to_anna.raw)
    for kind in ("plain", "html"):
        said = text_of(copy.raw, kind)
        assert "http" not in said
        assert "anna@client.test" in said
    assert opened(copy.raw)["Subject"].startswith("Copia: ")
    assert opened(copy.raw)["Message-ID"] != opened(to_anna.raw)["Message-ID"]


@pytest.mark.parametrize("kind", [LetterKind.PASSWORD_RESET, LetterKind.TEAM_INVITATION])
async def test_letters_about_passwords_and_to_colleagues_are_not_copied(by: System, kind: LetterKind) -> None:
    await store.execute("UPDATE firm SET copy_to = 'files@firm.test'")
    address_id, invitation, reset = await an_address(by, "anna@client.test"), None, None
    if kind is LetterKind.TEAM_INVITATION:
        invitation = await an_invitation(by, address_id)
    else:
        reset = await a_reset(by, address_id)
    ids: dict[str, Any] = {"invitation_id": invitation and invitation.id, "reset_id": reset}
    to_client: dict[str, Any] = {"address_id": address_id} if reset else {}
    until = "2026-12-01T10:00:00+00:00"
    await written(by, kind=kind, facts={"expiresAt": until, "personName": "Anna", "role": "ADMIN"}, **ids, **to_client)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
        await sent_all(sink.server)
    (only,) = sink.letters
    assert only.to == ("anna@client.test",)
