"""Run functions after the response has been sent."""

from starlette.background import BackgroundTask as BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call once the response is on its way, in the order in which they were added.

    Declare a parameter of this type in an endpoint or in a dependency: all of them share the request's tasks.
    `add_task(function, *args, **kwargs)` adds one; a plain `def` function runs in a thread. They run after dependencies
    of the scope "function" have been cleaned up, and before all others are. An error in one of them ends the rest.

    Example:
        ```python
        def send_mail(address: str, text: str) -> None:
            print("to", address, text)

        @app.post("/invitations/{address}", status_code=202)
        async def invite(address: str, tasks: BackgroundTasks) -> None:
            tasks.add_task(send_mail, address, text="Come in")
        ```
    """
