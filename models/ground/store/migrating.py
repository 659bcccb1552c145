"""
Migrations applied without what none of ours asks for. Tortoise 1.1.9 makes every model anew before each operation,
with the queries on it: three quarters of a first start, and more with each migration that is added.
"""

from collections.abc import Mapping

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

States = Mapping[tuple[str, str], ModelState]


class _Models(StateApps):
    """The models between two operations. Those before an operation are made where it looks at one of them."""

    _unmade: States | None = None

    def clone(self, model_states: dict[tuple[str, str], ModelState] | None = None) -> StateApps:
        before = _Models(self._default_connections, self._connections)
        before._unmade = model_states
        return before

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        if unmade := self._unmade:
            self._unmade = None
            for (label, _), state in unmade.items():
                self.register_model(label, state.render(self, deepcopy_fields=False))
            self._init_relations()
        return super().get_model(app_label, model_name)

    def _build_initial_querysets(self) -> None:
        pass


class Migrations(MigrationExecutor):
    """Forward only."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        assert upto is None
        state = State({}, _Models(dict.fromkeys(self.loader.apps_config, "default")))
        for key in self._full_plan():
            if key in applied and (migration := self.loader.graph.nodes[key]):
                await migration.apply(state, dry_run=True)
        return state
