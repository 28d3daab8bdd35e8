"""Merge what authors add to the document into what is known, at any depth."""

from collections.abc import Mapping
from typing import Any


def merged(known: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """The two mappings as one, neither of them changed: mappings merge, lists are joined, of all else the added counts."""
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
