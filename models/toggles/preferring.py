"""
Setting notification preferences: many at once, all or nothing (R13). The team sets those of anybody, a client its own
in the account in use, unless the firm locks them; whoever holds a letter's link the one category that it names.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from models import firm, firm_settings
from models.at_once import must_be_few
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.portal import must_be_in
from models.toggles.locking import Toggles
from models.toggles.preferences import NotificationPreference
from models.toggles.switches import PreferencesWish
from models.toggles.switching import switch
from models.toggles.wishing import locked_as_wished, must_be_none, placed, why_not_preferred
from models.viewer import Actor, Client, must_manage_accounts


async def set_preferences(by: Actor, wishes: Sequence[PreferencesWish]) -> Done:
    """
    Answers the ids in the order of the wishes. What is set already changes nothing and tells nobody (R3); whether
    Notify is on does not matter. Of an archived account, or of an address that no contact holds any more, they are
    switched off only.

    Raises Refusals with a path each: NOT_FOUND, CHANGED_MEANWHILE, INVALID, ACCOUNT_ARCHIVED, NOT_LINKED; of the team
    NOT_ALLOWED without the right `manageAccounts`; of a client PREFERENCES_LOCKED, ACCOUNT_SWITCHED.
    """
    if not isinstance(by, Client):
        must_manage_accounts(by)
    must_be_few(wishes, "toggles", "toggles", least=1)
    return await _all_or_none(by, wishes)


async def prefer(by: Actor, account_id: UUID, address_id: UUID, preference: NotificationPreference) -> Done:
    """
    One category of one address on one account, for whoever holds a letter's link or has complained of a letter: nobody
    is asked for a right here, the caller has looked at the link.

    Raises NOT_FOUND where the address is neither held nor an unlinked email there; ACCOUNT_ARCHIVED, NOT_LINKED for on.
    """
    return await _all_or_none(by, [PreferencesWish(account_id, address_id, (preference,))])


async def _all_or_none(by: Actor, wishes: Sequence[PreferencesWish]) -> Done:
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)  # nobody is unlinked or archived between the look and the change
        if isinstance(by, Client):
            await _must_be_its_own(by, wishes)
        ids = await _set(by, wishes)
    return Done(ids, tx.cursor)


async def _set(by: Actor, wishes: Sequence[PreferencesWish]) -> tuple[UUID, ...]:
    def why_not(wish: PreferencesWish, toggles: Toggles) -> Iterable[Refusal]:
        if isinstance(by, Client) and not toggles.enters:  # lost since the client was let in
            yield _not_there()
            return
        yield from why_not_preferred(wish.preferences, toggles, "preferences")

    locked = await locked_as_wished(by, wishes, why_not)
    await switch(by, [(toggles, wish.wants()) for toggles, wish in zip(locked, wishes, strict=True)])
    return tuple(toggles.id for toggles in locked)


async def _must_be_its_own(by: Client, wishes: Sequence[PreferencesWish]) -> None:
    if not (await firm_settings.of(by)).clients_may_set_preferences:
        raise Refusal(
            ErrorCode.PREFERENCES_LOCKED, "Your firm decides itself what it writes to you about. Ask it to change that."
        )
    for index, wish in enumerate(wishes):
        must_be_in(by, wish.account_id, "toggles", str(index), "accountId")
    strange = (index for index, wish in enumerate(wishes) if wish.address_id != by.address_id)
    must_be_none(placed(_not_there(), "toggles", index) for index in strange)


def _not_there() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
