"""
What the letter of a notice says beside its facts: where its buttons lead, the activation banner, how to have no more.

All of it as things stand when it is composed (R15). The copy for the firm has none of it, and names the account (R16).
"""

from collections.abc import Mapping
from typing import Any

from models import notice_link, unsubscribe
from models.client_event import ClientEvent
from models.firm_settings import ClientAction
from models.ground import secret_link
from models.ground.keys import Key
from models.letter import Claimed
from models.letter.standing import Aim, Standing


def said(letter: Claimed, facts: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """By the names that the templates have for it. `facts`: those of the letter, as text that is safe to show."""
    category = ClientEvent[facts["notices"][0]["event"]].category
    if letter.aim is None or letter.standing is None:
        return {"category": category, "notices": [{**notice, "link": None} for notice in facts["notices"]]}
    aim, now = letter.aim, letter.standing
    return {
        "category": category,
        "notices": [{**notice, "link": _button(letter.key, notice, aim, now, base_url)} for notice in facts["notices"]],
        "accountName": facts["accountName"] if now.among_several else None,
        "link": notice_link.to_portal(base_url, aim.account_id),
        "activation": _activation(letter.key, now, base_url),
        "isInvited": now.offer is not None,
        "unsubscribe": _unsubscribe(letter.key, aim, now, base_url),
    }


def _button(key: Key, notice: Mapping[str, Any], aim: Aim, now: Standing, base_url: str) -> str:
    return notice_link.leads_to(
        base_url,
        now.settings,
        key=key,
        account_id=aim.account_id,
        address_id=aim.address_id,
        event=ClientEvent[notice["event"]],
        action=ClientAction(notice["action"]) if notice["action"] else None,
        path=notice["link"],
        at=now.at,
    )


def _activation(key: Key, now: Standing, base_url: str) -> str | None:
    """Where a person who has not activated yet can: with the invitation that lives, else where they ask for one."""
    if not now.pending:
        return None
    if now.offer is None:
        return f"{base_url}/invitation"
    return f"{base_url}/invitation/{secret_link.token(key, 'invitation', now.offer.id, now.offer.seed)}"


def _unsubscribe(key: Key, aim: Aim, now: Standing, base_url: str) -> str | None:
    """None: the firm keeps its clients' preferences to itself (R13)."""
    if not now.settings.clients_may_set_preferences:
        return None
    return unsubscribe.link(
        base_url,
        key=key,
        firm_id=aim.firm_id,
        account_id=aim.account_id,
        address_id=aim.address_id,
        category=aim.category,
    )


def unsubscribe_headers(link: str | None) -> list[str]:
    """With one click where that is safe to ask for (RFC 2369, RFC 8058). None: there is nothing to have no more of."""
    if link is None:
        return []
    one_click = ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if link.startswith("https://") else []
    return [f"List-Unsubscribe: <{link}>", *one_click]
