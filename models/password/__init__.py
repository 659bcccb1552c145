"""Passwords: what they must be, and how they are kept."""

from models.password.hashing import hashed, matches, verifications
from models.password.rules import LONGEST, SHORTEST, checked

__all__ = ["LONGEST", "SHORTEST", "checked", "hashed", "matches", "verifications"]
