"""Beside who did something the journal tells by what they came: a session, a token, a letter's link, or nobody."""

from models import api_token, journal, password_reset, session
from models.ground import store
from models.invitation import accepting
from models.journal import Entry, JournalKind
from models.viewer import Actor, ApiScope, JournalSource, LetterLink, Viewer
from tests.support.api.client import Api
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    PASSWORD,
    a_firm,
    a_member,
    an_account,
    invited,
    reset_token,
    signed_in,
    switched,
)

AUDIT = "{ journal(first: 1) { nodes { kind by actor { __typename } } } }"


async def newest(by: Actor, kind: JournalKind) -> Entry:
    found = [entry for batch in await journal.since(by.firm_id, 0) for entry in batch.of(kind)]
    return found[-1]


async def test_whoever_is_signed_in_came_by_a_session_and_a_token_by_itself(api: Api) -> None:
    firm = await a_firm()
    owner, made = await signed_in(await a_member(firm)), await an_account(firm)
    await switched(owner.viewer, made.id, made.address, login=True)
    [entry] = (await api.ask(AUDIT, as_=owner))["journal"]["nodes"]
    assert entry == {"kind": "TOGGLES_CHANGED", "by": "SESSION", "actor": {"__typename": "TeamMember"}}
    assert isinstance(owner.viewer, Viewer)
    token = (await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.READ, ApiScope.WRITE])).token
    assert token is not None
    viewer = await session.viewer_of(token)
    assert isinstance(viewer, Viewer)
    await switched(viewer, made.id, made.address, login=False)
    [entry] = (await api.ask(AUDIT, as_=owner))["journal"]["nodes"]
    assert entry == {"kind": "TOGGLES_CHANGED", "by": "API_TOKEN", "actor": {"__typename": "TeamMember"}}


async def test_nobody_is_the_system_or_holds_a_letter(api: Api) -> None:
    firm = await a_firm()
    owner, made = await signed_in(await a_member(firm)), await an_account(firm)
    for by, source in ((firm, "SYSTEM"), (LetterLink(firm.firm_id), "LETTER_LINK")):
        async with store.transaction():
            journal.record(JournalKind.TOGGLES_CHANGED, by=by, accounts=[made.id])
        [entry] = (await api.ask(AUDIT, as_=owner))["journal"]["nodes"]
        assert entry == {"kind": "TOGGLES_CHANGED", "by": source, "actor": None}


async def test_whoever_uses_the_link_of_a_letter_to_them_is_known_and_has_no_session(store: str) -> None:
    firm = await a_firm()
    made = await an_account(firm, address=ANNA, login=True)
    await accepting.accept(await invited(firm, made.id, made.address), PASSWORD, days=1)
    entry = await newest(firm, JournalKind.INVITATION_ACCEPTED)
    assert (entry.by, entry.user_id is not None) == (JournalSource.LETTER_LINK, True)
    await password_reset.use(token=await reset_token(ANNA), secret="battery staple")
    entry = await newest(firm, JournalKind.PASSWORD_RESET)
    assert (entry.by, entry.user_id is not None) == (JournalSource.LETTER_LINK, True)


async def test_an_entry_of_an_earlier_release_says_what_it_can(store: str) -> None:
    firm = await a_firm()
    await switched(await a_member(firm), (made := await an_account(firm)).id, made.address, login=True)
    await _as_an_earlier_release_wrote_them()
    assert (await newest(firm, JournalKind.TOGGLES_CHANGED)).by is JournalSource.SESSION
    assert (await newest(firm, JournalKind.ACCOUNT_CREATED)).by is JournalSource.SYSTEM


async def _as_an_earlier_release_wrote_them() -> None:
    await store.execute('UPDATE journal_entry SET "by" = NULL')
