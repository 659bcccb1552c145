"""
Somebody tells their mail provider that a letter of ours is unwanted, as by a button called "spam" (RFC 5965, R17).

What they meant is one kind of notice, so that is what ends: the letter's category, of this address on this account. Of
other letters it is told, and no more: whoever calls an invitation unwanted must still be able to get a new password.
"""

from models import firm, letter
from models.ground import store
from models.letter import Returned
from models.toggles import NotificationPreference, Toggles, lock
from models.toggles.preferring import prefer
from models.viewer import System


async def complain(of: Returned) -> bool:
    """Once for each letter; nobody is suppressed. False: it has not left, or that is known."""
    by = System(of.firm_id)
    async with store.transaction(by.firm_id):
        await firm.one_at_a_time(by.firm_id)  # nobody is unlinked or archived between the look and the change
        toggles = await _toggles(by, of)
        ended = of.category if toggles else None
        if not await letter.complained(of, ended):
            return False
        if toggles and ended:
            await prefer(by, toggles.account_id, toggles.address_id, NotificationPreference(ended, on=False))
    return True


async def _toggles(by: System, of: Returned) -> Toggles | None:
    """None: it was no notice, or the address has nothing to do with that account any more."""
    if of.account_id is None or of.address_id is None:
        return None
    spot = (of.account_id, of.address_id)
    toggles = (await lock(by, [spot])).get(spot)
    return toggles if toggles is not None and toggles.held and not toggles.archived else None
