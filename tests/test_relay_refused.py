"""Refusals that are about us, not about the recipient: our own misconfiguration stops the way and spends no letter."""

import pytest

from models.ground import store
from models.viewer import System
from tests.support.firm.factories import a_member, an_address
from tests.support.letters.outbox import due_again, row_of, sent_all, state_of, written
from tests.support.servers.smtp import SmtpSink

pytestmark = pytest.mark.usefixtures("store")


OUR_FAULT = [
    "554 5.7.1 <anna@client.test>: Relay access denied",
    "454 4.7.1 <anna@client.test>: Relay access denied",
    "550 5.7.1 <anna@client.test>... Relaying denied. Proper authentication required.",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "550 relay not permitted",
    "551 we do not relay",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "530 5.7.0 Authentication required",
    "530 5.7.0 Must issue a STARTTLS command first",
    "530-5.5.1 Sign in,\r\n530 5.5.1 please",
    "550 SMTP AUTH is required",
    "553 5.7.1 <portal@switchboard.test>: Sender address rejected: not logged in",
    "554 5.7.1 <unknown[10.0.0.7]>: Client host rejected: Access denied",
]


@pytest.mark.parametrize("answer", OUR_FAULT)
async def test_a_server_that_does_not_relay_for_us_stops_the_way_and_spends_no_letter(by: System, answer: str) -> None:
    await a_member(by)
    letter_ids = [await written(by, address_id=await an_address(by, "anna@client.test")) for _ in range(2)]
    async with SmtpSink(answers={"RCPT": answer}) as sink:
        done = await sent_all(sink.server)
        assert sink.lines == 1
    assert (done.handled, "takes nothing from us for others" in str(done.barred)) == (0, True)
    for letter_id in letter_ids:
        row = await row_of(letter_id)
        assert (row["state"], row["handed_over"], row["locked_by"]) == ("QUEUED", 0, None)
        assert "takes nothing from us for others" in row["error"]
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == 0
    assert await store.value("SELECT count(*) FROM notification") == 0
    await due_again()
    async with SmtpSink() as working:
        assert (await sent_all(working.server)).handled == 2


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.1.1 <anna@client.test>: Recipient address rejected: User unknown in relay recipient table",
        "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required",
        "550 5.7.1 Recipient address rejected: policy",
        "552 5.2.2 Mailbox full at the relay",
    ],
)
async def test_what_is_about_the_recipient_spends_that_letter_alone(by: System, answer: str) -> None:
    refused, fine = await written(by), await written(by, "luca@client.test")
    async with SmtpSink(answers={"RCPT anna@client.test": answer}) as sink:
        assert (await sent_all(sink.server)).handled == 2
    assert (await state_of(refused), await state_of(fine)) == ("REFUSED", "SENT")


async def test_one_recipient_that_is_not_relayed_to_holds_up_no_other(by: System) -> None:
    suspect, other = await written(by), await written(by, "luca@client.test")
    async with SmtpSink(answers={"RCPT anna@client.test": "554 5.7.1 Relay access denied"}) as sink:
        await sent_all(sink.server)
        assert (await sent_all(sink.server)).handled == 1
    assert (await state_of(suspect), await state_of(other)) == ("QUEUED", "SENT")
