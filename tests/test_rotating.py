"""A new key of the installation, the old one at hand: nothing is lost; where that leaked, links die (R7)."""

import base64
import hmac
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tortoise import Model
from tortoise.fields import BinaryField

from models import firm_key, installation, password_reset
from models.errand.running import run_errands
from models.ground import keys, store
from models.ground.store.connection import NOUNS
from models.installation.renewing import SEALED
from tests.support.database.store import KEY
from tests.support.firm.factories import a_firm, an_account, counting
from tests.support.firm.keyed_secrets import LINKS, Hanging, derived_then, hanging, made_then, rows_of
from tests.support.firm.new_keys import lost, rotated
from tests.support.letters.outbox import sent_all, written
from tests.support.servers.smtp import DROP, SmtpSink

NEW = bytes(range(100, 132))
LEFT_ALONE = ("email_address", "occurrence", "mail_folder", "mailbox", "team_member", "letter", "journal_entry")


@pytest.fixture(autouse=True)
async def _started(store: str) -> None:
    await installation.check_key()


def anew(key: bytes) -> None:
    """As a process that starts with this key knows nothing of what was before."""
    keys.use(key)


async def test_a_rotated_key_loses_nothing_and_asks_nobody() -> None:
    one, other = await hanging("anna"), await hanging("bea")
    assert await one.links_lead() == LINKS
    before = await rows_of(*LEFT_ALONE)

    anew(await rotated())
    await installation.check_key()

    assert await rows_of(*LEFT_ALONE) == before
    for each in (one, other):
        assert await each.links_lead() == LINKS
        assert await each.sealed_opens()
    anew(KEY)
    with pytest.raises(keys.WrongKey, match="not the key that the database was made with"):
        await installation.check_key()


async def test_a_leaked_key_that_is_rotated_kills_links_and_keeps_what_is_sealed() -> None:
    one, other = await hanging("anna"), await hanging("bea")
    before = await rows_of("firm_key", "email_address")

    anew(await rotated(leaked=True))
    await installation.check_key()

    for each in (one, other):
        assert await each.links_lead() == set()
        assert await each.sealed_opens()
        key = await firm_key.of(each.by.firm_id)
        for row in await store.rows("SELECT key, hash FROM email_address WHERE firm_id = $1", each.by.firm_id):
            assert row["hash"] == key.address_hash(row["key"])
    after = await rows_of("firm_key", "email_address")
    assert {row["hash"] for row in before["email_address"]}.isdisjoint(row["hash"] for row in after["email_address"])
    assert not any(row["stale"] for row in after["firm_key"])
    assert await store.value("SELECT secret_before FROM installation") is None
    assert (await hanging("cleo")).tokens.keys() == LINKS


@pytest.mark.parametrize("leaked", [False, True])
async def test_what_a_stranger_asked_for_meanwhile_is_done(leaked: bool) -> None:
    by = await a_firm()
    await an_account(by, address="anna@client.test", login=True)
    await password_reset.ask(email="anna@client.test", key="k")
    anew(await rotated(leaked=leaked))
    await installation.check_key()
    await password_reset.ask(email="anna@client.test", key="k")
    assert await store.value("SELECT count(*) FROM errand") == 1  # the same again is no second one
    assert await run_errands() == 1
    assert await store.value("SELECT count(*) FROM errand") == 0


@pytest.mark.parametrize("leaked", [False, True])
async def test_the_second_copy_of_a_letter_is_the_very_same(leaked: bool) -> None:
    by = await a_firm()
    await written(by)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        anew(await rotated(leaked=leaked))
        await installation.check_key()
        sink.after_data = "250 taken"
        await store.execute("UPDATE letter SET due_at = now(), locked_until = NULL")
        await sent_all(sink.server)
    assert len(sink.letters) == 2
    assert sink.letters[0].raw == sink.letters[1].raw


