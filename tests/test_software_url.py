"""Where the firm's own software is, and what is a path below it, as the worst of its readers reads it (R14)."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import software_url
from models.errors import ErrorCode, Refusal
from tests.support.letters.odd_paths import PIECES, few_pieces
from tests.support.refusals import refused

SOFTWARE = "https://clients.firm.test/app"
GOOD = [
    "/",
    "/invoices/12",
    "/invoices/12/",
    "/invoices/12?tab=due&from=a@b.test#total",
    "/?next=//x/../y",
    "/#/invoices/12",
    "/files/a%20b%2fc.pdf",
    "/files/perch%C3%A9.pdf",
    "/files/a.b/.well-known/..a/a..b",
    "/a;v=1/b,c=(d)!$&'*+:e~_-",
    "/people/marta%40firm.test",
    "/100%25",
    "/" + "a" * (software_url.LONGEST_PATH - 1),
]
BAD = {
    "empty": ["", "?a=b", "#a", "invoices/12", ".", "%2finvoices"],
    "another place": ["https://evil.test", "https:evil.test", "javascript:alert(1)", "data:,x", "//evil.test", "///a"],
    "an empty part": ["/a//b", "//", "/%2fevil.test", "/%252fevil.test", "/;/b", "/;x=1/b", "/%20/b"],
    "a backslash": ["\\evil.test", "/\\evil.test", "/a\\..\\b", "/%5cevil.test", "/a/%255c..", "/a/..%5c.."],
    "dot segments": ["/..", "/.", "/a/../b", "/a/./b", "/a/..?b", "/a/..#b", "/..;/b", "/..;x=1/b", "/...", "/..%20/b"],
    "encoded": ["/%2e%2e/b", "/.%2E/b", "/%2e", "/a/..%2fb", "/%252e%252e/b", "/%25252e%25252e/b", "/%2e%2e%3b/b"],
    "a user name": ["@evil.test", "/@evil.test", "/name:word@evil.test/", ":word@evil.test", ".evil.test", ":8443/"],
    "control characters": ["/a\0", "/a\r\nb", "/\t/evil.test", "/a\x7f", "/a%00", "/a%0d%0ab", "/a?b=%0a", "/a%250ab"],
    "others, encoded": ["/a%c2%85b", "/a%e2%80%a8b", "/%c0%ae%c0%ae/b", "/%ff", "/a?b=%ff"],
    "blanks": [" /a", "/a ", "/a b", "/a\u00a0b", "/a\u3000b", "/a?b= c"],
    "no encoding": ["/a%", "/a%2", "/a%zz", "/a%u002e", "/a?b=%", "/a#%g0"],
    "other characters": ["/perché", "/a\u202eb", "/a\ud800", "/<b>", '/"', "/a#b#c", "/[a]", "/a|b", "/a^b", "/`"],
    "other digits": ["/\u0663", "/\uff11"],
    "too long": ["/" + "a" * software_url.LONGEST_PATH],
}  # fmt: skip


@pytest.mark.parametrize("path", GOOD)
def test_a_path_below_is_kept_as_it_was_given(path: str) -> None:
    assert software_url.checked_path(path, "link") == path
    assert software_url.below(SOFTWARE, path) == SOFTWARE + path


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in BAD.items() for path in paths])
def test_whatever_could_lead_elsewhere_is_refused(kind: str, path: str) -> None:
    with refused(ErrorCode.INVALID, "link"):
        software_url.checked_path(path, "link")
    assert software_url.below(SOFTWARE, path) is None


def test_what_nobody_could_open_leads_nowhere() -> None:
    assert software_url.below(None, "/invoices/12") is None
    assert software_url.below(SOFTWARE, None) is None


ODD = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


def as_browsers_read(url: str) -> tuple[str, str]:
    """Origin and path, after https://url.spec.whatwg.org/#url-parsing, of what begins with https: and a host."""
    read = re.sub(r"[\t\n\r]", "", url.strip("".join(map(chr, range(33)))))
    before, *rest = re.split(r"([?#])", read, maxsplit=1)
    host, *parts = before.replace("\\", "/").removeprefix("https:").lstrip("/").split("/")
    path: list[str] = []
    for place, part in enumerate(parts):
        dots = re.sub("%2e", ".", part, flags=re.IGNORECASE)
        if dots == "..":
            path = path[:-1]
        elif dots != ".":
            path.append(part)
        if dots in {".", ".."} and place == len(parts) - 1:
            path.append("")
    assert len(rest) in {0, 2}
    return f"https://{host.rpartition('@')[2]}", "/" + "/".join(path)


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://a.test/app/b?c#d", "https://a.test", "/app/b"),
        ("https://a.test@evil.test/", "https://evil.test", "/"),
        ("https://a.test/app/\t../%2E./x", "https://a.test", "/x"),
        ("https://a.test/app\\..\\x\n", "https://a.test", "/x"),
        ("https://a.test/app/..", "https://a.test", "/"),
    ],
)
def test_browsers_are_understood(url: str, origin: str, path: str) -> None:
    assert as_browsers_read(url) == (origin, path)


