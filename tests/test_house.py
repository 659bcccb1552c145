"""Arrows between files that import-linter has no words for; pyproject.toml has the others."""

import grimp

BESIDE_THE_NOUNS = {"graph.engine", "graph.pages", "graph.process", "graph.schema"}


def test_the_only_circle_of_graph_is_the_one_that_graphql_has() -> None:
    house = grimp.build_graph("graph", cache_dir=None)
    circles = {
        frozenset({module, *others})
        for module in house.modules
        if (others := house.find_upstream_modules(module) & house.find_downstream_modules(module))
    }
    assert circles == {
        frozenset({"graph.account", "graph.contact", "graph.document", "graph.email", "graph.notice", "graph.toggles"})
    }


def test_no_noun_needs_the_process_but_for_types() -> None:
    house = grimp.build_graph("graph", cache_dir=None, exclude_type_checking_imports=True)
    process = house.find_descendants("graph.process")
    needing = {
        noun: needed
        for noun in house.find_children("graph") - BESIDE_THE_NOUNS
        if (needed := house.find_upstream_modules(noun) & process)
    }
    assert (len(process) > 10, needing) == (True, {})
