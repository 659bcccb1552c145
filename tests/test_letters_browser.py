"""Letters as people see them: in a real browser, wide and on a telephone, also with names that nobody expects."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mail.compose import compose
from models.firm_settings import ClientAction
from models.ground import keys
from models.letter import Claimed, LetterKind
from models.letter.standing import Offer
from tests.support.database.store import KEY
from tests.support.firm.notices import a_line, about_notices
from tests.support.letters.composed import SENDER, a_letter
from tests.support.letters.outbox import text_of
from tests.support.processes.browser import Window, a_window

WIDE, TELEPHONE = 600, 375  # CSS pixels
PENDING: dict[str, Any] = {"pending": True, "offer": Offer(UUID(int=7), b"s" * 32), "among_several": True}
ODD = (
    "‮reversed‬ \"quoted\" <b>bold</b> & 'so' " + "x" * 200,
    "W" * 200,
    "Società di revisione e consulenza " * 6,
    "مكتب المحاسبة القانونية " * 8,
)


@pytest.fixture(autouse=True, scope="module")
def _key() -> None:
    keys.use(KEY)


def notice(*lines: dict[str, Any], facts: dict[str, Any] | None = None, **standing: Any) -> Claimed:
    letter = a_letter(LetterKind.NOTICE, notices=list(lines), more=0, **(facts or {}))
    return replace(letter, **about_notices(**standing))


def copied(letter: Claimed) -> Claimed:
    facts = {**letter.facts, "copyOf": "anna@client.test"}
    return replace(letter, facts=facts, copy_of=UUID(int=9), aim=None, standing=None)


def odd(name: str) -> Claimed:
    line = {**a_line(name, text=f"{name}\n{name}"), "action": ClientAction.VIEW_DOCUMENTS.value}
    facts = {"firmName": name, "senderName": name, "accountName": name}
    return notice(line, line, facts=facts, **PENDING)


LETTERS = {
    "notice": notice(a_line("Bilancio 2025", text="Ecco il bilancio.\nLo guardi con calma.")),
    "notice, many": notice(*(a_line(f"Documento {number}", text="Di cui si parlava.") for number in range(50))),
    "notice, with the banner": notice(a_line("Bilancio 2025"), **PENDING),
    "notice, copied": copied(notice(a_line("Bilancio 2025", text="Ecco il bilancio."))),
    **{kind.value: a_letter(kind) for kind in LetterKind if kind is not LetterKind.NOTICE},
    **{f"odd {number}": odd(name) for number, name in enumerate(ODD)},
    "odd, copied": copied(odd(ODD[0])),
}

# of every piece of text: how far it reaches, and how its colour stands out from what lies behind it (WCAG 2.2, 1.4.3)
LOOK = """(() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, n) => sum + each * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
    return element.parentElement ? behind(element.parentElement) : "rgb(255, 255, 255)";
  };
  const told = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const rects = [...range.getClientRects()].filter((each) => each.width > 0);
    const colours = [getComputedStyle(text.parentElement).color, behind(text.parentElement)];
    const [dark, bright] = colours.map(light).sort((a, b) => a - b);
    told.push({
      text: text.data.trim().slice(0, 40), contrast: (bright + 0.05) / (dark + 0.05), shown: rects.length > 0,
      left: Math.min(...rects.map((each) => each.left)), right: Math.max(...rects.map((each) => each.right)),
    });
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { texts: told, scrolls: scrollWidth > clientWidth, images: document.images.length };
})()"""


async def look(window: Window, width: int) -> dict[str, Any]:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == TELEPHONE}
    await window.call("Emulation.setDeviceMetricsOverride", **metrics)
    seen: dict[str, Any] = await window.run(LOOK)
    return seen


async def test_nothing_of_a_letter_is_cut_or_pale_or_an_image_wide_or_on_a_telephone(tmp_path: Path) -> None:
    """Without images there is nothing that a mail program could leave out."""
    page = tmp_path / "letter.html"
    async with a_window(tmp_path / "browser") as window:
        for name, letter in LETTERS.items():
            page.write_text(text_of(compose(letter, SENDER), "html"))
            await window.goto(page.as_uri())
            for width in (WIDE, TELEPHONE):
                seen = await look(window, width)
                assert seen["texts"], name
                assert (seen["images"], seen["scrolls"]) == (0, False), (name, width)
                for text in seen["texts"]:
                    assert text["shown"], (name, text)
                    assert 0 <= text["left"] <= text["right"] <= width, (name, width, text)
                    assert text["contrast"] >= 4.5, (name, text)


async def test_what_somebody_typed_stays_text(tmp_path: Path) -> None:
    page = tmp_path / "letter.html"
    page.write_text(text_of(compose(odd(ODD[0]), SENDER), "html"))
    async with a_window(tmp_path / "browser") as window:
        await window.goto(page.as_uri())
        assert await window.run("document.querySelectorAll('b, script').length") == 0
        await window.shows("body", "\"quoted\" <b>bold</b> & 'so'")
