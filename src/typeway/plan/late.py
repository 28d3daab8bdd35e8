"""Plan operations whose dependencies change the overrides: these apply to the dependencies that come later.

A plan has the overrides that were there when the request began. Where a dependency may change them, the calls after it
become one, which looks at the overrides before each of them, as FastAPI does, and plans the rest again.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Final

from typeway.declare.scope import candidates, defining_function
from typeway.plan.build import Call, Plan, build_plan, build_tree, number
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange
from typeway.plan.tree import Node, Overrides

# The attribute of applications through which a function can change the overrides.
CHANGED: Final = "dependency_overrides"

# What is known not to change them: the standard library, and the framework with what it is made of.
KNOWN: Final = sys.stdlib_module_names | {__name__.partition(".")[0], "starlette", "pydantic", "anyio"}

# So many calls away from a dependency, a function is looked at.
REACH: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """The calls of a plan from one on, and the overrides with which they were planned."""

    plan: Plan
    place: int  # the index of the first of them
    overrides: Overrides
    decided: tuple[Callable[..., Any], ...] = ()  # the results of the first look-ups, which earlier overrides gave

    @property
    def tree(self) -> Node:
        """The tree from which the calls were planned."""
        return build_tree(self.plan.operation, Decided(self.overrides, self.decided))

    def planned_again(self, place: int, overrides: Overrides) -> Rest:
        """Return the rest from a later call on, with other overrides.

        A tree grows in the order in which its calls run, and looks every dependency up once. So the same answers for
        all look-ups up to the last call give the same calls with the same slots up to there.
        """
        tree = self.tree
        last = number(tree)[0][place - 1]
        functions: list[Callable[..., Any]] = []
        for node, is_done in visited(tree):
            if is_done and node is last:
                break
            if not is_done and node.depends is not None:
                functions.append(node.function)
        plan = build_plan(self.plan.operation, Decided(overrides, functions))
        return Rest(plan, place, overrides, tuple(functions))


class Decided(Overrides):
    """Overrides that give the first look-ups the answers of an earlier tree. One serves to grow one tree."""

    def __init__(self, overrides: Overrides, functions: Iterable[Callable[..., Any]]) -> None:
        super().__init__(overrides)
        self.looked_up: Iterator[Callable[..., Any]] = iter(functions)

    def __bool__(self) -> bool:
        return True

    def get(self, original: Any, default: Any = None) -> Any:
        return next(self.looked_up, None) or super().get(original, default)


def visited(node: Node) -> Iterator[tuple[Node, bool]]:
    """Yield every node twice: before its dependencies, and after them with True."""
    yield node, False
    for _, child in node.children:
        yield from visited(child)
    yield node, True


def with_late_overrides(
    plan: Plan, overrides: Overrides, run: Callable[[Rest, Exchange], Awaitable[dict[str, Any]]]
) -> Plan:
    """Return the plan, with one call for all that come after a dependency that may change the overrides.

    Parameters:
        run: makes the calls, and returns the arguments of the endpoint.
    """
    calls = plan.dependencies
    place = next((place for place, call in enumerate(calls[:-1], 1) if may_override(call.function)), None)
    if place is None:
        return plan
    rest = Rest(plan, place, overrides)

    async def make_calls(exchange: Exchange) -> dict[str, Any]:
        return await run(rest, exchange)

    call = Call(
        function=make_calls, name=" → ".join(map(str, calls[place:])), kind=Kind.ASYNC, slot=plan.size - 1,
        arguments=lambda exchange: {"exchange": exchange}, needs=(), injected=(), after=(), scope=None, in_thread=False,
    )  # fmt: skip
    endpoint = replace(plan.endpoint, arguments=lambda exchange: exchange.values[-1])
    # Any of these may be needed for an override.
    return replace(
        plan,
        dependencies=(*calls[:place], call),
        endpoint=endpoint,
        takes_body=True,
        is_wrapped=True,
        has_function_exits=True,
        shields=True,
    )


def may_override(function: Callable[..., Any]) -> bool:
    """Whether a dependency, or a function that it calls by name, mentions the overrides of an application."""
    return any(CHANGED in names_in(code) for code in codes_of(function, set()))


def codes_of(function: Any, seen: set[int], depth: int = 0) -> Iterator[CodeType]:
    """Yield the code of a callable and of the functions that it names, each once."""
    if depth > REACH or id(function) in seen or not callable(function):
        return
    seen.add(id(function))
    try:
        inside = [*candidates(function), defining_function(function)]
    except Exception:  # noqa: BLE001  what a closure holds may be a proxy that is not set up yet
        return
    for inner in inside:
        if type(inner) is not FunctionType:
            continue
        for cell in inner.__closure__ or ():
            yield from codes_of(content(cell), seen, depth)
        if str(inner.__module__).partition(".")[0] in KNOWN:
            continue
        yield inner.__code__
        for name in names_in(inner.__code__):
            found = inner.__globals__.get(name)
            if type(found) is FunctionType:
                yield from codes_of(found, seen, depth + 1)


@lru_cache(maxsize=1000)
def names_in(code: CodeType) -> frozenset[str]:
    """Return the names and strings in code, and in the functions that are defined in it."""
    names = {*code.co_names, *(constant for constant in code.co_consts if isinstance(constant, str))}
    return frozenset(names).union(*(names_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def content(cell: Any) -> Any:
    """Return what a cell of a closure has; None if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
