"""Limit how many requests a client may send in a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from math import ceil, floor
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple

from typeway.declare.depends import Depends
from typeway.declare.policy import Policy, Refusal
from typeway.exceptions import HTTPException
from typeway.policies.keys import Key, by_address, key_of
from typeway.policies.stores import OnStoreFailure, Store, store_of

UNITS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
WINDOW: Final = re.compile(rf"\s*(\d+)\s*(?:/|per)\s*(\d*)\s*({'|'.join(UNITS)})s?\s*", re.IGNORECASE)

# How many clients are counted in the memory of a process: some keys are what a client invents. All further ones count together.
MOST_CLIENTS: Final = 200_000
OTHERS: Final = "all others"
DROP_EVERY: Final = 10.0  # seconds

NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")


class Window(NamedTuple):
    """So many requests in so many seconds."""

    amount: int
    seconds: int


class Usage(NamedTuple):
    """What a client has used of a window: two counts, and how long they still count, in seconds.

    The requests of the last window of fixed length count in proportion to the part of it that a window which ends now
    contains. So no burst at the border of two windows gets twice the amount.
    """

    previous: int
    previous_left: float
    current: int
    current_left: float  # until the current count has become the previous one and has ended as such

    def weight(self, window: Window) -> int:
        return floor(self.previous * self.previous_left / window.seconds) + self.current

    def wait(self, window: Window) -> float:
        """Return after how many seconds one more request is allowed, if nobody else sends one."""
        free = window.amount - self.current
        if free > 0:
            if not self.previous:
                return 0.0
            return max(0.0, self.previous_left - free * window.seconds / self.previous)
        return max(0.0, self.current_left - window.seconds)


class Counts:
    """The counts of one policy in the memory of this process; every thread and event loop may use them."""

    def __init__(self) -> None:
        self.lock: Lock = Lock()
        # When the current window has begun, and the counts of the previous and of the current one.
        self.used: dict[tuple[str, Window], tuple[float, int, int]] = {}
        self.most: int = 1_000  # above this size, entries that count no longer are dropped
        self.dropped: float = 0.0  # when that was done last

    def hit(self, key: str, window: Window, now: float) -> tuple[bool, Usage]:
        """Count a request unless it is over the limit, and return whether it was, with the usage after it."""
        with self.lock:
            if len(self.used) >= MOST_CLIENTS and (key, window) not in self.used:
                if now >= self.dropped + DROP_EVERY:
                    self.drop(now)
                if len(self.used) >= MOST_CLIENTS:
                    key = OTHERS
            begun, previous, current = self.used.get((key, window), (now, 0, 0))
            if now >= begun + 2 * window.seconds:
                begun, previous, current = now, 0, 0
            elif now >= begun + window.seconds:
                begun, previous, current = begun + window.seconds, current, 0
            left = begun + window.seconds - now
            usage = Usage(previous, left if previous else 0.0, current, left + window.seconds)
            is_allowed = usage.weight(window) < window.amount
            if is_allowed:
                current += 1
                usage = usage._replace(current=current)
            self.used[key, window] = begun, previous, current
            if len(self.used) > self.most:
                self.drop(now)
            return is_allowed, usage

    def drop(self, now: float) -> None:
        """Drop entries that count no longer; their number may double until the next time."""
        self.used = {
            (key, window): entry for (key, window), entry in self.used.items() if now < entry[0] + 2 * window.seconds
        }
        self.most = max(1_000, 2 * len(self.used))
        self.dropped = now


class Places:
    """Numbers the policies that one line of code declares, so that each has a name that is the same in every process."""

    def __init__(self) -> None:
        self.lock: Lock = Lock()
        self.numbers: dict[str, Any] = {}

    def name(self, place: str | None) -> str:
        file, _, line = (place or "").rpartition(":")
        short = f"{'/'.join(Path(file).parts[-2:])}:{line}"
        with self.lock:
            return f"{short}:{next(self.numbers.setdefault(short, count()))}"


PLACES: Final = Places()


@dataclass(frozen=True, eq=False)
class RateLimit(Policy):
    """Answer with 429 and Retry-After where a client sends more requests than a limit.

    All routes of the policy count together. A request counts before its body is read, whatever its answer; with a key
    that a dependency returns, after that dependency. Responses have the fields RateLimit-Policy and RateLimit of
    draft-ietf-httpapi-ratelimit-headers-10. A WebSocket counts once, before it is accepted.

    Parameters:
        limit: the limit, as `"100/minute"` or `"10 per 5 seconds"`; several are separated by semicolons.
        key: what tells clients apart: `by_address`, `by_principal(dependency)`, `by_credentials`, or a function of the
            connection that returns a string. For one limit for all, return a constant.
        store: where the requests are counted: None for the memory of each process, or a URL as of Redis.
        on_store_failure: what happens to requests if the store fails: `"refuse"` them with 503, or `"allow"` them.
        name: the name of the limit for clients. Limits with different names apply beside one another.

    Raises:
        DeclarationError: the limit cannot be read, or the store cannot be used.

    Example:
        ```python
        app = Typeway(policies=[RateLimit("100/minute", store="redis://localhost:6379/0")])
        ```
    """

    limit: str
    key: Key | Callable[[Any], Any] | None = None
    store: Store | str | None = None
    on_store_failure: OnStoreFailure = "refuse"
    name: str = "default"
    windows: tuple[Window, ...] = field(init=False, repr=False)
    client: Key = field(init=False, repr=False)
    place: Store = field(init=False, repr=False)
    counts: Counts = field(init=False, repr=False)
    space: str = field(init=False, repr=False)  # the common beginning of its keys

    def verify(self) -> None:
        given: Any = self.limit
        found = [WINDOW.fullmatch(part) for part in given.split(";")] if isinstance(given, str) else [None]
        windows = [
            Window(int(each[1]), int(each[2] or 1) * UNITS[each[3].lower()]) for each in found if each is not None
        ]
        if None in found or any(0 in window for window in windows):
            raise self.refused(f"the limit {given!r} cannot be read.", 'Write "100/minute" or "10 per 5 seconds".')
        client = key_of(self.key, by_address)
        if client is None:
            raise self.refused(f"key must be a Key or a function, not {self.key!r}.", "Write key=by_address.")
        if self.on_store_failure not in ("refuse", "allow"):
            problem = f"on_store_failure must be 'refuse' or 'allow', not {self.on_store_failure!r}."
            raise self.refused(problem, 'Leave it out for "refuse".')
        name: Any = self.name
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise self.refused(f"the name {self.name!r} has other characters than letters and digits.", "Shorten it.")
        place = store_of(self.store, self.where)
        if place.kind == "sql":
            raise self.refused("a database cannot count requests.", "Use Redis, or leave store out.")
        space = f"{place.prefix}:rate:{self.name}:{PLACES.name(self.where)}"
        self.set_computed(windows=tuple(windows), client=client, place=place, counts=Counts(), space=space)

    @property
    def kind(self) -> Hashable:
        return type(self).__name__, self.name

    @property
    def key_dependency(self) -> Depends | None:
        return self.client.depends

    @property
    def summary(self) -> str:
        named = "" if self.name == "default" else f", {self.name}"
        return f"RateLimit({self.limit}, {self.client.name}{named})"

    def refusals(self) -> Sequence[Refusal]:
        found = [Refusal(429, "Too many requests", {"Retry-After": "When to try again, in seconds", **FIELDS})]
        if self.place.kind != "memory" and self.on_store_failure == "refuse":
            found.append(Refusal(503, "The limit cannot be checked", {"Retry-After": "When to try again, in seconds"}))
        return found

    def response_headers(self) -> Mapping[str, str]:
        return FIELDS

    async def count(self, key: str) -> list[tuple[bytes, bytes]]:
        """Count a request of a client, and return the header fields for its response.

        Raises:
            HTTPException: 429, if it is over the limit; 503, if the store fails and requests are refused then.
        """
        states: list[tuple[Window, bool, Usage]] = []
        try:
            for window in self.windows:
                is_allowed, usage = await self.hit(key, window)
                states.append((window, is_allowed, usage))
        except self.place.failures as error:
            self.place.failed(error, self.summary, self.on_store_failure)
            return []
        fields = self.fields(states)
        waits = [usage.wait(window) for window, is_allowed, usage in states if not is_allowed]
        if waits:
            headers = {"Retry-After": str(max(1, ceil(max(waits)))), **fields}
            raise HTTPException(429, "Too many requests. Try again later.", headers)
        return [(name.lower().encode(), value.encode()) for name, value in fields.items()]

    async def hit(self, key: str, window: Window) -> tuple[bool, Usage]:
        if self.place.kind == "memory":
            return self.counts.hit(key, window, monotonic())
        storage = self.storage()
        whole = f"{self.space}:{key}"
        # Both are scripts that Redis runs whole: no two processes can take the last place.
        is_allowed = await storage.acquire_sliding_window_entry(whole, window.amount, window.seconds)
        return is_allowed, Usage(*await storage.get_sliding_window(whole, window.seconds))

    def storage(self) -> Any:
        client, made = self.place.connected()
        if "storage" not in made:
            make = import_module("limits.aio.storage").RedisStorage
            # The library takes a socket without the name of the server before it for one of Valkey.
            url = self.place.url.replace("unix://", "redis+unix://", 1)
            options = {"implementation": "redispy", "key_prefix": "", "connection_pool": client.connection_pool}
            made["storage"] = make(f"async+{url}", **options)
        return made["storage"]

    def fields(self, states: Sequence[tuple[Window, bool, Usage]]) -> dict[str, str]:
        """Return the header fields: a quota and its window, what remains of it, and when there is more, in seconds."""
        limits, rests = [], []
        for window, _, usage in states:
            name = self.name if len(self.windows) == 1 else f"{self.name}-{window.seconds}"
            rest = max(0, window.amount - usage.weight(window))
            until = usage.wait(window) if not rest else max(0.0, usage.current_left - window.seconds)
            limits.append(f'"{name}";q={window.amount};w={window.seconds}')
            rests.append(f'"{name}";r={rest};t={ceil(until)}')
        return {"RateLimit-Policy": ", ".join(limits), "RateLimit": ", ".join(rests)}


FIELDS: Final = {
    "RateLimit-Policy": "The limits: for each a name, the quota q and its window w in seconds",
    "RateLimit": "What remains: for each limit the number of requests r, and t, the seconds until there are more",
}
