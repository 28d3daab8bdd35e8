"""Follow calls from where the framework enters the application's code to everything that runs because of it."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from typeway.check.once import early_returns, is_once, is_without_loop
from typeway.check.read.facts import UNKNOWN, Caller, Facts, Truth
from typeway.check.read.hooks import hooks_of
from typeway.check.read.index import last_name
from typeway.check.read.infer import Inference
from typeway.check.read.program import Function
from typeway.check.read.subclasses import is_stub, overriding
from typeway.check.read.values import Inner, Instance, Known, Method, Value, as_instance, dotted, plain_values

# Functions that run the coroutine they are given on another event loop than this one.
OTHER_LOOP: Final = frozenset({
    "asyncio.tasks.run_coroutine_threadsafe", "asyncio.runners.run", "anyio.from_thread.run", "anyio._core._eventloop.run",
})  # fmt: skip

# What runs a function that it is given on this loop, with the position of that function among its arguments.
RUNS_GIVEN: Final = {
    "add_task": 0, "BackgroundTask": 0, "start_soon": 0, "call_soon": 0, "call_soon_threadsafe": 0, "call_later": 1,
    "call_at": 1, "add_done_callback": 0, "map": 0, "filter": 0, "reduce": 0,
}  # fmt: skip
# Of these, what is a function and no method.
BUILTIN: Final = frozenset({"map", "filter", "reduce"})
# What asks a function that it is given as `key` about each item.
ASKS_KEY: Final = frozenset({"sorted", "sort", "min", "max", "groupby", "nsmallest", "nlargest"})
# The methods that a `with` statement calls.
ENTERS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.With: ("__enter__", "__exit__"),
    ast.AsyncWith: ("__aenter__", "__aexit__"),
}
# Of these, what runs a plain function in a thread.
IN_THREADS: Final = frozenset({"add_task", "BackgroundTask"})

# Through how many branches below the entry a path may lead.
MOST_BRANCHES: Final = 1
# With how many different arguments a function is looked at before it is once more without knowing any.
MOST_CONTEXTS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A function that another one calls.

    Parameters:
        node: the call, or what stands for it: the attribute of a property.
        function: what is called.
        call: the call with the arguments; None where something else passes them.
        is_sure: whether it is called for sure, and not one of several.
    """

    node: ast.AST
    function: Function
    call: ast.Call | None = None
    is_sure: bool = True


