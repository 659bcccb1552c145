"""A letter in a real browser, among what a reader's program shows around it: nothing of it is drawn outside its box."""

import base64
import html
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mail.parse.html import safe
from tests.support.processes.browser import Window, a_window

HARMLESS = "<p>Good morning, here is the invoice.</p>"
OVERLAYS = {  # each was seen to cover a neighbour before the whole was clipped
    "inline padding": '<span style="padding:120px 0;background-color:#fff">x</span>',
    "inline border": '<span style="border-top:120px solid #fff;border-bottom:120px solid #fff">x</span>',
    "a border to the left": '<div style="direction:rtl"><span style="border-right:900px solid #fff">x</span></div>',
    "a line without height": '<p style="line-height:0"><b style="font-size:120px;background-color:#fff">x</b></p>',
    "a line of little height": '<p style="line-height:0.01;font-size:200px;color:#fff">MMMM</p>',
    "a box without height": '<div style="height:0"><p style="background-color:#fff">over the next message</p></div>',
    "a table without height": '<table height="0" style="height:0"><tr><td style="height:0">'
    + '<div style="height:0"><div style="height:300px;background-color:#fff">x</div></div></td></tr></table>',
    "a box of no width": '<div style="width:0"><div style="width:900px;background-color:#fff">x</div></div>',
    "from right to left": '<div style="direction:rtl"><div style="width:3000px;background-color:#fff">x</div></div>',
    "by its attribute": '<div dir="rtl"><table width="3000" bgcolor="#ffffff"><tr><td>x</td></tr></table></div>',
    "one word": '<pre style="background-color:#fff">' + "W" * 900 + "</pre>",
    "spaced letters": '<span style="letter-spacing:900px;background-color:#fff">over and over</span>',
}
NEIGHBOURS = {
    "above": "grid-area:1/1/2/4;height:150px;background-color:#c00",
    "left": "grid-area:2/1;min-height:30px;background-color:#0c0",
    "right": "grid-area:2/3;background-color:#00c",
    "below": "grid-area:3/1/4/4;height:150px;background-color:#808",
}
PAGE = f"""<body style="margin:0"><div style="display:grid;width:800px;grid-template-columns:150px 500px 150px">
{"".join(f'<div id="{name}" style="{style}"></div>' for name, style in NEIGHBOURS.items())}
<div id="letter" style="grid-area:2/2">LETTER</div></div>"""  # the last, so that it is drawn over the others


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Window]:
    async with a_window(tmp_path / "browser") as window:
        await window.call(
            "Emulation.setDeviceMetricsOverride", width=800, height=600, deviceScaleFactor=1, mobile=False
        )
        yield window


async def show(window: Window, letter: str) -> None:
    page = PAGE.replace("LETTER", letter)
    await window.goto("data:text/html;charset=utf-8;base64," + base64.b64encode(page.encode()).decode())


async def is_plain(window: Window, neighbour: str) -> bool:
    """Whether a picture of it is one of its colour and nothing else."""
    left, top, width, height = await window.run(
        f"(box => [box.left, box.top + scrollY, box.width, box.height])({neighbour}.getBoundingClientRect())"
    )
    area = {"x": left + 2, "y": round(top) + 2, "width": width - 4, "height": int(height) - 4, "scale": 1}
    seen = await picture(window, area)
    await window.run(
        "plain = document.body.appendChild(document.createElement('div')),"
        "plain.style.cssText = 'position:absolute;z-index:9;left:0;top:0;width:100%;height:9999px',"
        f"plain.style.backgroundColor = getComputedStyle({neighbour}).backgroundColor"
    )
    plain = await picture(window, area)
    await window.run("plain.remove()")
    return seen == plain


async def picture(window: Window, area: dict[str, float]) -> str:
    shot = await window.call("Page.captureScreenshot", clip=area, captureBeyondViewport=True)
    data: str = shot["data"]
    return data


async def covered(window: Window, letter: str) -> list[str]:
    await show(window, letter)
    return [neighbour for neighbour in NEIGHBOURS if not await is_plain(window, neighbour)]


async def test_nothing_is_drawn_outside_the_letters_box(window: Window) -> None:
    shown = {
        name: await covered(window, safe(letter)[0]) for name, letter in {"harmless": HARMLESS, **OVERLAYS}.items()
    }
    assert not any(shown.values()), shown


async def test_each_of_these_letters_would_cover_its_neighbours_without_the_box(window: Window) -> None:
    """Else the pictures prove nothing."""
    assert await covered(window, HARMLESS) == []
    harmless = [name for name, letter in OVERLAYS.items() if not await covered(window, letter)]
    assert harmless == [], harmless


async def test_what_is_too_wide_for_its_box_is_reached_by_scrolling(window: Window) -> None:
    await show(window, safe('<table width="3000"><tr><td>x</td></tr></table>')[0])
    assert await window.run("document.querySelector('#letter > div').scrollWidth") >= 3000
    assert await window.run("document.getElementById('letter').getBoundingClientRect().width") == 500


def test_the_letters_own_words_stay_words() -> None:
    assert html.unescape(safe("</div></div><p>1 &lt; 2</p>")[0]).count("</div>") == 1
