"""Refuse parameters that their author must have meant otherwise: a misplaced marker, a marker without parentheses."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import FunctionType
from typing import Any, Final

from pydantic.fields import FieldInfo

from typeway.declare import depends, mark, markers, shapes
from typeway.declare.conventions import Conventions
from typeway.declare.signature import Declaration, Parameter, is_bare, name_of
from typeway.exceptions import DeclarationError, declaration_error

MakeError = Callable[..., DeclarationError]

# Markers that need parentheses: without them they have no effect.
MARKERS: Final = (
    mark.Body, mark.Cookie, mark.Depends, mark.File, mark.Form, mark.Header, mark.Path, mark.Query, mark.Security,
    markers.Body, markers.Cookie, markers.File, markers.Form, markers.Header, markers.Path, markers.Query,
    depends.Depends, depends.Security,
)  # fmt: skip

# Parameter names that nearly always mean an object of the request; without an annotation they are query parameters.
INJECTED_NAMES: Final[Mapping[str, str]] = {
    "request": "Request",
    "response": "Response",
    "websocket": "WebSocket",
    "background_tasks": "BackgroundTasks",
}


def verify_parameters(declaration: Declaration, path_names: Collection[str], conventions: Conventions) -> None:
    """Refuse parameters of one callable that can never receive what their author expects."""
    for parameter in declaration.parameters:
        chain = (f"parameter {parameter.name!r}",)
        make_error = partial(declaration_error, where=declaration.where, chain=chain)
        verify_annotation(parameter, make_error)
        if conventions.checks_parameters:
            verify_markers(parameter, make_error)
            verify_default(parameter, make_error)
            kind = INJECTED_NAMES.get(parameter.name)
            if kind is not None and parameter.name not in path_names and is_bare(parameter, declaration):
                problem = f"it has no annotation, so it is a query parameter and not the {kind}."
                raise make_error(problem, hint=f"Annotate it: `{parameter.name}: {kind}`.")


def verify_annotation(parameter: Parameter, make_error: MakeError) -> None:
    """Refuse a marker or a dependency in the place of the type."""
    annotation = parameter.annotation
    if not isinstance(annotation, (FieldInfo, depends.Depends)):
        return
    name = type(annotation).__name__
    also = AttributeError if isinstance(annotation, depends.Depends) else DeclarationError
    hint = f"Put it next to the type: `{parameter.name}: Annotated[type, {name}(...)]`."
    raise make_error(f"{name}(...) is in the place of the type.", hint=hint, also=also)


def verify_markers(parameter: Parameter, make_error: MakeError) -> None:
    """Refuse a marker without parentheses, and a function in `Annotated`, which is not called."""
    for entry in (parameter.default, *parameter.metadata):
        if not isinstance(entry, (type, FunctionType)):
            continue
        name = entry.__name__
        if entry in MARKERS:
            raise make_error(f"{name} has no effect without parentheses.", hint=f"Write {name}().")
        if isinstance(entry, FunctionType) and entry is not parameter.default:
            hint = f"Write Annotated[..., Depends({name_of(entry)})]."
            raise make_error(f"the function {name_of(entry)} in Annotated is never called.", hint=hint)


def verify_default(parameter: Parameter, make_error: MakeError) -> None:
    """Refuse a function as the default of a parameter whose type no function has."""
    default = parameter.default
    if not isinstance(default, FunctionType) or parameter.annotation is Any:
        return
    if not any(may_be_called(kind) for kind in shapes.members(parameter.annotation)):
        hint = f"Write `{parameter.name} = Depends({name_of(default)})`."
        raise make_error(f"its default is the function {name_of(default)}, which is never called.", hint=hint)


def may_be_called(kind: Any) -> bool:
    """Whether a value of a type may be callable; True for anything but a class."""
    return not isinstance(kind, type) or kind is object or any("__call__" in vars(base) for base in kind.__mro__)
