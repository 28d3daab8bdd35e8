"""Find tasks that nobody keeps, and sessions that several tasks use at once."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Final

from typeway.evidence.finding import Finding
from typeway.evidence.holders import origins, uses_held_session, works_with_session
from typeway.evidence.subject import Subject
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import Reached, in_thread
from typeway.source.results import ASYNC_SESSION
from typeway.source.runners import is_runner
from typeway.source.values import Known, Method, Named, as_instance, dotted, is_a, plain_values

STARTS: Final = frozenset({"create_task", "ensure_future"})
OF_ASYNCIO: Final = frozenset({
    "asyncio.tasks.create_task", "asyncio.tasks.ensure_future", "asyncio.create_task", "asyncio.ensure_future",
})  # fmt: skip
# What only one task may use at a time: of several some get an error, ...
EXCLUSIVE: Final = ASYNC_SESSION | {"asyncpg.connection.Connection"}
# ... and connections where each waits until the one before it is done: SQLAlchemy's and Psycopg's have a lock.
WAITING: Final = frozenset({"sqlalchemy.ext.asyncio.engine.AsyncConnection", "psycopg.AsyncConnection"})
# What runs several coroutines at the same time.
TOGETHER: Final = frozenset({"gather", "create_task", "start_soon"})
# What makes its names anew each time.
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp)


def dropped_tasks(subject: Subject) -> Iterator[Finding]:
    """TW022: a task that is begun and not kept: the event loop only refers to it weakly, and its error is never seen."""
    for reached in subject.served:
        function = reached.function
        yield from lost_tasks(subject, reached)
        for node in function.body:
            if isinstance(node, ast.Call) and starts_task(subject, node, function) and is_dropped(node, function):
                path, line = subject.place(function, node)
                begun = ast.unparse(node.args[0]) if node.args else "a coroutine"
                yield Finding(
                    "TW022",
                    path,
                    line,
                    f"nothing keeps the task of {begun}: it may be garbage-collected while it waits, and nobody sees its "
                    f"error; it is begun in {reached.entry}.",
                    "keep it in a set and remove it with `task.add_done_callback(tasks.discard)`, use a TaskGroup, or a "
                    "background task.",
                    "low" if waits_for_threads(subject, node.args[0] if node.args else None, function) else "high",
                    reached.entry,
                    tuple(each.name for each in reached.chain),
                )


def waits_for_threads(subject: Subject, begun: ast.expr | None, function: Function) -> bool:
    """Whether a task waits for nothing but threads: these go on in any case, and their pool refers to the task until they end."""
    if not isinstance(begun, ast.Call):
        return False
    targets = subject.graph.targets(subject.inference.value(begun.func, function))
    waits = [
        node for each in targets for node in each.body if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    awaited = [node.value for node in waits if isinstance(node, ast.Await) and isinstance(node.value, ast.Call)]
    is_waiting = bool(waits) and len(awaited) == len(waits) and all(in_thread(each) is not None for each in awaited)
    return in_thread(begun) is not None or is_waiting


def lost_tasks(subject: Subject, reached: Reached) -> Iterator[Finding]:
    """Background tasks that a function collects in an object of its own, which no response gets."""
    function = reached.function
    for node in function.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call) or node.value.args:
            continue
        name, made = getattr(node.targets[0], "id", ""), as_instance(subject.inference.value(node.value, function))
        if (
            made is None
            or not is_a(made.kind, {"starlette.background.BackgroundTasks"})
            or len(function.stores[name]) > 1
        ):
            continue
        used = [part for part in ast.walk(function.node) if isinstance(part, ast.Name) and part.id == name]
        around = [function.parents.get(part) for part in used if isinstance(part.ctx, ast.Load)]
        if around and all(isinstance(part, ast.Attribute) and part.attr == "add_task" for part in around):
            path, line = subject.place(function, node)
            yield Finding(
                "TW022",
                path,
                line,
                f"no response gets the background tasks that {function.name}() collects in {name}, so none of them runs; "
                f"it is called in {reached.entry}.",
                f"take them as a parameter, `{name}: BackgroundTasks`, or pass them to the response: `background={name}`.",
                "high",
                reached.entry,
                tuple(each.name for each in reached.chain),
            )


def starts_task(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call starts a task that nothing else keeps, as a task group would."""
    if last_name(call.func) not in STARTS:
        return False
    values = plain_values(subject.inference.value(call.func, function))
    for value in values:
        match value:
            case Known(thing) if callable(thing):
                return dotted(thing) in OF_ASYNCIO
            case Named(name):
                return name in OF_ASYNCIO
            case Method(owner):
                return is_a(owner.kind, {"asyncio.events.AbstractEventLoop"})
    return isinstance(call.func, ast.Attribute) and "loop" in ast.unparse(call.func.value)


