"""
The installation's one key, what it seals, and what is derived from those secrets: seals, signatures, hashes of
addresses.

The key is 32 bytes, from `SWITCHBOARD_KEY` or from `var/key`, made at the first start. It seals secrets that lie in the
database, and is good for nothing else: a key for each firm (`models.firm_key`), and the installation's own secret for
what belongs to no firm. So a new key seals these few anew (`switchboard rotate-key`), and whatever hangs on them stays
good.

Who loses the key loses the passwords of the mailboxes (they are entered again), the second factors (they are set up
again) and every link that is out; clients, mail and journal stay readable. The database remembers a fingerprint, so
that a wrong key is refused at the start and not met later as broken seals.
"""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass, field
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
LENGTH = 32  # bytes of a key


class WrongKey(Mendable):
    """The key is malformed, or not the one that this installation's data was sealed with. Says so in plain words."""


class Key:
    """
    32 secret bytes, and what is derived from them by purpose. Any thread may use it; it must not be logged.

    `before`: by what the same firm's secrets and links were sealed and signed earlier. Those are still good, and none
    are made with it any more.
    """

    __slots__ = ("_before", "_by_purpose", "_secret")

    def __init__(self, secret: bytes, *, before: "Key | None" = None) -> None:
        self._secret, self._before = secret, before
        self._by_purpose: dict[str, bytes] = {}

    @classmethod
    def new(cls) -> "Key":
        return cls(secrets.token_bytes(LENGTH))

    def __repr__(self) -> str:
        return "<Key>"

    def derived(self, purpose: str) -> bytes:
        """32 bytes (HKDF, RFC 5869): whoever has these has neither the key nor those of another purpose."""
        if (secret := self._by_purpose.get(purpose)) is None:
            made = HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=purpose.encode())
            secret = self._by_purpose[purpose] = made.derive(self._secret)
        return secret

    def seal(self, text: str, *about: object) -> bytes:
        """Encrypts (AES-256-GCM) for one place only: `about` names it, as in (firm_id, mailbox_id, "password")."""
        return self._encrypted(text.encode(), about)

    def unseal(self, sealed: bytes, *about: object) -> str:
        """Raises WrongKey where it was sealed with another key, for another place, or was tampered with."""
        return self._decrypted(sealed, about).decode()

    def seal_key(self, inner: "Key", *about: object) -> bytes:
        """As `seal`, a whole key."""
        return self._encrypted(inner._secret, about)

    def unseal_key(self, sealed: bytes, *about: object, before: "Key | None" = None) -> "Key":
        """Raises WrongKey, as `unseal` does."""
        return Key(self._decrypted(sealed, about), before=before)

    def _encrypted(self, plain: bytes, about: tuple[object, ...]) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self.derived("seal")).encrypt(nonce, plain, _place(about))

    def _decrypted(self, sealed: bytes, about: tuple[object, ...]) -> bytes:
        try:
            return AESGCM(self.derived("seal")).decrypt(sealed[:NONCE], sealed[NONCE:], _place(about))
        except (InvalidTag, ValueError):
            if self._before is not None:
                return self._before._decrypted(sealed, about)
        raise WrongKey("A sealed secret cannot be opened: the key is not the one it was sealed with.")

    def signature(self, purpose: str, text: str) -> str:
        """A signature to put in a link, 43 characters that are safe there."""
        digest = hmac.digest(self.derived(f"link:{purpose}"), text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        if signature.isascii() and hmac.compare_digest(self.signature(purpose, text), signature):
            return True
        return self._before is not None and self._before.is_signed(purpose, text, signature)

    def address_hash(self, key: str) -> bytes:
        """Of a firm's key: 16 bytes that stand for an address in the ledger; equal only within the firm (R18)."""
        return hmac.digest(self._secret, key.encode(), "sha256")[:16]


def _place(about: tuple[object, ...]) -> bytes:
    return "|".join(str(part) for part in about).encode()


@dataclass(slots=True)
class _Keys:
    """
    Of this process. `own`: the installation's secret; `own_before`: what firms' things were made with before firms had
    keys of their own. `firms`: those met so far.
    """

    key: Key
    own: Key
    own_before: Key
    firms: dict[UUID, Key] = field(default_factory=dict)


_keys: _Keys | None = None


def load(settings: Settings) -> None:
    """Makes the key of this process known. Raises WrongKey where it is malformed, var.NoFolder."""
    use(_read(settings.key.get_secret_value() if settings.key else _kept(var.folder(settings) / "key")))


def old(settings: Settings) -> bytes:
    """The key that is rotated away from. Raises WrongKey where it is malformed or nobody says it, var.NoFolder."""
    file = var.folder(settings) / OLD_FILE
    if settings.old_key is None and not file.exists():
        raise WrongKey(
            "Say the old key: in SWITCHBOARD_OLD_KEY beside the new one in SWITCHBOARD_KEY; or, where it lies in"
            " `var/key`, rename that to `var/key.old`, and a new one is made."
        )
    text = settings.old_key.get_secret_value() if settings.old_key else file.read_text().strip()
    return _read(text, "SWITCHBOARD_OLD_KEY")


OLD_FILE = "key.old"


def _read(text: str, name: str = "SWITCHBOARD_KEY") -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != LENGTH:
        raise WrongKey(f"{name} must be 64 hexadecimal digits (32 bytes). `openssl rand -hex 32` makes one.")
    return key


def use(key: bytes) -> None:
    """
    Replaces the key of this process. Until `open_secret` has told another, the installation's secret is the key itself,
    as it was before there was one.
    """
    global _keys
    own = Key(key)
    _keys = _Keys(own, own, own)


def open_secret(own: Key, before: Key | None = None) -> None:
    """The installation's secret, as the database keeps it; `before`: the one before, while keys are made anew."""
    keys = _all()
    keys.own, keys.own_before = own, before or own
    keys.firms.clear()


def _all() -> _Keys:
    if _keys is None:
        raise WrongKey("The key has not been loaded.")
    return _keys


def master() -> Key:
    """The installation's key, for sealing keys with, and nothing else."""
    return _all().key


def installation() -> Key:
    """The secret for what belongs to no firm."""
    return _all().own


def before_firms_had_keys() -> Key:
    """What firms' secrets were sealed and their links signed with until each got its own."""
    return _all().own_before


def firms() -> dict[UUID, Key]:
    """Those that this process has met; `models.firm_key` fills it."""
    return _all().firms


def fingerprint(key: Key | None = None) -> str:
    """Tells one key from another without giving it away. None: the installation's."""
    return hmac.digest((key or master()).derived("fingerprint"), b"switchboard", "sha256").hex()[:32]


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


def new_token() -> str:
    """An opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()
