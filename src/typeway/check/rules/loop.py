"""Find what blocks the event loop, and functions that are asynchronous in name only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from typeway.check.blocking import FILES, IMPATIENT, LOCK, Wait
from typeway.check.finding import Finding
from typeway.check.reach import MOST_DOUBTS, Step, calls, calls_of, reach, told
from typeway.check.read.infer import as_instance
from typeway.check.read.program import Function
from typeway.check.read.values import Known, Method, Named, is_a, short
from typeway.check.subject import Subject, is_on_loop

# A read of at most this many bytes is not worth a thread.
SMALL: Final = 65_536
READS: Final = frozenset({"read", "readlines", "readline"})
LOCKS: Final = frozenset(
    {"_thread.lock", "_thread.RLock", "threading.Lock", "threading.Condition", "threading.Semaphore"}
)


def blocking_calls(subject: Subject) -> Iterator[Finding]:
    """TW001: something on the event loop waits, and every other request waits with it."""
    for step in subject.on_loop:
        for node, name, wait in waits_of(subject, step.function):
            if step.doubts_at(node) > MOST_DOUBTS:
                continue
            path, line = subject.place(step.function, node)
            way = told(step.chain)
            yield Finding(
                "TW001",
                path,
                line,
                f"{name} {wait.does} on the event loop, so every other request waits with it; {step.entry} gets here: {way}.",
                f"{wait.fix.format(name=name.removesuffix('()'))}.",
            )


def waits_of(subject: Subject, function: Function) -> list[tuple[ast.AST, str, Wait]]:
    """What waits in a function's own code."""
    if function not in subject.waits:
        subject.waits[function] = [*read_waits(subject, function)]
    return subject.waits[function]


def read_waits(subject: Subject, function: Function) -> Iterator[tuple[ast.AST, str, Wait]]:
    for call in calls_of(function):
        if function.is_awaited(call):
            continue
        found = wait_of(subject, call, function)
        if found is not None:
            yield call, *found
    if function.is_async:
        yield from locks_held(subject, function)


def wait_of(subject: Subject, call: ast.Call, function: Function) -> tuple[str, Wait] | None:
    """Why a call waits, with its name, if it does."""
    callee = subject.inference.value(call.func, function)
    match callee:
        case Named(name):
            return named_wait(name)
        case Known(thing) if thing is open:
            return ("open()", FILES) if is_large(call, function) else None
        case Known(thing):
            found = subject.catalogue.function(thing)
            if found is not None and not any("WNOHANG" in ast.unparse(argument) for argument in call.args):
                return f"{found[0].removeprefix('builtins.')}()", found[1]
            owner = getattr(thing, "__self__", None)
            if owner is None or isinstance(owner, type):
                return None
            return method_wait(subject, type(owner), thing.__name__, call)
        case Method(owner, name, _) if not owner.many:
            return method_wait(subject, owner.kind, name, call)
    return None


def named_wait(name: str) -> tuple[str, Wait] | None:
    from typeway.check.blocking import FUNCTIONS

    wait = FUNCTIONS.get(name)
    return (f"{name}()", wait) if wait is not None else None


def method_wait(subject: Subject, kind: type | str, name: str, call: ast.Call) -> tuple[str, Wait] | None:
    wait = subject.catalogue.method(kind, name)
    if wait is None or (wait is LOCK and is_impatient(call)):
        return None
    # In a thread the method must have its object: what is written here names both.
    written = ast.unparse(call.func).replace("{", "{{").replace("}", "}}")
    return f"{short(kind)}.{name}()", replace(wait, fix=wait.fix.replace("{name}", written))


def is_impatient(call: ast.Call) -> bool:
    """Whether something that waits for a thread is told not to, or for how long."""
    for keyword in call.keywords:
        if keyword.arg == "timeout":
            return True
        if keyword.arg in IMPATIENT and isinstance(keyword.value, ast.Constant):
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


def locks_held(subject: Subject, function: Function) -> Iterator[tuple[ast.AST, str, Wait]]:
    """Locks of threads that are held while something is awaited: whoever wants them then stops the loop for good."""
    for node in function.body:
        if not isinstance(node, ast.With):
            continue
        for item in node.items:
            held = as_instance(subject.inference.value(item.context_expr, function))
            is_lock = held is not None and is_a(held.kind, LOCKS)
            if is_lock and any(isinstance(part, ast.Await) for part in ast.walk(node)):
                yield item.context_expr, f"`with {ast.unparse(item.context_expr)}`", LOCK


def asynchronous_in_name(subject: Subject) -> Iterator[Finding]:
    """TW002: an endpoint or dependency that awaits nothing and blocks, where a plain `def` would have had a thread."""
    entries = [(endpoint.function, endpoint.tree) for endpoint in subject.own]
    entries += [(function, node) for function, (node, _) in subject.dependencies.items()]
    seen: set[ast.AST] = set()
    for function, node in entries:
        if function is None or not is_on_loop(node) or function.node in seen or needs_loop(function):
            continue
        seen.add(function.node)
        waits = waits_below(subject, function)
        if waits:
            path, line = subject.place(function)
            yield Finding(
                "TW002",
                path,
                line,
                f"async def {function.name}() awaits nothing, but calls {waits[0]}, which blocks the event loop.",
                f"write def {function.name}(): it then runs in a thread, where it may wait.",
            )


def needs_loop(function: Function) -> bool:
    """Whether a function does something for which it must be asynchronous."""
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    body = [node for statement in function.node.body for node in ast.walk(statement)]
    if any(isinstance(node, waiting) or (isinstance(node, ast.comprehension) and node.is_async) for node in body):
        return True
    return any(isinstance(node, ast.Name) and node.id in ("asyncio", "anyio") for node in body)


def waits_below(subject: Subject, function: Function) -> list[str]:
    """What blocks in a function and in the plain functions that it calls."""
    if any(called.is_async for _, called in calls(subject.inference, function)):
        return []
    steps: list[Step] = reach(subject.inference, [(function, "")])
    return [
        name
        for step in steps
        for node, name, _ in waits_of(subject, step.function)
        if step.doubts_at(node) <= MOST_DOUBTS
    ]
