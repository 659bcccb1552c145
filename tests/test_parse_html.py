"""HTML mail is shown without acting or loading, however it is made."""

import pytest

from mail.parse import ParsedEmail, parse
from mail.parse.html import boxed, safe, to_text
from mail.parse.markup import DEEPEST, well_nested


def page(source: str) -> ParsedEmail:
    return parse(b"From: a@x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + source.encode())


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<scr<script>x</script>ipt>alert(1)</script>",
        "<img src=cid:a onerror=alert(1)>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='JaVaScRiPt:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<iframe src=//evil.example></iframe>",
        "<form action=//evil.example><input></form>",
        "<style>@import '//evil.example'</style>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<base href=//evil.example><meta http-equiv=refresh content='0;//evil.example'>",
        "<p style='position:fixed;behavior:url(x);width:expression(alert(1))'>x</p>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<p title='\"><script>alert(1)</script>'>x</p>",
    ],
)
def test_nothing_acts(source: str) -> None:
    shown = (page(source).safe_html or "").lower()
    tags = shown.replace("&lt;", "")
    for word in ("<script", "<style", "<iframe", "<form", "<input", "<svg", "<math", "<base", "<meta", "javascript:"):
        assert word not in tags
    for part in tags.split("<")[1:]:
        tag = part.split(">")[0]
        if "title=" not in tag:
            assert "onerror" not in tag
            assert "evil.example" not in tag
            assert "position" not in tag
            assert "expression" not in tag


@pytest.mark.parametrize(
    "source",
    [
        "<img src='https://spy.example/1.gif'>",
        "<img src='http://spy.example/1.gif'>",
        "<img src='//spy.example/1.gif'>",
        "<img src=' HTTPS://spy.example/1.gif'>",
        "<img src='&#104;ttps://spy.example/1.gif'>",
        "<img src='/1.gif'>",
        "<img src='data:image/png;base64,AAAA'>",
        "<table background='http://spy.example/1.gif'><tr><td>x</table>",
        "<body background='http://spy.example/1.gif'>x",
        "<p style='background-image:url(http://spy.example/1.gif)'>x</p>",
        "<p style='background:URL( \"//spy.example/1.gif\" )'>x</p>",
    ],
)
def test_remote_images_are_taken_out_and_counted(source: str) -> None:
    said = page(source)
    assert said.blocked_images == 1
    assert "spy.example" not in (said.safe_html or "")
    assert "data:" not in (said.safe_html or "")


def test_images_that_came_with_the_message_stay() -> None:
    said = page('<img src="cid:logo@x" alt="Logo" width="20">')
    assert said.safe_html == boxed('<img src="cid:logo@x" alt="Logo" width="20">')
    assert said.blocked_images == 0


def test_links_open_elsewhere_and_say_nothing() -> None:
    shown = page("<a href='https://a.example/?b=1&c=2' target=_top rel=opener>x</a>").safe_html or ""
    assert 'href="https://a.example/?b=1&amp;c=2"' in shown
    assert 'target="_blank"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown
    assert "opener" not in shown.replace("noopener", "")


@pytest.mark.parametrize("href", ["mailto:a@x.example", "tel:+3906", "http://a.example"])
def test_links_of_people_stay(href: str) -> None:
    assert f'href="{href}"' in safe(f'<a href="{href}">x</a>')[0]


@pytest.mark.parametrize("href", ["cid:a", "/local", "file:///etc/passwd", "vbscript:x", "ftp://a.example"])
def test_other_links_lose_their_target(href: str) -> None:
    assert "href" not in safe(f'<a href="{href}">x</a>')[0]


@pytest.mark.parametrize(
    "rule",
    [
        "margin-top:-120px",
        "margin: 0 0 0 - 9px",
        "margin:-.5em",
        "text-indent:-999px",
        "margin-top:calc(1px * cos(180deg) * 99)",
        "margin-top:calc(0px - 99px)",
        "margin:var(--up)",
    ],
)
def test_no_style_lays_the_letter_over_its_senders_name(rule: str) -> None:
    assert safe(f'<div style="color:red;{rule}">x</div>')[0] == boxed('<div style="color:red">x</div>')


def test_harmless_styles_stay_and_others_go() -> None:
    shown = safe("<p style='color:red;position:fixed;text-align:center;float:left'>x</p>")[0]
    assert shown == boxed('<p style="color:red;text-align:center">x</p>')


def depth(shown: str) -> int:
    deepest = now = 0
    for part in shown.split("<")[1:]:
        now += -1 if part.startswith("/") else 0 if part.startswith(("br", "img", "hr")) else 1
        deepest = max(deepest, now)
    return deepest


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 50_000 + "words",
        "<div><!--</div>-->" * 20_000 + "words",
        "<div title='</div>'>" * 20_000 + "words",
        "<div><table></div></table>" * 20_000 + "words",
        "<b><p></b>" * 20_000 + "words",
        "<table><tr><td>" * 20_000 + "words",
        "".join(f"<a title={n}><b title={n}>" for n in range(20_000)) + "words",
        "<svg><td>" * 20_000 + "words",
    ],
    ids=range(8),
)
def test_what_stays_open_is_bounded_and_the_words_are_kept(source: str) -> None:
    assert depth(well_nested(source, lambda tag, name, value: None)) <= DEEPEST
    said = page(source)
    assert depth(said.safe_html or "") <= DEEPEST * 2  # the real parser adds <tbody>
    assert "words" in said.text


def test_formatting_that_nobody_closes_is_not_repeated_in_each_block() -> None:
    bold = "".join(f"<b title={number}>" for number in range(90))
    for blocks in ("<p>" + bold + "<div>x</div>" * 5_000, "<table>" + bold + "x<tr></tr>" * 5_000):
        assert len(safe(blocks)[0]) < 5 * len(blocks)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<p>A &amp; B &lt;c&gt; caf&eacute;&nbsp;x</p>", "A & B <c> café x"),
        ("<ul><li>one<li>two</ul>after", "- one\n- two\n\nafter"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<style>p{}</style><title>t</title><script>x()</script>Hello", "Hello"),
        ("one <o:p></o:p>two<unknown>three</unknown>", "one twothree"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("<a title='a > b' href='https://x.example'>link</a>", "link"),
    ],
)
def test_text_of_a_page(source: str, text: str) -> None:
    assert to_text(safe(source)[0]) == text


def test_a_page_among_plain_parts_is_shown_with_them() -> None:
    raw = (
        b"From: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain <1>\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>page</p>\r\n--b--\r\n"
    )
    said = parse(raw)
    assert said.text == "plain <1>\n\npage"
    assert said.safe_html == boxed('<div style="white-space:pre-wrap">plain &lt;1&gt;</div>\n<p>page</p>')
