"""Work out what arrives at a parameter or attribute that has no annotation: from the plan, the callers, the state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Final, TypeVar, get_args, get_origin

from typeway.declare.depends import Depends
from typeway.source.asking import attributes_of, declares
from typeway.source.index import STATES, last_name
from typeway.source.program import Function, inner_of
from typeway.source.providers import injected, passed
from typeway.source.results import QUERY, SELECT
from typeway.source.subclasses import Indexed, is_protocol
from typeway.source.tables import MAPPINGS, MOST_ENTRIES, TABLES, held_in, is_code
from typeway.source.values import (
    Held,
    Inner,
    Instance,
    Known,
    Method,
    Value,
    as_instance,
    derives,
    dotted,
    either,
    instance_of,
    is_a,
    known,
    known_class,
    plain_values,
)  # fmt: skip

# With more callers than these one cannot say what they pass.
MOST_CALLERS: Final = 200

Arrivals = dict[tuple[Function, str], Callable[..., Any]]


def received(inference: Indexed, argument: ast.arg, function: Function) -> Value | None:
    """What the own callers of a function pass for a parameter, if all of them are known to pass the same kind."""
    owner = function.owner if function.node.name == "__init__" else None
    calls = inference.index.calls_of(owner.__name__ if owner is not None else function.node.name)
    values = provided_for(inference, argument, function)
    if len(calls) > MOST_CALLERS:
        return None
    for call, caller in calls:
        if not leads_to(inference, call, caller, function):
            continue
        given = function.given(call)
        if argument.arg in given:
            values.append(inference.value(given[argument.arg], caller))
    return None if None in values else either(values)


def provided_for(inference: Indexed, argument: ast.arg, function: Function) -> list[Value | None]:
    """What containers pass for a parameter."""
    made = function.owner if function.node.name == "__init__" else function.names.get(function.node.name)
    given = [passed(each, function.positional) for each in inference.index.providers.get(id(made), ())]
    return [injected(inference, each[argument.arg]) for each in given if argument.arg in each]


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
    """Whether an expression is the state of an application or a request, or the application of one: `request.app`."""
    return isinstance(node, ast.Attribute) and node.attr in STATES


def additional(
    inference: Indexed, value: Value | None, name: str, kind: type[Any] | None = None, *, is_any: bool = False
) -> Value | None:
    """A collection with what functions add to it later, such as the start.

    Parameters:
        inference: knows what is added.
        value: the collection, as it is now.
        name: its last name.
        kind: the class of the object whose attribute it is; None for a global.
        is_any: whether it may be that of any object of the class.
    """
    entries = inference.index.added.get(name, ())
    table = held_in(value) or empty_table(value)
    if table is None or len(entries) > MOST_ENTRIES:
        return value
    things = inference.index.objects.get(id(kind), ()) if is_any and kind is not None else ()
    kept = [held_in(known(attributes_of(thing).get(name))) for thing in things]
    found = [each for other in kept if other is not None for each in other.values]
    for root, depth, added, is_many, place in entries:
        if not is_same(inference, root, place, value, kind):
            continue
        given = inference.value(added, place)
        others = held_in(given) if is_many else Held(list, plain_values(given))
        for each in others.values if others is not None else ():
            fresh: Value | None = each
            for _ in range(depth):
                fresh = Held(list, (fresh,))
            found += [fresh] if is_code(each) and not is_data(each) else []
    return Held(table.kind, tuple(dict.fromkeys((*table.values, *found)))) if found else value


def empty_table(value: Value | None) -> Held | None:
    """A collection of which only the class is known."""
    held = as_instance(value)
    if held is None or not (held.many or id(held.kind) in TABLES):
        return None
    return Held(dict if id(held.kind) in MAPPINGS else list, ())


def is_same(inference: Indexed, root: ast.expr, place: Function, value: Value | None, kind: type[Any] | None) -> bool:
    """Whether what a function adds to is a certain collection: the same global, or an attribute of objects of one class."""
    if kind is None:
        thing = value.thing if isinstance(value, Known) else None
        found = place.names.get(root.id) if isinstance(root, ast.Name) else None
        if isinstance(root, ast.Attribute):
            module = inference.value(root.value, place)
            is_module = isinstance(module, Known) and isinstance(module.thing, ModuleType)
            found = vars(module.thing).get(root.attr) if isinstance(module, Known) and is_module else None
        return found is thing is not None
    owner = inference.value(root.value, place) if isinstance(root, ast.Attribute) else None
    held = getattr(as_instance(known_class(owner)), "kind", None)
    return isinstance(held, type) and (derives(held, kind) or derives(kind, held))


def is_data(value: Value | None) -> bool:
    """Whether something is made to hold values, and not to be called."""
    kind = value.kind if isinstance(value, Instance) else None
    marks = ("__dataclass_fields__", "model_fields", "__mapper__", "_fields")
    return isinstance(kind, type) and declares(kind, *marks) and "__call__" not in vars(kind)


def bound_to(variable: TypeVar, owner: type[Any] | None) -> Instance | None:
    """What a type variable of a base class is in a class: `User` of `T` in `class Users(Repository[User])`."""
    for kind in type.mro(owner) if owner is not None else ():
        for base in vars(kind).get("__orig_bases__", ()):
            names = getattr(get_origin(base), "__parameters__", ())
            given = dict(zip(names, get_args(base), strict=False))
            if variable in given:
                chosen = given[variable]
                is_other = isinstance(chosen, TypeVar) and chosen is not variable
                return bound_to(chosen, owner) if is_other else instance_of(chosen)
    return instance_of(variable)


def asked_for(function: Function, arguments: Iterable[Instance | None], *, is_bound: bool) -> Instance | None:
    """What a function returns that is given a class and returns an object of it: `def get(self, kind: type[T]) -> T`."""
    node = function.node
    match node.returns:
        case ast.Name(id=name) | ast.Constant(value=str(name)) | ast.BinOp(left=ast.Name(id=name)):
            parameters = [*node.args.posonlyargs, *node.args.args][is_bound:]
        case _:
            return None
    if not isinstance(function.names.get(name), TypeVar):
        return None
    for parameter, given in zip(parameters, arguments, strict=False):
        match parameter.annotation:
            case ast.Subscript(value=ast.Name(id="type" | "Type"), slice=ast.Name(id=of)) if of == name:
                return given
    return None


def set_in(inference: Indexed, variable: ContextVar[Any]) -> Value | None:
    """What the code sets a context variable to, if that is one thing."""
    calls = [(call, caller) for call, caller in inference.index.calls.get("set", ()) if call.args]
    found = [
        inference.value(call.args[0], caller)
        for call, caller in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(base := inference.value(call.func.value, caller), Known)
        and base.thing is variable
    ]
    return None if None in found else either(none_left_out(found))


def none_left_out(values: Iterable[Value | None]) -> list[Value | None]:
    """Values without those that are None: what is not there yet has no kind."""
    kept = [value for value in values if not (isinstance(value, Known) and value.thing is None)]
    return [value for value in kept if not (isinstance(value, Instance) and value.kind is type(None))]


def is_open(annotated: Instance) -> bool:
    """Whether an annotation only says how something is called or used, and not what it is, or which class or query it is."""
    is_any = annotated.kind is type or (annotated.of is None and is_a(annotated.kind, QUERY | SELECT))
    return is_any or dotted(annotated.kind) == "collections.abc.Callable" or is_protocol(annotated.kind)
