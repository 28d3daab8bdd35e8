"""Lend a mounted application the state that its own lifespan gave."""

from collections.abc import Mapping
from typing import Any, Final

from typeway.types import ASGIApp, Message, Receive, Scope, Send

# Where the state of a connection holds those of mounted applications: each with its application, by the application's id.
MOUNTED: Final = "typeway.mounted"


class LentState(dict[str, Any]):
    """The state of a connection inside a mounted application: what is set there is seen outside as well.

    What the application's own lifespan gave is not: outside, the same names may mean something else.
    """

    def __init__(self, outer: dict[str, Any], own: Mapping[str, Any]) -> None:
        super().__init__({**outer, **own})
        self.outer, self.own = outer, own

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if name not in self.own:
            self.outer[name] = value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if name not in self.own:
            self.outer.pop(name, None)


def state_of(app: Any, scope: Scope) -> Mapping[str, Any] | None:
    """The state of an application that is mounted; None if it has none of its own."""
    found = scope["state"][MOUNTED].get(id(app))
    return found[1] if found is not None and found[0] is app else None


async def serve_with_state(app: ASGIApp, state: Mapping[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection with a state.

    In a scope of its own, because middleware outside may look at its state while the response is sent. The rest of the
    scope shows outside what it shows inside, as if it were the same.
    """
    inner = {**scope, "state": LentState(scope["state"], state)}

    def show() -> None:
        scope.update({name: value for name, value in inner.items() if name != "state"})

    async def show_and_send(message: Message) -> None:
        show()
        await send(message)

    try:
        await app(inner, receive, show_and_send)
    finally:
        show()
        for name in scope.keys() - inner.keys():
            del scope[name]
