"""What docs/ says is there: rules that are cited, files and functions that are named, pages that are linked."""

import ast
import re
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from graph.process.cli import app
from models.ground.settings import Settings

HOUSE = Path(__file__).parents[1]
DOCS = HOUSE / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *HOUSE.glob("*.md")])
ROOMS = ("models", "mail", "graph", "tests", "bench")
CITING = (".py", ".graphql", ".md", ".mjs", ".js", ".html", ".toml")
RULES = [f"R{number}" for number in range(1, 50)] + [f"P{number}" for number in range(1, 10)]
CITED = re.compile(r"\b[RP][1-9]\d?\b")
STANDS = re.compile(r"^- \*\*([RP]\d+)\*\* ", re.MULTILINE)
PLACE = re.compile(rf"`((?:{'|'.join(ROOMS)}|docs|\.ci)/[^`\s]*)`")
NAMED = re.compile(r"((?:`[\w.]+`(?:, | and ))*`[\w.]+`) in `([^`\s]+\.py)`")
DEFINED = r"^\s*(?:async def|def|class) {0}\b|^{0}\b.* = "
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"\bSWITCHBOARD_[A-Z_]*[A-Z]\b(?!_)")
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|", re.MULTILINE)
COMMAND = re.compile(r"\bswitchboard ([a-z]+(?:-[a-z]+)*)")
MODULE = re.compile(r"\bpython -m ([\w.]+)")
TARGET = re.compile(r"(?:^|`)(?:PORT=\d+ )?make ([a-z]+)", re.MULTILINE)
GUIDES = ("administrator.md", "api.md", "demo.md", "growing.md", "mailboxes.md", "operating.md")
WORD = re.compile(r"`([a-z]+(?:[A-Z][a-z]+)+)\b|(?<![\w`$/-])([A-Z]+(?:_[A-Z]+)+)\b")
BESIDE_CODE = re.compile(r"(?<![\w./-])((?:models|mail|graph|tests|bench|docs)(?:/[\w/]+\.(?:py|md)\b|(?:\.\w+)+))")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages() -> Sequence[object]:
    return [pytest.param(page, id=page.relative_to(HOUSE).as_posix()) for page in PAGES]


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def written() -> Iterator[Path]:
    """All that people of the project wrote, without what is vendored."""
    inside = (file for room in (*ROOMS, "docs") for file in (HOUSE / room).rglob("*") if file.suffix in CITING)
    for file in (*inside, *(file for file in HOUSE.iterdir() if file.suffix in CITING)):
        if ".min." not in file.name and ".umd." not in file.name and "node_modules" not in file.parts:
            yield file


def test_every_rule_stands_once() -> None:
    assert Counter(STANDS.findall((DOCS / "rules.md").read_text())) == Counter(RULES)


def test_every_rule_that_is_cited_stands_in_the_rules() -> None:
    unknown = {
        f"{file.relative_to(HOUSE)}: {cited}"
        for file in written()
        for cited in set(CITED.findall(file.read_text())) - set(RULES)
    }
    assert unknown == set()


def test_every_word_of_the_glossary_says_where_it_lives() -> None:
    words = [line for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("- ")]
    assert [word for word in words if not PLACE.search(word)] == []


def test_every_decision_is_told_in_one_way_and_stands_in_the_index() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    parts = [re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) for page in decisions]
    assert parts == [["Context", "Decision", "Consequences"]] * len(decisions)
    assert LINK.findall((DOCS / "decisions" / "README.md").read_text()) == [page.name for page in decisions]


@pytest.mark.parametrize("page", pages())
def test_every_file_that_is_named_is_there(page: Path) -> None:
    missing = [place for place in PLACE.findall(prose(page)) if not (HOUSE / place).exists()]
    assert not missing, f"moved or renamed, so say it anew: {missing}"


@pytest.mark.parametrize("page", pages())
def test_every_function_that_is_named_is_where_it_is_said_to_be(page: Path) -> None:
    said = [(name, place) for names, place in NAMED.findall(prose(page)) for name in re.findall(r"`([^`]+)`", names)]
    missing = [f"{name} in {place}" for name, place in said if not _is_in(name, HOUSE / place)]
    assert not missing, f"moved or renamed, so say it anew: {missing}"


