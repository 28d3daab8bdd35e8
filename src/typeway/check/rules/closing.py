"""Know what `with` statements close, and find what reads from it afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from typeway.evidence.finding import Finding
from typeway.evidence.holders import carried
from typeway.evidence.subject import Subject
from typeway.source.program import Function
from typeway.source.results import CONNECTION, PATHS, SESSION
from typeway.source.values import Known, Method, as_instance, dotted, is_a, plain_values

# Sessions and connections that are closed, or given back, at the end of their block: those of SQLite only end a transaction.
LEFT: Final = SESSION | CONNECTION | {
    "asyncpg.connection.Connection", "asyncpg.pool.PoolConnectionProxy", "aiosqlite.core.Connection",
    "psycopg.connection.Connection", "psycopg.connection_async.AsyncConnection",
}  # fmt: skip
# Clients, buffers and responses, ...
CLIENTS: Final = frozenset({"httpx.AsyncClient", "httpx.Client", "aiohttp.client.ClientSession"})
SHUT: Final = LEFT | CLIENTS | {"_io.BytesIO", "_io.StringIO", "requests.models.Response"}
# ... and what opens a file or a response.
OPENERS: Final = frozenset(
    {
        "io.open",
        "_io.open",
        "tempfile.TemporaryFile",
        "tempfile.NamedTemporaryFile",
        "httpx.stream",
        "httpx._api.stream",
    }
)
# Classes of Python whose objects read what they are given when somebody asks for the next item.
STEPPING: Final = (map, filter, zip, enumerate)


def read_after_a_with(subject: Subject) -> Iterator[Finding]:
    """A streamed response, or a generator that is returned, which reads from what a `with` statement has closed before."""
    seen: set[ast.AST] = set()
    for reached in subject.served:
        function = reached.function
        closed = {} if function.yields or function.node in seen else closed_by_with(subject, function)
        seen.add(function.node)
        for node, content in returned_unread(subject, function) if closed else ():
            if any(len(function.stores.get(getattr(part, "id", ""), ())) > 1 for part in ast.walk(content)):
                continue  # which of its values is read is not sure
            for name in [*carried(subject, content, function, closed)][:1]:
                path, line = subject.place(function, node)
                is_session = is_one_of(subject, name, function, LEFT)
                yield Finding(
                    "TW014",
                    path,
                    line,
                    f"what {function.name}() returns reads from {name} only when the `with` of line {closed[name].lineno} has closed "
                    f"it: {'a session then opens another connection, or fails' if is_session else 'reading then fails'}; it is "
                    f"called in {reached.entry}.",
                    "put the `with` into the generator that reads, or read everything inside of the `with`.",
                    "high",
                    reached.entry,
                    tuple(each.name for each in reached.chain),
                )


def returned_unread(subject: Subject, function: Function) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a function returns that is read later: streamed responses with what they are read from, and generators."""
    yield from ((call, content) for call, content in streams(subject, function) if is_returned(call, function))
    yield from ((each, each) for each in function.returned if is_lazy(subject, each, function))


def closed_by_with(subject: Subject, function: Function) -> dict[str, ast.With | ast.AsyncWith]:
    """The local names of what `with` statements close, each with its statement."""
    found: dict[str, ast.With | ast.AsyncWith] = {}
    for statement in function.statements:
        for item in statement.items if isinstance(statement, ast.With | ast.AsyncWith) else ():
            name = getattr(item.optional_vars or item.context_expr, "id", "")
            is_alone = len(function.stores.get(name, ())) == 1
            is_shut = is_alone and (
                is_one_of(subject, name, function, SHUT) or is_opened(subject, item.context_expr, function)
            )
            is_shut = is_shut and all(cleans_up(each) for each in makers_of(subject, item.context_expr, function))
            if isinstance(statement, ast.With | ast.AsyncWith) and is_shut:
                found[name] = statement
    return found


def is_opened(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether a call opens a file, or asks another server for a response."""
    for value in plain_values(subject.inference.value(node.func, function)) if isinstance(node, ast.Call) else ():
        match value:
            case Known(thing):
                return dotted(thing) in OPENERS
            case Method(owner, name):
                return is_a(owner.kind, CLIENTS) or (is_a(owner.kind, PATHS) and name == "open")
    return False


def makers_of(subject: Subject, node: ast.expr, function: Function) -> list[Function]:
    """The own functions that make what is entered."""
    return subject.graph.targets(subject.inference.value(node.func, function)) if isinstance(node, ast.Call) else []


def cleans_up(manager: Function) -> bool:
    """Whether what a context manager yields ends with it, and is not one that it only lends."""
    around = [part for node in manager.yields for part in manager.around(node)]
    is_ended = any(isinstance(part, ast.With | ast.AsyncWith) or getattr(part, "finalbody", None) for part in around)
    return is_ended or not manager.yields


def is_one_of(subject: Subject, name: str, function: Function, kinds: frozenset[str]) -> bool:
    held = as_instance(subject.inference.name(name, function))
    return held is not None and not held.many and is_a(held.kind, kinds)


def is_lazy(subject: Subject, node: ast.expr, function: Function) -> bool:
    """Whether an expression is a generator, or steps through one, so that nothing is read before somebody asks for it."""
    if isinstance(node, ast.GeneratorExp):
        return True
    made = subject.inference.value(node.func, function) if isinstance(node, ast.Call) else None
    return (isinstance(made, Known) and any(made.thing is kind for kind in STEPPING)) or any(
        subject.graph.made(node, function)
    )


def is_returned(call: ast.Call, function: Function) -> bool:
    """Whether a function returns what a call makes, itself or by a name."""
    parent = function.parents.get(call)
    names = [target.id for target in getattr(parent, "targets", ()) if isinstance(target, ast.Name)]
    return isinstance(parent, ast.Return) or any(getattr(each, "id", "") in names for each in function.returned)


def streams(subject: Subject, function: Function) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls that make a streamed response, each with what it is read from."""
    for call in function.of(ast.Call):
        made = as_instance(subject.inference.value(call, function))
        if made is not None and is_a(made.kind, {"starlette.responses.StreamingResponse"}):
            content = [*call.args[:1], *(entry.value for entry in call.keywords if entry.arg == "content")]
            yield from ((call, each) for each in content)
