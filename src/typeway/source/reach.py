"""Follow calls from where the framework enters the application's code to everything that runs because of it."""

from __future__ import annotations

import ast
import inspect
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from typeway.source.asking import safely
from typeway.source.facts import UNKNOWN, Contexts, Facts, Truth
from typeway.source.hooks import hooks_of
from typeway.source.index import last_name
from typeway.source.infer import Inference
from typeway.source.once import early_returns, is_once, is_without_loop, remembered
from typeway.source.operations import ASYNC_ITERATION, OPERATING, STEPS, operations
from typeway.source.program import Function
from typeway.source.providers import is_provider, made_by_provider
from typeway.source.runners import ASKS_KEY, BUILTIN, COMMON, is_runner, lambdas_of
from typeway.source.subclasses import is_stub, overriding
from typeway.source.values import Inner, Instance, Known, Method, Value, as_instance, dotted, plain_values

# Functions that run the coroutine they are given on another event loop than this one.
OTHER_LOOP: Final = frozenset({
    "asyncio.tasks.run_coroutine_threadsafe", "asyncio.runners.run", "anyio.from_thread.run", "anyio._core._eventloop.run",
})  # fmt: skip

# What runs a function that it is given on this loop, with the position of that function among its arguments.
RUNS_GIVEN: Final = {
    "add_task": 0, "BackgroundTask": 0, "start_soon": 0, "call_soon": 0, "call_soon_threadsafe": 0, "call_later": 1,
    "call_at": 1, "add_done_callback": 0, "map": 0, "filter": 0, "reduce": 0,
}  # fmt: skip
# The methods that a `with` statement calls.
ENTERS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    ast.With: ("__enter__", "__exit__"),
    ast.AsyncWith: ("__aenter__", "__aexit__"),
}
# Of these, what runs a plain function in a thread.
IN_THREADS: Final = frozenset({"add_task", "BackgroundTask"})
# What runs any function that it is given in a thread, with the position of that function.
THREADS: Final = {
    **dict.fromkeys(("to_thread", "run_sync", "run_in_threadpool", "submit", "run_sync_in_worker_thread", "sync_to_async"), 0),
    "run_in_executor": 1,
}  # fmt: skip
# Through how many names and functions a generator is followed to where it is made.
MOST_STEPS: Final = 4

