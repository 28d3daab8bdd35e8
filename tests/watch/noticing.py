"""Block an event loop for as long as the watchdog needs to notice it, however busy the machine is."""

import threading
import time
from collections.abc import Callable

from typeway.watch.stall import Stall
from typeway.watch.watchdog import WATCHDOG

# More than the limit of most tests, in seconds that the watchdog counts: time in which it gets no CPU is not among them.
ENOUGH = 0.15
LONGEST = 60


def stalls() -> list[Stall]:
    """What the watchdog follows at the moment."""
    return [watched.detector.stall for watched in WATCHDOG.loops if watched.detector.stall is not None]


def when_noticed(action: Callable[[], object], seconds: float = ENOUGH) -> None:
    """Do something, in another thread, once the watchdog has counted so much of what blocks a loop from now on."""
    before = [(stall, stall.counted) for stall in stalls()]

    def wait() -> None:
        end = time.monotonic() + LONGEST
        while time.monotonic() < end and not any(since_then(stall) >= seconds for stall in stalls()):
            time.sleep(0.005)
        action()

    def since_then(stall: Stall) -> float:
        return stall.counted - next((counted for known, counted in before if known is stall), 0.0)

    threading.Thread(target=wait, daemon=True).start()


def noticed(seconds: float = ENOUGH) -> threading.Event:
    """An event that is set once the watchdog has noticed what blocks from now on: wait for it to block long enough."""
    event = threading.Event()
    when_noticed(event.set, seconds)
    return event
