"""Refuse parameters that do not say what their author means: a marker or a dependency in the wrong place or form."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import FunctionType
from typing import Any, Final

from pydantic.fields import FieldInfo

from typeway.declare import depends, mark, markers, shapes
from typeway.declare.conventions import Conventions
from typeway.declare.signature import Declaration, Parameter, is_bare, name_of
from typeway.exceptions import DeclarationError, declaration_error

Refused = Callable[..., DeclarationError]

# What is written with parentheses: without them it says nothing.
MARKS: Final = (
    mark.Body, mark.Cookie, mark.Depends, mark.File, mark.Form, mark.Header, mark.Path, mark.Query, mark.Security,
    markers.Body, markers.Cookie, markers.File, markers.Form, markers.Header, markers.Path, markers.Query,
    depends.Depends, depends.Security,
)  # fmt: skip

# Names that nearly always mean an object of the request; without an annotation they are query parameters.
INJECTED_NAMES: Final[Mapping[str, str]] = {
    "request": "Request",
    "response": "Response",
    "websocket": "WebSocket",
    "background_tasks": "BackgroundTasks",
}


def verify_parameters(declaration: Declaration, path_names: Collection[str], conventions: Conventions) -> None:
    """Refuse the parameters of one callable that could never get what they ask for."""
    for parameter in declaration.parameters:
        chain = (f"parameter {parameter.name!r}",)
        refused = partial(declaration_error, where=declaration.where, chain=chain)
        verify_annotation(parameter, refused)
        if conventions.checks_parameters:
            verify_marks(parameter, refused)
            verify_default(parameter, refused)
            kind = INJECTED_NAMES.get(parameter.name)
            if kind is not None and parameter.name not in path_names and is_bare(parameter, declaration):
                problem = f"it has no annotation, so it is a query parameter and not the {kind}."
                raise refused(problem, hint=f"Annotate it: `{parameter.name}: {kind}`.")


def verify_annotation(parameter: Parameter, refused: Refused) -> None:
    """Refuse a marker or a dependency that stands in the place of the type."""
    annotation = parameter.annotation
    if not isinstance(annotation, (FieldInfo, depends.Depends)):
        return
    name = type(annotation).__name__
    also = AttributeError if isinstance(annotation, depends.Depends) else DeclarationError
    hint = f"Put it beside the type: `{parameter.name}: Annotated[type, {name}(...)]`."
    raise refused(f"{name}(...) stands where the type should.", hint=hint, also=also)


def verify_marks(parameter: Parameter, refused: Refused) -> None:
    """Refuse a marker without parentheses, and a function beside the type that nothing calls."""
    for said in (parameter.default, *parameter.metadata):
        if not isinstance(said, (type, FunctionType)):
            continue
        name = said.__name__
        if said in MARKS:
            raise refused(f"{name} has no parentheses, so it says nothing.", hint=f"Write {name}().")
        if isinstance(said, FunctionType) and said is not parameter.default:
            hint = f"Write Annotated[..., Depends({name_of(said)})]."
            raise refused(f"the function {name_of(said)} stands in Annotated, where nothing calls it.", hint=hint)


def verify_default(parameter: Parameter, refused: Refused) -> None:
    """Refuse a function as the default of something that no function is."""
    default = parameter.default
    if not isinstance(default, FunctionType) or parameter.annotation is Any:
        return
    if not any(may_be_called(kind) for kind in shapes.members(parameter.annotation)):
        hint = f"Write `{parameter.name} = Depends({name_of(default)})`."
        raise refused(f"its default is the function {name_of(default)}, which nothing calls.", hint=hint)


def may_be_called(kind: Any) -> bool:
    """Whether a value of a type may be callable; of anything but a class it is not known."""
    return not isinstance(kind, type) or kind is object or any("__call__" in vars(base) for base in kind.__mro__)
