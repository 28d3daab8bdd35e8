"""Raise errors for a dependency tree that could not serve any request."""

import warnings
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from types import FunctionType
from typing import Any, Final, Self

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.background import BackgroundTask
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from typeway.declare import shapes
from typeway.declare.annotation import parts_of
from typeway.declare.classify import INJECTED, Injected, Input
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends, Security
from typeway.declare.signature import is_bare, name_of
from typeway.exceptions import DeclarationError, DeclarationWarning, declaration_error
from typeway.plan.calls import Kind
from typeway.plan.fields import check_type
from typeway.plan.forms import require_form_parser
from typeway.plan.tree import Node, step_of
from typeway.security.base import SecurityBase
from typeway.security.oauth2 import OAuth2PasswordRequestForm


def verify_tree(tree: Node, conventions: Conventions, *, is_socket: bool) -> None:
    """Raise an error for inputs that Pydantic cannot validate, forms without a parser, and unusable dependencies.

    Parameters:
        is_socket: whether the endpoint serves a WebSocket.
    """
    seen: set[int] = set()

    def visit(node: Node) -> None:
        if id(node.original) in seen:
            return
        seen.add(id(node.original))
        where = node.declaration.where
        for receiver, child in node.children:
            if conventions.checks_parameters:
                verify_dependency(receiver, child, where)
            try:
                visit(child)
            except DeclarationError as error:
                error.add_step(step_of(receiver, child.original))
                raise
        for entry in node.inputs:
            try:
                verify_input(entry, where)
                verify_models(entry, where, conventions)
                if conventions.checks_parameters:
                    verify_constraints(entry, where)
            except DeclarationError as error:
                error.add_step(f"parameter {entry.name!r}")
                raise
        if conventions.checks_parameters:
            verify_connections(node, is_socket=is_socket)

    visit(tree)
    if is_socket and conventions.checks_sockets:
        verify_socket(tree)


def verify_input(entry: Input, where: str) -> None:
    """Raise an error for an input that Pydantic cannot validate, and for a form without a parser."""
    # Only a method has a parameter of type Self; its class will be a dependency when the route is planned.
    if entry.annotation is not Self:
        check_type(entry.annotation, where, partial(hint_for, entry.kind))
    if entry.location in ("form", "file"):
        require_form_parser(where)


def verify_models(entry: Input, where: str, conventions: Conventions) -> None:
    """Raise an error for a model with a dependency as a field, and warn of a model that is not validated."""
    # PERF: most inputs are scalars, without a model to check.
    for model in parts_of(entry.annotation) if shapes.is_complex(entry.annotation) else ():
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            continue
        if conventions.checks_parameters:
            verify_fields(model, where)
        if conventions.warns_unvalidated and entry.location in ("body", "form") and model.model_config.get("table"):
            warn_unvalidated(entry, model, where)


def verify_fields(model: type[BaseModel], where: str) -> None:
    """Raise an error for a model with a dependency as a field: it would get its value from the client."""
    for name, field in model.model_fields.items():
        if any(isinstance(part, Depends) for part in field.metadata):
            raise declaration_error(
                f"the field {name!r} of {model.__name__} is marked as a dependency, which a field cannot be.",
                hint="Make it a parameter of the endpoint, or the model a dependency: Annotated[Model, Depends()].",
                where=where,
            )


def warn_unvalidated(entry: Input, model: type[BaseModel], where: str) -> None:
    """Warn of a body that is not validated: SQLModel does not validate classes that are tables."""
    file, _, line = where.rpartition(":")
    message = (
        f"parameter {entry.name!r} has the table class {model.__name__} as its type, which SQLModel does not validate: "
        "it accepts any value. Declare a model without table=True for the body, and create the row from it."
    )
    warnings.warn_explicit(message, DeclarationWarning, file or "?", int(line) if line.isdigit() else 0)


def hint_for(annotation: Any) -> str:
    """Return the hint for a parameter whose type Pydantic cannot validate."""
    kind = next((member for member in shapes.members(annotation) if isinstance(member, type)), None)
    if isinstance(annotation, (FieldInfo, Depends)) or kind is None:
        return "Use a Pydantic model, a dataclass or a standard type."
    name = kind.__name__
    if issubclass(kind, BackgroundTask):
        return "Annotate it with BackgroundTasks, whose add_task() runs functions after the response."
    if issubclass(kind, OAuth2PasswordRequestForm):
        return f"Write Annotated[{name}, Depends()]: the class reads the form as a dependency."
    if issubclass(kind, SecurityBase):
        return f"Create an instance, and depend on it: Annotated[str, Depends({name}(...))]."
    return (
        f"If a function creates it, depend on that: Annotated[{name}, Depends(get_{name.lower()})]. "
        "A value of the request needs a Pydantic model, a dataclass or a standard type."
    )


