"""Background tasks run in the order in which they were added."""

import pytest

from typeway.background import BackgroundTask, BackgroundTasks


@pytest.mark.anyio
async def test_tasks_run_in_order_with_their_arguments():
    """Plain and async functions run one after the other, with what was given for them."""
    calls: list[object] = []

    def plain(*values: int, name: str) -> None:
        calls.append((values, name))

    async def awaited(value: int) -> None:
        calls.append(value)

    tasks = BackgroundTasks([BackgroundTask(awaited, 0)])
    tasks.add_task(plain, 1, 2, name="x")
    tasks.add_task(awaited, 3)
    await tasks()
    assert calls == [0, ((1, 2), "x"), 3]
