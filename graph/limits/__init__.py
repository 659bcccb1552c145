"""How much one document may ask for."""

from graph.limits.literals import most_fields
from graph.limits.size import Limits, Size
from graph.limits.survey import Survey

__all__ = ["Limits", "Size", "Survey", "most_fields"]
