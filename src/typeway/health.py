"""Tell load balancers whether this process should get requests."""

import threading
from typing import Final

from typeway.exceptions import HTTPException

STOPPING: Final = threading.Event()


def is_stopping() -> bool:
    """Whether the server of this process is about to stop; it still answers requests.

    `typeway run` sets this at the first signal to stop. Other servers do not tell, and then it stays False.
    """
    return STOPPING.is_set()


async def ready() -> None:
    """Refuse a request while the server is about to stop: a dependency for the endpoint that a load balancer asks.

    With `typeway run --drain-delay 10`, the server goes on accepting connections for ten seconds after the signal, so
    that the load balancer sees the 503 and sends requests elsewhere before the server stops.

    Raises:
        HTTPException: 503, the server is stopping.

    Example:
        ```python
        from typeway import Depends, Typeway
        from typeway.health import ready

        app = Typeway()

        @app.get("/health/ready", dependencies=[Depends(ready)])
        async def is_ready() -> dict[str, str]:
            return {"status": "ready"}
        ```
    """
    if STOPPING.is_set():
        raise HTTPException(503, "The server is stopping.")
