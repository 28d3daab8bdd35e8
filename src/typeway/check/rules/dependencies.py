"""Find dependencies that nobody uses, and those that clean up only when nothing goes wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from typeway.check.rules.loop import blocking_in
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Subject
from typeway.plan.tree import Node
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.reach import Reached, is_entered
from typeway.source.values import Method, is_a, short

# What clean-up is called.
CLEANS_UP: Final = frozenset({
    "close", "aclose", "release", "disconnect", "shutdown", "stop", "cleanup", "terminate", "quit", "unlink", "rmtree",
    "dispose", "rollback", "remove", "kill", "logout", "wait_closed", "__exit__", "__aexit__", "putconn", "reset",
})  # fmt: skip
# What an exception handler names that is for every error.
BROAD: Final = frozenset({"Exception", "BaseException"})
# What a dependency that is there for its effect does.
EFFECTS: Final = (ast.Raise, ast.Global, ast.Delete)
# What makes an object ready that was made before.
PREPARES: Final = frozenset({"connect", "connection", "begin", "open"})
# Through how many own context managers a dependency is followed.
MOST_MANAGERS: Final = 3


def unused_dependencies(subject: Subject) -> Iterator[Finding]:
    """TW012: a parameter that is computed for every request and never read."""
    seen: set[tuple[ast.AST, str]] = set()
    for endpoint in subject.endpoints:
        for node in endpoint.tree.walk():
            function = subject.program.function(node.function)
            if function is None or (node.kind.name == "STREAM" and not function.yields):
                continue
            for name, child in node.children:
                if name is None or (function.node, name) in seen or name not in function.parameters:
                    continue
                seen.add((function.node, name))
                if is_unused(name, function) and has_no_effect(subject, child) and not is_shared(child, endpoint.tree):
                    path, line = subject.place(function, function.parameters[name][0])
                    yield Finding(
                        "TW012",
                        path,
                        line,
                        f"{function.name}() never reads {name}, but {called(child)} runs for it on every request.",
                        "remove the parameter; if the dependency is wanted for its effect, declare it with "
                        "`dependencies=[Depends(...)]`.",
                        "low" if costs_little(subject, child) else "high",
                        endpoint.title,
                    )


def is_shared(child: Node, tree: Node) -> bool:
    """Whether something else of the endpoint needs a dependency too, so that it runs once either way."""
    return sum(node.function is child.function and not node.own_scopes for node in tree.walk()) > 1


def costs_little(subject: Subject, child: Node) -> bool:
    """Whether a dependency neither waits for anything nor opens what has to be closed, as far as its own code is known."""
    functions = [function for node in child.walk() if (function := subject.program.function(node.function)) is not None]
    reached = subject.graph.reach((function, "") for function in functions)
    return not any(each.function.yields or waits(subject, each.function) for each in reached)


def waits(subject: Subject, function: Function) -> bool:
    return any(isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for node in function.body) or bool(
        blocking_in(subject, function)
    )


def called(node: Node) -> str:
    function: Any = node.function
    while type(function) is partial:
        function = function.func
    return f"{short(function)}()"


def is_unused(name: str, function: Function) -> bool:
    """Whether a function's code, with all that is defined in it, does not mention a parameter."""
    if name.startswith("_"):
        return False
    for node in ast.walk(ast.Module(body=list(function.node.body), type_ignores=[])):
        if isinstance(node, ast.Name) and node.id in (name, "locals", "vars", "eval", "exec"):
            return False
    statements = [node for node in function.node.body if not is_text(node)]
    return bool(statements) and not all(isinstance(node, ast.Pass | ast.Raise) for node in statements)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def has_no_effect(subject: Subject, child: Node) -> bool:
    """Whether a dependency returns a value and does nothing else: it is own code that neither raises nor changes."""
    for node in child.walk():
        function = subject.program.function(node.function)
        # A security scheme is code of the framework or of another package.
        if function is None or node.own_scopes:
            return False
        if not gives(function):
            return False
        for reached in subject.graph.reach([(function, "")]):
            if any(isinstance(part, EFFECTS) or is_store(part, reached.function) for part in reached.function.body):
                return False
    return True


def gives(function: Function) -> bool:
    if function.yields:
        return any(isinstance(node, ast.Yield) and node.value is not None for node in function.yields)
    return bool(function.returned)


def is_store(node: ast.AST, function: Function) -> bool:
    """Whether something outside the function is changed: an attribute or an item is set, or a method called for it."""
    if isinstance(node, ast.Attribute | ast.Subscript):
        return isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and last_name(node.value.func) == "set":
        return True  # of a context variable, whose token is kept
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call | ast.Await):
        return False
    return not is_cleanup(node) and not prepares(node.value, function)


def prepares(node: ast.expr, function: Function) -> bool:
    """Whether a call only makes ready what the function itself has made, which is for nothing if nobody reads it."""
    match node.value if isinstance(node, ast.Await) else node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)) if attribute in PREPARES:
            return name in function.assigned and name not in function.parameters
    return False


def unguarded_cleanup(subject: Subject) -> Iterator[Finding]:
    """TW015: clean-up after a `yield` that an error in the endpoint skips, or one in a `with` statement."""
    seen: set[ast.AST] = set()
    yielding = [(function, endpoint.title) for function, (_, endpoint) in subject.dependencies.items()]
    # What a lifespan does not clean up ends with the process.
    inside = (each for each in subject.served if is_entered(each.function) and not is_entered(each.chain[0]))
    yielding += [(each.function, each.entry) for each in inside if block_may_fail(each)]
    for entered, title in yielding:
        for function, node, cleanup in skipped(subject, entered):
            if node in seen:
                continue
            seen.add(node)
            path, line = subject.place(function, node)
            yield Finding(
                "TW015",
                path,
                line,
                f"{function.name}() cleans up on line {cleanup.lineno} only if nothing goes wrong: an error in "
                f"{title} is raised at this yield.",
                "put the `yield` into `try:` and the clean-up into `finally:`, or use a `with` statement.",
                entry=title,
            )
    yield from unguarded_resets(subject)


