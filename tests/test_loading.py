"""What fields of one operation read together, where one of them is cancelled: GraphQL does so beside an error."""

import pytest

from tests.support.api.client import Api, data_of
from tests.support.firm.factories import a_firm, an_account, signed_in

ONE_WRONG = """query ($id: ID!) {
  wrong: node(id: $id) { ... on Account { emails(first: -1) { totalCount } %s } }
  right: node(id: $id) { ... on Account { %s } } }"""
FIELDS = (
    "contacts { contact { id } }",
    "toggles { id address { address } contacts { id } }",
    "unlinkedEmails { id }",
    "emails(first: 3) { totalCount nodes { id } }",
)


@pytest.mark.parametrize("field", FIELDS)
async def test_what_is_wrong_in_one_part_of_a_document_takes_nothing_from_another(api: Api, field: str) -> None:
    owner = await signed_in(await a_firm())
    account = await an_account(owner.viewer, address="anna@client.test", login=True)
    variables = {"id": f"account_{account.id.hex}"}
    aliased = field.replace("emails(first", "more: emails(first")
    expected = data_of(
        await api.told(
            f"query ($id: ID!) {{ node(id: $id) {{ ... on Account {{ {aliased} }} }} }}", variables, as_=owner
        )
    )
    answer = (await api.told(ONE_WRONG % (aliased, aliased), variables, as_=owner)).json()
    assert [error["path"] for error in answer["errors"]] == [["wrong", "emails"]]
    assert answer["data"] == {"wrong": None, "right": expected["node"]}
