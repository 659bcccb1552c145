"""
The address that a letter's reports go to: it names the letter, and is signed, so that a report without any trace of the
letter is tied to it all the same. The envelope's sender (RFC 5321, 4.1.1.2); nobody else sees it.
"""

import base64
import binascii
import hmac
from uuid import UUID

from models.ground import keys

RETURN = "return"
"""The purpose of its signature."""
_SIGNATURE = 12  # bytes: what is left of the 64 characters of a local part (RFC 5321, 4.5.3.1.1) is the operator's


def return_address(template: str, letter_id: UUID) -> str:
    """`bounces+{letter}@portal.example` with the letter in its place: 45 characters, valid in capitals too."""
    token = base64.b32encode(letter_id.bytes + _signature(letter_id)).decode().rstrip("=").lower()
    return template.replace("{letter}", token)


def letter_of(token: str) -> UUID | None:
    """Which letter it names; None: the signature is not ours."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + _SIGNATURE:
        return None
    letter_id = UUID(bytes=raw[:16])
    return letter_id if hmac.compare_digest(raw[16:], _signature(letter_id)) else None


def _signature(letter_id: UUID) -> bytes:
    return base64.urlsafe_b64decode(keys.installation().signature(RETURN, str(letter_id)) + "=")[:_SIGNATURE]
