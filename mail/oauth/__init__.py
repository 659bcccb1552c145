"""The door to token servers (RFC 6749, 6), and the only importer of httpx."""

from mail.oauth.answer import Granted
from mail.oauth.door import fetch
from mail.oauth.errors import Denied, Insecure, NotNow, TokenError

__all__ = ["Denied", "Granted", "Insecure", "NotNow", "TokenError", "fetch"]
