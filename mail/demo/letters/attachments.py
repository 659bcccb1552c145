"""Small files for the past mail, each of which the usual programs open."""

import struct
import zlib


def made(name: str, *, title: str, amount: str) -> tuple[str, bytes]:
    """MIME type and content, by the ending of the name."""
    match name.rsplit(".", 1)[-1]:
        case "csv":
            return "text/csv", f"date;text;amount\r\n;{title};{amount}\r\n".encode()
        case "png":
            return "image/png", _png(title)
        case _:
            return "application/pdf", _pdf(f"{title} - {amount}")


def _pdf(line: str) -> bytes:
    words = line.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"[").replace(b")", b"]")
    text = b"BT /F1 14 Tf 60 760 Td (%s) Tj ET" % words
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica"
        b" /Encoding /WinAnsiEncoding >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    return _numbered(objects)


def _numbered(objects: tuple[bytes, ...]) -> bytes:
    pdf, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return pdf + head + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(pdf))


def _png(title: str, *, side: int = 48) -> bytes:
    shade = zlib.crc32(title.encode()) % 200
    scanline = b"\0" + bytes((shade, 90, 140)) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(scanline * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
