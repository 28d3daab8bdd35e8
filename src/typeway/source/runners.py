"""Know what runs functions that it is given: by its name, and by whose it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from typeway.source.asking import safely
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Infers, Known, Method, Named, Plain, dotted, is_a, is_missing, plain_values

LOOPS: Final = frozenset({"asyncio.events.AbstractEventLoop", "uvloop.Loop", "uvloop.loop.Loop"})
GROUPS: Final = frozenset({"asyncio.taskgroups.TaskGroup", "anyio.abc.TaskGroup", "trio.Nursery"})
FUTURES: Final = frozenset({"_asyncio.Future", "asyncio.futures.Future", "uvloop.loop.Future"})
# Functions and classes, and the classes that have a method of the name.
OWNERS: Final[Mapping[str, frozenset[str]]] = {
    "add_task": frozenset({"starlette.background.BackgroundTasks"}),
    "BackgroundTask": frozenset({"starlette.background.BackgroundTask"}),
    "create_task": LOOPS | GROUPS | {"asyncio.tasks.create_task", "asyncio.create_task"},
    "ensure_future": frozenset({"asyncio.tasks.ensure_future", "asyncio.ensure_future"}),
    "run_coroutine_threadsafe": frozenset({"asyncio.tasks.run_coroutine_threadsafe"}),
    "gather": frozenset({"asyncio.tasks.gather", "asyncio.gather"}),
    "start_soon": GROUPS,
    **dict.fromkeys(("call_soon", "call_soon_threadsafe", "call_later", "call_at"), LOOPS),
    "add_done_callback": FUTURES,
    "map": frozenset({"builtins.map"}), "filter": frozenset({"builtins.filter"}), "reduce": frozenset({"_functools.reduce"}),
    "sorted": frozenset({"builtins.sorted"}), "sort": frozenset({"builtins.list"}),
    "min": frozenset({"builtins.min"}), "max": frozenset({"builtins.max"}), "groupby": frozenset({"itertools.groupby"}),
    "nsmallest": frozenset({"heapq.nsmallest"}), "nlargest": frozenset({"heapq.nlargest"}),
}  # fmt: skip
# What is given a function to call, and is a function and no method.
BUILTIN: Final = frozenset({"map", "filter", "reduce"})
# What asks a function that it is given as `key` about each item.
ASKS_KEY: Final = frozenset({"sorted", "sort", "min", "max", "groupby", "nsmallest", "nlargest"})
# What calls a lambda at once that it is given.
RUNS_LAMBDAS: Final = ASKS_KEY | BUILTIN
# What other packages and applications call their methods too, so that the name alone says little.
COMMON: Final = frozenset({"add_task", "create_task", "add_done_callback"})


def is_runner(inference: Infers, call: ast.Call, function: Function) -> bool | None:
    """Whether a call of one of these names is a call of what is meant by it; None where nothing says what is called."""
    owners = OWNERS[last_name(call.func)]
    found = [is_of(value, owners) for value in plain_values(inference.value(call.func, function))]
    return True if True in found else None if None in found or not found else False


def is_of(called: Plain, owners: frozenset[str]) -> bool | None:
    match called:
        case Known(type() as kind):
            return is_a(kind, owners)
        case Known(thing):
            held = safely(getattr, thing, "__self__")
            return dotted(thing) in owners or is_a(type(held), owners)
        case Method(owner):
            # Something that passes everything on, as proxies do, says nothing of its methods.
            return None if is_missing(called) else is_a(owner.kind, owners)
        case Named(name):
            return name in owners
    return False


def lambdas_of(function: Function) -> Iterator[ast.AST]:
    """What the lambdas of a function do that it gives to a sort, a search or `map`, which call them at once."""
    for call in function.of(ast.Call):
        name = last_name(call.func)
        if name not in RUNS_LAMBDAS:
            continue
        given = [keyword.value for keyword in call.keywords if keyword.arg == "key"]
        given += call.args[:1] if name in BUILTIN and isinstance(call.func, ast.Name) else []
        for entry in given:
            own = {argument.arg for argument in entry.args.args} if isinstance(entry, ast.Lambda) else set[str]()
            # A name that means something else outside of the lambda would be taken for that.
            if isinstance(entry, ast.Lambda) and not own & (
                function.stores.keys() | function.names.keys() | function.parameters.keys()
            ):
                yield from ast.walk(entry.body)
