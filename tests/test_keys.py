"""The key and what is derived from it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from models import installation
from models.ground import keys
from models.ground.settings import Settings
from tests.support.database.store import KEY

OTHER_KEY = bytes(32)


@pytest.fixture(autouse=True)
def _known_key() -> None:
    keys.use(KEY)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_what_was_sealed_can_be_opened_in_its_place(text: str) -> None:
    assert (
        keys.installation().unseal(
            keys.installation().seal(text, "firm", "mailbox", "password"), "firm", "mailbox", "password"
        )
        == text
    )


@pytest.mark.parametrize("place", [("firm", "other", "password"), ("firm", "mailbox"), ()])
def test_a_seal_opens_in_no_other_place(place: tuple[str, ...]) -> None:
    with pytest.raises(keys.WrongKey):
        keys.installation().unseal(keys.installation().seal("secret", "firm", "mailbox", "password"), *place)


def test_a_seal_opens_with_no_other_key_and_never_altered() -> None:
    sealed = keys.installation().seal("secret", "here")
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:20], b""):
        with pytest.raises(keys.WrongKey):
            keys.installation().unseal(broken, "here")
    keys.use(OTHER_KEY)
    with pytest.raises(keys.WrongKey):
        keys.installation().unseal(sealed, "here")


def test_two_seals_of_one_text_differ() -> None:
    assert keys.installation().seal("secret", "here") != keys.installation().seal("secret", "here")


def test_a_signature_holds_for_one_text_and_one_purpose() -> None:
    given_ = keys.installation().signature("attachment", "a.b.1")
    assert keys.installation().is_signed("attachment", "a.b.1", given_)
    assert not keys.installation().is_signed("source", "a.b.1", given_)
    assert not keys.installation().is_signed("attachment", "a.b.2", given_)
    assert not keys.installation().is_signed("attachment", "a.b.1", given_ + "é")
    assert len(given_) == 43


def test_an_address_has_another_hash_in_another_firm() -> None:
    here, there = keys.Key.new(), keys.Key.new()
    assert here.address_hash("a@x.test") == here.address_hash("a@x.test")
    assert here.address_hash("a@x.test") != there.address_hash("a@x.test")
    assert len(here.address_hash("a@x.test")) == 16


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "new" / "var")
    keys.load(settings)
    first = keys.fingerprint()
    assert (settings.var / "key").stat().st_mode & 0o777 == 0o600
    keys.use(OTHER_KEY)
    keys.load(settings)
    assert keys.fingerprint() == first


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for n in range(100):
            file = tmp_path / str(n) / "key"
            file.parent.mkdir()
            found = set(threads.map(keys._kept, [file] * 8))
            assert len(found) == 1
            assert len(found.pop()) == 64
            assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("text", ["00", "zz" * 32, "00" * 33])
def test_a_malformed_key_is_refused_in_plain_words_that_do_not_show_it(text: str) -> None:
    with pytest.raises(keys.WrongKey) as wrong:
        keys.load(Settings(key=SecretStr(text)))
    assert "64 hexadecimal digits" in str(wrong.value)
    assert text not in str(wrong.value)


async def test_a_database_refuses_a_key_that_it_was_not_made_with(store: str) -> None:
    await installation.check_key()
    await installation.check_key()
    keys.use(OTHER_KEY)
    with pytest.raises(keys.WrongKey):
        await installation.check_key()
    keys.use(KEY)
    await installation.check_key()


def test_of_a_token_only_the_hash_is_kept() -> None:
    token = keys.new_token()
    assert token != keys.new_token()
    assert token.encode() not in keys.token_hash(token)
