"""Give a mounted application the state of its own lifespan."""

from collections.abc import Mapping
from typing import Any, Final

from typeway.types import ASGIApp, Message, Receive, Scope, Send

# The key of the states of mounted applications in the state of a connection: the application and its state, by its id.
MOUNTED: Final = "typeway.mounted"


class LentState(dict[str, Any]):
    """The state of a connection inside a mounted application; values that are set there are visible outside too.

    Values of the application's own lifespan are not visible outside, where the same names may have another meaning.
    """

    outer: dict[str, Any]
    own: Mapping[str, Any]

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
    """Return the state of a mounted application; None if it has no state of its own."""
    found = scope["state"][MOUNTED].get(id(app))
    return found[1] if found is not None and found[0] is app else None


async def serve_with_state(app: ASGIApp, state: Mapping[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection with a state.

    It gets a scope of its own, because outer middleware may read its own state while the response is sent. All other
    entries of the scope are copied back, as if both scopes were one.
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
