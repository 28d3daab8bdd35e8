"""Say what to do where asynchronous code blocks the event loop, at the place that a finding names."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from typeway.check.blocking import Blocking
from typeway.check.reach import RUNS_GIVEN
from typeway.check.read.imports import module_to_sleep
from typeway.check.read.index import last_name
from typeway.check.read.program import Function
from typeway.watch.blocking import in_thread


def remedy(what: Blocking, caller: Function, place: ast.AST, below: Sequence[Function]) -> str:
    """What to do about something that blocks.

    Parameters:
        what: what blocks.
        caller: the last asynchronous function on the way there.
        place: what blocks in that one: the call of a plain function, or what blocks itself.
        below: the plain functions from there to the one that blocks; none where the asynchronous one blocks itself.
    """
    cause = what.cause
    where = below[-1] if below else caller
    sleep = f"{module_to_sleep(where.file.tree) or 'asyncio'}.sleep"
    if not below or cause.in_thread == "nothing":
        own = None if below else what.node
        return cause.fix(ast.unparse(own.func) if isinstance(own, ast.Call) else "", sleep)
    ways = [] if below[0].yields else [in_thread(threaded(place, below[0]))]
    if cause.instead and all(can_be_awaited(function) for function in below):
        ways.append(f"{made_async(place, caller, below)}, and in {last_of(below)} {cause.substitute(sleep)}")
    return "; or ".join(ways) or cause.fix("", sleep)


def threaded(place: ast.AST, called: Function) -> str:
    """The arguments with which `run_in_threadpool` does what is done in a place."""
    if isinstance(place, ast.Call):
        name = last_name(place.func)
        is_given = name in RUNS_GIVEN and name != called.node.name
        return f"{called.node.name if is_given else ast.unparse(place.func)}, ..."
    if isinstance(place, ast.Attribute) and isinstance(place.ctx, ast.Store):
        return f"setattr, {ast.unparse(place.value)}, '{place.attr}', ..."
    return f"lambda: {ast.unparse(place)}"


def can_be_awaited(function: Function) -> bool:
    """Whether a function may become an `async def`: Python calls properties and most special methods itself."""
    name = function.node.name
    is_special = name.startswith("__") and name.endswith("__") and name != "__call__"
    decorators = {last_name(decorator) for decorator in function.node.decorator_list}
    return not is_special and not decorators & {"property", "cached_property", "setter", "deleter"}


def made_async(place: ast.AST, caller: Function, below: Sequence[Function]) -> str:
    """To make functions asynchronous, and to use them as such."""
    names = [f"`{name}`" for name in dict.fromkeys(function.name for function in below)]
    is_one = len(names) == 1
    made = f"make {enumerated(names)} {'an `async def`' if is_one else 'each an `async def`'}"
    if not below[0].yields:
        return f"{made}, await {'it' if is_one else 'them'}"
    used = caller.parents.get(place)
    statement = "async with" if isinstance(used, ast.withitem) else "async for"
    return f"{made}, use {names[0]} with `{statement}`"


def last_of(below: Sequence[Function]) -> str:
    return "it" if len({function.name for function in below}) == 1 else f"`{below[-1].name}`"


def enumerated(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
