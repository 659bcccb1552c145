"""Whether another process of ours is at the same database: what each keeps in memory changes only without it."""

from models.ground.mendable import Mendable
from models.ground.store.named import NAME
from models.ground.store.sql import rows


class NotAlone(Mendable):
    """Other processes are at this database; says where, and what to do."""


async def must_be_alone() -> None:
    """
    Those that opened the store under the same name as we did are not counted (`ALONE` in `named`). Raises NotAlone.
    """
    if places := await rows(_OTHERS, NAME):
        where = ", ".join(at for (at,) in places)
        raise NotAlone(
            f"Switchboard is running on this database (connected from {where}). Stop every `switchboard serve`,"
            " `worker` and `demo` first, then say this again. Nothing was changed."
        )


_OTHERS = """
SELECT DISTINCT coalesce(host(client_addr), 'this machine') AS at FROM pg_stat_activity
WHERE datname = current_database() AND split_part(application_name, ' ', 1) = $1
  AND $1 <> split_part(current_setting('application_name'), ' ', 1)
ORDER BY 1
"""