def is_dropped(call: ast.Call, function: Function) -> bool:
    parent = function.parents.get(call)
    if isinstance(parent, ast.Expr):
        return True
    if not isinstance(parent, ast.Assign) or function.yields:
        return False
    names = [target.id for target in parent.targets if isinstance(target, ast.Name)]
    # Giving a task a name does not keep it.
    used = {
        node.id
        for node in ast.walk(function.node)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and getattr(function.parents.get(node), "attr", "") != "set_name"
    }
    return len(names) == len(parent.targets) and not (used | function.foreign) & {*names}


def shared_sessions(subject: Subject) -> Iterator[Finding]:
    """TW025: one session or connection that several tasks use at the same time, which it does not allow."""
    seen: set[tuple[ast.AST, str]] = set()
    for reached in subject.served:
        function = reached.function
        for node in function.body:
            if not isinstance(node, ast.Call):
                continue
            # An application may have a `create_task()` of its own, which awaits before the next one.
            name = last_name(node.func)
            if name not in TOGETHER or is_runner(subject.inference, node, function) is False:
                continue
            given = [part for entry in node.args for part in parts_of(entry, function)]
            parts = given if name == "gather" else [*begun_in(node, function)]
            # Where an object holds both, the session tells.
            fails = shared_in(subject, parts, function, EXCLUSIVE)
            shared = fails or shared_in(subject, parts, function, WAITING)
            if shared and (function.node, shared) not in seen:
                seen.add((function.node, shared))
                path, line = subject.place(function, node)
                yield found_shared(reached, path, line, shared, fails=bool(fails))


def found_shared(reached: Reached, path: str, line: int, shared: str, *, fails: bool) -> Finding:
    happens = "a session does one thing after the other, and raises an error or mixes up transactions"
    waits = (
        "each waits until the connection has answered the one before it, which is no faster than one after the other"
    )
    return Finding(
        "TW025",
        path,
        line,
        f"several tasks use {shared} at the same time: {happens if fails else waits}; it happens in {reached.entry}.",
        "give each task a session of its own, `async with make_session() as session:`, or await one after the other.",
        "high" if fails else "low",
        reached.entry,
        tuple(each.name for each in reached.chain),
    )


def parts_of(argument: ast.expr, function: Function) -> Iterator[tuple[ast.expr, bool]]:
    """What runs at the same time, each with whether it is there several times."""
    if not isinstance(argument, ast.Starred):
        yield argument, False
        return
    value = argument.value
    if isinstance(value, ast.Name):
        yield from collected(value.id, function)
    elif isinstance(value, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        yield value.elt, True
    elif isinstance(value, ast.List | ast.Tuple):
        yield from ((element, False) for element in value.elts)


def collected(name: str, function: Function) -> Iterator[tuple[ast.expr, bool]]:
    """What a list of coroutines contains: what is assigned to it, and what is appended."""
    for made in function.values.get(name, ()):
        yield from parts_of(ast.Starred(value=made, ctx=ast.Load()), function)
    for node in function.of(ast.Call):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]) if target == name:
                yield value, is_repeated(node, function)


