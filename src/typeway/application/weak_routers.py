"""Hold routers weakly, each by what it is and not by what it equals: plugins give theirs `__eq__` and `__hash__`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any


class WeakRouters:
    """A set of routers that it does not keep alive. It never calls their `__hash__`, which may need a whole router."""

    def __init__(self) -> None:
        self.references: dict[int, weakref.ref[Any]] = {}

    def add(self, router: Any) -> None:
        """Add a router; one that is in the set already changes nothing."""
        key = id(router)

        def forget(gone: weakref.ref[Any]) -> None:
            # Another router may have got the number in the meantime.
            if self.references.get(key) is gone:
                del self.references[key]

        if key not in self.references or self.references[key]() is not router:
            self.references[key] = weakref.ref(router, forget)

    def __iter__(self) -> Iterator[Any]:
        return (router for reference in list(self.references.values()) if (router := reference()) is not None)
