"""Know which calls block their thread, why, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from typeway.watch.catalogue import listed

THREAD: Final = "await `run_in_threadpool({call})` from typeway.concurrency"
OR_PLAIN: Final = ", or make the endpoint or dependency a `def`"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why calls block their thread.

    Parameters:
        does: what such a call does, to be read after its name: "waits for the database".
        instead: what to do in place of the call, with `{sleep}` for the function that lets time pass; empty for nothing.
        in_thread: what may run in a thread: the "call" itself, only a "caller" of it (the call has a better substitute),
            or "nothing".
    """

    does: str
    instead: str = ""
    in_thread: Literal["call", "caller", "nothing"] = "call"

    def fix(self, function: str = "", sleep: str = "asyncio.sleep", *, may_be_plain: bool = True) -> str:
        """What to do about one call, at the place of the call.

        Parameters:
            function: the called function as it is written in the source; empty if it has no name there.
            sleep: the function that lets time pass, as it is written in the source.
            may_be_plain: whether the function around the call may become a plain one.

        Example:
            >>> DATABASE.fix("session.execute").partition("; or ")[2].partition(" from ")[0]
            'await `run_in_threadpool(session.execute, ...)`'
        """
        ways = [self.substitute(sleep)] if self.instead else []
        if self.in_thread == "call":
            ways.append(in_thread(f"{function}, ..." if function else "...") + OR_PLAIN * may_be_plain)
        return "; or ".join(ways)

    def substitute(self, sleep: str) -> str:
        """What to do in place of the call; empty where nothing can take its place."""
        return self.instead.replace("{sleep}", sleep)


def in_thread(call: str) -> str:
    """How to call a function in a thread.

    Parameters:
        call: the function and its arguments, as `run_in_threadpool` takes them.
    """
    return THREAD.replace("{call}", call)


SLEEP: Final = Cause("waits for time to pass", "await `{sleep}(...)` instead", "caller")
HTTP: Final = Cause("waits for another server", "use an asynchronous client, such as `httpx.AsyncClient`, and await it")
DATABASE: Final = Cause("waits for the database", "use the driver's asynchronous interface and await it")
FILES: Final = Cause("waits for the disk", "use `anyio.Path` or `anyio.open_file` and await them")
PROCESS: Final = Cause("waits for another process", "await `anyio.run_process(...)`")
NETWORK: Final = Cause("waits for the network", "use `anyio.connect_tcp` or an asynchronous client and await it")
LOCKS: Final = Cause(
    "waits for another thread",
    "use anyio's `Lock`, `Event`, `Semaphore` or memory object streams and await them",
    "caller",
)
SHARED: Final = Cause("waits until another process releases the lock", "use the asynchronous lock of the same library")
TERMINAL: Final = Cause(
    "waits for somebody at the terminal", "read it before the application serves requests", "nothing"
)
HASHING: Final = Cause("computes for as long as a password hash is meant to")
COMPUTES: Final = Cause("computes for as long as its data is large")
UNKNOWN: Final = Cause("blocks its thread")

# The causes by their names in the catalogue.
CAUSES: Final[Mapping[str, Cause]] = {
    "SLEEP": SLEEP, "HTTP": HTTP, "DATABASE": DATABASE, "FILES": FILES, "PROCESS": PROCESS, "NETWORK": NETWORK, "LOCKS": LOCKS,
    "SHARED": SHARED, "TERMINAL": TERMINAL, "HASHING": HASHING, "COMPUTES": COMPUTES,
}  # fmt: skip


def cause_of(callee: str) -> Cause:
    """Why a call blocks, given that it does.

    Parameters:
        callee: the qualified name of what is called, with its module; empty if that is not known.

    Example:
        >>> cause_of("time.sleep").fix()
        'await `asyncio.sleep(...)` instead'
    """
    name, causes = callee, listed().causes
    while name:
        # The longest name that the callee begins with counts.
        if name in causes:
            return CAUSES[causes[name]]
        name = name.rpartition(".")[0]
    return UNKNOWN
