"""Absent from an input, which means: as it is. (None means: cleared.)"""

from enum import Enum


class Unset(Enum):
    UNSET = "UNSET"


UNSET = Unset.UNSET
