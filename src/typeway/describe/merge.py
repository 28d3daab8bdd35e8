"""Make plain JSON values of what authors add to the document, and merge it into what is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from typeway.encoders import jsonable_encoder


def plain(value: Any) -> Any:
    """The value as JSON has it, without members that are None, at any depth.

    Example:
        >>> plain({"a": None, "b": [None, {1, 2}]})
        {'b': [None, [1, 2]]}
    """
    return without_none(to_jsonable_python(value, exclude_none=True, inf_nan_mode="null", fallback=jsonable_encoder))


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value


def merged(known: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """The two mappings as one, neither of them changed: mappings merge, lists are joined, of all else the added counts.

    Example:
        >>> merged({"tags": ["a"], "x": {"y": 1}}, {"tags": ["b"], "x": {"z": 2}})
        {'tags': ['a', 'b'], 'x': {'y': 1, 'z': 2}}
    """
    result = dict(known)
    for key, value in added.items():
        present = result.get(key)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            result[key] = merged(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            result[key] = [*present, *value]
        else:
            result[key] = value
    return result
