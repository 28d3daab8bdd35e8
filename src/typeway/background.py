"""Run functions after the response has been sent."""

from copy import copy

from starlette.background import BackgroundTask as BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call once the response is on its way, in the order in which they were added.

    Declare a parameter of this type in an endpoint or in a dependency: all of them share the request's tasks.
    `add_task(function, *args, **kwargs)` adds one; a plain `def` function runs in a thread. They run after dependencies
    of the scope "function" have been cleaned up, and before all others are. An error in one of them ends the rest.
    Where the endpoint returns a response that has a background task of its own, that runs first, then these.

    Example:
        ```python
        def send_mail(address: str, text: str) -> None:
            print("to", address, text)

        @app.post("/invitations/{address}", status_code=202)
        async def invite(address: str, tasks: BackgroundTasks) -> None:
            tasks.add_task(send_mail, address, text="Come in")
        ```
    """


class TasksBeside(BackgroundTask):
    """The request's tasks, without those that its response has run as its own already.

    Parameters:
        tasks: the request's.
        own: the response's: the very same, others, or some of each.
    """

    def __init__(self, tasks: StarletteBackgroundTasks, own: BackgroundTask | None) -> None:
        self.all_tasks = tasks
        self.own = own

    async def __call__(self) -> None:
        own, tasks = self.own, self.all_tasks
        done = {id(task) for task in (own, *getattr(own, "tasks", ()))}
        if any(id(task) in done for task in tasks.tasks):
            tasks = copy(tasks)  # it may be of a class of somebody's own, that watches tasks
            tasks.tasks = [task for task in self.all_tasks.tasks if id(task) not in done]
        await tasks()
