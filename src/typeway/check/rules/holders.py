"""Say whether an object holds a session that it was given, itself or in another object, and who gave it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from typeway.check.subject import Subject
from typeway.source.program import Function
from typeway.source.results import CONNECTION, DBAPI_CONNECTION, SESSION
from typeway.source.values import Inner, Instance, Method, as_instance, is_a, plain_values

HELD: Final = SESSION | CONNECTION | DBAPI_CONNECTION
# Through how many local names a value is followed.
MOST_NAMES: Final = 4


def holds_session(subject: Subject, held: Instance | None, kinds: Collection[str] = HELD) -> bool:
    """Whether something is a session or connection, or an own object that was given one."""
    if held is None or held.many:
        return False
    return is_a(held.kind, kinds) or (isinstance(held.kind, type) and bool(kept(subject, held.kind)))


def kept(subject: Subject, kind: type[Any]) -> Mapping[str, str]:
    """The attributes in which the objects of a class keep a session that they are given, with the parameters that give it."""
    memory: dict[int, dict[str, str]] = subject.memory.setdefault("kept", {})
    if id(kind) not in memory:
        memory[id(kind)] = {}  # what holds one of its own kind holds what that one does
        memory[id(kind)] = dict(read_kept(subject, kind))
    return memory[id(kind)]


def read_kept(subject: Subject, kind: type[Any]) -> Iterator[tuple[str, str]]:
    constructor = subject.program.method(kind, "__init__")
    if constructor is None:
        fields = vars(kind).get("__dataclass_fields__", ()) if subject.program.owns(kind) else ()
        for name in fields:
            if holds_session(subject, as_instance(subject.inference.field(kind, name))):
                yield name, name
        return
    own = constructor.first
    for node in constructor.body:
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=attribute)], value=ast.expr() as value)
                | ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id=name), attr=attribute), value=ast.expr() as value
                )
            ) if name == own:
                yield from ((attribute, given) for given in givers(subject, value, constructor))
            case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super")))):
                parent = next((each for each in type.mro(kind)[1:] if "__init__" in vars(each)), object)
                if subject.program.method(parent, "__init__") not in (None, constructor):
                    passed = arguments_of(subject, node, parent)
                    for attribute, parameter in kept(subject, parent).items():
                        given = passed.get(parameter)
                        yield from ((attribute, each) for each in givers(subject, given, constructor))


def givers(subject: Subject, node: ast.expr | None, function: Function) -> Iterator[str]:
    """The parameters of a function whose session an expression holds: as it is, in an attribute, in a new object."""
    match node:
        case ast.Name(id=name) if name in function.parameters:
            if holds_session(subject, as_instance(subject.inference.value(node, function))):
                yield name
        case ast.Attribute(value=ast.Name() as base):
            if holds_session(subject, as_instance(subject.inference.value(node, function))):
                yield from givers(subject, base, function)
        case ast.Call():
            made = as_instance(subject.inference.value(node, function))
            if made is not None and isinstance(made.kind, type) and not is_a(made.kind, HELD):
                passed = arguments_of(subject, node, made.kind)
                for parameter in {*kept(subject, made.kind).values()}:
                    yield from givers(subject, passed.get(parameter), function)


def arguments_of(subject: Subject, call: ast.Call, kind: type[Any]) -> dict[str, ast.expr]:
    """What a call passes for the parameters of a constructor, by their names."""
    constructor = subject.program.method(kind, "__init__")
    if constructor is not None:
        return constructor.given(call)
    passed = dict(zip(vars(kind).get("__dataclass_fields__", ()), call.args, strict=False))
    return passed | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}


def carried(subject: Subject, node: ast.AST, function: Function, steps: int = MOST_NAMES) -> Iterator[str]:
    """The parameters of a function whose session an expression carries to what runs later.

    It is the session, an object that holds it, a method of one that works with it, or a call that is not made yet.
    """
    inference = subject.inference
    parts: list[tuple[ast.AST, int]] = []
    match node:
        case ast.Name(id=name) if name not in function.parameters or name in function.assigned:
            parts = [(made, steps - 1) for made in function.assigned.get(name, ()) if steps]
            yield from closed_over(subject, node, function)
        case ast.Name(id=name):
            if holds_session(subject, as_instance(inference.value(node, function))):
                yield name
        case ast.Attribute(value=base):
            value = inference.value(node, function)
            is_held = holds_session(subject, as_instance(value)) or works_with_session(subject, value)
            parts = [(base, steps)] if is_held else []
        case ast.Call() if is_made_already(subject, node, function):
            is_held = holds_session(subject, as_instance(inference.value(node, function)))
            parts = [(part, steps) for part in ast.iter_child_nodes(node)] if is_held else []
        case ast.AST() if not isinstance(node, ast.Await):
            parts = [(part, steps) for part in ast.iter_child_nodes(node)]
    for part, left in parts:
        yield from carried(subject, part, function, left)


def is_made_already(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call has its result at once: it is no coroutine or generator, and no object that is made."""
    targets = subject.graph.targets(subject.inference.value(call.func, function))
    if not targets:
        made = as_instance(subject.inference.value(call, function))
        return made is not None and made.kind in (str, bytes, int, float, bool)
    return not any(each.is_async or each.yields or each.node.name == "__init__" for each in targets)


