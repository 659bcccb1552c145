"""
How much one session, one person and one firm may ask of this process at once and in a minute, and how long it may take.

`graph.engine.limits` bounds one document; this bounds many. Counted in memory, for each process by itself, since it is
the process that is kept from being one person's: to count all processes together is a round trip for each operation,
and a process that was killed would keep the places of its sessions. (Attempts to sign in count together:
models.attempts.)
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import ExitStack, contextmanager

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from graph.engine.limits import Survey
from graph.engine.transport import RequestCode, RequestError
from graph.engine.transport.documents import is_known, surveyed
from graph.engine.transport.turnstile import Turnstile
from graph.process.allowance import Allowances
from graph.process.public import check_public
from models.ground.network import network_of
from models.ground.settings import Settings
from models.viewer import Asker

FIELDS_A_NODE = 10
LETTERS_A_NODE = 256
MOST_LETTERS = 16_384  # a longer document is not even parsed


def price(survey: Survey) -> int:
    """What an operation costs: one for each node that its page sizes ask for, and one for each ten fields."""
    return survey.size.nodes + -(-survey.size.fields // FIELDS_A_NODE)


def price_unseen(text: str, *, parsed_before: bool) -> int:
    """What a document costs a stranger, before anything looks at it: about a millisecond of everybody's time each."""
    return 1 if parsed_before else 1 + -(-min(len(text), MOST_LETTERS) // LETTERS_A_NODE)


class Budget:
    """One for each process. The limits are in `settings`."""

    def __init__(self, settings: Settings) -> None:
        self._most = {False: settings.operations_at_once, True: settings.subscriptions_at_once}
        self._running: Counter[tuple[Hashable, bool]] = Counter()
        self._people = Allowances("a person", settings.cost_per_person)
        self._firms = Allowances("a firm", settings.cost_per_firm)
        self._strangers = Allowances(
            "one network without a session", settings.cost_per_stranger, RequestCode.RATE_LIMITED
        )
        self.unseen = Turnstile()  # of strangers: each takes some milliseconds of everybody's time to be parsed

    @property
    def subscriptions(self) -> int:
        """How many subscriptions are open."""
        return sum(count for (_, subscribes), count in self._running.items() if subscribes)

    @property
    def operations(self) -> int:
        """How many other operations run."""
        return sum(count for (_, subscribes), count in self._running.items() if not subscribes)

    @contextmanager
    def place(self, session: Hashable, *, subscribes: bool) -> Iterator[None]:
        """Takes one of the session's places for operations at a time. Raises RequestError where none is free."""
        key, most = (session, subscribes), self._most[subscribes]
        if self._running[key] >= most:
            raise _refused(
                f"{most} {'subscriptions' if subscribes else 'operations'} of this session are open already, and that "
                "is as many as may be at a time. Ask again when one of them has ended."
            )
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def charge(self, viewer: Asker, cost: int) -> None:
        """Charges person and firm. Raises RequestError where either has too little left for now."""
        bills = ((self._people, viewer.person_id), (self._firms, viewer.firm_id))
        for allowances, spender in bills:
            allowances.check(spender, cost)
        for allowances, spender in bills:
            allowances.spend(spender, cost)

    def charge_stranger(self, network: str, cost: int) -> None:
        """Takes it from the network's allowance. Raises RequestError RATE_LIMITED where too little is left."""
        self._strangers.check(network, cost)
        self._strangers.spend(network, cost)


class Budgeted(SchemaExtension):
    """
    Charges each operation once it is valid and before it runs; a stranger's before it is even parsed, since a wrong one
    costs us no less.
    """

    async def on_operation(self) -> AsyncIterator[None]:
        if self.execution_context.context.viewer is None:
            await self._admit_stranger()
        with ExitStack() as self._held:
            yield

    def on_validate(self) -> Iterator[None]:
        operation = self.execution_context
        if not operation.pre_execution_errors:
            try:
                self._admit()
            except RequestError as refused:
                operation.pre_execution_errors = [GraphQLError(refused.message, original_error=refused)]
        yield

    async def _admit_stranger(self) -> None:
        operation, parsed_before = self.execution_context, is_known(self.execution_context)
        budget, client = operation.context.budget, operation.context.call.connection.client
        cost = price_unseen(operation.query or "", parsed_before=parsed_before)
        budget.charge_stranger(network_of(client.host if client else ""), cost)
        if not parsed_before:
            await budget.unseen.enter()

    def _admit(self) -> None:
        operation, survey = self.execution_context, surveyed(self.execution_context)
        viewer, budget = operation.context.viewer, operation.context.budget
        if operation.context.follower.for_group:
            return  # each of the group has been admitted
        if viewer is None:
            assert operation.graphql_document is not None
            check_public(operation.graphql_document, operation.operation_name)
        elif survey is not None:
            self._held.enter_context(budget.place(viewer.session_id, subscribes=survey.subscribes))
            budget.charge(viewer, price(survey))

    async def on_execute(self) -> AsyncIterator[None]:
        """
        Cancels the operation, and with it its loaders (Strawberry 0.341 does) and its SQL (asyncpg does).

        The events of a subscription are beyond it: they have the database's own limits.
        """
        seconds = self.execution_context.context.settings.operation_seconds
        try:
            async with asyncio.timeout(seconds) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise _refused(
                f"This took longer than {seconds:g} seconds and was stopped. Ask for less at once. Of a mutation, look "
                "whether it was done before you send it again."
            ) from None


def _refused(message: str) -> RequestError:
    return RequestError(RequestCode.LIMIT_EXCEEDED, message)
