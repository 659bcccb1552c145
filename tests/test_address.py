"""Addresses: what is one, and when two are the same."""

import asyncio
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import address, contact, email, invitation, mailbox, password_reset, session
from models.address import compared, typed
from models.compared import compared_before
from models.contact import ContactEmail, FieldRef
from models.email import Incoming, history
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.invitation import WhoAsks
from models.mailbox import MailServer, NewMailbox
from models.viewer import System, Viewer
from tests.support.database.store import firms_key
from tests.support.emails.received import a_message
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, a_firm, a_member, an_account, an_address, answered
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marta@Vetreria.example", "marta@vetreria.EXAMPLE"),
        (" marta@x.test ", "marta@x.test"),
        ("m@bücher.example", "m@xn--bcher-kva.example"),
        ("M@BÜCHER.example", "m@bücher.example"),
        ("JOSÉ@x.test", "josé@x.test"),
        ("jose\u0301@x.test", "josé@x.test"),
        ("\u212a@x.test", "k@x.test"),  # Kelvin
        ("\u212b@x.test", "å@x.test"),  # Ångström
        ("T\u0308@x.test", "\u1e97@x.test"),
        ("STRAẞE@x.test", "straße@x.test"),
        ('"q"@x.test', "Q@x.test"),
        ('"\\q.\\r"@x.test', "q.r@x.test"),
        ('"ß"@x.test', "ß@x.test"),
        ('"a..B"@docomo.example', '"\\A..b"@docomo.example'),
        ('"a b"@x.test', '"A\\ b"@x.test'),
    ],
)
def test_one_address_written_in_two_ways_is_one(one: str, other: str) -> None:
    assert typed(one).key == typed(other).key == compared(one) == compared(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.v@x.test", "mv@x.test"),
        ("m+v@x.test", "m@x.test"),
        ("m@x.test", "m@y.test"),
        ("m@straße.example", "m@strasse.example"),
        ("weiß.one@x.test", "weiss.one@x.test"),
        ("νίκος@x.test", "νίκοσ@x.test"),
        ("İ@x.test", "i@x.test"),
        ('" q"@x.test', "q@x.test"),
        ('"a@b"@x.test', '"a b"@x.test'),
        ('"\\"q\\""@x.test', "q@x.test"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str) -> None:
    assert typed(one).key != typed(other).key


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "@x.test", "a@", "a b@x.test", "a@x..test", "a@b@c.test", "a@x.test\r\nBcc: b@y.test", "\0@x.test"),
        *('"a\nb"@x.test', '"a@x.test', '""@x.test', '"a\u202eb"@x.test', '"a>, <b"@x.test'),
        *("a" * 65 + "@x.test", "ß" * 33 + "@x.test", '"' + "." * 63 + '"@x.test'),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str) -> None:
    with refused(ErrorCode.ADDRESS_INVALID, "emails", 0):
        typed(text, "emails", 0)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_address_is_called_empty(text: str) -> None:
    with pytest.raises(Refusal, match=r"^The e-mail address is empty"):
        typed(text)


MORE_THAN_LOWER = [char for char in map(chr, range(sys.maxunicode + 1)) if char.casefold() != char.lower()]
ODD = st.sampled_from([*MORE_THAN_LOWER, *'@"\\ .\u0307\u0308\u030a\u0323\u0345\0aI'])


def test_whoever_is_another_only_by_full_case_folding_is_another() -> None:
    """ß, ſ, ﬁ, ŉ, ǰ, ΐ, ẞ, ς and all others."""
    assert set("ßſﬁŉǰΐẞς") <= set(MORE_THAN_LOWER)
    for char in MORE_THAN_LOWER:
        spelled_out = char.casefold()
        if unicodedata.normalize("NFC", char.lower()) != unicodedata.normalize("NFC", spelled_out.lower()):
            assert compared(f"{char}@x.test") != compared(f"{spelled_out}@x.test"), hex(ord(char))


@given(st.text(st.characters() | ODD, max_size=8), st.sampled_from(["@x.test", "@straße.example", "@ß_.x"]))
def test_a_keys_key_is_itself_and_joins_nobody_whom_the_older_rule_kept_apart(local: str, rest: str) -> None:
    key = compared(local + rest)
    assert compared(key) == key
    if '"' not in local:
        assert compared_before(key) == compared_before(local + rest)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]) | ODD, min_size=1, max_size=8))