def _is_in(name: str, file: Path) -> bool:
    """Of `Outbox.run`, both."""
    text = file.read_text() if file.exists() else ""
    return all(re.search(DEFINED.format(part), text, re.MULTILINE) for part in name.split("."))


@pytest.mark.parametrize("page", pages())
def test_every_page_that_is_linked_is_there(page: Path) -> None:
    missing = [link for link in LINK.findall(prose(page)) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", pages())
def test_every_command_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(COMMAND.findall(text)) <= commands
    assert [module for module in MODULE.findall(text) if find_spec(module) is None] == []
    targets = re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE)
    assert set(TARGET.findall(text)) <= set(targets)


@pytest.mark.parametrize("page", pages())
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    assert set(SETTING.findall(page.read_text())) <= set(_variables())


def test_every_setting_stands_in_its_chapter_with_its_default() -> None:
    rows = ROW.findall((DOCS / "settings.md").read_text())
    said = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}
    assert said.keys() == _variables().keys()
    for name, default in _variables().items():
        if isinstance(default, int | float):
            assert f"`{str(default).lower()}`" in said[name], name


def _variables() -> dict[str, object]:
    """By the name that the environment has for each setting, its default."""
    return {_variable(name): field.default for name, field in Settings.model_fields.items()}


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"SWITCHBOARD_{name.upper()}"


def test_every_chapter_stands_in_the_index() -> None:
    linked = {(DOCS / link).resolve() for link in LINK.findall((DOCS / "README.md").read_text())}
    assert {page for page in DOCS.glob("*.md") if page.name != "README.md"} <= linked


@pytest.mark.parametrize("name", GUIDES)
def test_guides_speak_in_the_words_of_the_schema(name: str) -> None:
    schema = set(re.findall(r"\w+", (HOUSE / "schema.graphql").read_text()))
    words = {camel or capitals for camel, capitals in WORD.findall(prose(DOCS / name))}
    of_errors = {"requestId"}
    assert words - schema - of_errors - set(_variables()) == set()


@pytest.mark.parametrize("page", pages())
def test_no_line_of_a_drawn_flow_is_cut_in_two(page: Path) -> None:
    """Mermaid ends a line of a sequence at a semicolon, and draws nothing then."""
    drawn = re.findall(r"^```mermaid\nsequenceDiagram\n.*?^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert [line for text in drawn for line in text.splitlines() if ";" in line] == []


def test_the_changelog_knows_the_version_of_the_package() -> None:
    version = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]["version"]
    assert re.findall(r"^## (\d\S*) - ", (HOUSE / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == version


def test_every_file_that_a_comment_names_is_there() -> None:
    """As `models/journal/recording.py` or, with what is in it, `models.journal.record`."""
    told = {f"{file.relative_to(HOUSE)}: {place}" for file in _code() for place in _named(file) if not _leads(place)}
    assert told == set(), "moved or renamed, so say it anew"


def _code() -> Iterator[Path]:
    return (file for file in written() if file.suffix == ".py" and "migrations" not in file.parts)


def _named(file: Path) -> Iterator[str]:
    """In comments and docstrings."""
    tree = ast.parse(file.read_text())
    strings = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    said = [node.value for node in strings if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    with file.open("rb") as code:
        said += [token.string for token in tokenize.tokenize(code.readline) if token.type == tokenize.COMMENT]
    return (place for text in said for place in BESIDE_CODE.findall(text))


def _leads(place: str) -> bool:
    if "/" in place:
        return (HOUSE / place).exists()
    parts = place.split(".")
    for length in range(len(parts), 0, -1):
        module, rest = HOUSE.joinpath(*parts[:length]), parts[length:]
        if module.is_dir() or module.with_suffix(".py").exists():
            file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
            return not rest or (file.exists() and all(re.search(rf"\b{name}\b", file.read_text()) for name in rest))
    return False
