"""How much one document may ask for."""

from graph.engine.limits.literals import most_fields
from graph.engine.limits.size import Limits
from graph.engine.limits.survey import Survey

__all__ = ["Limits", "Survey", "most_fields"]
