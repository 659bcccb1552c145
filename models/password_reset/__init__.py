"""A new password by the link of a letter, for colleagues and clients alike (R47)."""

from models.password_reset.asking import ask, attempts
from models.password_reset.password_reset import PasswordReset
from models.password_reset.using import use

__all__ = ["PasswordReset", "ask", "attempts", "use"]
