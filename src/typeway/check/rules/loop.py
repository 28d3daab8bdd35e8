"""Find what blocks the event loop, and functions that are asynchronous in name only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from typeway.check.finding import Finding
from typeway.check.reach import MOST_BRANCHES, shown
from typeway.check.read.infer import as_instance
from typeway.check.read.program import Function
from typeway.check.read.values import Known, Method, Named, is_a, short
from typeway.check.subject import Subject, is_on_loop
from typeway.watch.blocking import FILES, FUNCTIONS, LOCKS, Cause, cause_of

# A read of at most this many bytes is not worth a thread.
SMALL: Final = 65_536
READS: Final = frozenset({"read", "readlines", "readline"})
HELD_BY_THREADS: Final = frozenset(
    {"_thread.lock", "_thread.RLock", "threading.Lock", "threading.Condition", "threading.Semaphore"}
)
# Arguments that say, if they are False, that something is not to wait for another thread.
WITHOUT_WAITING: Final = frozenset({"blocking", "block"})

# What blocks, by its name for people, and why.
Blocking = tuple[ast.AST, str, Cause]


def blocking_calls(subject: Subject) -> Iterator[Finding]:
    """TW001: something on the event loop blocks it, and every other request waits too."""
    for reached in subject.on_loop:
        for node, name, cause in blocking_in(subject, reached.function):
            if reached.branches_to(node) > MOST_BRANCHES:
                continue
            path, line = subject.place(reached.function, node)
            yield Finding(
                "TW001",
                path,
                line,
                f"{name} {cause.does} and blocks the event loop, so every other request waits too; "
                f"it is reached from {reached.entry}: {shown(reached.chain)}.",
                f"{cause.fix(ast.unparse(node.func) if isinstance(node, ast.Call) else '')}.",
            )


def blocking_in(subject: Subject, function: Function) -> list[Blocking]:
    """What blocks in a function's own code."""
    if function not in subject.blocking:
        subject.blocking[function] = [*read_blocking(subject, function)]
    return subject.blocking[function]


def read_blocking(subject: Subject, function: Function) -> Iterator[Blocking]:
    for call in subject.graph.calls_of(function):
        if function.is_awaited(call):
            continue
        found = cause_in(subject, call, function)
        if found is not None:
            yield call, *found
    if function.is_async:
        yield from locks_held(subject, function)


def cause_in(subject: Subject, call: ast.Call, function: Function) -> tuple[str, Cause] | None:
    """Why a call blocks, with its name, if it does."""
    callee = subject.inference.value(call.func, function)
    match callee:
        case Named(name) if name in FUNCTIONS:
            return f"{name}()", cause_of(name)
        case Known(thing) if thing is open:
            return ("open()", FILES) if is_large(call, function) else None
        case Known(thing):
            known = subject.catalogue.function(thing)
            if known is not None and not any("WNOHANG" in ast.unparse(argument) for argument in call.args):
                return f"{known.removeprefix('builtins.')}()", cause_of(known)
            owner = getattr(thing, "__self__", None)
            if owner is None or isinstance(owner, type):
                return None
            return cause_in_method(subject, type(owner), thing.__name__, call)
        case Method(owner, name, _) if not owner.many:
            return cause_in_method(subject, owner.kind, name, call)
    return None


def cause_in_method(subject: Subject, kind: type | str, name: str, call: ast.Call) -> tuple[str, Cause] | None:
    cause = subject.catalogue.method(kind, name)
    if cause is None or (cause is LOCKS and is_limited(call)):
        return None
    return f"{short(kind)}.{name}()", cause


def is_limited(call: ast.Call) -> bool:
    """Whether the arguments limit how long something waits for another thread."""
    for keyword in call.keywords:
        if keyword.arg == "timeout":
            return True
        if keyword.arg in WITHOUT_WAITING and isinstance(keyword.value, ast.Constant):
            return keyword.value.value is False
    return bool(call.args)


def is_large(call: ast.Call, function: Function) -> bool:
    """Whether a whole file is read or written, and not a small part of it."""
    if call.args and ast.unparse(call.args[0]).lstrip("f'\"").startswith(("/proc/", "/sys/", "/dev/")):
        return False  # no disk is behind these
    parent = function.parents.get(call)
    if isinstance(parent, ast.Attribute):
        return is_large_use(parent, function)
    if isinstance(parent, ast.Call):
        return True
    names: set[str] = set()
    if isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
        names.add(parent.optional_vars.id)
    if isinstance(parent, ast.Assign):
        names |= {target.id for target in parent.targets if isinstance(target, ast.Name)}
    return any(
        is_large_use(function.parents.get(node), function, node)
        for node in function.body
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
    )


def is_large_use(use: ast.AST | None, function: Function, node: ast.Name | None = None) -> bool:
    if isinstance(use, ast.For | ast.comprehension):
        return use.iter is node
    if isinstance(use, ast.Call):
        return node in use.args
    if not isinstance(use, ast.Attribute):
        return False
    call = function.parents.get(use)
    if not isinstance(call, ast.Call) or use.attr not in READS | {"write", "writelines"}:
        return False
    size = call.args[0] if call.args else None
    if use.attr in READS and isinstance(size, ast.Constant) and isinstance(size.value, int):
        return size.value > SMALL
    return use.attr != "readline"


def locks_held(subject: Subject, function: Function) -> Iterator[Blocking]:
    """Locks of threads that are held while something is awaited: a second task that waits for them blocks for good."""
    for node in function.body:
        if not isinstance(node, ast.With):
            continue
        for item in node.items:
            held = as_instance(subject.inference.value(item.context_expr, function))
            is_lock = held is not None and is_a(held.kind, HELD_BY_THREADS)
            if is_lock and any(isinstance(part, ast.Await) for part in ast.walk(node)):
                yield item.context_expr, f"`with {ast.unparse(item.context_expr)}`", LOCKS


def asynchronous_in_name(subject: Subject) -> Iterator[Finding]:
    """TW002: an endpoint or dependency that awaits nothing and blocks, where a plain `def` would have had a thread."""
    entries = [(endpoint.function, endpoint.tree) for endpoint in subject.own]
    entries += [(function, node) for function, (node, _) in subject.dependencies.items()]
    seen: set[ast.AST] = set()
    for function, node in entries:
        if function is None or not is_on_loop(node) or function.node in seen or needs_loop(function):
            continue
        seen.add(function.node)
        names = blocking_below(subject, function)
        if names:
            path, line = subject.place(function)
            yield Finding(
                "TW002",
                path,
                line,
                f"async def {function.name}() awaits nothing, but calls {names[0]}, which blocks the event loop.",
                f"write `def {function.name}()`: it then runs in a thread, where it may block.",
            )


def needs_loop(function: Function) -> bool:
    """Whether a function does something for which it must be asynchronous."""
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    body = [node for statement in function.node.body for node in ast.walk(statement)]
    if any(isinstance(node, waiting) or (isinstance(node, ast.comprehension) and node.is_async) for node in body):
        return True
    return any(isinstance(node, ast.Name) and node.id in ("asyncio", "anyio") for node in body)


def blocking_below(subject: Subject, function: Function) -> list[str]:
    """The names of what blocks in a function and in the plain functions that it calls."""
    if any(called.is_async for _, called in subject.graph.called_by(function)):
        return []
    return [
        name
        for reached in subject.graph.reach([(function, "")])
        for node, name, _ in blocking_in(subject, reached.function)
        if reached.branches_to(node) <= MOST_BRANCHES
    ]
