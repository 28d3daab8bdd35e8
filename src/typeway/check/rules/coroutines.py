"""Find coroutines that nobody awaits."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping
from types import CoroutineType
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from typeway.evidence.finding import Finding
from typeway.evidence.subject import Subject
from typeway.source.asking import safely
from typeway.source.index import last_name
from typeway.source.program import Function, inner_of
from typeway.source.results import is_orm
from typeway.source.runners import ASKS_KEY, is_runner
from typeway.source.values import Inner, Known, Method, as_instance, instance_of, plain_values

# What asks whether something is a coroutine, or a function that makes one.
ASKS: Final = frozenset({"iscoroutinefunction", "iscoroutine", "isawaitable"})
NEVER: Final = "nothing awaits it, so it never runs"
TRUE: Final = "a condition takes it for its result: a coroutine is always true"
ITEMS: Final = "it has no items"
TEXT: Final = "its text is that of a coroutine"
NUMBER: Final = "nothing can be calculated with it"
# What is wrong about a coroutine in each of these.
WRONG: Final[Mapping[type[ast.AST], str]] = {
    ast.Expr: NEVER,
    **dict.fromkeys((ast.If, ast.While, ast.IfExp, ast.Assert, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Match), TRUE),
    **dict.fromkeys((ast.For, ast.AsyncFor, ast.Starred), ITEMS),
    ast.FormattedValue: TEXT,
    ast.withitem: "it is no context manager",
    ast.AugAssign: NUMBER,
}  # fmt: skip
# The operators that libraries do not give other meanings, as they do to `|` and `>>`.
CALCULATES: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
# What functions of Python do with what they are given, and those that do it with each item.
TAKES: Final[Mapping[str, str]] = {
    "bool": TRUE, "str": TEXT, **dict.fromkeys(("int", "float", "abs", "round"), NUMBER),
    **dict.fromkeys((
        "len", "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "any", "all", "enumerate", "zip",
        "reversed", "iter", "next",
    ), ITEMS),
}  # fmt: skip
TAKES_ITEMS: Final[Mapping[str, str]] = {
    "any": TRUE,
    "all": TRUE,
    "sum": NUMBER,
    "min": NUMBER,
    "max": NUMBER,
    "sorted": NUMBER,
}


def unawaited_coroutines(subject: Subject) -> Iterator[Finding]:
    """TW024: a coroutine that is called and not awaited: nothing of it runs, or it is taken for its result."""
    answering = {
        endpoint.function
        for endpoint in subject.own
        if inner_of(endpoint.operation.endpoint) is endpoint.operation.endpoint
    }
    for reached in subject.served:
        function = reached.function
        for node in function.of(ast.Call):
            if function.is_awaited(node):
                continue
            asked = asks(subject, node, function)
            called = node.func if asked is None else asked
            if asked is None:
                use = misuse(subject, node, function, answers=function in answering)
            else:
                use = f"{ast.unparse(node.func)}() takes it for its result"
            is_one = use and is_coroutine(subject, called, function) and not is_told_apart(called, function)
            if is_one and reached.is_run(node):
                path, line = subject.place(function, node)
                name = ast.unparse(called)
                yield Finding(
                    "TW024",
                    path,
                    line,
                    f"{name}() returns a coroutine, and {use}; it is called in {reached.entry}.",
                    remedy(node, called, function),
                    "high",
                    reached.entry,
                    tuple(each.name for each in reached.chain),
                )


def remedy(call: ast.Call, called: ast.expr, function: Function) -> str:
    """How to await a coroutine in its place."""
    awaited = f"await {ast.unparse(called)}(...)"
    parent = function.parents.get(call)
    if not function.is_async:
        return "make the function `async def` and await it."
    if called is not call.func or isinstance(parent, ast.GeneratorExp):
        # In parentheses it would be an asynchronous generator, over which these functions cannot go.
        return f"await it for each item before, in a list: `[{awaited} for ...]`."
    return f"write `({awaited})`." if isinstance(parent, ast.Attribute | ast.Subscript) else f"write `{awaited}`."


def is_told_apart(called: ast.expr, function: Function) -> bool:
    """Whether a function asks itself if what it calls is a coroutine function, and awaits it elsewhere."""
    name = ast.unparse(called)
    return any(last_name(node.func) in ASKS and name in map(ast.unparse, node.args) for node in function.of(ast.Call))


def misuse(subject: Subject, node: ast.expr, function: Function, *, answers: bool) -> str:
    """What is done with an expression that is wrong if it is a coroutine; empty where somebody may still await it.

    Parameters:
        subject: the application.
        node: the expression.
        function: the function in which it is.
        answers: whether clients get what the function returns.
    """
    parent = function.parents.get(node)
    match parent:
        # What a condition chooses is not what it asks.
        case ast.BoolOp(values=[*_, last]) if last is node:
            return misuse(subject, parent, function, answers=answers)
        case ast.IfExp(test=test) if test is not node:
            return misuse(subject, parent, function, answers=answers)
        case ast.comprehension(ifs=conditions):
            return TRUE if node in conditions else ITEMS
        case ast.Attribute(attr=name):
            return "" if hasattr(CoroutineType, name) else f"it has no attribute {name!r}"
        case ast.Subscript(value=value):
            return ITEMS if value is node else ""
        case ast.BinOp(op=operator):
            return NUMBER if isinstance(operator, CALCULATES) else ""
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return ITEMS
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return misuse_of_name(subject, name, function, answers=answers)
        case ast.NamedExpr(target=ast.Name(id=name)):
            is_lost = misuse_of_name(subject, name, function, answers=answers)
            return misuse(subject, parent, function, answers=answers) if is_lost else ""
        case ast.keyword(arg=None):
            return ITEMS
        case ast.Dict(keys=keys, values=values) if (None, node) in zip(keys, values, strict=True):
            return ITEMS
    return (
        (WRONG.get(type(parent), "") if parent is not None else "")
        or taken(subject, node, function)
        or ("a field gets it in place of its result" if is_stored(subject, node, function) else "")
        or ("the answer contains it in place of its result" if answers and is_answered(subject, node, function) else "")
    )


def misuse_of_name(subject: Subject, name: str, function: Function, *, answers: bool) -> str:
    """The same for a name to which the result is assigned, and nothing else, wherever it is used."""
    if len(function.stores.get(name, ())) != 1 or name in function.foreign or name in function.parameters:
        return ""
    used = [node for node in function.of(ast.Name) if node.id == name and isinstance(node.ctx, ast.Load)]
    found = [misuse(subject, node, function, answers=answers) for node in used]
    # What is defined inside may await it.
    is_all = all(found) and sum(getattr(node, "id", "") == name for node in ast.walk(function.node)) == len(used) + 1
    return (found or [NEVER])[0] if is_all else ""


def taken(subject: Subject, node: ast.expr, function: Function) -> str:
    """What a function of Python does with an expression, or with each item of a collection of such."""
    parent = function.parents.get(node)
    table = TAKES
    if isinstance(parent, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.List | ast.Tuple | ast.Set):
        node, parent, table = parent, function.parents.get(parent), TAKES_ITEMS
    name = last_name(parent.func) if isinstance(parent, ast.Call) and node in parent.args else ""
    if not isinstance(parent, ast.Call) or name not in table:
        return ""
    return table[name] if subject.inference.value(parent.func, function) == Known(getattr(builtins, name)) else ""


def asks(subject: Subject, call: ast.Call, function: Function) -> ast.expr | None:
    """The function that a call of `filter` or of a sort asks about each item."""
    name = last_name(call.func)
    given = [keyword.value for keyword in call.keywords if keyword.arg == "key"] if name in ASKS_KEY else []
    given += call.args[:1] if name == "filter" else []
    return given[0] if given and is_runner(subject.inference, call, function) else None


def is_stored(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether an expression becomes a field of a model or a row, which has a plain value."""
    parent = function.parents.get(node)
    match parent, function.parents.get(parent) if parent is not None else None:
        case ast.keyword(arg=str(name)), ast.Call(func=called):
            made = subject.inference.value(called, function)
            return isinstance(made, Known) and isinstance(made.thing, type) and is_plain(made.thing, name)
        case ast.Assign(targets=[ast.Attribute(value=held, attr=name)]), _:
            owner = as_instance(subject.inference.value(held, function))
            return owner is not None and isinstance(owner.kind, type) and is_plain(owner.kind, name)
    return False


