"""Resolve dependencies at the same time where their authors allow it, with the outcome of one after the other.

What a marked dependency alone asks for forms a branch with it. Branches that follow each other and do not need each other
form a group, and run at the same time. Generators, and what others ask for too, are no part of a branch: they are called
before the group, in order, by the request's own task, which must leave what it has entered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from anyio import CancelScope, create_task_group, get_cancelled_exc_class

from typeway.plan.build import Call, Plan
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange
from typeway.serve.execute import call_dependencies

ABSENT: Final = object()

# Calls that run one after the other, while other branches run; the marked one is the last.
Branch = tuple[Call, ...]


def arranged(plan: Plan) -> Plan:
    """The plan with groups in the place of what may run at the same time."""
    free = count(plan.size)
    calls = arrange(plan.dependencies, plan.endpoint.after, free)
    return replace(plan, dependencies=tuple(calls), size=next(free))


def arrange(calls: Sequence[Call], wanted: Sequence[int], free: Iterator[int]) -> list[Call]:
    """Put together what may run at the same time; everything else keeps its order.

    Parameters:
        calls: the calls in order: what is needed comes before what needs it.
        wanted: the slots whose results are needed in the end.
        free: slots that nothing fills.
    """
    arranged: list[Call] = []
    for first, group in stages(calls, branches_of(calls, wanted)):
        if len(group) > 1:
            arranged.append(build_group(first, group, free))
        elif group:
            arranged += unfold(group[0], free, first)
        else:
            arranged += first
    return arranged


def unfold(branch: Branch, free: Iterator[int], first: Sequence[Call] = ()) -> list[Call]:
    """The calls of a branch with groups within, after calls that must come before it."""
    *inner, marked = branch
    calls = sorted([*first, *inner], key=lambda call: call.slot)
    return [*arrange(calls, [*marked.after, *(call.slot for call in first)], free), marked]


def branches_of(calls: Sequence[Call], wanted: Sequence[int]) -> dict[int, Branch]:
    """The branch of each call that is in one, by its slot."""
    asked_by: dict[int, set[int]] = {slot: {-1} for slot in wanted}
    for call in calls:
        for slot in call.after:
            asked_by.setdefault(slot, set()).add(call.slot)
    found: dict[int, Branch] = {}
    for place in reversed(range(len(calls))):
        marked = calls[place]
        if marked.slot in found or not marked.concurrent or marked.kind is Kind.CONTEXT:
            continue
        members = {marked.slot}
        for call in reversed(calls[:place]):
            asking = asked_by.get(call.slot)
            if call.kind is Kind.CONTEXT or not asking:
                continue
            if asking <= members:
                members.add(call.slot)
            elif call.concurrent:
                break  # it has a branch of its own, and what stands before it must not come after it
        branch = tuple(call for call in calls if call.slot in members)
        found.update(dict.fromkeys(members, branch))
    return found


def stages(calls: Sequence[Call], branch_of: Mapping[int, Branch]) -> Iterator[tuple[list[Call], list[Branch]]]:
    """What comes one after the other: each time some calls in order, and after them branches at the same time."""
    reach: dict[int, frozenset[int]] = {}  # the slots of all that a call needs, its own included
    first: list[Call] = []
    group: list[Branch] = []
    held: set[int] = set()  # the slots that the group will fill
    waiting: list[Call] = []  # calls that come before the next branch, and so before the group if that joins it
    for call in calls:
        reach[call.slot] = frozenset({call.slot}).union(*(reach.get(slot, frozenset()) for slot in call.after))
    for call in calls:
        branch = branch_of.get(call.slot)
        if branch is not None and branch[-1] is not call:
            continue  # it comes with the one that is marked
        is_apart = branch is None and not any(call.slot in reach[slot] for slot in branch_of if slot > call.slot)
        if is_apart or reach[call.slot] & held:
            yield first, group
            first, group, held = [], [], set()
        if branch is None:
            waiting.append(call)
        else:
            first += waiting
            waiting = []
            group.append(branch)
            held.update(member.slot for member in branch)
    yield first, group
    yield waiting, []


def build_group(first: Sequence[Call], group: Sequence[Branch], free: Iterator[int]) -> Call:
    """The call that runs branches at the same time, after what must come before them; they leave their own results."""
    members = [member for branch in group for member in branch]
    # What stands before such a call would have come first, and its error counts.
    steps = [((call,), tuple(m for m in members if m.slot < call.slot)) for call in first]
    branches = [tuple(unfold(branch, free)) for branch in group]

    async def resolve(exchange: Exchange) -> None:
        for step, passed_over in steps:
            try:
                await call_dependencies(step, exchange)
            except Exception:
                await call_dependencies(passed_over, exchange)
                raise
        await run_together(branches, exchange)

    return Call(
        function=resolve, kind=Kind.ASYNC, slot=next(free), arguments=itself, needs=(), injected=(), after=(), scope=None,
        in_thread=False,
    )  # fmt: skip


def itself(exchange: Exchange) -> dict[str, Any]:
    """The argument of a group; its members read their own."""
    return {"exchange": exchange}


@dataclass(slots=True, eq=False)
class Run:
    """One branch while it runs."""

    branch: Branch
    scope: CancelScope = field(default_factory=CancelScope)
    failure: BaseException | None = None
    context: Context | None = None

    async def go(self, exchange: Exchange, later: Sequence[Run]) -> None:
        """Run the branch; if it fails, what comes later in order is cancelled, for it would not have begun."""
        with self.scope:
            try:
                await call_dependencies(self.branch, exchange)
            except BaseException as error:
                if not (self.scope.cancel_called and isinstance(error, get_cancelled_exc_class())):
                    self.failure = error
                    for run in later:
                        run.scope.cancel()
                if isinstance(error, get_cancelled_exc_class()):
                    raise
            finally:
                self.context = copy_context()


async def run_together(branches: Sequence[Branch], exchange: Exchange) -> None:
    """Run branches at the same time.

    Raises:
        BaseException: what the first of them in order raised, whichever was the first in time.
    """
    before = copy_context()
    runs = [Run(branch) for branch in branches]
    async with create_task_group() as tasks:
        for place, run in enumerate(runs, 1):
            tasks.start_soon(run.go, exchange, runs[place:])
    for run in runs:
        adopt(run.context, before)
        failure, run.failure = run.failure, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # else this frame and the traceback would keep each other alive


def adopt(context: Context | None, before: Context) -> None:
    """Set the context variables that a task has set since it began."""
    for variable, value in (context or {}).items():
        if before.get(variable, ABSENT) is not value:
            variable.set(value)
