"""
The installation's one key and what is derived from it: seals, signatures, hashes of addresses.

The key is 32 bytes, from `SWITCHBOARD_KEY` or from `var/key`, made at the first start. Who loses it loses the passwords
of the mailboxes (they are entered again), the second factors (they are set up again) and every link that is out;
clients, mail and journal stay readable. The database remembers a fingerprint, so that a wrong key is refused at the
start and not met later as broken seals.
"""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.ground import var
from models.ground.mendable import Mendable
from models.ground.settings import Settings

NONCE = 12  # bytes, as NIST SP 800-38D wants for AES-GCM
_master: bytes | None = None


class WrongKey(Mendable):
    """The key is malformed, or not the one that this installation's data was sealed with. Says so in plain words."""


def load(settings: Settings) -> None:
    """Makes the key of this process known. Raises WrongKey where it is malformed, var.NoFolder."""
    text = settings.key.get_secret_value() if settings.key else _kept(var.folder(settings) / "key")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise WrongKey("SWITCHBOARD_KEY must be 64 hexadecimal digits (32 bytes). `openssl rand -hex 32` makes one.")
    use(key)


def use(key: bytes) -> None:
    """Replaces the key of this process."""
    global _master
    _master = key
    _derived.cache_clear()


def _kept(file: Path) -> str:
    if not file.exists():
        _make(file)
    return file.read_text().strip()


def _make(file: Path) -> None:
    """Whole or not at all, and once: where another process was quicker, its key stands."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix="key-")  # only its owner may read it
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_hex(32) + "\n")
    try:
        os.link(name, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


@lru_cache(maxsize=10_000)
def _derived(purpose: str) -> bytes:
    if _master is None:
        raise WrongKey("The key has not been loaded.")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(_master)


def fingerprint() -> str:
    """Tells one key from another without giving it away."""
    return hmac.digest(_derived("fingerprint"), b"switchboard", "sha256").hex()[:32]


def address_hash(firm_id: UUID, key: str) -> bytes:
    """16 bytes that stand for an address in the ledger; equal only within one firm (R18)."""
    return hmac.digest(_derived(f"address:{firm_id}"), key.encode(), "sha256")[:16]


def seal(text: str, *about: object) -> bytes:
    """Encrypts (AES-256-GCM) for one place only: `about` names it, as in (firm_id, mailbox_id, "password")."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(_derived("seal")).encrypt(nonce, text.encode(), _place(about))


def unseal(sealed: bytes, *about: object) -> str:
    """Raises WrongKey where it was sealed with another key, for another place, or was tampered with."""
    try:
        return AESGCM(_derived("seal")).decrypt(sealed[:NONCE], sealed[NONCE:], _place(about)).decode()
    except (InvalidTag, ValueError):
        raise WrongKey("A sealed secret cannot be opened: the key is not the one it was sealed with.") from None


def _place(about: tuple[object, ...]) -> bytes:
    return "|".join(str(part) for part in about).encode()


def signature(purpose: str, text: str) -> str:
    """A signature to put in a link, 43 characters that are safe there."""
    digest = hmac.digest(_derived(f"link:{purpose}"), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_signed(purpose: str, text: str, given: str) -> bool:
    return given.isascii() and hmac.compare_digest(signature(purpose, text), given)


def new_token() -> str:
    """An opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()
