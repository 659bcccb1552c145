"""
What was asked, in a form that stays the same from release to release: what keys and cursors are compared by.

JSON with sorted names, of what was given only: a field that a later release adds with a default changes nothing as long
as nobody gives it. A name that a release changes is another form; tests/test_canonical.py keeps the present ones.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from models.ground.unset import UNSET


def canonical(name: str, value: object) -> str:
    """
    `name` tells forms apart, such as the verb or the list. Of dataclasses, fields that equal their default are left
    out, and those that `repr` leaves out (they are secrets).

    Raises TypeError for a value that has no such form.
    """
    return f"{name} {json.dumps(_plain(value), sort_keys=True, separators=(',', ':'))}"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items() if part is not UNSET}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if _is_given(field, value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _is_given(field: Field[Any], value: Any) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    content = getattr(value, field.name)
    return field.repr and content is not UNSET and (default is MISSING or content != default)