def test_a_quoted_local_part_is_a_letters_recipient_as_it_stands(local: str) -> None:
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    try:
        address = typed(f"{quoted}@x.test")
    except Refusal:
        return
    assert address.key == compared(f"{quoted}@x.test")
    assert typed(address.text) == address


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_an_address_or_a_refusal(text: str) -> None:
    for given_ in (text, f"{text}@x.test", f"a@{text}.test"):
        try:
            found = typed(given_)
        except Refusal:
            continue
        assert found.key == compared(found.text) == compared(found.key)
        assert max(len(found.key), len(found.text)) <= 320


@given(st.text(max_size=400))
def test_anything_can_be_compared(text: str) -> None:
    assert compared(text) == compared(text)
    assert "\0" not in compared(text)


async def test_the_typed_form_is_kept_for_display(by: Viewer) -> None:
    first = await an_address(by, "Marta@Vetreria.example")
    assert (await address.by_ids(by, [first]))[first].address == "Marta@vetreria.example"


async def test_an_address_is_shown_as_the_team_typed_it_last(by: Viewer) -> None:
    made = await an_account(by, address="Rossi@x.test")
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), "rossi@x.test")])
    assert (await address.by_ids(by, [made.address]))[made.address].address == "rossi@x.test"
    [told] = await store.rows("SELECT * FROM journal_entry WHERE subject_id = $1", made.address)
    assert (told["kind"], told["changes"]) == ("CONTACT_CHANGED", '[["address", "Rossi@x.test", "rossi@x.test"]]')
    assert told["account_ids"] == [made.id]
    assert len(told["touched"]) == 1


async def test_a_strangers_spelling_changes_nothing(by: Viewer) -> None:
    """A sign-in, a reset request, an invitation asked for (R42), a received mail."""
    made = await an_account(by, address="Rossi@x.test", login=True, email_sync=True)
    server = MailServer("mail.firm.test", 993)
    box = (await mailbox.connect(by, NewMailbox("studio@firm.test", "a secret", server, server))).ids[0]
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="ROSSI@x.test", secret="wrong horse")
    await answered(password_reset.ask(email="ROSSI@x.test", key="one"))
    await answered(invitation.ask(WhoAsks(email="ROSSI@x.test"), key="two"))
    async with store.transaction():
        await history.lock(by.firm_id)
        await email.receive(System(by.firm_id), box, [Incoming(a_message(1, sender="ROSSI@x.test"), arrival=True)])
    assert await store.value("SELECT count(*) FROM email") == 1
    assert (await address.by_ids(by, [made.address]))[made.address].address == "Rossi@x.test"


async def test_two_contacts_may_hold_the_same_address_and_it_is_one_row(by: Viewer) -> None:
    for name in ("Marta", "Luca"):
        await a_contact(by, "family@x.test", name=name)
    assert await store.value("SELECT count(*) FROM email_address") == 1


async def test_an_address_is_made_once_however_many_need_it_at_once(by: Viewer) -> None:
    found = await asyncio.gather(*(an_address(by, "a@x.test") for _ in range(8)))
    assert len(set(found)) == 1


async def test_the_ledger_knows_an_address_by_a_hash_of_its_firm(by: Viewer) -> None:
    address_id = await an_address(by, "A@x.test")
    known = await store.value("SELECT hash FROM email_address WHERE id = $1", address_id)
    assert known == firms_key(by.firm_id).address_hash("a@x.test")


async def test_activation_is_per_address_and_for_good(by: Viewer) -> None:
    """R5"""
    made = await an_account(by)
    assert (await address.by_ids(by, [made.address]))[made.address].portal_user is None
    first = await address.activate(by, made.address, at=clock.now())
    (view,) = (await address.by_ids(by, [made.address])).values()
    assert await address.activate(by, made.address, at=clock.now()) == first
    assert (await address.by_ids(by, [made.address]))[made.address] == view
    assert view.portal_user is not None
    assert view.portal_user.id == first
    assert await address.address_of_portal_users(by, [first]) == {first: made.address}


async def test_one_person_in_two_firms_is_two_identities(by: Viewer) -> None:
    other = await a_member(await a_firm())
    here, there = await an_address(by, "a@x.test", activated=True), await an_address(other, "a@x.test")
    assert here != there
    assert (await address.by_ids(other, [there]))[there].portal_user is None
    assert await address.by_ids(other, [here]) == {}
