"""Decide which dependencies run at the same time: only those that are marked, and with the same result as in sequence.

A marked dependency forms a branch with the dependencies that only it needs. Consecutive branches that do not need each
other form a group and run at the same time. Generators, and dependencies that several others need, are not part of a
branch: the request's own task calls them before the group, in order, because it must also resume generators.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from typeway.plan.build import Call, Group, Plan
from typeway.plan.calls import Kind
from typeway.plan.exchange import Exchange

# Calls that run one after the other while other branches run; the marked call is the last.
Branch = tuple[Call, ...]
Run = Callable[[Group, Exchange], Awaitable[None]]  # runs a group


def arrange(plan: Plan, run: Run) -> Plan:
    """Return the plan with one call for each group of calls that may run at the same time, and the order unchanged."""
    arrangement = Arrangement(run, slot=plan.size)
    calls = tuple(arrangement.grouped(plan.dependencies, plan.endpoint.after))
    return replace(plan, dependencies=calls, size=plan.size + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Groups the calls of one plan."""

    run: Run  # runs a group
    slot: int  # the slot of the results of groups, which are not used: the members have their own slots

    def grouped(self, calls: Sequence[Call], wanted: Sequence[int]) -> Iterator[Call]:
        """Yield the calls, with one call in the place of each group.

        Parameters:
            calls: the calls in order, each after the calls that it needs.
            wanted: the slots of the results that are needed after them.
        """
        for first, branches in stages(calls, branches_of(calls, wanted)):
            if len(branches) > 1:
                yield self.call_of(first, branches)
            elif branches:
                yield from self.unfold(branches[0], first)
            else:
                yield from first

    def unfold(self, branch: Branch, first: Sequence[Call] = ()) -> Iterator[Call]:
        """Yield the calls of a branch, with groups inside it, after the calls that must come before it."""
        *inner, marked = branch
        calls = sorted([*first, *inner], key=lambda call: call.slot)
        yield from self.grouped(calls, [*marked.after, *(call.slot for call in first)])
        yield marked

    def call_of(self, first: Sequence[Call], branches: Sequence[Branch]) -> Call:
        """Return the call for a group, which first runs the calls that must come before it."""
        members = [member for branch in branches for member in branch]
        group = Group(
            first=tuple((call, tuple(member for member in members if member.slot < call.slot)) for call in first),
            branches=tuple(tuple(self.unfold(branch)) for branch in branches),
        )
        return Call(
            function=partial(self.run, group), name="", kind=Kind.ASYNC, slot=self.slot,
            arguments=lambda exchange: {"exchange": exchange}, needs=(), injected=(), after=(), scope=None,
            in_thread=False, group=group,
        )  # fmt: skip


def branches_of(calls: Sequence[Call], wanted: Sequence[int]) -> dict[int, Branch]:
    """Return the branch of each call that belongs to one, by the slot of the call."""
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
                break  # it has a branch of its own; the calls before it must not run after it
        branch = tuple(call for call in calls if call.slot in members)
        found.update(dict.fromkeys(members, branch))
    return found


def stages(calls: Sequence[Call], branch_of: Mapping[int, Branch]) -> Iterator[tuple[list[Call], list[Branch]]]:
    """Yield the stages of a plan: some calls in order, and after them the branches that run at the same time."""
    reach: dict[int, frozenset[int]] = {}  # the slots of everything that a call needs, including its own
    first: list[Call] = []
    group: list[Branch] = []
    held: set[int] = set()  # the slots of the calls in the group
    waiting: list[Call] = []  # calls before the next branch; they run before the group if that branch joins it
    for call in calls:
        reach[call.slot] = frozenset({call.slot}).union(*(reach.get(slot, frozenset()) for slot in call.after))
    for call in calls:
        branch = branch_of.get(call.slot)
        if branch is not None and branch[-1] is not call:
            continue  # it is handled with the marked call of its branch
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