def block_may_fail(reached: Reached) -> bool:
    """Whether something in the block of an entered context manager calls or raises something."""
    around = (
        reached.caller.function.around(reached.node) if reached.caller is not None and reached.node is not None else ()
    )
    block = next((part.body for part in around if isinstance(part, ast.With | ast.AsyncWith)), [])
    return any(
        isinstance(node, ast.Call | ast.Await | ast.Raise) for statement in block for node in ast.walk(statement)
    )


def unguarded_resets(subject: Subject) -> Iterator[Finding]:
    """Context variables that an error in what is awaited leaves as they are: what handles the error and logs sees a wrong value."""
    seen: set[ast.AST] = set()
    for reached in subject.served:
        function = reached.function
        for call in function.of(ast.Call) if not function.yields and function.node not in seen else ():
            variable = subject.inference.value(call.func, function) if last_name(call.func) == "set" else None
            if not isinstance(variable, Method) or not is_a(variable.owner.kind, {"_contextvars.ContextVar"}):
                continue
            waits = (each for each in function.body if isinstance(each, ast.Await) and each.lineno > call.lineno)
            waiting = next((each for each in waits if resets(call, each, function)), None)
            if waiting is not None and not is_guarded(waiting, function):
                path, line = subject.place(function, waiting)
                yield Finding(
                    "TW015",
                    path,
                    line,
                    f"{function.name}() resets {ast.unparse(getattr(call.func, 'value', call.func))} only if nothing goes wrong: an error in what "
                    f"is awaited here skips that, and what handles the error sees the wrong value; it is called in {reached.entry}.",
                    "put the `await` into `try:` and the reset into `finally:`.",
                    "low",
                    reached.entry,
                )
        seen.add(function.node)


def resets(call: ast.Call, waiting: ast.Await, function: Function) -> bool:
    """Whether a context variable that a call sets is reset after something that is awaited."""
    variable = ast.dump(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "reset" and ast.dump(node.value) == variable
        for statement in after(waiting, function)
        for node in ast.walk(statement)
    )


def skipped(
    subject: Subject, function: Function, steps: int = MOST_MANAGERS
) -> Iterator[tuple[Function, ast.AST, ast.stmt]]:
    """The yields of a function and of the own context managers around them, each with the clean-up that an error skips."""
    for node in function.yields:
        later = (each for each in after(node, function) if is_cleanup(each) or gives_back(each, node, function))
        cleanup = next(later, None)
        if cleanup is not None and not is_guarded(node, function):
            yield function, node, cleanup
        for _, manager in entered_around(subject, node, function) if steps else ():
            yield from skipped(subject, manager, steps - 1)


def entered_around(subject: Subject, place: ast.AST, function: Function) -> Iterator[tuple[ast.expr, Function]]:
    """The own generators that are entered around a part of a function, each with the call that makes it."""
    for item in [item for part in function.around(place) for item in getattr(part, "items", ())]:
        if isinstance(item.context_expr, ast.Call):
            called = subject.inference.value(item.context_expr.func, function)
            yield from ((item.context_expr, each) for each in subject.graph.targets(called) if each.yields)


def gives_back(statement: ast.stmt, node: ast.Yield | ast.YieldFrom, function: Function) -> bool:
    """Whether a statement gives what was yielded to the object from which it was taken."""
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    made = (each.value if isinstance(each, ast.Await) else each for each in function.assigned.get(name, ()))
    sources = {
        ast.unparse(each.func.value)
        for each in made
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
    }
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and any(isinstance(entry, ast.Name) and entry.id == name for entry in call.args)
        and ast.unparse(call.func.value) in sources
        for call in ast.walk(statement)
    )


def after(node: ast.AST, function: Function) -> Iterator[ast.stmt]:
    """The statements that run after a part of a function if nothing goes wrong: a dependency yields once, so none with another `yield`."""
    inside: ast.AST = node
    for part in [*function.around(node), function.node]:
        for body in (getattr(part, name, None) for name in ("body", "orelse", "finalbody")):
            for statement in body[body.index(inside) + 1 :] if isinstance(body, list) and inside in body else ():
                if not any(isinstance(each, ast.Yield) for each in ast.walk(statement)):
                    yield statement
                if isinstance(statement, ast.Return | ast.Raise):
                    return
        inside = part


def is_cleanup(statement: ast.AST) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in CLEANS_UP:
            return True
    return False


def is_guarded(node: ast.AST, function: Function) -> bool:
    """Whether an error at a yield is caught around it, or the clean-up happens all the same."""
    inside: ast.AST = node
    for part in function.around(node):
        if isinstance(part, ast.Try | ast.TryStar) and inside in part.body and guards(part):
            return True
        inside = part
    return False


def guards(statement: ast.Try | ast.TryStar) -> bool:
    """Whether a `try` cleans up, or catches every error and goes on to the clean-up after it."""
    handlers = statement.handlers
    catches_all = any(handler.type is None or is_broad(handler.type) for handler in handlers)
    leaves = any(
        isinstance(handler.body[-1], ast.Raise | ast.Return) and not any(map(is_cleanup, handler.body))
        for handler in handlers
    )
    return any(map(is_cleanup, statement.finalbody)) or (catches_all and not leaves)


def is_broad(caught: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id in BROAD for node in ast.walk(caught))
