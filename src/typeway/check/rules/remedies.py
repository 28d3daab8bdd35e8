"""Say what to do where asynchronous code blocks the event loop, at the place that a finding names."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from typeway.source.imports import module_to_sleep
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import RUNS_GIVEN
from typeway.watch.blocking import in_thread
from typeway.watch.objects import Blocking


def remedy(
    what: Blocking, caller: Function, place: ast.AST, below: Sequence[Function], *, is_bound: bool, stays: bool
) -> str:
    """What to do about something that blocks.

    Parameters:
        what: what blocks.
        caller: the last asynchronous function on the way there.
        place: what blocks in that one: the call of a plain function, or what blocks itself.
        below: the plain functions from there to the one that blocks; none where the asynchronous one blocks itself.
        is_bound: whether the plain functions need the event loop too, so that they cannot run in a thread.
        stays: whether the asynchronous one has to stay asynchronous.
    """
    cause = what.cause
    if not caller.is_async:
        return f"`{caller.name}` is called on the event loop: do it in a dependency or the endpoint, where it can wait"
    where = below[-1] if below else caller
    sleep = f"{module_to_sleep(where.file.tree) or 'asyncio'}.sleep"
    called = ast.unparse(what.node.func) if isinstance(what.node, ast.Call) else ""
    if not below or cause.in_thread == "nothing":
        return cause.fix("" if below else called, sleep, may_be_plain=not stays)
    ways = [] if below[0].yields or is_bound else [in_thread(threaded(place, below[0]))]
    inside = cause.fix(called, sleep, may_be_plain=False) if is_bound else cause.substitute(sleep)
    if inside and all(can_be_awaited(function) for function in below):
        ways.append(f"{made_async(place, caller, below)}, and in {last_of(below)} {inside}")
    return "; or ".join(ways) or cause.fix("", sleep, may_be_plain=not stays)


def threaded(place: ast.AST, called: Function) -> str:
    """The arguments with which `run_in_threadpool` does what is done in a place."""
    if isinstance(place, ast.Call):
        name = last_name(place.func)
        is_given = name in RUNS_GIVEN and name != called.node.name
        return f"{called.node.name if is_given else ast.unparse(place.func)}, ..."
    if called.node.name in ("__iter__", "__next__"):
        return f"list, {ast.unparse(place)}"
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
