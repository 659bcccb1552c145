"""The file that was uploaded, as rows."""

from uuid import UUID

from models.errors import ErrorCode, Refusal
from models.ground import files
from models.sheet import process
from models.sheet.sheet import MOST_BYTES, Sheet, Unreadable


async def read(file: str, firm_id: UUID) -> Sheet:
    """
    `file` is its name in the store of files, as an upload has it. Off the loop, in a process with limits; two files
    at a time.

    Raises INVALID with plain words, and the row where there is one: neither CSV nor XLSX, damaged, protected, empty,
    without a row, or over 20 MB, 50,000 rows, 200 columns. Raises FileNotFoundError, files.Away.
    """
    content = bytearray()
    async for piece in await files.read(firm_id, file):
        content += piece
        if len(content) > MOST_BYTES:
            break
    try:
        return await process.read(bytes(content))
    except Unreadable as unreadable:
        raise Refusal(ErrorCode.INVALID, str(unreadable), "uploadId") from None
