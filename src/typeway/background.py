"""Run functions after the response has been sent."""

from collections.abc import Callable
from copy import copy
from typing import Any, ParamSpec

from starlette.background import BackgroundTask as BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks

P = ParamSpec("P")


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call after the response has been sent, in the order in which they were added.

    Declare a parameter of this type in an endpoint or in a dependency: all of them share the request's tasks.
    `add_task(function, *args, **kwargs)` adds one; a plain `def` function runs in a thread. The tasks run after the
    clean-up of dependencies of the scope "function" and before the clean-up of all others. If one of them raises an error,
    the rest do not run. If the endpoint returns a response that has a background task of its own, that one runs first.

    Example:
        ```python
        def send_mail(address: str, text: str) -> None:
            print("to", address, text)

        @app.post("/invitations/{address}", status_code=202)
        async def invite(address: str, tasks: BackgroundTasks) -> None:
            tasks.add_task(send_mail, address, text="Come in")
        ```
    """

    # Its own method, because agents such as Datadog's wrap this class and Starlette's, each once.
    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Add a function to call after the response has been sent, with its arguments."""
        super().add_task(func, *args, **kwargs)


class TasksBeside(BackgroundTask):
    """The request's tasks, without those that its response has already run as its own.

    Parameters:
        tasks: the tasks of the request.
        own: the task of the response: these tasks, others, or some of each.
    """

    def __init__(self, tasks: StarletteBackgroundTasks, own: BackgroundTask | None) -> None:
        self.all_tasks = tasks
        self.own = own

    async def __call__(self) -> None:
        own, tasks = self.own, self.all_tasks
        done = {id(task) for task in (own, *getattr(own, "tasks", ()))}
        if any(id(task) in done for task in tasks.tasks):
            tasks = copy(tasks)  # the author may have replaced the class, to observe tasks
            tasks.tasks = [task for task in self.all_tasks.tasks if id(task) not in done]
        await tasks()
