"""What of the house's rules no tool has words for; pyproject.toml has the others."""

import ast
from collections.abc import Iterator, Set
from pathlib import Path

import grimp
import pytest

TESTS = Path(__file__).parent
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


HOUSE = Path(__file__).parent.parent
BY_THEIR_NOUN = ("graph/**/*.py", "mail/**/*.py", "models/**/*.py")
SHEETS = {HOUSE / "models/client_import", HOUSE / "models/sheet"}  # there a row is one of a client's sheet
PRONOUNS = {
    *("row", "found", "one", "each", "wanted", "asked", "told", "said", "kept", "given", "known", "seen"),
    *("it", "its", "them", "their", "theirs", "mine", "this", "that", "those", "other", "others", "what", "who"),
}


@pytest.mark.parametrize("pattern", BY_THEIR_NOUN)
def test_what_is_there_is_called_by_its_noun(pattern: str) -> None:
    files = sorted(HOUSE.glob(pattern))
    called = [
        f"{file.relative_to(HOUSE)}:{place}"
        for file in files
        for place in _pronouns(file.read_text(), PRONOUNS - {"row"} if file.parent in SHEETS else PRONOUNS)
    ]
    assert (bool(files), called) == (True, [])


@pytest.mark.parametrize(
    "text",
    [
        "one = 1",
        "one: int = 1",
        "first, *others = 1, 2",
        "for each in (): pass",
        "[1 for row in ()]",
        "if found := 1: pass",
        "def f(asked): pass",
        "def f(*told, **said): pass",
        "lambda one: 1",
        "with open(1) as its: pass",
        "try: pass\nexcept OSError as this: pass",
        "match 1:\n  case [*others]: pass",
        "match 1:\n  case int() as one: pass",
        "class C:\n  def m(self):\n    _row = 1",
    ],
)
def test_a_pronoun_is_seen_wherever_it_is_bound(text: str) -> None:
    assert list(_pronouns(text))


def test_a_column_may_have_the_word_of_the_schema() -> None:
    assert not list(_pronouns("class Run:\n  asked = 1\n  told: int"))


def _pronouns(text: str, words: Set[str] = PRONOUNS) -> Iterator[str]:
    tree = ast.parse(text)
    columns = {target for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for target in _columns(node)}
    for node in ast.walk(tree):
        name = _bound(node)
        if name is not None and name.strip("_") in words and node not in columns:
            yield f"{getattr(node, 'lineno', 0)} {name}"


def _columns(kind: ast.ClassDef) -> Iterator[ast.AST]:
    for node in kind.body:
        yield from node.targets if isinstance(node, ast.Assign) else ()
        yield from [node.target] if isinstance(node, ast.AnnAssign) else ()


def _bound(node: ast.AST) -> str | None:
    match node:
        case ast.Name(ctx=ast.Store()):
            return node.id
        case ast.arg():
            return node.arg
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return node.name
    return None


def test_no_test_imports_from_a_test_module_and_what_they_share_stands_in_support() -> None:
    modules = [module for module in TESTS.rglob("*.py") if "node_modules" not in module.parts]
    borrowing = {module.name: names for module in modules if (names := [*_imported_tests(module)])}
    beside = {module.name for module in TESTS.glob("*.py") if not module.name.startswith("test_")}
    assert (len(modules) > 300, borrowing, beside) == (True, {}, {"conftest.py", "fresh.py"})


def test_a_test_sets_a_number_of_ours_lower_and_patches_nothing_else() -> None:
    modules = [module for module in TESTS.rglob("*.py") if "node_modules" not in module.parts]
    patched = {place for module in modules for place in _patched(ast.parse(module.read_text()))}
    assert patched == {
        "os.fsync",  # is watched: that it is called at all is what the disk is promised
        "socket.getaddrinfo",  # names that no resolver knows
        "session.attempts.per_caller",  # a limit, too
        "Account._meta.table_description",  # a model that differs from what was migrated
        "Account._meta.unique_together",
    }


def _patched(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = ast.unparse(call.func)
        if function == "monkeypatch.setattr":
            owner, name = call.args[0], ast.literal_eval(call.args[1]) if len(call.args) > 2 else ""
            if isinstance(owner, ast.Constant) or not name.isupper():
                yield f"{ast.unparse(owner)}.{name}"
        elif function.split(".")[0] in {"patch", "mock"}:
            yield str(ast.literal_eval(call.args[0]))


def _imported_tests(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("tests.") and name.split(".")[-1].startswith("test_"))
