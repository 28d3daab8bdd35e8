"""Run dependencies at the same time, with the same result as if they ran one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Final

from anyio import CancelScope, create_task_group, get_cancelled_exc_class

from typeway.plan.build import Call, Group
from typeway.plan.exchange import Exchange
from typeway.serve.execute import call_dependencies

ABSENT: Final = object()


async def run_group(group: Group, exchange: Exchange) -> None:
    """Run the calls that come before a group, and then its branches at the same time.

    Raises:
        BaseException: the first exception in the order of declaration, which may not be the first in time.
    """
    for call, declared_before in group.first:
        try:
            await call_dependencies((call,), exchange)
        except Exception:
            await call_dependencies(declared_before, exchange)
            raise
    before = copy_context()
    runs = [BranchRun(branch) for branch in group.branches]
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
                del failure  # breaks the reference cycle between this frame and the traceback


@dataclass(slots=True, eq=False)
class BranchRun:
    """One branch while it runs."""

    branch: Sequence[Call]
    scope: CancelScope = field(default_factory=CancelScope)
    failure: BaseException | None = None
    context: Context | None = None

    async def go(self, exchange: Exchange, later: Sequence[BranchRun]) -> None:
        """Run the branch; if it fails, cancel the branches after it: in sequence they would not have started."""
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


def adopt(context: Context | None, before: Context) -> None:
    """Set the context variables that a branch has set."""
    for variable, value in (context or {}).items():
        if before.get(variable, ABSENT) is not value:
            variable.set(value)
