"""Hand changes to the clients that this process serves."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from examples.task_manager.schemas.change import OwnedChange

Publish = Callable[[OwnedChange], Awaitable[None]]

# What a client may be behind; one that is further behind reads everything again.
LONGEST_QUEUE = 100


class Listener:
    """One client that listens to the changes of one owner."""

    def __init__(self) -> None:
        self._changes: asyncio.Queue[OwnedChange | None] = asyncio.Queue(LONGEST_QUEUE)

    async def next(self) -> OwnedChange | None:
        """Wait for a change; None says that changes were missed."""
        return await self._changes.get()

    def hear(self, change: OwnedChange | None) -> None:
        """Queue a change without waiting for the client."""
        if change is None or self._changes.full():
            while not self._changes.empty():
                self._changes.get_nowait()
            change = None
        self._changes.put_nowait(change)


class Listeners:
    """The clients that listen in this process, by the owner whose changes they hear."""

    def __init__(self) -> None:
        self._of_owner: dict[int, set[Listener]] = {}

    @contextmanager
    def joined(self, owner_id: int) -> Iterator[Listener]:
        """Listen to the changes of an owner."""
        listener = Listener()
        present = self._of_owner.setdefault(owner_id, set())
        present.add(listener)
        try:
            yield listener
        finally:
            present.discard(listener)
            if not present and self._of_owner.get(owner_id) is present:
                del self._of_owner[owner_id]

    def tell(self, change: OwnedChange) -> None:
        """Hand a change to those who listen to its owner."""
        for listener in self._of_owner.get(change.owner_id, ()):
            listener.hear(change)

    def tell_of_gap(self) -> None:
        """Tell everybody that changes may have been missed."""
        for present in self._of_owner.values():
            for listener in present:
                listener.hear(None)
