"""Follow calls from where the framework enters the application's code to everything that runs because of it."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from typeway.check.read.infer import Inference
from typeway.check.read.program import Function
from typeway.check.read.values import Inner, Known, Method, Value, dotted

# Functions that run the coroutine they are given on another event loop than this one.
OTHER_LOOP: Final = frozenset({
    "asyncio.tasks.run_coroutine_threadsafe", "asyncio.runners.run", "anyio.from_thread.run", "anyio._core._eventloop.run",
})  # fmt: skip

# Through how many branches below the entry a path may lead.
MOST_BRANCHES: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A function that is reached, and how.

    Parameters:
        function: the function.
        entry: what the framework calls, in words: "GET /tasks".
        caller: what calls it; None where the framework calls it itself.
        branches: how many branches below the entry lead to it; whether they are taken depends on arguments.
    """

    function: Function
    entry: str
    caller: Reached | None = None
    branches: int = 0

    @property
    def chain(self) -> list[Function]:
        """The functions from the entry to this one."""
        functions, reached = [self.function], self.caller
        while reached is not None:
            functions.append(reached.function)
            reached = reached.caller
        return functions[::-1]

    def branches_to(self, node: ast.AST) -> int:
        """How many branches lead to a part of the function; what an entry does with a request is not in doubt."""
        if self.caller is None:
            return 0
        count, inside = self.branches, node
        for part in self.function.around(node):
            if isinstance(part, ast.If | ast.IfExp | ast.While):
                # An `elif` is a branch of its own, not one inside the branch before it.
                is_elif = isinstance(part, ast.If) and part.orelse == [inside] and isinstance(inside, ast.If)
                count += inside is not part.test and not is_elif
            elif isinstance(part, ast.ExceptHandler | ast.match_case):
                count += 1
            inside = part
        return count


class CallGraph:
    """Which of the application's functions call which, each function read once.

    Parameters:
        inference: knows what is called.
    """

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.calls: dict[Function, list[ast.Call]] = {}
        self.called: dict[Function, list[tuple[ast.Call, Function]]] = {}

    def calls_of(self, function: Function) -> list[ast.Call]:
        """The calls that are made whenever a function runs, without those that fill a cache once."""
        if function not in self.calls:
            early = early_returns(function)
            self.calls[function] = [
                node
                for node in function.body
                if isinstance(node, ast.Call)
                and not is_once(node, function, early)
                and not is_without_loop(node, function)
            ]
        return self.calls[function]

    def called_by(self, function: Function) -> list[tuple[ast.Call, Function]]:
        """The own functions that a function calls, each with the call."""
        if function not in self.called:
            self.called[function] = [
                (call, called)
                for call in self.calls_of(function)
                if (called := self.target(self.inference.value(call.func, function))) is not None
                and self.runs_here(called, call, function)
            ]
        return self.called[function]

    def reach(self, entries: Iterable[tuple[Function, str]]) -> list[Reached]:
        """Every function that runs on the same loop or thread as the entries.

        Each comes by the path with the fewest branches, and of those by the shortest. What more than `MOST_BRANCHES`
        lead to is left out: some combination of arguments may take them all, but nobody can say so.
        """
        waiting = [
            deque(Reached(function, entry) for function, entry in entries),
            *(deque[Reached]() for _ in range(MOST_BRANCHES)),
        ]
        found: dict[Function, Reached] = {}
        while any(waiting):
            reached = next(filter(None, waiting)).popleft()
            if reached.function in found:
                continue
            found[reached.function] = reached
            for call, function in self.called_by(reached.function):
                branches = reached.branches_to(call)
                if branches <= MOST_BRANCHES:
                    waiting[branches].append(Reached(function, reached.entry, reached, branches))
        return [*found.values()]

    def target(self, callee: Value | None) -> Function | None:
        """The own function that a call ends in."""
        program = self.inference.program
        match callee:
            case Inner(inner):
                return inner
            case Known(type() as kind):
                return program.method(kind, "__init__")
            case Known(thing) if callable(thing):
                return program.function(thing)
            case Method(owner, _, found) if isinstance(owner.kind, type) and found is not None:
                return program.function(found, owner.kind)
        return None

    def runs_here(self, called: Function, call: ast.Call, function: Function) -> bool:
        """Whether calling a function runs it here: generators run where they are iterated, coroutines on their loop."""
        if any(
            getattr(part, "id", getattr(part, "attr", "")) in ("overload", "abstractmethod")
            for part in called.node.decorator_list
        ):
            return False
        if called.is_async:
            return not any(self.is_on_other_loop(node, function) for node in function.around(call))
        if not called.yields:
            return True
        parent = function.parents.get(call)
        return isinstance(parent, ast.For | ast.comprehension | ast.withitem | ast.YieldFrom)

    def is_on_other_loop(self, node: ast.AST, function: Function) -> bool:
        if not isinstance(node, ast.Call):
            return False
        callee = self.inference.value(node.func, function)
        return isinstance(callee, Known) and inspect.isroutine(callee.thing) and dotted(callee.thing) in OTHER_LOOP


