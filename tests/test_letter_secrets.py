"""No secret of a letter lies anywhere but in the letter itself (P9)."""

import pytest
from structlog.testing import capture_logs

from models.ground import secret_link
from tests.support.database.dump import dump
from tests.support.database.store import firms_key
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.letters.outbox import an_invitation, due_again, invitation_letter, row_of, sent_all, text_of
from tests.support.servers.smtp import DROP, SmtpSink, Taken


@pytest.mark.parametrize("tells_all", ["250 taken: {}", "451 4.3.0 cannot keep {}", "554 5.7.1 will not have {}", DROP])
async def test_a_links_token_stands_in_no_row_and_in_no_line_of_the_log(
    store: str, capfd: pytest.CaptureFixture[str], tells_all: str
) -> None:
    """Also where the server quotes the whole letter in its answer."""
    by = await a_firm()
    await a_member(by)
    made = await an_account(by, address="anna@client.test", login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await invitation_letter(by, "anna@client.test", invitation)
    token = secret_link.token(firms_key(by.firm_id), "invitation", invitation.id, invitation.seed)
    said: list[str] = []

    async def quote(taken: Taken) -> None:
        said.append(text_of(taken.raw))
        words = " ".join(said[0].split())
        sink.after_data = tells_all.replace("{}", words[:3000])

    with capture_logs() as logs:
        async with SmtpSink(answered=quote) as sink:
            await sent_all(sink.server)
            found = await dump(store)
            await due_again()
            await sent_all(sink.server)
    assert token in said[0]
    signature = token.partition(".")[2]
    for place in (found, await dump(store), str(logs), "".join(capfd.readouterr()), str(dict(await row_of(letter_id)))):
        assert signature not in place
        assert "/invitation/" not in place


async def test_the_password_of_the_mail_server_is_in_no_error_and_no_line_of_the_log(store: str) -> None:
    by = await a_firm()
    letter_id = await invitation_letter(by, "a@b.test", await an_invitation(by, (await an_account(by)).address))
    async with SmtpSink(extensions=("AUTH PLAIN LOGIN",), answers={"AUTH": "535 5.7.8 hunter2 is wrong"}) as sink:
        server = sink.server_with("portal", "hunter2")
        with capture_logs() as logs:
            done = await sent_all(server)
    assert done.barred == "The mail server refused the name or the password (535)."
    assert "hunter2" not in str(logs) + repr(server) + (await row_of(letter_id))["error"]
