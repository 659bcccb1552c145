"""Paths that are tried in the links of letters."""

from itertools import product

PIECES = [
    *"/\\.@:?#; \t\n\0aé%",
    "..",
    "//",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "%252e",
    "%0a",
    "https:",
    "evil.test",
    "~",
    "&",
]


def few_pieces() -> list[str]:
    """Every way of putting up to three odd pieces behind a slash; tests/test_links_browser.py opens what is taken."""
    return ["/" + "".join(pieces) for many in range(4) for pieces in product(PIECES, repeat=many)]
