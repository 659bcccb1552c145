"""What a stranger asks for by a form, to be done after the answer: neither it nor its time tells whom we know."""

from models.errand.leaving import leave
from models.errand.table import KEPT_FOR, Errand, ErrandKind

__all__ = ["KEPT_FOR", "Errand", "ErrandKind", "leave"]
