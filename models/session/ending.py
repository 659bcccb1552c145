"""Ending sessions. The entry that is written for it closes their open sockets in every process (P5)."""

from collections.abc import Sequence
from uuid import UUID

from models import journal
from models.ground import store
from models.journal import FeedKind
from models.portal.visit import visited
from models.viewer import Actor, Asker, Client, must_be_in_person


async def sign_out(viewer: Asker, *, everywhere: bool = False) -> list[UUID]:
    """Ends this session, or all of the person's; answers which. Raises NOT_ALLOWED for an API token, which has none."""
    must_be_in_person(viewer)
    async with store.transaction(viewer.firm_id):
        ended = await end(viewer, [viewer.person_id], only=None if everywhere else viewer.session_id)
        if isinstance(viewer, Client) and viewer.account_id:  # locked after the session, as where an account is picked
            await visited(viewer.firm_id, viewer.user_id, [viewer.account_id])
    return ended


async def end(by: Actor, people: Sequence[UUID], *, only: UUID | None = None, but: UUID | None = None) -> list[UUID]:
    """
    Ends the sessions of these colleagues or clients, `only` one of them or all `but` one, and answers which. Runs
    inside a transaction.
    """
    where = store.Where("firm_id = ?", by.firm_id)
    where.add("(member_id = ANY(?::uuid[]) OR user_id = ANY(?::uuid[]))", list(people))
    where.given("id = ?", only)
    where.given("id <> ?", but)
    ended = await store.rows(where.after("DELETE FROM session") + " RETURNING id", *where.args)
    if ended:
        journal.record(FeedKind.ACCESS_ENDED, by=by)
    return [session["id"] for session in ended]