def verify_dependency(receiver: str | None, child: Node, where: str) -> None:
    """Raise an error for a dependency that can be called, but not with a useful result."""
    original: Any = child.original
    asked = "dependencies" if receiver is None else f"parameter {receiver!r}"
    refused = partial(declaration_error, where=where, chain=(asked,))
    depends, name = child.depends, name_of(original)
    if original is Any:
        hint = "Write Depends(function), or annotate the parameter with the class that Depends() must call."
        raise refused("Depends() without a function takes the annotation, and there is none.", hint=hint)
    # A class with its own constructor may be a dependency that is meant to be constructed.
    has_constructor = isinstance(original, type) and "__init__" in vars(original)
    if isinstance(original, type) and issubclass(original, INJECTED) and (original in INJECTED or not has_constructor):
        hint = f"Remove Depends(): `{receiver}: {name}` is enough."
        if receiver is None:
            hint = f"Remove it: a function that needs the {name} has a parameter of that type."
        raise refused(f"{name} is injected by its type, not computed by Depends().", hint=hint)
    is_ours = has_constructor and original.__module__.startswith("typeway.")
    if isinstance(original, type) and issubclass(original, SecurityBase) and (is_ours or not has_constructor):
        hint = f"Create an instance once, scheme = {name}(...), and write Depends(scheme)."
        raise refused(f"{name} is a class: it would be constructed, and no credentials would be read.", hint=hint)
    if depends is not None and depends.scope not in (None, "function", "request"):
        hint = 'Use "function" (it ends before the response is sent) or "request" (after it).'
        raise refused(f"there is no scope {depends.scope!r}.", hint=hint)
    if isinstance(depends, Security) and isinstance(depends.scopes, str):
        hint = f"Write scopes=[{depends.scopes!r}]."
        raise refused(f"scopes={depends.scopes!r} would be read as single letters.", hint=hint)
    first = next(iter(child.declaration.parameters), None)
    is_method = isinstance(original, FunctionType) and "." in name
    if is_method and first is not None and first.name == "self" and is_bare(first, child.declaration):
        hint = f"Use the method of an instance: Depends({name.rpartition('.')[0]}(...).{original.__name__})."
        raise refused(f"{name} is a method without an instance: 'self' would be a query parameter.", hint=hint)


# Constraints that values of these types do not support: Pydantic would raise a TypeError for each request.
LENGTHS: Final = (MinLen, MaxLen)
BOUNDS: Final[Mapping[type[Any], str]] = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}


def verify_constraints(entry: Input, where: str) -> None:
    """Raise an error for constraints that do not apply to the type of a parameter."""
    refused = partial(declaration_error, where=where)
    kinds = [kind for kind in shapes.members(entry.kind) if kind is not type(None)]
    if entry.metadata or len(kinds) != 1:
        return  # something may make another value before the constraints look at it
    kind = kinds[0]
    for constraint in entry.marker.metadata:
        bound = BOUNDS.get(type(constraint))
        if kind is str and bound is not None and not isinstance(getattr(constraint, bound), str):
            hint = "Use min_length, max_length or pattern, or annotate the parameter with a number."
            raise refused(f"{bound}={getattr(constraint, bound)!r} does not apply to str.", hint=hint)
        if kind is str and isinstance(constraint, MultipleOf):
            hint = "Annotate the parameter with int or float."
            raise refused("multiple_of does not apply to str.", hint=hint)
        is_text = isinstance(constraint, LENGTHS) or getattr(constraint, "pattern", None) is not None
        if is_text and kind in (int, float, bool, Decimal):
            name = "a pattern" if not isinstance(constraint, LENGTHS) else "a length"
            raise refused(
                f"{name} does not apply to {kind.__name__}.", hint="Use ge, gt, le or lt, or annotate with str."
            )


def verify_connections(node: Node, *, is_socket: bool) -> None:
    """Raise an error for a parameter of a connection type that the endpoint does not serve."""
    for source in node.sources:
        if not isinstance(source, Injected) or source.has_default or source.is_optional:
            continue
        if not exists(source, is_request=not is_socket):
            raise absent(source, node, is_request=not is_socket)


def exists(source: Injected, *, is_request: bool) -> bool:
    """Whether a request, or else a WebSocket, has the object that a parameter receives."""
    return source.kind is not (WebSocket if is_request else Request)


def absent(source: Injected, node: Node, *, is_request: bool) -> DeclarationError:
    """Return the error for a parameter whose object does not exist."""
    return declaration_error(
        f"its type is {source.kind.__name__}, which a {'request' if is_request else 'WebSocket'} does not have.",
        hint=f"Write `{source.name}: {source.kind.__name__} = None`, or use HTTPConnection, which both have.",
        where=node.declaration.where,
        chain=(f"parameter {source.name!r}",),
    )


CONNECTIONS: Final = (WebSocket, HTTPConnection, Request)


def verify_socket(tree: Node) -> None:
    """Raise an error for an endpoint that could not serve a WebSocket: a generator, or one without an annotation."""
    name, where = name_of(tree.function), tree.declaration.where
    if tree.kind is Kind.STREAM:
        hint = "Send each value: `await socket.send_json(value)`."
        raise declaration_error(
            f"{name}() is a generator, and a WebSocket endpoint is not iterated.", hint=hint, where=where
        )
    if takes_connection(tree):
        return
    for each in tree.declaration.parameters:
        if is_bare(each, tree.declaration):
            raise declaration_error(
                "it has no annotation, so it is a query parameter and not the WebSocket.",
                hint=f"Annotate it: `{each.name}: WebSocket`.",
                where=where,
                chain=(f"parameter {each.name!r}",),
            )


def takes_connection(tree: Node) -> bool:
    """Whether a function of a tree receives the connection; the framework's own schemes read headers only."""
    functions: list[tuple[Any, Node]] = [(node.function, node) for node in tree.walk()]
    return any(
        isinstance(source, Injected) and source.kind in CONNECTIONS
        for function, node in functions
        if not (isinstance(function, SecurityBase) and type(function).__module__.startswith("typeway."))
        for source in node.sources
    )
