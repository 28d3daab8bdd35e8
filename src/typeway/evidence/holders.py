"""Say whether an object holds a session that it was given, itself or in another object, and who gave it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from typeway.evidence.subject import Subject
from typeway.source.asking import safely
from typeway.source.bindings import reaching
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.results import CONNECTION, DBAPI_CONNECTION, OBJECTS, QUERY, ROWS, SESSION
from typeway.source.values import Inner, Instance, Known, Method, as_instance, dotted, is_a, plain_values

HELD: Final = SESSION | CONNECTION | DBAPI_CONNECTION
# Results that are read later, ...
LAZY: Final = QUERY | {ROWS, OBJECTS}
# ... classes of Python that read at once what they are given, ...
EAGER: Final = (list, tuple, set, frozenset, dict, str, bytes, bytearray, int, float, bool)
# ... and what asks whether a function of another package has only begun when it returns.
MAKES_LATER: Final = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
# What methods are called that read on when somebody asks for the next part: those of files, and of responses of other servers.
ITERATES: Final = ("iter", "aiter")
# What runs something beside the request.
BESIDE: Final = frozenset({"create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe"})
# Through how many local names a value is followed.
MOST_NAMES: Final = 4


def holds_session(subject: Subject, held: Instance | None, kinds: Collection[str] = HELD) -> bool:
    """Whether something is a session or connection, or an own object that was given one or opens it when it is entered."""
    if held is None or held.many:
        return False
    is_own = isinstance(held.kind, type) and (bool(kept(subject, held.kind)) or opens_itself(subject, held.kind))
    return is_own or is_a(held.kind, kinds)


def opens_itself(subject: Subject, kind: type[Any]) -> bool:
    """Whether the objects of a class open a session when they are entered, and keep it, as a unit of work does."""
    memory: dict[int, bool] = subject.memory.setdefault("opens itself", {})
    if id(kind) not in memory:
        memory[id(kind)] = any(assigns_session(subject, kind, name) for name in ("__enter__", "__aenter__"))
    return memory[id(kind)]


def assigns_session(subject: Subject, kind: type[Any], name: str) -> bool:
    """Whether a method of a class gives an attribute a session that it opens."""
    method = subject.program.method(kind, name)
    if method is None:
        return False
    values = (node.value for node in method.of(ast.Assign) if isinstance(node.targets[0], ast.Attribute))
    given = [as_instance(subject.inference.value(value, method)) for value in values]
    return any(held is not None and not held.many and is_a(held.kind, HELD) for held in given)


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


def carried(
    subject: Subject,
    node: ast.AST,
    function: Function,
    wanted: Collection[str],
    kinds: Collection[str] = HELD,
    steps: int = MOST_NAMES,
) -> Iterator[str]:
    """Which of some names that hold sessions an expression carries to what runs later.

    It is the session, an object that holds it, a method of one that works with it, or a call that is not made yet.
    """
    inference, later = subject.inference, is_later(node, function)
    parts: list[ast.AST] = []
    left = steps
    match node:
        case ast.Name(id=name) if is_of_lambda(node, function):
            pass
        case ast.Name(id=name) if name in wanted:
            yield name
        case ast.Name(id=name):
            bound, left = inference.bindings(function).get(name, []), steps - 1
            given = reaching(node, bound, function) or bound if steps else []
            # An item of what a query has found is no session.
            parts = [
                each.expression or each.unpacked or node
                for each in given
                if not (each.is_item and isinstance(each.expression, ast.Call))
            ]
            parts = [part for part in parts if part is not node]
            yield from closed_over(subject, node, function, wanted, kinds, steps)
        case ast.Call(func=ast.Attribute(value=base, attr=name)) if name.startswith(ITERATES):
            parts = [base.value if isinstance(base, ast.Attribute) else base]
        case ast.Attribute(value=base) | ast.Subscript(value=base):
            value = inference.value(node, function)
            is_held = holds_session(subject, as_instance(value), kinds) or works_with_session(subject, value, kinds)
            parts = [base] if is_held else []
        case ast.Call() if not later and is_made_already(subject, node, function):
            is_held = holds_session(subject, as_instance(inference.value(node, function)), kinds)
            parts = [*ast.iter_child_nodes(node)] if is_held else []
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.DictComp(value=element):
            parts = [element]
        case ast.AST() if later or not isinstance(node, ast.Await):
            parts = [*ast.iter_child_nodes(node)]
    for part in parts:
        yield from carried(subject, part, function, wanted, kinds, left)


def is_later(node: ast.AST, function: Function) -> bool:
    """Whether an expression is only evaluated later: in a lambda, or in a generator, which only begins with what it goes over."""
    inside = [node, *function.around(node)]
    return any(
        isinstance(part, ast.Lambda) or (isinstance(part, ast.GeneratorExp) and part.generators[0].iter not in inside)
        for part in inside[1:]
    )


def is_of_lambda(node: ast.Name, function: Function) -> bool:
    """Whether a name is a parameter of a lambda around it."""
    around = (part.args for part in function.around(node) if isinstance(part, ast.Lambda))
    return any(each.arg == node.id for given in around for each in (*given.posonlyargs, *given.args, *given.kwonlyargs))


def is_made_already(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call has a result that needs nothing any more: no coroutine, generator or query, and no object that is made."""
    callee = subject.inference.value(call.func, function)
    targets = subject.graph.targets(callee)
    if targets:
        return not any(each.is_async or each.yields or each.node.name == "__init__" for each in targets)
    made, parent = as_instance(subject.inference.value(call, function)), function.parents.get(call)
    is_begun = isinstance(parent, ast.Call) and last_name(parent.func) in BESIDE
    if (made is not None and is_a(made.kind, LAZY)) or (callee is None and is_begun):
        return False
    things = [
        value.function if isinstance(value, Method) else getattr(value, "thing", None) for value in plain_values(callee)
    ]
    return not any(
        (isinstance(thing, type) and not any(thing is kind for kind in EAGER))
        or any(safely(question, thing) is True for question in MAKES_LATER)
        or dotted(thing).startswith("asyncio.")
        for thing in things
    ) and not last_name(call.func).startswith(ITERATES)


