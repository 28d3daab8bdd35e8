"""Follow calls from where the framework enters the application's code to everything that runs because of it."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from typeway.check.read.infer import Inference
from typeway.check.read.program import Function
from typeway.check.read.values import Inner, Known, Method, Value, dotted

# Functions that run the coroutine they are given on another loop than this one.
ELSEWHERE: Final = frozenset({
    "asyncio.tasks.run_coroutine_threadsafe", "asyncio.runners.run", "anyio.from_thread.run", "anyio._core._eventloop.run",
})  # fmt: skip

# Through how many branches below the entry a way may lead.
MOST_DOUBTS: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A function that is reached, and how.

    Parameters:
        function: the function.
        entry: what the framework calls, in words: "GET /tasks".
        caller: the step from which it is called; None where the framework calls it itself.
        call: where.
        doubts: how many branches below the entry lead to it; whether they are taken depends on arguments.
    """

    function: Function
    entry: str
    caller: Step | None = None
    call: ast.Call | None = None
    doubts: int = 0

    @property
    def chain(self) -> list[Function]:
        """The functions from the entry to this one."""
        return [*(self.caller.chain if self.caller is not None else []), self.function]

    def doubts_at(self, node: ast.AST) -> int:
        """How many branches lead to a part of the function; what an entry does with a request is not in doubt."""
        if self.caller is None:
            return 0
        count, inside = self.doubts, node
        for part in self.function.around(node):
            if isinstance(part, ast.If | ast.IfExp | ast.While):
                # An `elif` is a branch of its own, not one inside the branch before it.
                is_elif = isinstance(part, ast.If) and part.orelse == [inside] and isinstance(inside, ast.If)
                count += inside is not part.test and not is_elif
            elif isinstance(part, ast.ExceptHandler | ast.match_case):
                count += 1
            inside = part
        return count


def reach(inference: Inference, entries: Iterable[tuple[Function, str]]) -> list[Step]:
    """Every function that runs on the same loop or thread as the entries.

    Each comes by the way with the fewest branches, and of those by the shortest. What more branches than `MOST_DOUBTS`
    lead to is left out: some combination of arguments may take them all, but nobody can say so.
    """
    waiting = [
        deque(Step(function, entry) for function, entry in entries),
        *(deque[Step]() for _ in range(MOST_DOUBTS)),
    ]
    seen: set[tuple[ast.AST, type | None]] = set()
    steps: list[Step] = []
    while any(waiting):
        step = next(filter(None, waiting)).popleft()
        key = (step.function.node, step.function.owner)
        if key in seen:
            continue
        seen.add(key)
        steps.append(step)
        for call, function in calls(inference, step.function):
            doubts = step.doubts_at(call)
            if doubts <= MOST_DOUBTS:
                waiting[doubts].append(Step(function, step.entry, step, call, doubts))
    return steps


def calls(inference: Inference, function: Function) -> list[tuple[ast.Call, Function]]:
    """The own functions that a function calls, with the places."""
    if function not in inference.called_by:
        inference.called_by[function] = [
            (call, called)
            for call in calls_of(function)
            if (called := target(inference, inference.value(call.func, function))) is not None
            and runs_here(called, call, function, inference)
        ]
    return inference.called_by[function]


def calls_of(function: Function) -> list[ast.Call]:
    """The calls that are made whenever the function runs, apart from those that fill a memory once."""
    if function.made is None:
        function.made = [
            node
            for node in function.body
            if isinstance(node, ast.Call) and not is_once(node, function) and not is_without_loop(node, function)
        ]
    return function.made


def target(inference: Inference, callee: Value | None) -> Function | None:
    """The own function that a call ends in."""
    program = inference.program
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


def runs_here(called: Function, call: ast.Call, function: Function, inference: Inference) -> bool:
    """Whether calling a function runs it, here: generators run where they are iterated, coroutines on their loop."""
    if any(
        getattr(part, "id", getattr(part, "attr", "")) in ("overload", "abstractmethod")
        for part in called.node.decorator_list
    ):
        return False
    if called.is_async:
        return not any(is_elsewhere(node, function, inference) for node in function.around(call))
    if not called.yields:
        return True
    parent = function.parents.get(call)
    return isinstance(parent, ast.For | ast.comprehension | ast.withitem | ast.YieldFrom)


def is_elsewhere(node: ast.AST, function: Function, inference: Inference) -> bool:
    if not isinstance(node, ast.Call):
        return False
    callee = inference.value(node.func, function)
    return isinstance(callee, Known) and inspect.isroutine(callee.thing) and dotted(callee.thing) in ELSEWHERE


def is_once(node: ast.AST, function: Function) -> bool:
    """Whether something fills a memory and is not passed again.

    It stands in `if x is None: … x = …`, or behind `if x is not None: return` in a function that sets `x`.
    """
    if any(statement.lineno < getattr(node, "lineno", 0) for statement in returns_early(function)):
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


def returns_early(function: Function) -> list[ast.If]:
    """The statements at a function's top that return when something is there which the function sets later on."""
    if function.early is None:
        tests = [
            (statement, tested_for_presence(statement.test))
            for statement in function.node.body
            if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return)
        ]
        assigned = kept(function.body, function) if tests else set()
        function.early = [statement for statement, tested in tests if tested & assigned]
    return function.early


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
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[ast.Name() | ast.Attribute() as memory]):
            return {f"{ast.unparse(memory)}[{ast.unparse(left)}]"}
        case ast.BoolOp(values=values):
            return {name for value in values for name in tested_for_absence(value)}
    return set()


def targets(statement: ast.AST) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign | ast.NamedExpr) else []


def is_without_loop(node: ast.AST, function: Function) -> bool:
    """Whether something stands where a function has just found out that no event loop runs."""
    for part in function.around(node):
        if isinstance(part, ast.ExceptHandler) and getattr(part.type, "id", "") == "RuntimeError":
            attempt = function.parents.get(part)
            tried = attempt.body if isinstance(attempt, ast.Try) else []
            if any("get_running_loop" in ast.unparse(statement) for statement in tried):
                return True
    return False


def node_in(node: ast.AST, body: list[ast.stmt], function: Function) -> bool:
    return any(part in body for part in (node, *function.around(node)))


def told(steps: Iterable[Function]) -> str:
    """A chain of calls in words."""
    return " → ".join(f"{function.name}()" for function in steps)
