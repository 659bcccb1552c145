"""The key of an installation: known at every start, and replaced where it was lost."""

import pytest

from models import firm_key, installation, mailbox
from models.ground import keys, store
from models.mailbox import MailboxState, MailServer, NewMailbox
from tests.support.firm.factories import a_firm, a_member, an_account

OTHER = bytes(range(1, 33))


@pytest.mark.usefixtures("store")
async def test_a_start_with_another_key_is_refused_in_plain_words() -> None:
    await installation.check_key()
    await installation.check_key()
    keys.use(OTHER)
    with pytest.raises(keys.WrongKey, match="not the key that the database was made with"):
        await installation.check_key()


@pytest.mark.usefixtures("store")
async def test_after_a_lost_key_addresses_are_found_again_and_mailboxes_ask_for_their_password() -> None:
    await installation.check_key()
    by = await a_firm()
    owner = await a_member(by)
    made = await an_account(by, address="anna@client.test", email_sync=True)
    server = MailServer("mail.firm.test", 993)
    await mailbox.connect(owner, NewMailbox("studio@firm.test", "a secret", server, server))
    keys.use(OTHER)

    assert (await installation.replace_key()).mailboxes == 1

    await installation.check_key()
    hashed = await store.value("SELECT hash FROM email_address WHERE id = $1", made.address)
    assert hashed == (await firm_key.of(by.firm_id)).address_hash("anna@client.test")
    [waiting] = await mailbox.of_firm(owner)
    assert waiting.state is MailboxState.NEEDS_ATTENTION
    assert waiting.fault is not None
    assert waiting.fault.path == ("secret",)
