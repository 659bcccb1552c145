"""
What can happen to a folder while it is read, on the line or by somebody else's hand. Each is done in the moment in
which the folder's headers, or its bodies, are asked for; `SCENES` says what people are told of it meanwhile.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from uuid import UUID

from mail.imap.names import to_wire
from models.ground import store
from models.viewer import System
from tests.support.emails.synced_mailbox import all_agrees, letter, nothing_is_there_twice, row_of, subjects_of
from tests.support.firm.cast import MARTA
from tests.support.servers.any_mailbox import Place
from tests.support.servers.relay import Answered, Relay

CLIENTS = "Größe & Maß"
"""The folder that is read; its name is in modified UTF-7 on the wire."""
ASKED = {"headers": b"HEADER.FIELDS", "bodies": b"BODY.PEEK[]"}


@dataclass(frozen=True)
class Scene:
    """A mailbox, read over a line on which things happen. `subjects`: of the client's letters that lie or lay there."""

    by: System
    place: Place
    relay: Relay
    account_id: UUID
    mailbox_id: UUID
    subjects: list[str] = field(default_factory=list)

    async def put(self, folder: str, *subjects: str) -> None:
        self.subjects.extend(subjects)
        await self.place.put(folder, *(letter(subject=subject) for subject in subjects))

    async def all_is_well(self) -> None:
        """Ledger, server and store are one, nothing is there twice, and whatever the client wrote is there."""
        held = await self.place.contents()
        await all_agrees(held, self.mailbox_id)
        await nothing_is_there_twice(self.by)
        stored, lying = set(await subjects_of(self.account_id)), [raw for of in held.values() for _, raw in of]
        there = {str(message_from_bytes(raw)["Subject"]) for raw in lying if MARTA.encode() in raw}
        assert there <= stored <= set(self.subjects)

    async def error(self) -> tuple[str, str | None]:
        """State and words."""
        row = await row_of(self.mailbox_id)
        return row["state"], row["error_message"]

    async def why(self) -> dict[str, str]:
        """By folder, what is wrong with it alone."""
        query = "SELECT name, why FROM mail_folder WHERE mailbox_id = $1 AND why IS NOT NULL AND synced AND listed"
        return {row["name"]: row["why"] for row in await store.rows(query, self.mailbox_id)}


Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`told`: of what the mailbox's error then says, a part; `of_folder`: of what its folder says."""

    act: Act
    told: str | None = None
    of_folder: str | None = None


def during(asked: bytes, scene: Scene, act: Act) -> None:
    """Once, when that is asked for in the folder."""
    opened, done = False, False

    async def meet(line: bytes) -> None:
        nonlocal opened, done
        if b"EXAMINE" in line:
            opened = to_wire(CLIENTS).encode() in line
        if opened and asked in line and not done:
            done = True
            await act(scene)

    scene.relay.on_command = meet


# On the line


async def cut_in_a_literal(scene: Scene) -> None:
    scene.relay.cut_after = 300


async def say_goodbye(scene: Scene) -> None:
    await scene.relay.say(b"* BYE Server shutting down\r\n")
    await scene.relay.cut()


async def announce_an_absurd_literal(scene: Scene) -> None:
    await scene.relay.say(b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n")


async def say_1500_lines_at_once(scene: Scene) -> None:
    """Among them what looks like an answer, and has neither header nor body."""
    lines = [b"* OK still here\r\n* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n % 7 + 1, n % 7 + 1) for n in range(750)]
    await scene.relay.say(b"".join(lines))


async def fall_silent(scene: Scene) -> None:
    scene.relay.silent = True


async def go_away(scene: Scene) -> None:
    await scene.relay.away()


def answer(words: bytes) -> Act:
    async def act(scene: Scene) -> None:
        await scene.relay.answer(words)
        raise Answered

    return act


# By somebody else's hand


async def expunge_two(scene: Scene) -> None:
    first, _, third, *_ = await scene.place.uids(CLIENTS)
    await scene.place.expunge(CLIENTS, first, third)


async def empty(scene: Scene) -> None:
    await scene.place.empty(CLIENTS)


async def delete(scene: Scene) -> None:
    await scene.place.delete(CLIENTS)


async def rename(scene: Scene) -> None:
    await scene.place.rename(CLIENTS, "Archiv")


async def renumber(scene: Scene) -> None:
    await scene.place.renumber(CLIENTS)


async def move_one_to_the_inbox(scene: Scene) -> None:
    await scene.place.move(CLIENTS, (await scene.place.uids(CLIENTS))[1], "INBOX")


async def put_two_more(scene: Scene) -> None:
    await scene.put(CLIENTS, "meanwhile")
    await scene.put("INBOX", "there too")


SCENES = {
    "a cut in mid-literal": Fault(cut_in_a_literal, "The connection to the mail server was lost."),
    "BYE": Fault(say_goodbye, "The mail server ended the connection: Server shutting down."),
    "an absurd literal": Fault(announce_an_absurd_literal, "The mail server announced one piece of more than 50 MB."),
    "1,500 lines in one packet": Fault(say_1500_lines_at_once),
    "silence": Fault(fall_silent, "The mail server said nothing"),
    "the server away": Fault(go_away, "The connection to the mail server was lost."),
    "NO": Fault(answer(b"NO [SERVERBUG] Internal error")),
    "throttled": Fault(answer(b"NO [THROTTLED] Too much"), of_folder="The mail server asks for patience: Too much."),
    "EXPUNGE": Fault(expunge_two),
    "the folder emptied": Fault(empty),
    "the folder deleted": Fault(delete),
    "the folder renamed": Fault(rename),
    "another UIDVALIDITY": Fault(renumber),
    "one moved": Fault(move_one_to_the_inbox),
    "more mail": Fault(put_two_more),
}
