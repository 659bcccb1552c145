"""Which files may be saved, and under which names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.parse import content_ids
from models.document import LARGEST, NotSavedReason, unfit
from models.document.naming import Names

PDF, ZIP, OLE = b"%PDF-1.7\n", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"
JPEG, PNG = b"\xff\xd8\xff\xe0rest", b"\x89PNG\r\n\x1a\nrest"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", PDF), ("A.PDF", PDF), ("a.b.pdf", PDF), ("a.pdf", b"\r\n" * 100 + PDF), ("a.docx", ZIP), ("a.xlsx", ZIP),
     ("a.pptx", ZIP), ("a.odt", ZIP), ("a.ods", ZIP), ("a.doc", OLE), ("a.xls", OLE), ("a.ppt", OLE),
     ("a.rtf", b"{\\rtf1"), ("a.png", PNG), ("a.jpg", JPEG), ("a.jpeg", JPEG), ("a.gif", b"GIF89a"),
     ("a.tiff", b"II*\0"), ("a.tif", b"MM\0*"), ("a.bmp", b"BMrest"), ("a.webp", b"RIFF1234WEBP"),
     ("a.heic", b"1234ftypheic")],
)  # fmt: skip
def test_office_pdf_and_pictures_may(name: str, content: bytes) -> None:
    assert unfit(name, content, shown=False) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", b"MZ a program"), ("a.pdf", b""), ("a.pdf", b" " * 1024 + PDF), ("a.pdf.exe", PDF), ("a", PDF),
     ("", PDF), ("pdf", PDF), (".pdf", PDF), (".", PDF), ("a.docm", ZIP), ("a.xlsm", ZIP), ("a.zip", ZIP),
     ("a.docx", OLE),
     ("a.doc", ZIP), ("a.svg", b"<svg/>"), ("a.html", b"<html>"), ("a.png", JPEG), ("a.webp", b"RIFF1234WAVE"),
     ("a.heic", b"1234ftypqt  "), ("a.p7m", b"0\x80"), ("a.txt", b"text"), ("a.pdf\u202e", PDF)],
)  # fmt: skip
def test_by_name_and_by_first_bytes_both(name: str, content: bytes) -> None:
    assert unfit(name, content, shown=False) is NotSavedReason.FILE_TYPE


def test_at_most_25_mb() -> None:
    assert unfit("a.pdf", PDF.ljust(LARGEST), shown=False) is None
    assert unfit("a.pdf", PDF.ljust(LARGEST + 1), shown=False) is NotSavedReason.TOO_LARGE


def test_a_picture_that_the_message_shows_is_no_document() -> None:
    assert unfit("logo.png", PNG, shown=True) is NotSavedReason.INLINE


@pytest.mark.parametrize(
    ("page", "ids"),
    [
        ('<img src="cid:logo@x">', {"logo@x"}),
        ('<img src="CID:a%20b">and<img alt="" src=" cid:c&amp;d">', {"a b", "c&d"}),
        ("<p>cid:logo in words</p>", set()),
        ('<a href="cid:logo">', set()),
        ("", set()),
    ],
)
def test_what_the_message_shows_is_read_from_its_html(page: str, ids: set[str]) -> None:
    assert content_ids(page) == ids


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a.pdf", "a (2).pdf"),
        ("a.b.pdf", "a.b (2).pdf"),
        ("a", "a (2)"),
        (".pdf", ".pdf (2)"),
        ("a (2).pdf", "a (2) (2).pdf"),
    ],
)
def test_a_number_stands_before_the_extension(name: str, second: str) -> None:
    names = Names([])
    assert (names.take(name, 1), names.take(name, 2)) == (name, second)


files = st.lists(st.tuples(st.sampled_from(["a.pdf", "A.pdf", "a (2).pdf", "a", "ß", "SS"]), st.integers(1, 4)))


@given(files, files)
def test_no_two_have_one_name_and_none_of_one_name_and_size_comes_twice(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """Whether or not what was there before is read anew in between."""
    names, documents = Names([]), list[tuple[str, str, int]]()
    for name, size in before:
        if (free := names.take(name, size)) is not None:
            documents.append((free, name, size))
    names = Names(documents)
    for name, size in after:
        if (free := names.take(name, size)) is not None:
            documents.append((free, name, size))
    shown = [name.casefold() for name, _, _ in documents]
    assert len(set(shown)) == len(shown)
    came = {(name.casefold(), size) for name, size in before + after}
    assert sorted(came) == sorted((name.casefold(), size) for _, name, size in documents)
