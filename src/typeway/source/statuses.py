"""Read what own code raises and returns, and the statuses of HTTPExceptions and responses."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from inspect import getattr_static
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from typeway.declare.problem import Problem
from typeway.describe.raised import raises_of
from typeway.source.asking import safely
from typeway.source.facts import UNKNOWN, Constant, Contexts, Truth
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import MOST_STEPS, CallGraph
from typeway.source.values import Known

# A class, the status that it is given, and the expression that makes it.
Made = tuple[type[Any], int | None, ast.expr]


def raised_in(graph: CallGraph, function: Function) -> Iterator[tuple[type[Any], int | None, ast.Raise]]:
    """The classes and statuses of what a function raises itself, as far as they are known, with the statements."""
    truth = graph.truth(function, UNKNOWN)
    for statement in raises_of(function.node):
        for kind, status, _ in made(graph, statement.exc, truth):
            if issubclass(kind, BaseException):
                yield kind, status, statement


def made(graph: CallGraph, node: ast.AST | None, truth: Truth) -> Iterator[Made]:
    """What an expression is in the end, here or in the own functions that it calls; `object` where that is not known."""
    waiting, contexts = [(node, truth, MOST_STEPS)], Contexts()
    while waiting:
        node, truth, steps = waiting.pop()
        known = contexts.fresh(truth, node) if isinstance(node, ast.expr) else None
        if isinstance(node, ast.expr) and known is not None and not known.is_dead(node):
            found, inside = made_here(graph, node, known, is_last=not steps)
            yield from found
            waiting += [(part, to, steps - 1) for part, to in reversed(inside)]


def made_here(
    graph: CallGraph, node: ast.expr, truth: Truth, *, is_last: bool
) -> tuple[list[Made], list[tuple[ast.AST | None, Truth]]]:
    """What an expression is by itself, and what else it is by way of names and own functions, unless these are the last."""
    value = graph.inference.value(node.func if isinstance(node, ast.Call) else node, truth.function)
    thing = value.thing if isinstance(value, Known) else None
    inside: list[tuple[ast.AST | None, Truth]] = []
    match node:
        case ast.Name(id=name) if not is_last:
            inside = [(each, truth) for each in truth.function.assigned.get(name, ())]
        case ast.Call() if not is_last and not isinstance(thing, type):
            called = [graph.truth(each, truth.passes(node, each)) for each in graph.targets(value)]
            inside = [(value, to) for to in called for value in to.function.returned]
    if isinstance(thing, HTTPException | Response):
        return [(type(thing), number(safely(getattr, thing, "status_code")), node)], inside
    if isinstance(thing, type) and issubclass(thing, HTTPException | Response):
        call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
        return [(thing, status_of(graph, type.mro(thing), call, truth), node)], inside
    return [] if inside else [(thing if isinstance(thing, type) else object, None, node)], inside


def status_of(graph: CallGraph, kinds: Sequence[type[Any]], call: ast.Call, truth: Truth) -> int | None:
    """The status that a call of a class, which stands before its parents, gives an HTTPException or a response."""
    if issubclass(kinds[0], Problem):
        return kinds[0].status
    place = next(number for number, kind in enumerate(kinds) if "__init__" in vars(kind))
    init = graph.inference.program.function(vars(kinds[place])["__init__"], kinds[0])
    if init is not None:
        inner = graph.truth(init, truth.passes(call, init))
        calls = (each for each in init.body if isinstance(each, ast.Call) and last_name(each.func) == "__init__")
        return next((status_of(graph, kinds[place + 1 :], each, inner) for each in calls), None)
    first = 0 if issubclass(kinds[place], HTTPException) else 1
    given = [
        *call.args[first : first + 1],
        *(each.value for each in call.keywords if each.arg in ("status_code", None)),
    ]
    if any(isinstance(each, ast.Starred) for each in call.args[: first + 1]):
        return None
    for node in given:
        fact, value = truth.fact(node), graph.inference.value(node, truth.function)
        own = getattr_static(truth.function.owner, getattr(node, "attr", ""), None)
        found = fact.value if isinstance(fact, Constant) else value.thing if isinstance(value, Known) else own
        return number(found)
    # Nothing was given, which is something else than what is not known.
    return 200 if issubclass(kinds[0], Response) and kinds[place] in (Response, JSONResponse) else None


def number(found: object) -> int | None:
    return safely(int, found) if isinstance(found, int) else None