def closed_over(
    subject: Subject, node: ast.Name, function: Function, wanted: Collection[str], kinds: Collection[str], steps: int
) -> Iterator[str]:
    """Which of some names a function works with that is defined inside, also by way of other local names."""
    for value in plain_values(subject.inference.value(node, function)):
        inner = value.function if isinstance(value, Inner) else None
        for part in inner.of(ast.Name) if inner is not None and inner.outer is function else ():
            name = part.id
            if (
                inner is None
                or name in inner.parameters
                or name in inner.stores
                or not is_worked_with(subject, part, inner, kinds)
            ):
                continue
            if name in wanted:
                yield name
                continue
            for bound in subject.inference.bindings(function).get(name, ()) if steps else ():
                if bound.expression is not None and not bound.is_item:
                    yield from carried(subject, bound.expression, function, wanted, kinds, steps - 1)


def is_worked_with(subject: Subject, node: ast.expr, function: Function, kinds: Collection[str]) -> bool:
    """Whether something is done with what an expression holds, which not every method of an own object does."""
    parent = function.parents.get(node)
    if isinstance(parent, ast.Attribute):
        value = subject.inference.value(parent, function)
        is_held = holds_session(subject, as_instance(value), kinds) and is_worked_with(subject, parent, function, kinds)
        return is_held or works_with_session(subject, value, kinds)
    made = subject.inference.value(parent.func, function) if isinstance(parent, ast.Call) else None
    if (
        isinstance(parent, ast.Call)
        and isinstance(made, Known)
        and isinstance(made.thing, type)
        and subject.program.owns(made.thing)
    ):
        return is_worked_with(subject, parent, function, kinds)
    return True


def works_with_session(subject: Subject, value: Any, kinds: Collection[str] = HELD) -> bool:
    """Whether a bound method works with a session that its object is or holds; what cannot be read may."""
    for method in plain_values(value):
        if isinstance(method, Method) and holds_session(subject, method.owner, kinds):
            targets = subject.graph.targets(method)
            if not targets or any(uses_held_session(subject, target, kinds) for target in targets):
                return True
    return False


def uses_held_session(subject: Subject, method: Function, kinds: Collection[str] = HELD) -> bool:
    """Whether a method uses a session that its object holds, by another of its methods or another object too."""
    memory: dict[Any, bool] = subject.memory.setdefault("uses held session", {})
    key = (method, frozenset(kinds))
    if key not in memory:
        memory[key] = False  # objects that call each other use what one of them does
        memory[key] = any(is_using(subject, each, kinds) for each in called_on_self(subject, method))
    return memory[key]


def called_on_self(subject: Subject, method: Function) -> Iterator[Function]:
    """A method, and the methods of its object that it calls, by others too."""
    waiting, seen = [method], set[Function]()
    while waiting:
        each = waiting.pop()
        if each in seen or each.owner is None:
            continue
        seen.add(each)
        yield each
        for node in on_self(each):
            value = subject.inference.value(node, each)
            waiting += subject.graph.targets(value) if isinstance(value, Method) else []


def on_self(method: Function) -> Iterator[ast.Attribute]:
    return (node for node in method.of(ast.Attribute) if getattr(node.value, "id", "") == method.first)


def is_using(subject: Subject, method: Function, kinds: Collection[str]) -> bool:
    """Whether the code of a method itself works with a session that its object holds."""
    return any(
        holds_session(subject, as_instance(subject.inference.value(node, method)), kinds)
        and is_worked_with(subject, node, method, kinds)
        for node in on_self(method)
    )


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
