"""No cell of a list that is saved is a formula to the spreadsheet that opens it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.harmless import harmless, unmarked

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x.test\";\"x\")", "\t=1", "\r=1", "\n=1", "\tplain", "\rplain",
    " =1", "\u00a0=1", "\u3000=1", "\u200b=1", "\ufeff=1", '"=1"', "“=1”", "＝1", "＋1", "－1", "＠SUM",
    "\uff1d", "﹦1", "−1", "Rossi;=1", "Rossi; @x", "Rossi;\"=1\"", "Rossi\t=1", "Rossi\n=1", "=", "-",
]  # fmt: skip


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_a_formula(cell: str) -> None:
    said = harmless(cell)
    assert "'" in said
    assert said.replace("'", "") == cell, "else it is as it was"
    assert not begins_with_a_formula(said)
    assert not any(begins_with_a_formula(part) for part in said.replace("\n", "\t").replace(";", "\t").split("\t"))


def begins_with_a_formula(cell: str) -> bool:
    return cell.strip('"“” \t\r\n\u00a0\u3000\u200b\ufeff')[:1] in {*"=+-@＝＋－＠﹦−"}


@pytest.mark.parametrize(
    "cell",
    ["", "V1", "Rossi & Figli", "O'Shea", "a-b", "1+1=2", "anna@client.test", "Rossi; Bianchi", "Rossi, -5 %", "'=1"],
)  # fmt: skip
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.text(alphabet=st.sampled_from("=+-@＝'\" \t\r\n;,a"), max_size=12))
def test_what_is_harmless_stays_so(cell: str) -> None:
    said = harmless(cell)
    assert harmless(said) == said
    assert not begins_with_a_formula(said) or said == ""


@given(st.text(alphabet=st.sampled_from('=+-@＝" \t\r\n;,a'), max_size=12))
def test_what_comes_back_is_what_was_saved(cell: str) -> None:
    assert unmarked(harmless(cell)) == cell


@pytest.mark.parametrize("cell", ["O'Shea", "'Ndrangheta", "'", "''", "a'=b", "a;'b", "'a\n'", "l'=\n'a"])
def test_an_apostrophe_that_is_no_mark_stays(cell: str) -> None:
    assert unmarked(cell) == cell