@given(ODD.map("/".__add__) | ODD | st.text(max_size=20))
@example("/%2e%2e/x")
@example("/..;/x")
def test_whatever_is_taken_opens_below_the_software(path: str) -> None:
    try:
        software_url.checked_path(path)
    except Refusal:
        assert software_url.below(SOFTWARE, path) is None
        return
    for kept in ("https://clients.firm.test", "https://clients.firm.test:8443", SOFTWARE):
        opened = software_url.below(kept, path)
        assert opened == kept + path
        origin, place = as_browsers_read(opened)
        assert origin == "https://" + urlsplit(kept).netloc
        assert f"{place}/".startswith(f"{urlsplit(kept).path}/")
        assert "//" not in place


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("https://clients.firm.test", "https://clients.firm.test"),
        (" https://clients.firm.test/ ", "https://clients.firm.test"),
        ("HTTPS://Clients.Firm.Test/App/", "https://clients.firm.test/App"),
        ("https://clients.firm.test:443", "https://clients.firm.test"),
        ("https://clients.firm.test:08443/a", "https://clients.firm.test:8443/a"),
        ("https://müller.test", "https://xn--mller-kva.test"),
        ("https://clients.firm。test", "https://clients.firm.test"),
        ("https://localhost:3000", "https://localhost:3000"),
    ],
)
def test_the_software_is_kept_in_one_spelling(given: str | None, kept: str | None) -> None:
    assert software_url.checked_url(given, "softwareUrl") == kept
    assert software_url.checked_url(kept, "softwareUrl") == kept


@pytest.mark.parametrize(
    "given",
    [
        *("http://firm.test", "ftp://firm.test", "firm.test", "//firm.test", "https:firm.test", "https:/firm.test"),
        *("javascript:alert(1)", "https://", "https:///firm.test", "https://?a", "https://firm .test", "https://-.test"),
        *("https://name@firm.test", "https://name:word@firm.test", "https://firm.test@evil.test", "https://@firm.test"),
        *("https://firm.test\\@evil.test", "https://firm.test\\evil", "https:\\\\firm.test", "https://firm.test%40evil"),
        *("https://firm.test?a=b", "https://firm.test/a?b", "https://firm.test/#a", "https://firm.test/#", "https://a?#"),
        *("https://firm.test/a/../b", "https://firm.test/a//b", "https://firm.test//", "https://firm.test/%2e%2e"),
        *("https://firm.test:0", "https://firm.test:65536", "https://firm.test:", "https://firm.test:a", "https://a:٣"),
        *("https://127.0.0.1", "https://2130706433", "https://0x7f.1", "https://[::1]", "https://firm.1", "https://１２７.1"),
        *("https://firm.test.", "https://.firm.test", "https://firm..test", "https://fi_rm.test", "https://fi\nrm.test"),
        *("https://firm.test/\0", "https://fi\u202erm.test", "https://firm.test/a b", "https://" + "a." * 300 + "test"),
        *("https://firm.test/\ud800", "https://fi\ud800rm.test", "https://" + "ü" * 300 + ".test"),
        *("https://firm.test/" + "a" * 500, "https://" + "ü" * 40 + ".test/" + "a" * 446, "https://" + "a" * 2_000),
    ],
)  # fmt: skip
def test_what_is_no_place_of_software_is_refused(given: str) -> None:
    with refused(ErrorCode.INVALID, "softwareUrl"):
        software_url.checked_url(given, "softwareUrl")


HOSTS = st.lists(st.sampled_from([*"/\\.@:?# \t\n", "a", "1", "ü", "。", "test", "443", "xn--", "%40"]), max_size=8)


@given(HOSTS.map("".join).map("https://".__add__) | st.text(max_size=30))
def test_where_software_is_taken_to_be_browsers_find_it(given: str) -> None:
    try:
        kept = software_url.checked_url(given, "softwareUrl")
    except Refusal:
        return
    if kept is not None:
        assert software_url.checked_url(kept, "softwareUrl") == kept
        origin, place = as_browsers_read(kept)
        assert kept == origin + place.rstrip("/")
        assert re.fullmatch(r"https://[a-z0-9.-]*[a-z][a-z0-9-]*(:[0-9]+)?", origin)


def test_of_few_pieces_nothing_leads_elsewhere() -> None:
    taken = [opened for path in few_pieces() if (opened := software_url.below(SOFTWARE, path))]
    assert len(taken) > 100
    for opened in taken:
        origin, place = as_browsers_read(opened)
        assert origin == "https://clients.firm.test"
        assert place.startswith("/app/")
