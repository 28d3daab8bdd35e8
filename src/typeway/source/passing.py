"""Know what the attributes of an object are that looks up in another one what it does not have itself."""

from __future__ import annotations

import ast
from typing import Any, Protocol

from typeway.source.program import Function
from typeway.source.values import Infers, Value


class Asks(Infers, Protocol):
    """What remembers which attributes were asked for; see `Inference`."""

    asked: dict[tuple[Function, str], ast.Attribute]


def passed_on(inference: Asks, kind: type[Any], name: str, thing: Any) -> Value | None:
    """An attribute by the class's `__getattr__`, where this is `return getattr(self.inner, name)`."""
    getter = inference.program.method(kind, "__getattr__", thing) if not name.startswith("__") else None
    if getter is None:
        return None
    for node in getter.of(ast.Return):
        match node.value:
            case ast.Call(func=ast.Name(id="getattr"), args=[held, ast.Name(id=asked), *_]) if (
                asked in getter.positional
            ):
                # Always the same node, so that objects that look up in each other come to an end.
                attribute = ast.Attribute(value=held, attr=name, ctx=ast.Load())
                return inference.value(inference.asked.setdefault((getter, name), attribute), getter)
    return None
