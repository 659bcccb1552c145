"""How much one document may ask for."""

from graph.engine.limits.literals import most_fields
from graph.engine.limits.size import Limits, Size
from graph.engine.limits.survey import Survey

__all__ = ["Limits", "Size", "Survey", "most_fields"]
