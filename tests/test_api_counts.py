"""How many statements an answer costs: never more for more rows."""

import pytest

from models import mailbox
from models.mailbox import NewMailbox
from models.session import SignedIn
from models.toggles import TogglesWish, setting
from models.viewer import System
from tests.support.api.client import Api
from tests.support.firm.factories import a_contact, a_firm, an_account, counting, signed_in, spelled
from tests.support.firm.one_of_everything import SERVER, a_letter, a_world

EVERYTHING = """query($first: Int) { accounts(first: $first) { totalCount feedCursor nodes {
  id loginStatus
  contacts { contact { id emails { field { name } address { address portalUser { id } } }
      accounts { nodes { id } totalCount } }
    emails { field { name } toggles { id address { address } contacts { id } account { id } } } }
  toggles { id address { address } contacts { id } account { name } }
  unlinkedEmails { id }
  emails(first: 3) { totalCount nodes {
    id text to { address } accounts { id } attachments { id } mailbox { address owner { id } } } }
} } }"""
MOST_FOR_ALL_THIS = 26
"""About one for each relation; a few more or less, as loads of one kind meet in one step of the loop or in two."""
MOST_FOR_A_SWITCH = 6
SWITCH = """mutation($input: SetTogglesInput!) {
  setToggles(input: $input) { errors { code } toggles { id login notify emailSync account { id loginStatus } } } }"""


async def _accounts(by: System, count: int, mailbox_id: object) -> None:
    for n in range(count):
        address = f"anna-{count}-{n}@client.test"
        account = await an_account(by, name=f"Client {n}", address=address, login=True, email_sync=True)
        await a_contact(by, f"second-{count}-{n}@client.test", on=account.id)
        for subject in ("one", "two"):
            await a_letter(by, mailbox_id=mailbox_id, sender=address, subject=subject, attachment=address.encode())  # type: ignore[arg-type]


async def _asked(api: Api, owner: SignedIn, rows: int) -> list[str]:
    await api.ask(EVERYTHING, {"first": 1}, as_=owner)  # what is prepared or noted once is so now
    async with counting() as statements:
        told = await api.ask(EVERYTHING, {"first": 100}, as_=owner)
    assert len(told["accounts"]["nodes"]) == rows
    assert all(len(one["contacts"]) == 2 and len(one["emails"]["nodes"]) == 2 for one in told["accounts"]["nodes"])
    return list(statements)


async def test_sixty_accounts_with_all_that_is_theirs_cost_the_statements_of_two(api: Api) -> None:
    by = await a_firm()
    owner = await signed_in(by)
    box = (await mailbox.connect(owner.viewer, NewMailbox("box@firm.test", "secret", SERVER, SERVER))).ids[0]
    await _accounts(by, 2, box)
    few = await _asked(api, owner, 2)
    await _accounts(by, 58, box)
    many = await _asked(api, owner, 60)
    for statements in (few, many):
        assert len(statements) <= MOST_FOR_ALL_THIS, f"{len(few)} for 2, {len(many)} for 60:\n" + "\n".join(statements)


@pytest.mark.parametrize(
    ("count", "question"),
    [
        ("totalCount", "{ accounts { nodes { id } X } }"),
        ("feedCursor", "{ accounts { nodes { id } X } }"),
        ("unreadCount", "{ inbox { nodes { id } X } }"),
        ("totalCount", "{ inbox { nodes { id } X } }"),
        ("totalCount", "{ contacts { nodes { id } X } }"),
        ("totalCount", "{ emails { nodes { id } X } }"),
        ("totalCount", "{ journal { nodes { id } X } }"),
    ],
)
async def test_what_is_counted_costs_one_statement_and_only_where_it_is_asked_for(
    api: Api, count: str, question: str
) -> None:
    world = await a_world()
    await api.ask(question.replace("X", count), as_=world.owner)
    sent = []
    for wanted in ("", count):
        async with counting() as statements:
            await api.ask(question.replace("X", wanted), as_=world.owner)
        sent.append(len(statements))
    assert sent[1] == sent[0] + 1


@pytest.mark.parametrize("switch", ["login", "notify", "email_sync"])
@pytest.mark.parametrize("on", [True, False])
async def test_one_switch_is_one_transaction_of_at_most_six_statements(store: str, switch: str, on: bool) -> None:
    by = await a_firm()
    owner = await signed_in(by)
    account = await an_account(by, login=not on, notify=not on, email_sync=not on)
    login, notify, email_sync = (on if switch == each else None for each in ("login", "notify", "email_sync"))
    wish = TogglesWish(account.id, account.address, login, notify, email_sync)
    async with counting() as statements:
        await setting.set_toggles(owner.viewer, [wish])
    assert ("LNE"["lne".index(switch[0])] in await spelled(owner.viewer, account.id, account.address)) is on
    most = MOST_FOR_A_SWITCH + (switch == "email_sync")  # and the lock that keeps mail from missing it
    assert len(statements) <= most, f"{len(statements)}:\n" + "\n\n".join(statements)


async def test_a_switch_over_the_api_costs_the_session_and_what_is_read_again_besides(api: Api) -> None:
    world = await a_world()
    one = {"accountId": world.ids["account"], "addressId": world.ids["address"]}
    await api.ask(SWITCH, {"input": {"toggles": [one | {"notify": False}]}}, as_=world.owner)
    async with counting() as statements:
        told = await api.ask(SWITCH, {"input": {"toggles": [one | {"notify": True}]}}, as_=world.owner)
    assert told["setToggles"]["errors"] == []
    assert len(statements) <= MOST_FOR_A_SWITCH + 3, f"{len(statements)}:\n" + "\n\n".join(statements)


async def test_a_switch_that_stands_already_writes_nothing(api: Api) -> None:
    world = await a_world()
    one = {"accountId": world.ids["account"], "addressId": world.ids["address"], "notify": True}
    async with counting() as statements:
        told = await api.ask(SWITCH, {"input": {"toggles": [one]}}, as_=world.owner)
    assert told["setToggles"]["errors"] == []
    assert [each for each in statements if each.lstrip().startswith(("UPDATE", "INSERT", "DELETE"))] == []