def is_plain(kind: type[Any], name: str) -> bool:
    """Whether a field of a model or a row has plain values."""
    if not issubclass(kind, BaseModel):
        return is_orm(kind)
    field = kind.model_fields.get(name)
    held = instance_of(field.annotation) if field is not None else None
    return held is not None and isinstance(held.kind, type) and held.kind.__module__ in ("builtins", "datetime", "uuid")


def is_answered(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether an expression is what a function returns, or a part of it."""
    parent = function.parents.get(node)
    match parent:
        case ast.Return():
            return True
        case ast.keyword(value=ast.expr()):
            call = function.parents.get(parent)
            return isinstance(call, ast.Call) and makes_answer(subject, call, function)
        case ast.Call():
            return node in parent.args and makes_answer(subject, parent, function)
        case ast.Dict() | ast.List() | ast.Tuple() | ast.ListComp() | ast.DictComp() | ast.IfExp():
            return is_answered(subject, parent, function)
    return False


def makes_answer(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call makes a model or a response, and that is returned."""
    made = subject.inference.value(call.func, function)
    kind = made.thing if isinstance(made, Known) and isinstance(made.thing, type) else object
    is_answer = issubclass(kind, BaseModel) or (issubclass(kind, Response) and not subject.program.owns(kind))
    return is_answer and is_answered(subject, call, function)


def is_coroutine(subject: Subject, called: ast.expr, function: Function) -> bool:
    """Whether everything that a call may end in is a coroutine function."""
    found = []
    for value in plain_values(subject.inference.value(called, function)):
        targets = subject.graph.targets(value)
        thing = value.thing if isinstance(value, Known) else value.function if isinstance(value, Method) else None
        thing = thing.__func__ if isinstance(thing, staticmethod | classmethod) else thing
        # A plain wrapper may wait for the coroutine of what it wraps, as `asyncio.run()` does.
        is_bare = not (isinstance(value, Inner) and value.function.node.decorator_list) and inner_of(thing) is thing
        if targets and (is_bare or safely(inspect.iscoroutinefunction, thing) is True):
            found.append(all(target.is_async and not target.yields for target in targets))
        else:
            found.append(safely(inspect.iscoroutinefunction, thing) is True)
    return bool(found) and all(found)
