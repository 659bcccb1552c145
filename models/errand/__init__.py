"""What a stranger asks for by a form, to be done after the answer: neither it nor its time tells whom we know."""

from models.errand.errand import KEPT_FOR, ErrandKind
from models.errand.leaving import leave

__all__ = ["KEPT_FOR", "ErrandKind", "leave"]