def closed_over(subject: Subject, node: ast.Name, function: Function) -> Iterator[str]:
    """The parameters with a session that a function uses which is defined inside."""
    for value in plain_values(subject.inference.value(node, function)):
        if isinstance(value, Inner):
            used = {part.id for part in value.function.body if isinstance(part, ast.Name)}
            free = used - value.function.parameters.keys() - value.function.stores.keys()
            for name in sorted(free & function.parameters.keys()):
                if holds_session(subject, as_instance(subject.inference.name(name, function))):
                    yield name


def works_with_session(subject: Subject, value: Any, kinds: Collection[str] = HELD) -> bool:
    """Whether a bound method works with a session that its object is or holds; what cannot be read may."""
    for method in plain_values(value):
        if isinstance(method, Method) and holds_session(subject, method.owner, kinds):
            targets = subject.graph.targets(method)
            if not targets or any(uses_held_session(subject, target, kinds) for target in targets):
                return True
    return False


def uses_held_session(subject: Subject, method: Function, kinds: Collection[str] = HELD) -> bool:
    """Whether a method uses a session that its object holds, by another of its methods too."""
    waiting, seen = [method], set[Function]()
    while waiting:
        method = waiting.pop()
        own = method.first
        for node in method.of(ast.Attribute) if method.owner is not None and method not in seen else ():
            value = subject.inference.value(node, method) if getattr(node.value, "id", "") == own else None
            if holds_session(subject, as_instance(value), kinds):
                return True
            waiting += subject.graph.targets(value) if isinstance(value, Method) else []
        seen.add(method)
    return False


def origins(subject: Subject, node: ast.expr, function: Function, steps: int = MOST_NAMES) -> list[str]:
    """What the sessions in an object are called where it was made, so that two objects with one session are known."""
    bound = subject.inference.bindings(function).get(getattr(node, "id", ""), ())
    made = bound[0].expression if len(bound) == 1 and steps else None
    if isinstance(node, ast.Name) and isinstance(made, ast.Attribute):
        return origins(subject, made, function, steps - 1)
    if isinstance(node, ast.Name) and isinstance(made, ast.Call):
        return passed_in(subject, made, function, steps - 1)
    if isinstance(node, ast.Attribute):
        holder = as_instance(subject.inference.value(node.value, function))
        kind = holder.kind if holder is not None and isinstance(holder.kind, type) else object
        given = kept(subject, kind).get(node.attr)
        is_self = function.owner is not None and getattr(node.value, "id", None) == function.first
        return [f"the {given} of {kind.__name__ if is_self else ast.unparse(node.value)}"] if given is not None else []
    return []


def passed_in(subject: Subject, made: ast.Call, function: Function, steps: int) -> list[str]:
    """The sessions with which a call makes an object, in other objects too; a call among them may make a new one."""
    found: list[str] = []
    for entry in [*made.args, *(keyword.value for keyword in made.keywords)]:
        held = as_instance(subject.inference.value(entry, function))
        if not isinstance(entry, ast.Name | ast.Attribute) or not holds_session(subject, held):
            continue
        found += origins(subject, entry, function, steps) or [ast.unparse(entry)]
    return found
