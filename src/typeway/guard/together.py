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


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """Calls that run one after the other, while other branches run."""

    dependencies: tuple[Call, ...]  # the calls in order; the marked one is the last
    reach: frozenset[int] = frozenset()  # the slots of all that they need, their own included

    def arranged(self, free: Iterator[int], early: Sequence[Call] = ()) -> Branch:
        """The same branch with groups within, after calls that must come before it."""
        *inner, marked = self.dependencies
        calls = sorted([*early, *inner], key=lambda call: call.slot)
        wanted = [*marked.after, *(call.slot for call in early)]
        return Branch((*arrange(calls, wanted, free), marked), self.reach)


def itself(exchange: Exchange) -> dict[str, Any]:
    """The argument of a group; its members read their own."""
    return {"exchange": exchange}


def arranged(plan: Plan) -> Plan:
    """The plan with groups in the place of what may run at the same time."""
    free = count(plan.size)
    calls = arrange(plan.dependencies, plan.endpoint.after, free)
    return replace(plan, dependencies=tuple(calls), size=next(free))


@dataclass(slots=True, eq=False)
class Order:
    """The new order of calls, as it comes to be."""

    free: Iterator[int]  # slots that nothing fills
    calls: list[Call] = field(default_factory=list)
    group: list[Branch] = field(default_factory=list)
    early: list[Call] = field(default_factory=list)
    pending: list[Call] = field(default_factory=list)

    @property
    def held(self) -> set[int]:
        """The slots that the open group will fill."""
        return {call.slot for branch in self.group for call in branch.dependencies}

    def join(self, branch: Branch) -> None:
        """Add a branch to the open group, or open another if it needs this one."""
        if branch.reach & self.held:
            self.close()
        self.early += self.pending
        self.pending.clear()
        self.group.append(branch)

    def add(self, call: Call, reach: frozenset[int], *, is_wanted: bool) -> None:
        """Add a call that is in no branch.

        Parameters:
            reach: the slots of all that it needs.
            is_wanted: whether a branch that is still to come needs it.
        """
        if any(call.slot in branch.reach for branch in self.group):
            self.early.append(call)
        elif self.group and is_wanted and not reach & self.held:
            self.pending.append(call)
        else:
            self.close()
            self.calls.append(call)

    def close(self) -> None:
        """End the open group: what comes next comes after it."""
        if len(self.group) > 1:
            self.calls.append(build_group(self.early, self.group, self.free))
        elif self.group:
            self.calls += self.group[0].arranged(self.free, self.early).dependencies
        self.calls += self.pending
        self.group, self.early, self.pending = [], [], []


def arrange(calls: Sequence[Call], wanted: Sequence[int], free: Iterator[int]) -> list[Call]:
    """Put together what may run at the same time; everything else keeps its order.

    Parameters:
        calls: the calls in order: what is needed comes before what needs it.
        wanted: the slots whose results are needed in the end.
        free: slots that nothing fills.
    """
    reach: dict[int, frozenset[int]] = {}
    for call in calls:
        reach[call.slot] = frozenset({call.slot}).union(*(reach.get(slot, frozenset()) for slot in call.after))
    branch_of = branches_of(calls, wanted, reach)
    order = Order(free)
    joined: set[int] = set()
    for call in calls:
        branch = branch_of.get(call.slot)
        if branch is None:
            later = (other for slot, other in branch_of.items() if slot > call.slot)
            order.add(call, reach[call.slot], is_wanted=any(call.slot in other.reach for other in later))
        elif id(branch) not in joined:
            joined.add(id(branch))
            order.join(branch)
    order.close()
    return order.calls


def branches_of(calls: Sequence[Call], wanted: Sequence[int], reach: Mapping[int, frozenset[int]]) -> dict[int, Branch]:
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
            if call.kind is not Kind.CONTEXT and asking and asking <= members:
                members.add(call.slot)
        branch = Branch(tuple(call for call in calls if call.slot in members), reach[marked.slot])
        found.update(dict.fromkeys(members, branch))
    return found


def build_group(first: Sequence[Call], group: Sequence[Branch], free: Iterator[int]) -> Call:
    """The call that runs branches at the same time, after what must come before them; they leave their own results."""
    early = tuple(first)
    members = [member for branch in group for member in branch.dependencies]
    branches = tuple(branch.arranged(free) for branch in group)

    async def resolve(exchange: Exchange) -> None:
        for call in early:
            try:
                await call_dependencies(Branch((call,)), exchange)
            except Exception:
                # What stands before it would have come first, and its error counts.
                earlier = tuple(member for member in members if member.slot < call.slot)
                await call_dependencies(Branch(earlier), exchange)
                raise
        await run_together(branches, exchange)

    return Call(
        function=resolve, kind=Kind.ASYNC, slot=next(free), arguments=itself, needs=(), injected=(), after=(), scope=None,
        in_thread=False,
    )  # fmt: skip


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
