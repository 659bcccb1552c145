"""A colleague answers: whom it goes to, what it quotes, in which thread it stands, from which mailbox (R45)."""

import pytest

from models import email, firm_settings, mailbox, submission, suppression
from models.email import EmailFilter
from models.errors import ErrorCode
from models.ground import store
from models.participant import Participant, Role
from models.submission import Reply, ReplyRecipients
from tests.support.emails.correspondence import (
    Office,
    a_box,
    arrived,
    people,
    recipients_of,
    refused,
    replied,
    sent,
    stored,
    way_of,
)
from tests.support.firm.cast import ANNA, BRUNO, STUDIO
from tests.support.firm.factories import a_member, an_address

pytestmark = pytest.mark.usefixtures("store")


async def test_an_answer_stands_in_the_thread_of_what_it_answers_and_quotes_it(office: Office) -> None:
    await firm_settings.update(office.firm, {"language": "it", "time_zone": "Europe/Rome"})
    theirs = await arrived(office, references=("0@client.test", "1@client.test"), subject="R: Dichiarazione IVA")
    email_id = await replied(office, theirs)
    original, answer, way = await stored(theirs), await stored(email_id), await way_of(email_id)
    assert (answer["thread_id"], answer["subject"]) == (original["thread_id"], "Re: Dichiarazione IVA")
    lines = answer["text"].split("\n")
    assert (lines[:2], lines[3:]) == (["Thank you.", ""], ["> Here it is.", "> Anna"])
    assert lines[2].startswith("Il ")
    assert lines[2].endswith(f", {ANNA} ha scritto:")
    assert way["in_reply_to"] == original["message_id"]
    assert way["refs"] == answer["refs"] == ["0@client.test", "1@client.test", original["message_id"]]
    assert way["recipients"] == [ANNA]


async def test_what_answers_an_answer_of_ours_is_in_its_thread_too(office: Office) -> None:
    email_id = await replied(office, await arrived(office))
    ours = await stored(email_id)
    again = await arrived(office, references=(ours["message_id"],))
    assert (await stored(again))["thread_id"] == ours["thread_id"]
    more = await replied(office, again)
    assert (await stored(more))["thread_id"] == ours["thread_id"]
    assert await email.count(office.by, EmailFilter(thread_id=ours["thread_id"])) == 4


async def test_a_message_without_an_id_is_answered_in_its_thread(office: Office) -> None:
    theirs = await arrived(office, message_id=None)
    email_id = await replied(office, theirs)
    assert (await stored(email_id))["thread_id"] == (await stored(theirs))["thread_id"]
    assert ((await way_of(email_id))["in_reply_to"], (await way_of(email_id))["refs"]) == (None, [])


async def test_nobody_of_the_firm_is_answered(office: Office) -> None:
    """Neither mailboxes nor colleagues, nor those who left since, nor what stands behind a plus."""
    await a_box(office.by, "office@firm.test")
    left, unseen = await a_box(office.by, "former@firm.test"), await a_box(office.by, "new@firm.test", signed_in=False)
    await a_member(office.firm, email="dora@firm.test")
    named = ("office@firm.test", "former@firm.test", "DORA@firm.test", "studio+vat@firm.test", "new+a@firm.test")
    theirs = await arrived(office, participants=people(to=(STUDIO, *named), cc=(BRUNO, "cara@firm.test")))
    await mailbox.disconnect(office.by, left)
    email_id = await replied(office, theirs, recipients=ReplyRecipients.ALL, mailbox_id=unseen)
    assert await recipients_of(email_id) == [ANNA, BRUNO, "cara@firm.test"]


async def test_an_answer_to_our_own_message_goes_to_whom_it_went(office: Office) -> None:
    ours = await sent(office, to=(ANNA,), cc=(BRUNO, STUDIO))
    assert await recipients_of(await replied(office, ours)) == [ANNA]
    assert await recipients_of(await replied(office, ours, recipients=ReplyRecipients.ALL)) == [ANNA, BRUNO]
    followed = await stored(await replied(office, ours))
    assert (followed["subject"], followed["thread_id"]) == ("Re: The offer", (await stored(ours))["thread_id"])


async def test_where_nobody_is_left_to_answer_that_is_said(office: Office) -> None:
    theirs = await arrived(office, participants=(*people(sender=""), Participant(Role.BCC, None, ANNA)))
    answer = Reply(theirs, "Thank you.", ReplyRecipients.ALL)
    assert await refused(submission.reply(office.by, answer, key="1")) == [(ErrorCode.INVALID, ("recipients",))]


async def test_an_answer_leaves_the_mailbox_that_the_message_came_to_or_the_one_that_is_named(office: Office) -> None:
    other = await a_box(office.by, "office@firm.test")
    theirs = await arrived(office)
    assert (await way_of(await replied(office, theirs)))["mailbox_id"] == office.box
    assert (await way_of(await replied(office, theirs, mailbox_id=other)))["from_address"] == "office@firm.test"
    await mailbox.disconnect(office.by, office.box)
    assert await refused(submission.reply(office.by, Reply(theirs, "Hello"), key="1")) == [
        (ErrorCode.INVALID, ("mailboxId",))
    ]
    assert (await way_of(await replied(office, theirs, mailbox_id=other)))["mailbox_id"] == other


async def test_an_answer_to_a_suppressed_address_is_refused_until_a_person_lifts_it(office: Office) -> None:
    theirs = await arrived(office, participants=people(cc=(BRUNO,)))
    bruno = await an_address(office.firm, BRUNO)
    async with store.transaction():
        await suppression.suppress(office.firm.firm_id, bruno, "No such mailbox.")
    to_all = Reply(theirs, "Hello", ReplyRecipients.ALL)
    suppressed = [(ErrorCode.ADDRESS_SUPPRESSED, ("recipients",))]
    assert await refused(submission.reply(office.by, to_all, key="1")) == suppressed
    assert await recipients_of(await replied(office, theirs)) == [ANNA]
    await suppression.lift(office.by, bruno)
    assert await recipients_of((await submission.reply(office.by, to_all, key="1")).ids[0]) == [ANNA, BRUNO]
