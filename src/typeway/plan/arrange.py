"""Decide which dependencies may run at the same time: those whose authors allow it, with the outcome of a fixed order.

What a marked dependency alone asks for forms a branch with it. Branches that follow each other and do not need each other
form a group, and run at the same time. Generators, and what others ask for too, are no part of a branch: they are called
before the group, in order, by the request's own task, which must leave what it has entered.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from typeway.plan.build import Call, Group, Plan
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange

# Calls that run one after the other, while other branches run; the marked one is the last.
Branch = tuple[Call, ...]

# How a group is run.
Run = Callable[[Group, Exchange], Awaitable[None]]


def arrange(plan: Plan, run: Run) -> Plan:
    """The plan with one call for each group of calls that may run at the same time; everything else keeps its order."""
    arrangement = Arrangement(run, slot=plan.size)
    calls = tuple(arrangement.grouped(plan.dependencies, plan.endpoint.after))
    return replace(plan, dependencies=calls, size=plan.size + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """What stays the same while the calls of one plan are put together."""

    run: Run  # how a group is run
    slot: int  # where the results of groups go, which nobody reads: the members leave their own

    def grouped(self, calls: Sequence[Call], wanted: Sequence[int]) -> Iterator[Call]:
        """The calls, those that may run at the same time put together.

        Parameters:
            calls: the calls in order: what is needed comes before what needs it.
            wanted: the slots whose results are needed in the end.
        """
        for first, branches in stages(calls, branches_of(calls, wanted)):
            if len(branches) > 1:
                yield self.call_of(first, branches)
            elif branches:
                yield from self.unfold(branches[0], first)
            else:
                yield from first

    def unfold(self, branch: Branch, first: Sequence[Call] = ()) -> Iterator[Call]:
        """The calls of a branch with groups within, after calls that must come before it."""
        *inner, marked = branch
        calls = sorted([*first, *inner], key=lambda call: call.slot)
        yield from self.grouped(calls, [*marked.after, *(call.slot for call in first)])
        yield marked

    def call_of(self, first: Sequence[Call], branches: Sequence[Branch]) -> Call:
        """The call that runs a group, after calls that must come before it."""
        members = [member for branch in branches for member in branch]
        group = Group(
            first=tuple((call, tuple(member for member in members if member.slot < call.slot)) for call in first),
            branches=tuple(tuple(self.unfold(branch)) for branch in branches),
        )
        return Call(
            function=partial(self.run, group), name="", kind=Kind.ASYNC, slot=self.slot, arguments=itself, needs=(),
            injected=(), after=(), scope=None, in_thread=False, group=group,
        )  # fmt: skip


def itself(exchange: Exchange) -> dict[str, Any]:
    """The argument of a group; its members read their own."""
    return {"exchange": exchange}


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