def is_once(node: ast.AST, function: Function, early: Collection[ast.If]) -> bool:
    """Whether something fills a cache and is not done again.

    It is part of `if x is None: … x = …`, or comes after `if x is not None: return` in a function that sets `x`.
    """
    if any(statement.lineno < getattr(node, "lineno", 0) for statement in early):
        return True
    for part in function.around(node):
        is_taken = isinstance(part, ast.If) and node_in(node, part.body, function)
        tested = tested_for_absence(part.test) if isinstance(part, ast.If) and is_taken else set()
        if tested and tested & kept(ast.walk(part), function):
            return True
    return False


def kept(nodes: Iterable[ast.AST], function: Function) -> set[str]:
    """What is assigned and outlives the call: attributes, items, and names that are not the function's own."""
    foreign = {name for node in function.body if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return {
        ast.unparse(target)
        for node in nodes
        for target in targets(node)
        if not isinstance(target, ast.Name) or target.id in foreign
    }


def early_returns(function: Function) -> list[ast.If]:
    """The statements at a function's top that return when something is there which the function sets later on."""
    tests = [
        (statement, tested_for_presence(statement.test))
        for statement in function.node.body
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return)
    ]
    assigned = kept(function.body, function) if tests else set()
    return [statement for statement, tested in tests if tested & assigned]


def tested_for_presence(test: ast.expr) -> set[str]:
    """The names and attributes of which a condition says that they are something."""
    match test:
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return {ast.unparse(left)}
        case ast.Attribute():
            return {ast.unparse(test)}
    return set()


def tested_for_absence(test: ast.expr) -> set[str]:
    """The names and attributes of which a condition says that they are None, false or missing."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return {ast.unparse(left)}
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() as operand):
            return {ast.unparse(operand)}
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[ast.Name() | ast.Attribute() as cache]):
            return {f"{ast.unparse(cache)}[{ast.unparse(left)}]"}
        case ast.BoolOp(values=values):
            return {name for value in values for name in tested_for_absence(value)}
    return set()


def targets(statement: ast.AST) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign | ast.NamedExpr) else []


def is_without_loop(node: ast.AST, function: Function) -> bool:
    """Whether something is only done where a function has just found out that no event loop runs."""
    for part in function.around(node):
        if isinstance(part, ast.ExceptHandler) and getattr(part.type, "id", "") == "RuntimeError":
            attempt = function.parents.get(part)
            tried = attempt.body if isinstance(attempt, ast.Try) else []
            if any("get_running_loop" in ast.unparse(statement) for statement in tried):
                return True
    return False


def node_in(node: ast.AST, body: list[ast.stmt], function: Function) -> bool:
    return any(part in body for part in (node, *function.around(node)))


def shown(chain: Iterable[Function]) -> str:
    """A chain of calls as text."""
    return " → ".join(f"{function.name}()" for function in chain)
