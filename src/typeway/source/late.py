"""Know what is None at first, until something else is assigned to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Final, Protocol

from typeway.source.arrivals import none_left_out
from typeway.source.bindings import bindings_in
from typeway.source.files import SourceFile
from typeway.source.modules import imported
from typeway.source.subclasses import Indexed
from typeway.source.values import Known, Method, Value

# Through how many imports a global that is still None is followed to the module that makes it.
MOST_IMPORTS: Final = 4


class Unifies(Indexed, Protocol):
    """What finds what several values have in common; see `Inference`."""

    def unified(self, values: list[Value | None]) -> Value | None:
        """What a name is to which several values are assigned."""

    def of_module(self, module: ModuleType, name: str, steps: int = MOST_IMPORTS) -> Value | None:
        """The attribute of a module."""


def declared_global(
    inference: Unifies, name: str, names: Mapping[str, Any], file: SourceFile, steps: int = MOST_IMPORTS
) -> Value | None:
    """What a global is that is still None: by its annotation, its import, or what the module's code assigns to it."""
    place = inference.program.module(file, names)
    values: list[Value | None] = []
    for statement in file.outer:
        for bound, binding in bindings_in(statement):
            if bound != name:
                continue
            if binding.annotation is not None:
                said = inference.annotated(binding.annotation, place)
                if said is not None:
                    return said
            elif binding.imported is not None:
                source, _, own = binding.imported.rpartition(".")
                module = imported(source, place) if steps else None
                return inference.of_module(module.thing, own, steps - 1) if isinstance(module, Known) else None
            elif binding.expression is not None and not binding.is_item:
                values.append(inference.value(binding.expression, place))
    setters = inference.index.globals.get((str(file.path), name), ())
    return made_later(inference, [*values, *(inference.value(node, setter) for node, setter in setters)])


def made_later(inference: Unifies, values: Iterable[Value | None]) -> Value | None:
    """What is None at first, by all that is assigned to it."""
    kept = none_left_out(values)
    is_unclear = any(isinstance(value, Method) and value.function is None for value in kept)
    return None if is_unclear or not kept else inference.unified(kept)