@dataclass(eq=False)
class Reached:
    """A function that is reached, and how.

    Parameters:
        function: the function.
        entry: what the framework calls, in words: "GET /tasks".
        truth: decides the function's branches.
        caller: what calls it; None where the framework calls it itself.
        node: the call in the caller.
        branches: how many branches below the entry lead to it; whether they are taken depends on arguments.
        is_sure: whether every call that leads to it is known to end in it.
    """

    function: Function
    entry: str
    truth: Truth
    caller: Reached | None = None
    node: ast.AST | None = None
    branches: int = 0
    is_sure: bool = True

    @cached_property
    def way(self) -> list[Reached]:
        """What is reached from the entry to this function."""
        found: list[Reached] = []
        reached: Reached | None = self
        while reached is not None:
            found.append(reached)
            reached = reached.caller
        return found[::-1]

    @cached_property
    def last_async(self) -> Function | None:
        """The last asynchronous function on the way here."""
        return next((reached.function for reached in reversed(self.way) if reached.function.is_async), None)

    @property
    def chain(self) -> list[Function]:
        """The functions from the entry to this one."""
        return [reached.function for reached in self.way]

    def is_run(self, node: ast.AST) -> bool:
        """Whether a part of the function may run with what it is given."""
        return not self.truth.is_dead(node)

    def branches_to(self, node: ast.AST) -> int:
        """How many branches lead to a part of the function; what an entry does with a request is not in doubt."""
        return 0 if self.caller is None else self.branches + self.branches_here(node)

    def branches_here(self, node: ast.AST) -> int:
        """How many branches of the function lead to a part of it, without those that are decided by its arguments."""
        count, inside = 0, node
        for part in self.function.around(node):
            if isinstance(part, ast.If | ast.IfExp | ast.While):
                # An `elif` is a branch of its own, not one inside the branch before it.
                is_elif = isinstance(part, ast.If) and part.orelse == [inside] and isinstance(inside, ast.If)
                count += inside is not part.test and not is_elif and self.truth.of(part.test) is None
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
        self.parts: dict[Function, list[ast.AST]] = {}
        self.found: dict[Function, list[Edge]] = {}

    def calls_of(self, function: Function) -> list[ast.Call]:
        """The calls that are made whenever a function runs, without those that fill a memory once."""
        return [node for node in self.parts_of(function) if isinstance(node, ast.Call)]

    def parts_of(self, function: Function) -> list[ast.AST]:
        """The calls, `with` statements, and attributes that may be properties, that run whenever a function does."""
        if function not in self.parts:
            early, properties = early_returns(function), self.inference.index.properties
            self.parts[function] = [
                node
                for node in [*function.body, *lambdas_of(function)]
                # PERF: what is around each node is looked at, and most attributes are no properties.
                if isinstance(node, ast.Call | ast.With | ast.AsyncWith)
                or (isinstance(node, ast.Attribute) and node.attr in properties)
                if not is_once(node, function, early) and not is_without_loop(node, function)
            ]
        return self.parts[function]

    def edges(self, function: Function) -> list[Edge]:
        """The own functions that a function calls."""
        if function not in self.found:
            self.found[function] = [*self.read(function)]
        return self.found[function]

    def read(self, function: Function) -> Iterator[Edge]:
        for node in self.parts_of(function):
            if isinstance(node, ast.Attribute):
                targets = self.accessed(node, function)
            elif isinstance(node, ast.Call):
                targets = self.targets(self.inference.value(node.func, function))
                targets = [called for called in targets if self.runs_here(called, node, function)]
                if not targets and last_name(node.func) in RUNS_GIVEN:
                    yield from self.given(node, function)
                if not targets and last_name(node.func) in ASKS_KEY:
                    yield from self.asked(node, function)
                if not targets:
                    yield from (Edge(node, hook, None, is_sure=False) for hook in self.hooks(node, function))
            elif isinstance(node, ast.With | ast.AsyncWith):
                yield from self.entered(node, function)
                continue
            else:
                continue
            for called in targets:
                yield Edge(node, called, self.passing(node, called, function), len(targets) == 1)

    def hooks(self, call: ast.Call, function: Function) -> Iterator[Function]:
        """The own methods that a method calls which an own class has from another package."""
        for value in plain_values(self.inference.value(call.func, function)):
            if isinstance(value, Method) and isinstance(value.owner.kind, type) and inspect.isfunction(value.function):
                found = hooks_of(self.inference.program, value.owner.kind, value.function)
                yield from (hook for hook in found if self.runs_here(hook, call, function))

    def passing(self, node: ast.AST, called: Function, function: Function) -> ast.Call | None:
        """The call whose arguments are those of the called function; None where others are bound before them."""
        if not isinstance(node, ast.Call):
            return None
        if last_name(node.func) in (called.node.name, called.owner.__name__ if called.owner is not None else ""):
            return node
        value = self.inference.value(node.func, function)
        if isinstance(value, Known) and isinstance(value.thing, partial):
            return None if value.thing.args or value.thing.keywords else node
        if not isinstance(node.func, ast.Name):
            return None
        made = [binding.expression for binding in self.inference.bindings(function).get(node.func.id, ())]
        binds = [entry for entry in made if isinstance(entry, ast.Call) and (len(entry.args) > 1 or entry.keywords)]
        return None if binds else node

    def given(self, call: ast.Call, function: Function) -> Iterator[Edge]:
        """The functions that a call is given and that run on this loop."""
        name = last_name(call.func)
        if name in BUILTIN and not isinstance(call.func, ast.Name):
            return  # an executor has a `map` too
        position = RUNS_GIVEN[name]
        given = call.args[position : position + 1] or [entry.value for entry in call.keywords if entry.arg == "func"]
        for argument in given:
            targets = self.targets(self.inference.value(argument, function))
            for called in targets:
                if called.is_async or name not in IN_THREADS:
                    yield Edge(call, called, None, len(targets) == 1)

    def asked(self, call: ast.Call, function: Function) -> Iterator[Edge]:
        """The functions that a sort or a search asks about each item."""
        for keyword in call.keywords:
            targets = self.targets(self.inference.value(keyword.value, function)) if keyword.arg == "key" else []
            yield from (Edge(call, called, None, len(targets) == 1) for called in targets)

    def entered(self, statement: ast.With | ast.AsyncWith, function: Function) -> Iterator[Edge]:
        """The methods of own context managers that a `with` statement calls."""
        for item in statement.items:
            held = as_instance(self.inference.value(item.context_expr, function))
            made = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
            # What a generator yields is not what is entered.
            is_yielded = made is not None and any(
                each.yields for each in self.targets(self.inference.value(made, function))
            )
            if held is not None and isinstance(held.kind, type) and not held.many and not is_yielded:
                methods = [self.inference.program.method(held.kind, name) for name in ENTERS[type(statement)]]
                yield from (Edge(item.context_expr, called) for called in methods if called is not None)

    def accessed(self, node: ast.Attribute, function: Function) -> list[Function]:
        """The functions of a property that is read or set."""
        program = self.inference.program
        held = as_instance(self.inference.value(node.value, function))
        if held is None or not isinstance(held.kind, type):
            return []
        found = inspect.getattr_static(held.kind, node.attr, None)
        if not isinstance(found, property):
            return []
        accessor = found.fset if isinstance(node.ctx, ast.Store) else found.fget
        called = program.function(accessor, held.kind) if accessor is not None else None
        return [called] if called is not None else []

    def closure(self, functions: Iterable[Function]) -> set[Function]:
        """Some functions and all that they may call, whatever is passed."""
        waiting, found = [*functions], set[Function]()
        while waiting:
            function = waiting.pop()
            if function not in found:
                found.add(function)
                waiting += [edge.function for edge in self.edges(function)]
        return found

    def leading_to(self, wanted: Callable[[Function], bool], functions: Iterable[Function]) -> set[Function]:
        """Those of some functions, and of all that they may call, that are wanted or lead to one that is."""
        callers: dict[Function, list[Function]] = {}
        reachable = self.closure(functions)
        for function in reachable:
            for edge in self.edges(function):
                callers.setdefault(edge.function, []).append(function)
        waiting, found = [*filter(wanted, reachable)], set[Function]()
        while waiting:
            function = waiting.pop()
            if function not in found:
                found.add(function)
                waiting += callers.get(function, ())
        return found

    def reach(
        self, entries: Iterable[tuple[Function, str]], worth: Collection[Function] | None = None
    ) -> list[Reached]:
        """Every function that runs on the same loop or thread as the entries, with each way in which it is called.

        Each comes by the path with the fewest branches, and of those by the shortest. What more than `MOST_BRANCHES`
        lead to is left out: some combination of arguments may take them all, but nobody can say so.

        Parameters:
            entries: the functions that the framework calls, each with its name for people.
            worth: the functions that are worth being followed; a plain one then comes once for each asynchronous function
                that leads to it. None for all functions, each once.
        """
        waiting = [
            deque(Reached(function, entry, self.truth(function, UNKNOWN)) for function, entry in entries),
            *(deque[Reached]() for _ in range(MOST_BRANCHES)),
        ]
        contexts: dict[tuple[Function, Function | None], set[frozenset[Any]]] = {}
        found: list[Reached] = []
        while any(waiting):
            reached = next(filter(None, waiting)).popleft()
            seen = contexts.setdefault((reached.function, None if worth is None else reached.last_async), set())
            context = frozenset(reached.truth.facts.items())
            # What was looked at with nothing known of its arguments has been looked at for all of them.
            if context in seen or frozenset() in seen:
                continue
            if len(seen) >= MOST_CONTEXTS:
                reached, context = replace(reached, truth=self.truth(reached.function, UNKNOWN)), frozenset()
            seen.add(context)
            found.append(reached)
            for edge in self.edges(reached.function):
                if worth is not None and edge.function not in worth:
                    continue
                branches = reached.branches_to(edge.node)
                if branches <= MOST_BRANCHES and reached.is_run(edge.node):
                    waiting[branches].append(self.follow(reached, edge, branches))
        return found

    def follow(self, reached: Reached, edge: Edge, branches: int) -> Reached:
        facts = self.passes(edge, reached.function, reached.truth.facts)
        truth, is_sure = self.truth(edge.function, facts), reached.is_sure and edge.is_sure
        return Reached(edge.function, reached.entry, truth, reached, edge.node, branches, is_sure)

    def passes(self, edge: Edge, function: Function, facts: Facts) -> Facts:
        """What is known of the parameters of a called function."""
        if edge.call is None:
            return UNKNOWN
        return Caller(self.inference, function, facts).passes(edge.call, edge.function)

    def truth(self, function: Function, facts: Facts) -> Truth:
        return Truth(self.inference, function, facts)

    def targets(self, callee: Value | None) -> list[Function]:
        """The own functions of which a call ends in one."""
        program = self.inference.program
        found: list[Function | None] = []
        for value in plain_values(callee):
            match value:
                case Inner(inner):
                    found.append(inner)
                case Known(type() as kind):
                    found.append(program.method(kind, "__init__"))
                case Known(thing) if callable(thing):
                    found.append(program.function(thing))
                case Method(owner, name, function, held) if isinstance(owner.kind, type) and function is not None:
                    called = program.function(function, owner.kind, held)
                    found += overriding(self.inference, owner.kind, name) if is_stub(called) else [called]
                case Instance(kind, many=False) if isinstance(kind, type):
                    found.append(program.method(kind, "__call__"))
        return list(dict.fromkeys(function for function in found if function is not None))

    def runs_here(self, called: Function, call: ast.Call, function: Function) -> bool:
        """Whether calling a function runs it here: generators run where they are iterated, coroutines on their loop."""
        if is_stub(called) or any(last_name(part) == "overload" for part in called.node.decorator_list):
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


def lambdas_of(function: Function) -> Iterator[ast.AST]:
    """What the lambdas of a function do that it gives to a sort, a search or `map`, which call them at once."""
    for call in function.body:
        name = last_name(call.func) if isinstance(call, ast.Call) else ""
        if not isinstance(call, ast.Call) or name not in ASKS_KEY | BUILTIN:
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


def shown(chain: Iterable[Function]) -> str:
    """A chain of calls as text."""
    return " → ".join(f"{function.name}()" for function in chain)
