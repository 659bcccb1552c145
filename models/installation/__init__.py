"""What belongs to no firm: the key that the database's secrets are sealed with, how its addresses are compared."""

from models.installation.beginning import check_key
from models.installation.installation import COMPARED_ANEW, INDEXED_ANEW
from models.installation.replacing import Replaced, replace_key
from models.installation.rotating import rotate_key

__all__ = ["COMPARED_ANEW", "INDEXED_ANEW", "Replaced", "check_key", "replace_key", "rotate_key"]
