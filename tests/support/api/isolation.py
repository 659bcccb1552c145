"""Every argument that takes an id, tried as somebody whom it is not for."""

import json
import re
from collections.abc import Iterator
from typing import Any

from uuid_utils.compat import uuid7

from models.session import SignedIn
from models.viewer import Asker
from tests.support.api.client import Api
from tests.support.api.examples import EXAMPLES, Example, document_of, fields_with_arguments, filled, leaves, told
from tests.support.firm.one_of_everything import World

PUBLIC = {"Mutation.signIn"}
FOR_CLIENTS = {"Query.portal", "Mutation.selectAccount", "Mutation.dismissAccountNotice"}
TAKING_IDS = {name for name, field in fields_with_arguments() if list(leaves(field.args, "ID"))}
WITH_IDS = sorted(TAKING_IDS - PUBLIC)
QUERIES = [name for name in WITH_IDS if name.startswith("Query.")]
MUTATIONS = [name for name in WITH_IDS if name.startswith("Mutation.")]
SUBSCRIPTIONS = [name for name in WITH_IDS if name.startswith("Subscription.")]
NOT_IDS = ("", "x", "account_", "account_123", "account_" + "z" * 32, "ACCOUNT_" + "0" * 32, "\0", "é" * 9999)


async def answered(
    api: Api, name: str, example: Example, variables: Any, *, as_: SignedIn[Asker] | None, id: str
) -> str:
    """As text, without the request's id and that of the thing asked for."""
    answer = await api.told(document_of(name, example), variables, as_=as_)
    text = re.sub(r'"requestId":"[^"]*"', "", answer.text)
    if not id:
        return text
    return text.replace(json.dumps(id, ensure_ascii=False)[1:-1], "ID").replace(json.dumps(id)[1:-1], "ID")


def tried(name: str, mine: World, theirs: World) -> Iterator[tuple[Example, Any, str, str]]:
    """Each place of an id: the example, its variables with the place left open, my id there, and theirs."""
    for example in EXAMPLES[name]:
        for _, exact, value in filled(example.variables):
            if isinstance(value, str) and value.startswith("<"):
                variables = told(example.variables, mine.ids)
                yield example, (variables, exact), mine.ids[value[1:-1]], theirs.ids[value[1:-1]]


def never_was(like: str) -> str:
    return f"{like.partition('_')[0]}_{uuid7().hex}"
