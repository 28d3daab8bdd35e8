"""Count, in each event loop, how many hold what one declaration asks for."""

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from anyio import Semaphore
from anyio.lowlevel import RunVar


@dataclass(slots=True, eq=False, weakref_slot=True)
class Capacity:
    """How many may hold something at a time in one event loop; it is told apart by identity."""

    limit: int

    def semaphore(self) -> Semaphore:
        """The running event loop's semaphore, an asynchronous context manager: whoever waits for it is served in turn."""
        try:
            semaphores = SEMAPHORES.get()
        except LookupError:
            semaphores = WeakKeyDictionary()
            SEMAPHORES.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.limit, max_value=self.limit)
        return semaphore


# Each event loop has its own, and only the thread that runs the loop reads and writes it. What nobody declares any
# more is forgotten.
SEMAPHORES: Final[RunVar[WeakKeyDictionary[Capacity, Semaphore]]] = RunVar("typeway.declare.capacity")
