"""Find sessions that live longer than their request, that nobody closes, and that commit when it is too late."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator
from typing import Any, Final

from typeway.check.rules.closing import LEFT, cleans_up, closed_by_with, is_one_of
from typeway.check.rules.dependencies import after, entered_around
from typeway.check.rules.protection import WRITES
from typeway.evidence.finding import Confidence, Finding
from typeway.evidence.holders import BESIDE, HELD, arguments_of, carried, holds_session, kept, opens_itself
from typeway.evidence.subject import Endpoint, Subject
from typeway.plan.tree import Node
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.results import DBAPI_CONNECTION, FETCHER, SESSION
from typeway.source.runners import is_runner
from typeway.source.values import Instance, Known, Method, as_instance, is_a, plain_values, short

# What runs something in the request, after the endpoint has returned.
IN_REQUEST: Final = frozenset({"add_task", "BackgroundTask"})
# What begins a transaction that ends with its block: the method, and the classes that have it.
BEGINS: Final = {"begin": HELD, "transaction": FETCHER | DBAPI_CONNECTION}
# Through how many own functions a session is followed to where it is opened or committed.
MOST_CALLS: Final = 3


def sessions_in_background(subject: Subject) -> Iterator[Finding]:
    """TW023: a task that works with a session that has ended, by the request or by a `with` statement."""
    yield from tasks_after_a_with(subject)
    seen: set[tuple[ast.AST, str]] = set()
    ways = (
        (endpoint, way) for endpoint in subject.own for node in endpoint.tree.walk() for way in given(subject, node)
    )
    for endpoint, (chain, ending, is_used) in ways:
        function = chain[-1]
        for call in subject.graph.calls_of(function):
            name = last_name(call.func)
            if name not in IN_REQUEST | BESIDE or (call, endpoint.title) in seen:
                continue
            shared = next(handed(subject, call, function, ending), None)
            # A session may be given to an `add_task()` of the application, which keeps tasks in a table.
            is_other = is_runner(subject.inference, call, function) is False
            if shared is None or is_other or (name in BESIDE and is_waited_for(call, function)):
                continue
            is_beside = name in BESIDE or ending[shared] == "function"
            path, line = subject.place(function, call)
            sure: Confidence = "high" if is_beside else "medium" if is_used or uses(shared, function) else "low"
            seen.add((call, endpoint.title))
            why = (
                "the request has closed it by then"
                if is_beside
                else "the request keeps its connection, and its transaction with what it has not committed, until the task "
                "has ended; FastAPI 0.106 to 0.117, and some middleware, close it before"
            )
            yield Finding(
                "TW023",
                path,
                line,
                f"a task that runs after {endpoint.title} has answered works with {shared}, the session of the request or "
                f"an object that holds it: {why}.",
                "pass the ids that the task needs, and open a session of its own in the task.",
                sure,
                endpoint.title,
                tuple(each.name for each in chain),
            )


def tasks_after_a_with(subject: Subject) -> Iterator[Finding]:
    """Tasks that work with a session which the `with` around them has closed by then."""
    for reached in subject.served:
        function = reached.function
        closed = {} if function.yields else closed_by_with(subject, function)
        closed = {name: at for name, at in closed.items() if is_one_of(subject, name, function, LEFT)}
        for call in subject.graph.calls_of(function) if closed else ():
            name = last_name(call.func)
            if name not in IN_REQUEST | BESIDE or is_runner(subject.inference, call, function) is False:
                continue
            shared = next(handed(subject, call, function, closed), None)
            around = [*function.around(call)]
            if shared is None or closed[shared] not in around or (name in BESIDE and is_waited_for(call, function)):
                continue
            if name in BESIDE and waits_after(call, closed[shared], function):
                continue
            path, line = subject.place(function, call)
            yield Finding(
                "TW023",
                path,
                line,
                f"a task that {function.name}() begins works with {shared}, which the `with` of line {closed[shared].lineno} has "
                f"closed by then; it is called in {reached.entry}.",
                "open a session in the task, and pass the ids that it needs.",
                "high",
                reached.entry,
                tuple(each.name for each in reached.chain),
            )


def waits_after(call: ast.Call, statement: ast.stmt, function: Function) -> bool:
    """Whether something in a `with` statement waits after a task has begun, so that the task may end before the block does."""
    is_again = any(
        isinstance(part, ast.For | ast.AsyncFor | ast.While) and statement in function.around(part)
        for part in function.around(call)
    )
    waits = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Await | ast.AsyncFor) or (isinstance(node, ast.AsyncWith) and node is not statement)
    ]
    return any(is_again or node.lineno > call.lineno for node in waits)


def given(subject: Subject, node: Node) -> Iterator[tuple[tuple[Function, ...], dict[str, str], bool]]:
    """The functions that get what dependencies of a node clean up, with the way to each and whether it is used on it."""
    start = subject.receiver(node)
    waiting: list[tuple[tuple[Function, ...], dict[str, str], bool]] = []
    if start is not None:
        waiting.append(((start,), held_endings(subject, node, start), False))
    seen = {start}
    for chain, ending, is_used in waiting:
        yield chain, ending, is_used
        for edge in subject.graph.edges(chain[-1]) if ending else ():
            passed = edge.function.given(edge.call)
            if edge.call is not None and isinstance(edge.call.func, ast.Attribute) and edge.function.owner is not None:
                passed[edge.function.first] = edge.call.func.value
            names = {to: next(carried(subject, value, chain[-1], ending), "") for to, value in passed.items()}
            onward = {to: ending[name] for to, name in names.items() if name and to not in edge.function.assigned}
            if onward and edge.function not in seen:
                seen.add(edge.function)
                used = is_used or any(uses(name, chain[-1], edge.call) for name in names.values() if name)
                waiting.append(((*chain, edge.function), onward, used))


def held_endings(subject: Subject, node: Node, function: Function) -> dict[str, str]:
    """Those of the `endings` that hold a session; what opens one when it is entered has to be entered by a dependency."""
    children, found = {name: child for name, child in node.children if name is not None}, dict[str, str]()
    for name, scope in endings(node).items():
        held = as_instance(subject.inference.name(name, function))
        is_entered = held is None or not isinstance(held.kind, type) or not opens_itself(subject, held.kind)
        if (
            name not in function.assigned
            and holds_session(subject, held)
            and (is_entered or any(cleans_up(each) for each in yielding(subject, children[name])))
        ):
            found[name] = scope
    return found


def yielding(subject: Subject, node: Node) -> list[Function]:
    """The own generators on which something depends."""
    return [each for child in node.walk() if (each := subject.receiver(child)) is not None and each.yields]


def uses(name: str, function: Function, call: ast.AST | None = None) -> bool:
    """Whether a function does something with what it is given, other than handing it on to background tasks, or by a call."""
    found = [part for part in function.body if isinstance(part, ast.Name) and part.id == name]
    return any(
        not any(
            part is call or (isinstance(part, ast.Call) and last_name(part.func) in IN_REQUEST)
            for part in function.around(use)
        )
        for use in found
    )


def is_waited_for(call: ast.Call, function: Function) -> bool:
    """Whether a function goes on only when a task has ended: it awaits the task, or a group around does."""
    if isinstance(call.func, ast.Attribute):
        group = ast.unparse(call.func.value)
        entered = [item for part in function.around(call) for item in getattr(part, "items", ())]
        if any(item.optional_vars is not None and ast.unparse(item.optional_vars) == group for item in entered):
            return True
    names: set[str] = set()
    for part in function.around(call):
        match part:
            case ast.Await() | ast.Return() | ast.Attribute(attr="result"):
                return True
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add")):
                names.add(name)
    waits = (part for part in function.body if isinstance(part, ast.Await) or getattr(part, "attr", "") == "result")
    return any(names & {*names_in(part)} for part in waits)


def names_in(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def endings(node: Node) -> dict[str, str]:
    """The parameters of a function that dependencies fill which clean up, each with when they do."""
    return {
        name: child.scope or "request"
        for name, child in node.children
        if name is not None and any(each.kind.name == "CONTEXT" for each in child.walk())
    }


def handed(subject: Subject, call: ast.Call, function: Function, wanted: Collection[str]) -> Iterator[str]:
    """Which of some names with a session a task is given, in whatever way."""
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        yield from carried(subject, argument, function, wanted)


def unclosed_sessions(subject: Subject) -> Iterator[Finding]:
    """TW026: a dependency that opens a session and returns it, so that nobody closes it."""
    seen: set[object] = set()
    for endpoint in subject.own:
        for node in endpoint.tree.walk():
            made: Any = node.function
            if node.depends is None or is_closed(subject, endpoint, node):
                continue
            function = subject.maker(made)
            opened = None
            if isinstance(made, type):
                opened = opened_in(subject, made)
            elif function is not None:
                opened = opened_by(subject, function)
            place = subject.place(function, opened) if function is not None and opened is not None else None
            if function is None and makes_session(made):
                place = (str(endpoint.function.file.path), endpoint.line) if endpoint.function is not None else None
            if place is None or place in seen:
                continue
            seen.add(place)
            name = getattr(made, "__name__", "") or short(type(made))
            yield Finding(
                "TW026",
                *place,
                f"{name}() opens a session for {endpoint.title} that nobody closes: its connection goes back to the pool "
                "only when the garbage collector finds it.",
                "yield it: `with make_session() as session: yield session`.",
                "high",
                endpoint.title,
            )


def makes_session(made: Any) -> bool:
    """Whether a dependency that is not own code is a session factory: `Depends(SessionLocal)`."""
    kind = inspect.getattr_static(made, "class_", None)
    return isinstance(kind, type) and is_a(kind, SESSION)


def opened_by(subject: Subject, function: Function, steps: int = MOST_CALLS) -> ast.AST | None:
    """The call that opens the session which a function returns, by itself or in an own object that does not close it."""
    found = (opening(subject, value, function, steps) for value in function.returned if not function.yields)
    return next(filter(None, found), None)


def opened_in(subject: Subject, kind: type[Any], steps: int = MOST_CALLS) -> ast.AST | None:
    """The call that opens the session which the objects of a class keep and never close."""
    constructor = subject.program.method(kind, "__init__")
    if constructor is None:
        return None
    made = [node.value for node in constructor.body if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Attribute)]  # fmt: skip
    found = next(filter(None, (opening(subject, value, constructor, steps) for value in made)), None)
    return None if found is None or lets_close(subject, kind) else found


def opening(subject: Subject, value: ast.expr | None, function: Function, steps: int) -> ast.AST | None:
    """An expression, if it is a call that opens a session of which nobody else knows."""
    value = value.value if isinstance(value, ast.Await) else value
    if isinstance(value, ast.Name):
        made = function.values.get(value.id, ()) if value.id not in function.foreign else ()
        value = next(iter(made), None)
    held = as_instance(subject.inference.value(value, function)) if isinstance(value, ast.Call) else None
    if not isinstance(value, ast.Call) or held is None or held.many or steps == 0:
        return None
    if is_a(held.kind, HELD) and opens(subject, value, function):
        return value
    called = subject.inference.value(value.func, function)
    if isinstance(called, Known) and isinstance(called.thing, type):
        if is_a(held.kind, HELD):
            return None
        passed = arguments_of(subject, value, called.thing)
        handed_over = (passed.get(name) for name in {*kept(subject, called.thing).values()})
        is_opened = any(opening(subject, entry, function, steps - 1) for entry in handed_over)
        is_opened = is_opened or opened_in(subject, called.thing, steps - 1) is not None
        return value if is_opened and not lets_close(subject, called.thing) else None
    targets = subject.graph.targets(called)
    return value if len(targets) == 1 and opened_by(subject, targets[0], steps - 1) else None


def lets_close(subject: Subject, kind: type[Any]) -> bool:
    """Whether a method of a class closes something, so that everybody who has an object of it may close the session."""
    methods = [entry for parent in type.mro(kind) for entry in vars(parent).values() if inspect.isfunction(entry)]
    functions = [subject.program.function(entry, kind) for entry in methods]
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("close", "aclose"))
        or (isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Attribute))
        for function in functions
        if function is not None
        for node in function.body
    )


def opens(subject: Subject, call: ast.Call, function: Function) -> bool:
    """Whether a call makes a new session: it calls a class or a factory, and not a registry or another own function."""
    for value in plain_values(subject.inference.value(call.func, function)):
        match value:
            case Known(thing) if isinstance(thing, type) or makes_session(thing):
                return "scoped" not in type(thing).__name__
            case Method(_, name):
                return name in ("connect", "begin", "raw_connection")
            case Instance(kind):
                return "sessionmaker" in short(kind)
            case Known(thing):
                return last_name(call.func) == "connect" and subject.program.function(thing) is None
    return False


def is_closed(subject: Subject, endpoint: Endpoint, opener: Node) -> bool:
    """Whether a function that receives a session closes it."""
    for node in endpoint.tree.walk():
        function = subject.receiver(node)
        for name, child in node.children:
            if (
                child.function is opener.function
                and name is not None
                and function is not None
                and closes(name, function)
            ):
                return True
    return False


def closes(name: str, function: Function) -> bool:
    for node in function.body:
        match node:
            case ast.withitem(context_expr=ast.Name(id=used)) if used == name:
                return True
            case ast.Attribute(value=ast.Name(id=used), attr="close" | "aclose") if used == name:
                return True
            case ast.Call(func=func, args=[ast.Name(id=used), *_]) if used == name and last_name(func) in (
                "closing",
                "aclosing",
            ):
                return True
    return False


def late_commits(subject: Subject) -> Iterator[Finding]:
    """TW027: a commit after the `yield` of a dependency, which runs when the client already has its answer."""
    for function, (node, endpoint) in subject.dependencies.items():
        if node.scope == "function":
            continue
        for place in function.yields:
            found, is_sure = late_commit(subject, place, function)
            if found is None:
                continue
            path, line = subject.place(function, found)
            writing = (
                each for each in subject.endpoints if WRITES & {*each.methods} and depends(subject, each, function)
            )
            example = next(writing, endpoint)
            yield Finding(
                "TW027",
                path,
                line,
                f"{function.name}() commits after the answer of {example.title} has been sent: if the commit fails, the "
                "client has been told that it did not, and the next request may not see what was written. With FastAPI 0.106 "
                "to 0.117 it commits before.",
                'commit in the endpoint or its service, or declare `Depends(..., scope="function")`, which ends before the '
                "response is sent.",
                "high" if is_sure else "medium",
                example.title,
                (function.name,),
            )


def depends(subject: Subject, endpoint: Endpoint, function: Function) -> bool:
    """Whether an endpoint depends on a function that cleans up after the answer."""
    nodes = (node for node in endpoint.tree.walk() if node.depends is not None and node.scope != "function")
    return any(subject.program.function(node.function) is function for node in nodes)


def after_success(place: ast.AST, function: Function) -> Iterator[ast.stmt]:
    """The `else` blocks of the `try` statements around a yield."""
    inside = place
    for part in function.around(place):
        if isinstance(part, ast.Try) and inside in part.body:
            yield from part.orelse
        inside = part


def late_commit(
    subject: Subject, place: ast.AST, function: Function, steps: int = MOST_CALLS
) -> tuple[ast.AST | None, bool]:
    """What commits after a yield if nothing goes wrong, by itself or by what is entered around it, and whether it is sure to."""
    for statement in [*after(place, function), *after_success(place, function)]:
        commit = commit_in(subject, statement, function, steps)
        if commit is not None:
            return commit, last_name(commit.func) == "commit"
    begun = begins_around(subject, place, function)
    entered = [item.context_expr for part in function.around(place) for item in getattr(part, "items", ())]
    for entry, manager in entered_around(subject, place, function) if begun is None and steps else ():
        inner = (late_commit(subject, each, manager, steps - 1) for each in manager.yields)
        found = next((each for each in inner if each[0] is not None), None)
        if found is not None:
            return entry, found[1]
    for entry in entered if begun is None and steps else ():
        held = as_instance(subject.inference.value(entry, function))
        kind = held.kind if held is not None and isinstance(held.kind, type) else object
        for name in ("__exit__", "__aexit__"):
            leave = subject.program.method(kind, name)
            if leave is not None and any(commit_in(subject, each, leave, steps - 1) for each in leave.node.body):
                return entry, False
    return begun, False


def commit_in(subject: Subject, statement: ast.stmt, function: Function, steps: int = 0) -> ast.Call | None:
    """The call in a statement that commits what a session has, in an own function too."""
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            held = as_instance(subject.inference.value(node.func.value, function))
            if held is not None and is_a(held.kind, HELD):
                return node
        targets = subject.graph.targets(subject.inference.value(node.func, function)) if steps else []
        if any(commit_in(subject, each, target, steps - 1) for target in targets for each in target.node.body):
            return node
    return None


def begins_around(subject: Subject, place: ast.AST, function: Function) -> ast.AST | None:
    """The `with session.begin():` around a yield, which commits when it ends."""
    for part in function.around(place):
        if isinstance(part, ast.With | ast.AsyncWith):
            for item in part.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in BEGINS:
                    held = as_instance(subject.inference.value(call.func.value, function))
                    if held is None and ast.dump(call.func.value) == ast.dump(getattr(place, "value", None) or place):
                        held = as_instance(subject.inference.result(function))  # what is yielded, as it is annotated
                    if held is not None and (
                        is_a(held.kind, BEGINS[call.func.attr]) or "sessionmaker" in short(held.kind)
                    ):
                        return None if any(each.arg == "readonly" for each in call.keywords) else call
    return None
