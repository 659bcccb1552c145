"""What docs/ says is there: rules that are cited, files and functions that are named, pages that are linked."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
DOCS = HOUSE / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *HOUSE.glob("*.md")])
ROOMS = ("models", "mail", "graph", "tests", "bench")
CITING = (".py", ".graphql", ".md", ".mjs", ".js", ".html", ".toml")
RULES = [f"R{number}" for number in range(1, 50)] + [f"P{number}" for number in range(1, 10)]
CITED = re.compile(r"\b[RP][1-9]\d?\b")
STANDS = re.compile(r"^- \*\*([RP]\d+)\*\* ", re.MULTILINE)
PLACE = re.compile(rf"`((?:{'|'.join(ROOMS)}|docs|\.ci)/[^`\s]*)`")
NAMED = re.compile(r"`([\w.]+)` in `([^`\s]+\.py)`")
DEFINED = r"^\s*(?:async def|def|class) {0}\b|^{0}\b.* = "
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
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
    missing = [f"{name} in {place}" for name, place in NAMED.findall(prose(page)) if not _is_in(name, HOUSE / place)]
    assert not missing, f"moved or renamed, so say it anew: {missing}"


def _is_in(name: str, file: Path) -> bool:
    """Of `Outbox.run`, both."""
    text = file.read_text() if file.exists() else ""
    return all(re.search(DEFINED.format(part), text, re.MULTILINE) for part in name.split("."))


@pytest.mark.parametrize("page", pages())
def test_every_page_that_is_linked_is_there(page: Path) -> None:
    missing = [link for link in LINK.findall(prose(page)) if not (page.parent / link).exists()]
    assert missing == []
