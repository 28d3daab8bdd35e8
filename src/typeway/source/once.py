"""Recognize what a function does once and remembers, and what it only does where no event loop runs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from typeway.source.program import Function, inner_of
from typeway.source.values import Infers, Method, plain_values

# Methods that put something into a memory, and those that look it up.
PUTS: Final = frozenset({"set", "put", "setex", "setdefault"})
GETS: Final = frozenset({"get", "lookup", "fetch", "load"})


def is_once(node: ast.AST, function: Function, early: Collection[ast.If]) -> bool:
    """Whether something fills a memory and is not done again.

    It is part of `if x is None: … x = …`, or comes after `if x is not None: return` in a function that sets `x`.
    """
    if any(statement.lineno < getattr(node, "lineno", 0) for statement in early):
        return True
    inside = node
    for part in function.around(node):
        is_taken = isinstance(part, ast.If) and inside in part.body
        inside = part
        tested = tested_for_absence(part.test) if isinstance(part, ast.If) and is_taken else set()
        if tested and meanings(tested, part, function) & kept(ast.walk(part), function):
            return True
    return False


def early_returns(function: Function) -> list[ast.If]:
    """The statements at a function's top that return when something is there which the function sets later on."""
    tests = [
        (statement, meanings(tested_for_presence(statement.test), statement, function))
        for statement in outermost(function.node.body)
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return)
    ]
    assigned = kept(function.body, function) if tests else set()
    return [statement for statement, tested in tests if tested & assigned]


def remembered(inference: Infers, call: ast.Call, function: Function) -> Iterator[Function]:
    """The own functions whose results are remembered that a call runs for each new value which it passes on."""
    if not any(map(function.behind, [*call.args, *(entry.value for entry in call.keywords)])):
        return
    for value in plain_values(inference.value(call.func, function)):
        thing = value.function if isinstance(value, Method) else getattr(value, "thing", None)
        if inspect.getattr_static(thing, "cache_info", None) is not None:
            kind = value.owner.kind if isinstance(value, Method) else None
            own = inference.program.source(inner_of(thing), kind if isinstance(kind, type) else None)
            yield from () if own is None or own.is_async else (own,)


def outermost(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are always reached: those of a function, and of the `with` and `try` statements among them."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith | ast.Try):
            yield from outermost(statement.body)


def meanings(tested: Collection[str], statement: ast.AST, function: Function) -> set[str]:
    """What is tested: the names themselves, and the memories in which their values were looked up."""
    found = set(tested)
    for node in function.body:
        target, value = assigned_in(node)
        if target in tested and getattr(node, "lineno", 0) <= getattr(statement, "lineno", 0):
            found |= memory_of(value)
    return found


def assigned_in(node: ast.AST) -> tuple[str, ast.expr | None]:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.NamedExpr(target=ast.Name(id=name), value=value)
        ):
            return name, value
    return "", None


def memory_of(value: ast.expr | None) -> set[str]:
    """The memory in which an expression looks something up, as `kept` names it."""
    match value:
        case ast.Await(value=inner):
            return memory_of(inner)
        case ast.Call(func=ast.Attribute(value=memory, attr=name)) if name in GETS:
            return {f"{ast.unparse(memory)}[…]"}
        case ast.Subscript(value=memory):
            return {f"{ast.unparse(memory)}[…]"}
        case ast.Call(func=ast.Name(id="getattr"), args=[holder, ast.Constant(value=str() as name), *_]):
            return {f"{ast.unparse(holder)}.{name}"}
    return set()


def kept(nodes: Iterable[ast.AST], function: Function) -> set[str]:
    """What is assigned and outlives the call: attributes, items, and names that are not the function's own."""
    found: set[str] = set()
    for node in nodes:
        for target in targets(node):
            if not isinstance(target, ast.Name) or target.id in function.foreign:
                found.add(ast.unparse(target))
            if isinstance(target, ast.Subscript) and not is_fresh(target.value, function):
                found.add(f"{ast.unparse(target.value)}[…]")
        match node:
            case ast.Call(func=ast.Attribute(value=memory, attr=name)) if name in PUTS:
                if not is_fresh(memory, function):
                    found.add(f"{ast.unparse(memory)}[…]")
            case ast.Call(func=ast.Name(id="setattr"), args=[holder, ast.Constant(value=str() as name), _]):
                found.add(f"{ast.unparse(holder)}.{name}")
    return found


def is_fresh(memory: ast.expr, function: Function) -> bool:
    """Whether a memory is made anew in each call of a function, and so remembers nothing."""
    if not isinstance(memory, ast.Name) or memory.id not in function.stores:
        return False
    made = map(assigned_in, function.body)
    return any(name == memory.id and isinstance(value, ast.Dict | ast.List | ast.Set) for name, value in made)


def tested_for_presence(test: ast.expr) -> set[str]:
    """The names and attributes of which a condition says that they are something."""
    match test:
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return {ast.unparse(left.target if isinstance(left, ast.NamedExpr) else left)}
        case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Name() | ast.Attribute() as memory]):
            return {f"{ast.unparse(memory)}[{ast.unparse(left)}]"}
        case ast.NamedExpr(target=target):
            return {ast.unparse(target)}
        case ast.Attribute() | ast.Name():
            return {ast.unparse(test)}
        case ast.BoolOp(op=ast.And(), values=values):
            return {name for value in values for name in tested_for_presence(value)}
    return set()


def tested_for_absence(test: ast.expr) -> set[str]:
    """The names and attributes of which a condition says that they are None, false or missing."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return {ast.unparse(left)}
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() as operand):
            return {ast.unparse(operand)}
        case ast.UnaryOp(
            op=ast.Not(),
            operand=ast.Call(func=ast.Name(id="hasattr"), args=[holder, ast.Constant(value=str() as name)]),
        ):
            return {f"{ast.unparse(holder)}.{name}"}
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[ast.Name() | ast.Attribute() as cache]):
            return {f"{ast.unparse(cache)}[{ast.unparse(left)}]"}
        case ast.BoolOp(values=values):
            return {name for value in values for name in tested_for_absence(value)}
    return set()


def targets(statement: ast.AST) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign | ast.NamedExpr) else []


def is_without_loop(node: ast.AST, function: Function) -> bool:
    """Whether something is only done where a function has just found out that no event loop runs."""
    for part in function.around(node):
        if isinstance(part, ast.ExceptHandler) and getattr(part.type, "id", "") == "RuntimeError":
            attempt = function.parents.get(part)
            tried = attempt.body if isinstance(attempt, ast.Try) else []
            if any("get_running_loop" in ast.unparse(statement) for statement in tried):
                return True
    return False