# Through how many branches below the entry a path may lead.
MOST_BRANCHES: Final = 1


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
        self.generators: dict[tuple[Function, int], Sequence[tuple[ast.Call, Function]]] = {}

    def calls_of(self, function: Function) -> list[ast.Call]:
        """The calls that are made whenever a function runs, without those that fill a memory once."""
        return [node for node in self.parts_of(function) if isinstance(node, ast.Call)]

    def parts_of(self, function: Function) -> list[ast.AST]:
        """The calls, loops, `with` statements, and attributes that may be properties, that run whenever a function does."""
        if function not in self.parts:
            early, properties = early_returns(function), self.inference.index.properties
            self.parts[function] = [
                node
                for node in [*function.body, *lambdas_of(function)]
                # PERF: what is around each node is looked at, and most attributes are no properties.
                if type(node) in self.calling or (isinstance(node, ast.Attribute) and node.attr in properties)
                if not is_once(node, function, early) and not is_without_loop(node, function)
            ]
        return self.parts[function]

    @cached_property
    def calling(self) -> frozenset[type[ast.AST]]:
        """What calls functions: calls, `with`, loops, and the operations for which own classes have special methods."""
        special = self.inference.index.special
        operating = {kind for kind, names in OPERATING.items() if not special.isdisjoint(names)}
        return frozenset({ast.Call, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.comprehension, *operating})

    def edges(self, function: Function) -> list[Edge]:
        """The own functions that a function calls."""
        if function not in self.found:
            self.found[function] = [*self.read(function)]
        return self.found[function]

    def read(self, function: Function) -> Iterator[Edge]:
        for node in self.parts_of(function):
            yield from self.operated(node, function)
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
                    others = [*self.hooks(node, function), *remembered(self.inference, node, function)]
                    yield from (Edge(node, each, None, is_sure=False) for each in others)
                yield from (edge for called in targets for edge in self.handed(node, called, function))
                streamed = self.streamed(node, function, function.parents)
                yield from (Edge(node, generator) for generator in streamed)
            elif isinstance(node, ast.With | ast.AsyncWith):
                yield from self.entered(node, function)
                continue
            else:
                continue
            for called in targets:
                yield Edge(node, called, self.passing(node, called, function), len(targets) == 1)

    def operated(self, node: ast.AST, function: Function) -> Iterator[Edge]:
        """The special methods of own classes that something calls, and the generators that it goes over."""
        for source, names in operations(node):
            is_loop = names[0] in STEPS
            place = source if is_loop else node
            if not self.inference.index.special.isdisjoint(names):
                values = plain_values(self.inference.value(source, function))
                for held in filter(None, map(as_instance, values)):
                    found = self.special(held, names)
                    yield from (Edge(place, each, None, len(values) == 1) for each in found if not is_stub(each))
            for call, generator in self.made(source, function) if is_loop else ():
                # A generator that a loop calls itself is an edge of the call.
                if generator.is_async is (names == ASYNC_ITERATION) and (
                    call is not source or isinstance(node, ast.Call)
                ):
                    yield Edge(place, generator, call if in_thread(call) is None else None)

    def special(self, held: Instance, names: Iterable[str]) -> Iterator[Function]:
        """The first of some special methods that an own class has; and what gives the items of what it returns."""
        program = self.inference.program
        if not isinstance(held.kind, type) or held.many or not program.owns(held.kind):
            return
        name = next((each for each in names if inspect.getattr_static(held.kind, each, None) is not None), "")
        method = program.method(held.kind, name)
        if method is not None:
            yield method
            stepped = as_instance(self.inference.result(method)) if name in STEPS and not method.yields else None
            step = program.method(stepped.kind, STEPS[name]) if stepped and isinstance(stepped.kind, type) else None
            yield from () if step is None else (step,)

    def made(self, node: ast.expr, function: Function, steps: int = MOST_STEPS) -> Iterator[tuple[ast.Call, Function]]:
        """The own generators that an expression is, each with the call that makes it, which runs nothing of it."""
        match node:
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                yield from self.made(inner, function, steps)
            case ast.Name(id=name) if steps:
                for binding in self.inference.bindings(function).get(name, ()):
                    if binding.expression is not None and not binding.is_item:
                        yield from self.made(binding.expression, function, steps - 1)
                provider = self.inference.arrivals.get((function, name))
                given = self.inference.program.function(provider) if provider is not None else None
                yield from self.returned(given, steps) if given is not None and not given.yields else ()
            case ast.Call():
                made = in_thread(node) or node.func
                for called in self.targets(self.inference.value(made, function)):
                    if called.yields and not is_entered(called):
                        yield node, called
                    elif steps:
                        yield from self.returned(called, steps)

    def returned(self, function: Function, steps: int) -> Sequence[tuple[ast.Call, Function]]:
        """The own generators that a function returns."""
        key = (function, steps)
        if key not in self.generators:
            self.generators[key] = ()  # of a function that calls itself
            found = (each for node in function.returned for each in self.made(node, function, steps - 1))
            self.generators[key] = [*dict.fromkeys(found)]  # many ways may lead to one
        return self.generators[key]

    def streamed(self, call: ast.Call, function: Function, besides: Collection[ast.AST] = ()) -> Iterator[Function]:
        """The own asynchronous generators that a response is given, without those that certain calls make."""
        if last_name(call.func).endswith("Response"):
            given = [*call.args[:1], *(entry.value for entry in call.keywords if entry.arg == "content")]
            found = [each for argument in given for each in self.made(argument, function)]
            yield from (generator for made, generator in found if generator.is_async and made not in besides)

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
        if isinstance(value, Known) and is_provider(value.thing):
            return None
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
        runs = is_runner(self.inference, call, function)
        # An executor has a `map` too.
        if runs is False or (runs is None and name in BUILTIN and not isinstance(call.func, ast.Name)):
            return
        position = RUNS_GIVEN[name]
        given = call.args[position : position + 1] or [entry.value for entry in call.keywords if entry.arg == "func"]
        for argument in given:
            targets = self.targets(self.inference.value(argument, function))
            for called in targets:
                if called.is_async or name not in IN_THREADS:
                    yield Edge(call, called, None, len(targets) == 1 and (runs is not None or name not in COMMON))

    def handed(self, call: ast.Call, called: Function, function: Function) -> Iterator[Edge]:
        """The functions that an own function is given and calls, where its many callers give it too many to know one."""
        places = called.calls_given and {
            name: place for name, place in called.calls_given.items() if place in self.parts_of(called)
        }
        given = called.given(call) if places else {}
        for name in given.keys() & places.keys():
            if not self.targets(self.inference.value(places[name].func, called)):
                found = self.targets(self.inference.value(given[name], function))
                awaited = called.is_awaited(places[name])
                yield from (Edge(call, each, None, len(found) == 1) for each in found if each.is_async is awaited)

    def asked(self, call: ast.Call, function: Function) -> Iterator[Edge]:
        """The functions that a sort or a search asks about each item."""
        for keyword in (entry for entry in call.keywords if entry.arg == "key"):
            is_asked = is_runner(self.inference, call, function) is not False
            targets = self.targets(self.inference.value(keyword.value, function)) if is_asked else []
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

    def receivers(self, function: Function, node: ast.AST) -> Iterator[tuple[Function, str]]:
        """The own functions that a part of a function is passed to, each with the parameter that it fills.

        Also where their results are remembered: a memory has an entry for each value that is passed.
        """
        parent = function.parents.get(node)
        call = function.parents.get(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call):
            found = [
                (each, self.passing(call, each, function))
                for each in self.targets(self.inference.value(call.func, function))
            ]
            yield from (
                (each, name) for each, passed in found for name, given in each.given(passed).items() if given is node
            )

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
        contexts, found = Contexts(), list[Reached]()
        while any(waiting):
            reached = next(filter(None, waiting)).popleft()
            truth = contexts.fresh(reached.truth, None if worth is None else reached.last_async)
            if truth is None:
                continue
            reached = reached if truth is reached.truth else replace(reached, truth=truth)
            found.append(reached)
            for edge in self.edges(reached.function):
                if worth is not None and edge.function not in worth:
                    continue
                branches = reached.branches_to(edge.node)
                may_be = edge.is_sure or edge.call is None or reached.truth.may_be(edge.node, edge.function.owner)
                if may_be and branches <= MOST_BRANCHES and reached.is_run(edge.node):
                    waiting[branches].append(self.follow(reached, edge, branches))
        return found

    def follow(self, reached: Reached, edge: Edge, branches: int) -> Reached:
        truth = self.truth(edge.function, self.passes(edge, reached.truth))
        is_sure = reached.is_sure and edge.is_sure
        return Reached(edge.function, reached.entry, truth, reached, edge.node, branches, is_sure)

    def passes(self, edge: Edge, caller: Truth) -> Facts:
        """What is known of the parameters of a called function."""
        return UNKNOWN if edge.call is None else caller.passes(edge.call, edge.function)

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
                    found += self.targets(made_by_provider(thing)) or [program.function(thing)]
                case Method(owner, name, function, held) if isinstance(owner.kind, type) and function is not None:
                    called = program.function(function, owner.kind, held)
                    found += overriding(self.inference, owner.kind, name) if is_stub(called) else [called]
                case Instance(kind, many=False) if isinstance(kind, type):
                    own = program.method(kind, "__call__")
                    found += overriding(self.inference, kind, "__call__") if is_stub(own) else [own]
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
        return (
            isinstance(callee, Known)
            and safely(inspect.isroutine, callee.thing) is True
            and dotted(callee.thing) in OTHER_LOOP
        )


def in_thread(call: ast.Call) -> ast.expr | None:
    """The function that a call runs in a thread; None where it runs none there."""
    place = THREADS.get(last_name(call.func))
    return call.args[place] if place is not None and place < len(call.args) else None


def is_entered(function: Function) -> bool:
    """Whether a generator is made for a `with` statement, and not to be gone over."""
    return any(last_name(part).endswith("contextmanager") for part in function.node.decorator_list)


def shown(chain: Iterable[Function]) -> str:
    """A chain of calls as text."""
    return " → ".join(f"{function.name}()" for function in chain)
