"""To whom a regular e-mail goes, and whom an answer is for: never ourselves, nobody twice."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.address import compared
from models.errors import ErrorCode, Faults, Refusal, Refusals
from models.participant import Participant, Role
from models.submission.recipients import Recipient, ReplyRecipients, answered
from models.submission.recipients import typed as typed_with
from tests.support.firm.cast import ANNA, BRUNO, CHIARA, STUDIO

SENDER, ALL = ReplyRecipients.SENDER, ReplyRecipients.ALL
CARLA, FORM = "carla@else.test", "form@else.test"
OURS = {STUDIO, CHIARA}


def header(role: Role, *addresses: str) -> list[Participant]:
    return [Participant(role, None, address) for address in addresses]


def to_and_cc(recipients: Sequence[Recipient]) -> tuple[list[str], list[str]]:
    to, cc = ([one.address.text for one in recipients if one.role is role] for role in (Role.TO, Role.CC))
    return to, cc


def typed(to: Sequence[str], cc: Sequence[str]) -> Sequence[Recipient]:
    faults = Faults()
    recipients = typed_with(to, cc, faults)
    faults.must_be_none()
    return recipients


FROM_ANNA = [*header(Role.FROM, ANNA), *header(Role.TO, STUDIO, BRUNO), *header(Role.CC, CHIARA, CARLA)]
FROM_US = [*header(Role.FROM, STUDIO), *header(Role.TO, ANNA, STUDIO), *header(Role.CC, CARLA, CHIARA)]
TABLE = {
    "the sender": (FROM_ANNA, SENDER, [ANNA], []),
    "all but ourselves": (FROM_ANNA, ALL, [ANNA], [BRUNO, CARLA]),
    "whom it names to be answered": ([*FROM_ANNA, *header(Role.REPLY_TO, CARLA)], SENDER, [CARLA], []),
    "and nobody twice": ([*FROM_ANNA, *header(Role.REPLY_TO, CARLA)], ALL, [CARLA], [BRUNO]),
    "several of these": ([*FROM_ANNA, *header(Role.REPLY_TO, ANNA, FORM)], SENDER, [ANNA, FORM], []),
    "the sender, where we are named": ([*FROM_ANNA, *header(Role.REPLY_TO, STUDIO)], SENDER, [ANNA], []),
    "the sender, where nobody readable is": ([*FROM_ANNA, *header(Role.REPLY_TO, "")], SENDER, [ANNA], []),
    "however it is written": ([*header(Role.FROM, ANNA), *header(Role.CC, "ANNA@Client.Test")], ALL, [ANNA], []),
    "ourselves in capitals": ([*header(Role.FROM, ANNA), *header(Role.TO, "Studio@FIRM.test")], ALL, [ANNA], []),
    "what is no address": ([*header(Role.FROM, ANNA), *header(Role.TO, "root", "a b@c", BRUNO)], ALL, [ANNA], [BRUNO]),
    "a hidden copy": ([*header(Role.FROM, ANNA), *header(Role.BCC, CARLA)], ALL, [ANNA], []),
    "who sent it for another": ([*header(Role.FROM, ANNA), *header(Role.SENDER, CARLA)], ALL, [ANNA], []),
    "those who are left, where the sender is one of us": (
        [*header(Role.FROM, STUDIO), *header(Role.TO, BRUNO)], ALL, [BRUNO], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_an_answer_is_for(name: str) -> None:
    people, whom, to, cc = TABLE[name]
    assert to_and_cc(answered(people, whom, ours=OURS, outgoing=False)) == (to, cc)


@pytest.mark.parametrize(("whom", "to", "cc"), [(SENDER, [ANNA], []), (ALL, [ANNA], [CARLA])])
def test_an_answer_to_what_we_sent_goes_to_whom_it_went(whom: ReplyRecipients, to: list[str], cc: list[str]) -> None:
    people = [*FROM_US, *header(Role.REPLY_TO, FORM), *header(Role.BCC, BRUNO)]
    assert to_and_cc(answered(people, whom, ours=OURS, outgoing=True)) == (to, cc)


@pytest.mark.parametrize(
    ("people", "whom", "outgoing"),
    [
        ([], ALL, False),
        (header(Role.FROM, ""), ALL, False),
        (header(Role.FROM, "nobody"), SENDER, False),
        ([*header(Role.FROM, CHIARA), *header(Role.TO, STUDIO)], ALL, False),
        ([*header(Role.FROM, CHIARA), *header(Role.TO, ANNA)], SENDER, False),
        ([*header(Role.FROM, STUDIO), *header(Role.BCC, ANNA)], ALL, True),
        ([*header(Role.FROM, STUDIO), *header(Role.TO, CHIARA)], SENDER, True),
    ],
)
def test_where_nobody_is_left_that_is_said(people: list[Participant], whom: ReplyRecipients, outgoing: bool) -> None:
    with pytest.raises(Refusal) as refused:
        answered(people, whom, ours=OURS, outgoing=outgoing)
    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("recipients",))
    assert "Nobody is left to answer" in refused.value.message


def test_an_answer_to_a_crowd_is_refused_and_one_to_the_sender_is_not() -> None:
    crowd = [*header(Role.FROM, ANNA), *header(Role.TO, *(f"{n}@client.test" for n in range(2_000)))]
    with pytest.raises(Refusal, match="at most 100 recipients"):
        answered(crowd, ALL, ours=OURS, outgoing=False)
    assert to_and_cc(answered(crowd, SENDER, ours=OURS, outgoing=False)) == ([ANNA], [])
    assert len(answered(crowd[:100], ALL, ours=OURS, outgoing=False)) == 100


ANYBODY = st.sampled_from([ANNA, BRUNO, CARLA, FORM, STUDIO, CHIARA, "Anna@CLIENT.test", "STUDIO@firm.test", "", "no"])
PEOPLE = st.lists(st.builds(Participant, st.sampled_from(Role), st.none(), ANYBODY), max_size=12)


@given(PEOPLE, st.booleans())
def test_nobody_of_ours_is_answered_none_twice_and_all_are_no_fewer_than_the_sender(
    people: list[Participant], outgoing: bool
) -> None:
    keys: dict[ReplyRecipients, list[str]] = {}
    for whom in ReplyRecipients:
        try:
            recipients = answered(people, whom, ours=OURS, outgoing=outgoing)
        except Refusal:
            keys[whom] = []
            continue
        keys[whom] = [one.address.key for one in recipients]
        assert recipients[0].role is Role.TO
        assert len(set(keys[whom])) == len(keys[whom])
        assert OURS.isdisjoint(keys[whom])
        assert set(keys[whom]) <= {compared(one.address) for one in people if one.role is not Role.BCC}
    assert set(keys[SENDER]) <= set(keys[ALL])


@pytest.mark.parametrize(
    ("said", "name", "address"),
    [
        ("anna@client.test", None, ANNA),
        ("  anna@client.test ", None, ANNA),
        ("<anna@client.test>", None, ANNA),
        ("Anna <anna@client.test>", "Anna", ANNA),
        ("Rossi, Anna <anna@client.test>", "Rossi, Anna", ANNA),
        ('"Rossi, Anna" <anna@client.test>', "Rossi, Anna", ANNA),
        (r'"Anna \"la\" Rossi" <anna@client.test>', 'Anna "la" Rossi', ANNA),
        ('"anna@client.test" <anna@client.test>', None, ANNA),
        ('"anna@other.test" <anna@client.test>', "anna@other.test", ANNA),
        ('"" <anna@client.test>', None, ANNA),
        ("Àñnà <weiß@straße.test>", "Àñnà", "weiß@straße.test"),
        ('"a b"@client.test', None, '"a b"@client.test'),
    ],
)
def test_a_recipient_is_an_address_or_a_name_with_one(said: str, name: str | None, address: str) -> None:
    (recipient,) = typed([said], [])
    assert (recipient.role, recipient.name, recipient.address.text) == (Role.TO, name, address)


@pytest.mark.parametrize(
    "said",
    [
        *(
            "",
            " ",
            "Anna",
            "anna@",
            "@client.test",
            "anna@client",
            "<>",
            "Anna <>",
            "Anna <anna@client.test",
            "a@b.test>",
        ),
        *("anna@client.test, bruno@client.test", "anna@client.test; Bruno <bruno@client.test>", "a <b> <c@d.test>"),
        *("Anna <anna@client.test> <bruno@client.test>", 'Anna "la <anna@client.test>', "x@y.test <anna@client.test>"),
        *("Anna\r\nBcc: <carla@else.test>", "anna@client.test\r\nBcc: carla@else.test", "An\0na <anna@client.test>"),
        *('"An\nna" <anna@client.test>', "\u202e\u200b <anna@client.test>", "A" * 300 + " <anna@client.test>"),
        *("a" * 1_001 + "@client.test", "a" * 1_000_000, '"' * 900 + " <anna@client.test>", "<" * 1_000, "@" * 1_000),
    ],
)
def test_what_is_no_recipient_is_refused_where_it_stands(said: str) -> None:
    with pytest.raises(Refusal) as refused:
        typed([ANNA], [said])
    assert (refused.value.code, refused.value.path) == (ErrorCode.ADDRESS_INVALID, ("cc", "0"))


def test_all_that_are_malformed_are_refused_together() -> None:
    with pytest.raises(Refusals) as refused:
        typed(["anna", ANNA, "bruno"], [BRUNO, "carla"])
    assert [one.path for one in refused.value.refusals] == [("to", "0"), ("to", "2"), ("cc", "1")]
    assert {one.code for one in refused.value.refusals} == {ErrorCode.ADDRESS_INVALID}


def test_those_who_can_be_written_to_are_known_beside_those_who_cannot() -> None:
    assert to_and_cc(typed_with(["anna", ANNA], ["bruno", BRUNO], Faults())) == ([ANNA], [BRUNO])


def test_who_is_named_twice_is_written_to_once_and_stays_where_it_matters() -> None:
    recipients = typed([ANNA, "Anna <ANNA@client.test>", BRUNO], [BRUNO, CARLA, "anna@CLIENT.test"])
    assert to_and_cc(recipients) == ([ANNA, BRUNO], [CARLA])
    assert [one.path for one in recipients] == [("to", 0), ("to", 2), ("cc", 1)]


@pytest.mark.parametrize(
    ("to", "cc", "path"),
    [
        ([], [], ("to",)),
        ([], [ANNA], ("to",)),
        ([f"{n}@client.test" for n in range(101)], [], ("to",)),
        ([ANNA], [f"{n}@client.test" for n in range(101)], ("cc",)),
        ([f"{n}@client.test" for n in range(100)], [ANNA], ("cc",)),
    ],
)
def test_at_least_one_and_at_most_a_hundred(to: list[str], cc: list[str], path: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        typed(to, cc)
    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, path)