async def test_with_neither_key_of_the_database_nothing_changes() -> None:
    await hanging()
    before = await rows_of("installation", "firm_key", *LEFT_ALONE)
    keys.use(NEW)
    with pytest.raises(keys.WrongKey, match="neither of these keys"):
        await installation.rotate_key(bytes(32))
    with pytest.raises(keys.WrongKey, match="are the same"):
        await installation.rotate_key(NEW, leaked=True)
    assert await rows_of("installation", "firm_key", *LEFT_ALONE) == before


async def test_said_again_after_its_end_it_changes_nothing_but_new_keys_where_the_old_one_leaked() -> None:
    made = await hanging()
    keys.use(await rotated())
    await installation.check_key()
    before = await rows_of("installation", "firm_key")
    await installation.rotate_key(KEY)
    assert await rows_of("installation", "firm_key") == before
    assert await made.links_lead() == LINKS
    await installation.rotate_key(KEY, leaked=True)  # it turned out later
    assert await made.links_lead() == set()
    assert await made.sealed_opens()


async def test_rotated_again_and_again_it_stays_good() -> None:
    made = await hanging()
    old = await rotated()
    for leaked in (False, True, True, False):
        new = keys.Key.new().derived("a key of the test")
        keys.use(new)
        await installation.rotate_key(old, leaked=leaked)
        old = new
        assert await made.sealed_opens()
    assert await made.links_lead() == set()


async def test_what_was_sealed_and_signed_before_firms_had_keys_is_what_such_a_firm_makes() -> None:
    """Else the tests below would prove nothing of what an earlier release left."""
    then, at = keys.Key(KEY), bytes(12)
    sealed = at + AESGCM(derived_then("seal")).encrypt(at, b"a secret", b"firm|mailbox|password")
    assert then.unseal(sealed, "firm", "mailbox", "password") == "a secret"
    digest = hmac.digest(derived_then("link:invitation"), b"what", "sha256")
    assert base64.urlsafe_b64decode(then.signature("invitation", "what") + "=") == digest


async def test_the_first_start_after_the_update_keeps_what_hashes_hung_on_and_all_stays_good() -> None:
    made = await made_then()
    before = await rows_of(*LEFT_ALONE)
    await installation.check_key()
    await installation.check_key()
    assert await rows_of(*LEFT_ALONE) == before
    assert await store.value("SELECT count(*) FROM firm_key WHERE firm_id = $1 AND NOT stale", made.by.firm_id) == 1
    await hangs_as_it_did(made)


async def hangs_as_it_did(made: Hanging) -> None:
    key = await firm_key.of(made.by.firm_id)
    for row in await store.rows("SELECT key, hash FROM email_address"):
        assert row["hash"] == key.address_hash(row["key"])
    assert await made.links_lead() == LINKS
    assert await made.sealed_opens()


async def test_rotated_before_or_after_the_first_start_what_is_older_stays_good_until_it_leaks() -> None:
    made = await made_then()
    keys.use(NEW)
    await installation.rotate_key(KEY)
    await hangs_as_it_did(made)
    old, newest = NEW, bytes(range(50, 82))
    keys.use(newest)
    await installation.rotate_key(old)
    await hangs_as_it_did(made)
    keys.use(KEY[::-1])
    await installation.rotate_key(newest, leaked=True)
    assert await made.links_lead() == set()
    assert await made.sealed_opens()


async def test_a_leaked_key_can_be_rotated_before_the_first_start_too() -> None:
    made = await made_then()
    keys.use(NEW)
    await installation.rotate_key(KEY, leaked=True)
    assert await made.links_lead() == set()
    assert await made.sealed_opens()


async def test_a_lost_key_leaves_nothing_open_and_said_again_loses_nothing_more() -> None:
    made = await hanging()
    assert (await lost()) == installation.Replaced(mailboxes=1, second_factors=1)
    assert await made.links_lead() == set()
    with pytest.raises(keys.WrongKey):
        await made.sealed_opens()
    again = await hanging("bea")
    assert (await installation.replace_key()) == installation.Replaced(0, 0)
    assert await again.links_lead() == LINKS
    assert await again.sealed_opens()


