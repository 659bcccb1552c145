"""What the tests of notifyClients share: an account with one of everybody, and notices raised for it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models import notice, suppression
from models.client_event import ClientEvent
from models.ground import store
from models.ground.page import Window
from models.notice import AccountRef, NewNotice, Notified, RecipientView
from models.notification_category import NotificationCategory
from models.viewer import System, Viewer
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, a_contact, an_account, an_address, switched
from tests.support.firm.preferences import preferred

INVOICE = ClientEvent.INVOICE_SENT
Told = list[tuple[str | None, tuple[str, ...], str]]


def an_event(account: UUID | str, **more: Any) -> NewNotice:
    """`account`: its id, or its code."""
    of = AccountRef(code=account) if isinstance(account, str) else AccountRef(account)
    said: dict[str, Any] = {"event": INVOICE, "subject": "Invoice 12", "text": "It is due in May.", **more}
    return NewNotice(of, **said)


async def notified(
    by: Viewer | System, account: UUID | str, *, key: str = "once", dry_run: bool = False, **more: Any
) -> Notified:
    return await notice.notify(by, an_event(account, **more), key=key, dry_run=dry_run)


def as_told(recipients: Sequence[RecipientView]) -> Told:
    """Address, names, outcome of each."""
    return [
        (one.address.address if one.address else None, tuple(each.name for each in one.contacts), one.outcome.value)
        for one in recipients
    ]


async def everybody(by: Viewer | System) -> MadeAccount:
    """
    An account with one of each: ANNA is told, Bruno has Notify off, Carla invoices off, Dario is suppressed, Elena has
    no address.
    """
    made = await an_account(by, code="V7", address=ANNA, notify=True)
    for name in ("bruno", "carla", "dario"):
        await a_contact(by, f"{name}@client.test", name=name.title(), on=made.id)
        if name != "bruno":
            await switched(by, made.id, await an_address(by, f"{name}@client.test"), notify=True)
    carla, dario = await an_address(by, "carla@client.test"), await an_address(by, "dario@client.test")
    await preferred(by, made.id, carla, NotificationCategory.INVOICES_AND_PAYMENTS)
    async with store.transaction():
        await suppression.suppress(by.firm_id, dario, "No such mailbox.")
    await a_contact(by, name="Elena", on=made.id)
    return made


EVERYBODY: Told = [
    (ANNA, ("Marta Valsecchi",), "QUEUED"),
    ("bruno@client.test", ("Bruno",), "NOTIFY_OFF"),
    ("carla@client.test", ("Carla",), "CATEGORY_OFF"),
    ("dario@client.test", ("Dario",), "ADDRESS_SUPPRESSED"),
    (None, ("Elena",), "NO_ADDRESS"),
]


async def many_told(by: Viewer | System, count: int) -> MadeAccount:
    """An account with so many addresses that want notices."""
    made = await an_account(by, address="person-0@client.test", notify=True)
    for n in range(1, count):
        await a_contact(by, f"person-{n}@client.test", name=f"Person {n}", on=made.id)
    await store.execute("UPDATE toggles SET notify = true WHERE account_id = $1", made.id)
    return made


async def kept() -> int:
    found: int = await store.value(
        "SELECT (SELECT count(*) FROM notice) + (SELECT count(*) FROM letter) + (SELECT count(*) FROM notice_recipient)"
    )
    return found


async def the_notices(by: Viewer, account_id: UUID) -> list[notice.NoticeView]:
    return list((await notice.of_accounts(by, [account_id], Window()))[account_id].rows)