def begun_in(call: ast.Call, function: Function) -> Iterator[tuple[ast.expr, bool]]:
    """What tasks do that are begun like one: in a loop, or one after the other in the same block."""
    name, block = ast.unparse(call.func), block_of(call, function)
    for node in function.body:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name and block_of(node, function) is block:
            for argument in node.args:
                yield argument, is_repeated(node, function)


def block_of(node: ast.AST, function: Function) -> ast.AST | None:
    """What the statement of an expression is in."""
    inside = node
    while not isinstance(inside, ast.stmt):
        inside = function.parents[inside]
    return function.parents.get(inside)


def is_repeated(node: ast.AST, function: Function) -> bool:
    return any(isinstance(part, ast.For | ast.AsyncFor | ast.While) for part in function.around(node))


def shared_in(subject: Subject, parts: list[tuple[ast.expr, bool]], function: Function, kinds: frozenset[str]) -> str:
    """The session that several of some expressions use; empty where there is none."""
    uses: Counter[str] = Counter()
    for part, is_many in parts:
        fresh = {
            node.id
            for loop in function.around(part)
            if isinstance(loop, LOOPS)
            for node in ast.walk(loop)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name in {*sessions_in(subject, part, function, kinds)}:
            if name.partition(".")[0] not in fresh:
                uses[name] += 2 if is_many else 1
    return next((name for name, count in uses.items() if count > 1), "")


def sessions_in(subject: Subject, part: ast.expr, function: Function, kinds: frozenset[str]) -> Iterator[str]:
    """The sessions that an expression mentions, and those of own objects whose called method uses what they hold."""
    for node in ast.walk(part):
        if isinstance(node, ast.Name | ast.Attribute) and is_one_of(subject, node, function, kinds):
            yield from origins(subject, node, function) or [ast.unparse(node)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            targets = subject.graph.targets(subject.inference.value(node.func, function))
            if any(uses_held_session(subject, target, kinds) for target in targets):
                held = node.func.value
                given = origins(subject, held, function) or of_provider(subject, held, function, kinds)
                yield from given or [ast.unparse(held)]
        for held in holders_in(subject, node, function, kinds) if isinstance(node, ast.Call) else ():
            given = origins(subject, held, function) or of_provider(subject, held, function, kinds)
            yield from given or [ast.unparse(held)]


def holders_in(subject: Subject, call: ast.Call, function: Function, kinds: frozenset[str]) -> Iterator[ast.expr]:
    """The own objects that an own function is given which calls their methods that use a session."""
    for target in subject.graph.targets(subject.inference.value(call.func, function)):
        for name, given in target.given(call).items():
            used = [target.parents.get(part) for part in target.of(ast.Name) if part.id == name]
            # Who enters an object gets a session of its own.
            if isinstance(given, ast.Name | ast.Attribute) and not any(isinstance(part, ast.withitem) for part in used):
                called = (part for part in used if isinstance(part, ast.Attribute))
                if any(works_with_session(subject, subject.inference.value(part, target), kinds) for part in called):
                    yield given


def of_provider(subject: Subject, node: ast.expr, function: Function, kinds: frozenset[str]) -> list[str]:
    """The sessions with which a dependency makes the object that it gives."""
    name = getattr(node, "id", "")
    provider = None if name in subject.inference.bindings(function) else subject.arrivals.get((function, name))
    maker = subject.maker(provider) if provider is not None else None
    if maker is None:
        return []
    # Without `use_cache` each gets a session of its own.
    shared: dict[str, str] = {
        entry: getattr(child.function, "__name__", "")
        for endpoint in subject.endpoints
        for node in endpoint.tree.walk()
        if subject.receiver(node) is maker
        for entry, child in node.children
        if entry is not None and child.depends is not None and child.depends.use_cache
    }
    taken = [entry for entry, (argument, _) in maker.parameters.items() if is_one_of(subject, argument, maker, kinds)]
    return [f"the session of {shared[entry]}()" for entry in taken if shared.get(entry)]


def is_one_of(subject: Subject, node: ast.AST, function: Function, kinds: frozenset[str]) -> bool:
    held = as_instance(subject.inference.value(node, function))
    return held is not None and not held.many and is_a(held.kind, kinds)
