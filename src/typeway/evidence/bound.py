"""Recognize what has to run on the event loop, and would break in a thread."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from typeway.evidence.subject import Subject
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Instance, Known, Method, as_instance, dotted, is_a, is_missing, plain_values

LIBRARIES: Final = frozenset({"asyncio", "_asyncio", "anyio", "trio", "uvloop"})
# What these libraries have that needs no loop, or is meant for other threads; and what only asks an object something.
ANYWHERE: Final = frozenset({
    "run", "run_coroutine_threadsafe", "call_soon_threadsafe", "from_thread", "new_event_loop", "iscoroutine",
    "iscoroutinefunction", "isfuture", "Queue", "PriorityQueue", "LifoQueue", "Lock", "Event", "Semaphore", "BoundedSemaphore",
    "Condition", "CapacityLimiter", "Path", "AbstractEventLoop", "TimeoutError", "CancelledError", "QueueEmpty", "QueueFull",
    "create_memory_object_stream", "qsize", "empty", "full", "is_set", "locked", "done", "cancelled", "result", "exception",
    "get_name", "is_running", "is_closed", "statistics",
})  # fmt: skip
# What only loops and groups of tasks are asked for, as far as anybody knows of whom it is asked; and what sets variables
# of the context in another package.
BY_NAME: Final = frozenset({
    "create_task", "ensure_future", "get_running_loop", "call_soon", "call_later", "call_at", "start_soon",
    "bind_contextvars", "clear_contextvars",
})  # fmt: skip
# What looks for the loop that runs as soon as it is made.
MADE_ON_LOOP: Final = frozenset({"aiohttp.client.ClientSession", "aiohttp.connector.TCPConnector"})
CONTEXT: Final = frozenset({"_contextvars.ContextVar", "contextvars.ContextVar"})


def needs_loop(subject: Subject, function: Function) -> bool:
    """Whether a function does something for which it must be asynchronous."""
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    body = [node for statement in function.node.body for node in ast.walk(statement)]
    if any(isinstance(node, waiting) or (isinstance(node, ast.comprehension) and node.is_async) for node in body):
        return True
    callers = subject.inference.index.calls.get(function.node.name, ())
    # Own code that awaits it would not survive a plain function.
    return any(caller.is_awaited(call) for call, caller in callers) or is_bound(subject, function)


def is_bound(subject: Subject, function: Function) -> bool:
    """Whether a function, or a plain one that it calls, begins a coroutine, uses what belongs to a loop, or sets the context."""
    return any(
        uses_library(node) or (isinstance(node, ast.Call) and is_on_loop(subject, node, each))
        for each in plain_below(subject, function)
        for node in each.body
    ) or any(
        edge.function.is_async and edge.call is not None and not edge.function.yields and not each.is_async
        for each in plain_below(subject, function)
        for edge in subject.graph.edges(each)
    )


def plain_below(subject: Subject, function: Function) -> Iterator[Function]:
    """A function, and the plain ones that it calls, however deep."""
    waiting, seen = [function], {function}
    while waiting:
        each = waiting.pop()
        yield each
        fresh = {edge.function for edge in subject.graph.edges(each) if not edge.function.is_async} - seen
        waiting += fresh
        seen |= fresh


def uses_library(node: ast.AST) -> bool:
    """Whether something is taken from asyncio or a library like it, by the usual name of that, which needs a loop."""
    match node:
        case ast.Attribute(value=ast.Name(id="asyncio" | "anyio" | "trio"), attr=name):
            return name not in ANYWHERE
    return False


def is_on_loop(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call works on the event loop only."""
    name, values = last_name(call.func), plain_values(subject.inference.value(call.func, function))
    if not values or any(map(is_missing, values)):
        return name in BY_NAME
    for value in values:
        match value:
            case Known(thing):
                module, _, own = dotted(thing).partition(".")
                if (module in LIBRARIES and own.rpartition(".")[2] not in ANYWHERE) or dotted(thing) in MADE_ON_LOOP:
                    return True
                owner = as_instance(Known(getattr(thing, "__self__", None)))
            case Method(owner=owner):
                pass
            case _:
                owner = None
        if owner is not None and name not in ANYWHERE and belongs_to_loop(owner, name):
            return True
    return name in ("bind_contextvars", "clear_contextvars")


def belongs_to_loop(owner: Instance, method: str) -> bool:
    """Whether an object may be changed on the event loop only; or is a variable of the context, which a thread has its own of."""
    if isinstance(owner.kind, str):
        return False
    if is_a(owner.kind, CONTEXT):
        return method == "set"
    return any(parent.__module__.partition(".")[0] in LIBRARIES for parent in type.mro(owner.kind))
