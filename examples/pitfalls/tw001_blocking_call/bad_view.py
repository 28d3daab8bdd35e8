"""Bad: the methods of a class are endpoints, and what its objects hold blocks."""

import asyncio
import inspect
from typing import Any

import httpx

from typeway import Depends, Typeway

app = Typeway()


def view(cls: type[Any]) -> type[Any]:
    """Make the public methods of a class endpoints: the framework creates an object for each request."""
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_"):
            own, *others = inspect.signature(method).parameters.values()
            parameters = [own.replace(default=Depends(cls), kind=own.KEYWORD_ONLY)]
            method.__signature__ = inspect.Signature([*others, *parameters])  # type: ignore[attr-defined]
            app.get(f"/parcels/{{number}}/{name}")(method)
    return cls


@view
class Parcels:
    def __init__(self) -> None:
        self.carrier = httpx.Client(base_url="https://carrier.example.com")

    async def state(self, number: int) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"state": self.carrier.get(f"/parcels/{number}").text}
