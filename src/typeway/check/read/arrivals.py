"""Work out what arrives at a parameter or attribute that has no annotation: from the plan, the callers, the state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, get_args, get_origin

from typeway.check.read.index import last_name
from typeway.check.read.program import Function, inner_of
from typeway.check.read.subclasses import Indexed
from typeway.check.read.values import (
    Inner,
    Instance,
    Known,
    Method,
    Value,
    as_instance,
    either,
    instance_of,
    plain_values,
)  # fmt: skip
from typeway.declare.depends import Depends

# With more callers than these one cannot say what they pass.
MOST_CALLERS: Final = 12

Arrivals = dict[tuple[Function, str], Callable[..., Any]]


def received(inference: Indexed, argument: ast.arg, function: Function) -> Value | None:
    """What the own callers of a function pass for a parameter, if all of them are known to pass the same kind."""
    names = function.positional
    name = (
        function.owner.__name__
        if function.owner is not None and function.node.name == "__init__"
        else function.node.name
    )
    calls = inference.index.calls_of(name)
    values: list[Value | None] = []
    if not calls or len(calls) > MOST_CALLERS:
        return None
    for call, caller in calls:
        if not leads_to(inference, call, caller, function):
            continue
        given = dict(zip(names, call.args, strict=False)) | {
            entry.arg: entry.value for entry in call.keywords if entry.arg
        }
        if argument.arg in given and not any(isinstance(entry, ast.Starred) for entry in call.args):
            values.append(inference.value(given[argument.arg], caller))
    return None if None in values else either(values)


def leads_to(inference: Indexed, call: ast.Call, caller: Function, function: Function) -> bool:
    """Whether a call may end in a function."""
    for value in plain_values(inference.value(call.func, caller)):
        match value:
            case Known(type() as kind):
                found = inference.program.method(kind, "__init__")
            case Known(thing) if callable(thing):
                found = inference.program.function(thing)
                if found is None or found.node is not function.node:
                    found = inference.program.source(inner_of(thing), None)
            case Method(owner, _, method) if isinstance(owner.kind, type) and method is not None:
                found = inference.program.function(method, owner.kind)
            case Inner(inner):
                found = inner
            case _:
                found = None
        if found is not None and found.node is function.node:
            return True
    return False


def provider_in(default: ast.expr | None, function: Function) -> ast.expr | None:
    """The dependency that a default names: `get_db` of `Depends(get_db)`."""
    if not isinstance(default, ast.Call) or not default.args:
        return None
    wanted = function.names.get(last_name(default.func))
    is_marker = isinstance(wanted, type) and issubclass(wanted, Depends)
    return default.args[0] if is_marker or last_name(default.func) in ("Depends", "Security") else None


def from_state(inference: Indexed, node: ast.Attribute) -> Value | None:
    """What is kept in the state of an application or request under a name, as far as all that set it agree."""
    kept = inference.index.states.get(node.attr, ())
    return either(
        Instance(held.kind) if (held := as_instance(value)) is not None else value
        for value in (inference.value(expression, function) for expression, function in kept)
        if not (isinstance(value, Known) and value.thing is None)
    )


def is_state(node: ast.expr) -> bool:
    """Whether an expression is the state of an application or a request."""
    return isinstance(node, ast.Attribute) and node.attr == "state"


def bound_to(variable: TypeVar, owner: type[Any] | None) -> Instance | None:
    """What a type variable of a base class is in a class: `User` of `T` in `class Users(Repository[User])`."""
    for kind in type.mro(owner) if owner is not None else ():
        for base in vars(kind).get("__orig_bases__", ()):
            names = getattr(get_origin(base), "__parameters__", ())
            given = dict(zip(names, get_args(base), strict=False))
            if variable in given:
                chosen = given[variable]
                return (
                    bound_to(chosen, owner)
                    if isinstance(chosen, TypeVar) and chosen is not variable
                    else instance_of(chosen)
                )
    return instance_of(variable)


def none_left_out(values: Iterable[Value | None]) -> list[Value | None]:
    """Values without those that are None: what is not there yet has no kind."""
    kept = [value for value in values if not (isinstance(value, Known) and value.thing is None)]
    return [value for value in kept if not (isinstance(value, Instance) and value.kind is type(None))]