async def test_a_firms_key_opens_nothing_of_another_firm() -> None:
    one, other = await hanging("anna"), await hanging("bea")
    mine, theirs = await firm_key.of(one.by.firm_id), await firm_key.of(other.by.firm_id)
    for table, column, what in SEALED:
        for row in await store.rows(
            f"SELECT * FROM {table} WHERE {column} IS NOT NULL AND firm_id = $1", other.by.firm_id
        ):
            for place in ((row["firm_id"], row["id"], what), (one.by.firm_id, row["id"], what)):
                with pytest.raises(keys.WrongKey):
                    mine.unseal(row[column], *place)
    assert mine.address_hash("x@y.test") != theirs.address_hash("x@y.test")
    assert not mine.is_signed("invitation", "what", theirs.signature("invitation", "what"))
    swap = "UPDATE firm_key k SET sealed = o.sealed FROM firm_key o WHERE k.firm_id = $1 AND o.firm_id = $2"
    await store.execute(swap, one.by.firm_id, other.by.firm_id)
    keys.firms().clear()
    with pytest.raises(keys.WrongKey):
        await firm_key.of(one.by.firm_id)


async def test_a_firms_key_is_asked_for_once() -> None:
    by = await a_firm()
    keys.firms().clear()
    async with counting() as statements:
        for _ in range(3):
            await firm_key.of(by.firm_id)
    assert len(statements) == 1


async def test_a_link_of_no_firm_leads_nowhere_and_is_not_remembered() -> None:
    for _ in range(3):
        assert not await firm_key.is_signed(uuid4(), "unsubscribe", "what", "signature")
    assert keys.firms() == {}
    assert await store.value("SELECT count(*) FROM firm_key") == 0


async def test_a_process_that_slept_while_the_key_was_changed_makes_no_firm() -> None:
    new = await rotated()
    anew(KEY)
    with pytest.raises(keys.WrongKey, match="has been changed"):
        await a_firm(slug="late")
    assert await store.value("SELECT count(*) FROM firm WHERE slug = 'late'") == 0
    anew(new)
    await installation.check_key()
    await a_firm(slug="late")


async def test_any_thread_may_use_a_firms_key() -> None:
    by = await a_firm()
    texts = [f"{n}@client.test" for n in range(500)]
    key = await firm_key.of(by.firm_id)
    with ThreadPoolExecutor(8) as threads:
        hashes = list(threads.map(key.address_hash, texts))
        seals = list(threads.map(lambda text: key.unseal(key.seal(text, "here"), "here"), texts))
    assert hashes == [key.address_hash(text) for text in texts]
    assert seals == texts


def test_whatever_is_sealed_is_sealed_anew() -> None:
    """A column of bytes is among what a firm's new key seals anew, or named here with what else it holds."""
    no_seals = {
        ("email_address", "hash"), ("email_address", "hash_before"),  # made anew
        ("invitation", "seed"), ("password_reset", "seed"),  # random, of no use without the key
        ("errand", "sealed"), ("installation", "secret"), ("installation", "secret_before"), ("firm_key", "sealed"),
        ("email", "fingerprint"), ("idempotency", "asked"),  # what is compared
        ("api_token", "token_hash"), ("session", "token_hash"), ("recovery_code", "code_hash"),  # of random tokens
    }  # fmt: skip
    columns = {
        (model._meta.db_table, name)
        for module in NOUNS
        for model in vars(import_module(module)).values()
        if isinstance(model, type) and issubclass(model, Model) and model is not Model
        for name, field in model._meta.fields_map.items()
        if isinstance(field, BinaryField)
    }
    assert {(table, column) for table, column, _ in SEALED} <= columns
    assert columns - {(table, column) for table, column, _ in SEALED} == no_seals
