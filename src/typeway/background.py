"""Run functions after the response has been sent."""

from collections.abc import Callable
from typing import Any, ParamSpec

from starlette.background import BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks

__all__ = ["BackgroundTask", "BackgroundTasks"]

_Parameters = ParamSpec("_Parameters")


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call once the response is on its way, in the order in which they were added.

    Declare a parameter of this type in an endpoint or in a dependency: all of them share the request's tasks. They
    run after dependencies of the scope "function" have been cleaned up, and before all others are. An error in one
    of them ends the rest.

    Example:
        ```python
        from typeway import BackgroundTasks, Typeway

        app = Typeway()

        def send_mail(address: str, text: str) -> None:
            print("to", address, text)

        @app.post("/invitations/{address}", status_code=202)
        async def invite(address: str, tasks: BackgroundTasks) -> None:
            tasks.add_task(send_mail, address, text="Come in")
        ```
    """

    def add_task(self, func: Callable[_Parameters, Any], *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        """Call `func` with these arguments after the response; a plain `def` function runs in a thread.

        Parameters:
            func: the function, `def` or `async def`.
            *args: its positional arguments.
            **kwargs: its keyword arguments.
        """
        super().add_task(func, *args, **kwargs)
