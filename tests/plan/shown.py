"""Write the values that an endpoint was given as JSON, so that two frameworks can be compared by them."""

from collections import deque
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import UploadFile


async def shown(value: Any) -> Any:
    """A value that an endpoint was given, as JSON that tells types, files and what a model was really sent."""
    if isinstance(value, UploadFile):
        content = (await value.read()).decode("latin-1")
        return ["file", value.filename, value.size, value.content_type, content]
    if isinstance(value, BaseModel):
        fields = {name: await shown(field) for name, field in value}
        return [type(value).__name__, fields, sorted(value.model_fields_set)]
    if isinstance(value, dict):
        return {str(key): await shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, deque)):
        return [type(value).__name__, *[await shown(item) for item in value]]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__, *sorted(map(repr, value))]
    return repr(value)
