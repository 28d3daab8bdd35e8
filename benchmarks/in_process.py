"""Drive ASGI callables without a server, interleaved, and take the CPU time that a request costs."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.workloads import Workload

# Contestant by contestant the microseconds of the best round; None where it has no such thing.
Costs = dict[str, float | None]


class Driver:
    """One contestant's application for one workload."""

    def __init__(self, app: Any, workload: Workload) -> None:
        self.app = app
        self.workload = workload
        self.status = 0
        self.body = b""
        self.received = 0
        if workload.messages:
            self.receive, self.send = self.receive_message, self.send_message  # type: ignore[method-assign]

    async def receive_message(self) -> dict[str, Any]:
        """What a WebSocket client sends: its handshake, its messages, and that it goes."""
        self.received += 1
        if self.received == 1:
            return {"type": "websocket.connect"}
        if self.received <= self.workload.messages + 1:
            return {"type": "websocket.receive", "text": "hello"}
        self.received = 0
        return {"type": "websocket.disconnect", "code": 1000}

    async def send_message(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            self.status = 101
        elif message["type"] == "websocket.send" and message["text"] != "hello":
            self.status = 0

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self.workload.body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.body = b""
        else:
            self.body += message.get("body", b"")

    async def check(self) -> str | None:
        """What is wrong with the contestant's answer, or None."""
        try:
            await self.round_once()
        except Exception as error:  # a contestant that fails is left out, with its reason
            return f"{type(error).__name__}: {error}"
        if self.status != self.workload.status:
            return f"status {self.status} instead of {self.workload.status}: {self.body[:200]!r}"
        if self.workload.answer is not None and json.loads(self.body) != self.workload.answer:
            return f"a different answer: {self.body[:200]!r}"
        return None

    async def round_once(self) -> None:
        """Send one request."""
        await self.app(self.workload.scope(), self.receive, self.send)

    async def round(self) -> float:
        """The CPU seconds of one request, averaged over a round."""
        app, scope, receive, send = self.app, self.workload.scope, self.receive, self.send
        count = self.workload.rounds
        gc.collect()
        started = time.process_time()
        for _ in range(count):
            await app(scope(), receive, send)
        return (time.process_time() - started) / count


async def compete(apps: Mapping[str, Mapping[str, Any]], workload: Workload, rounds: int) -> Costs:
    """The cost of one workload for every contestant: rounds interleaved, the best of each."""
    drivers: dict[str, Driver] = {}
    costs: Costs = {}
    for name, built in apps.items():
        app = built.get(workload.app)
        driver = None if app is None else Driver(app, workload)
        problem = "not offered" if driver is None else await driver.check()
        if driver is not None and problem is None:
            drivers[name] = driver
        costs[name] = None
    for _ in range(rounds):
        for name, driver in drivers.items():
            cost = await driver.round() * 1e6
            best = costs[name]
            costs[name] = cost if best is None else min(best, cost)
    return costs


def run(apps: Mapping[str, Mapping[str, Any]], workloads: Sequence[Workload], rounds: int) -> dict[str, Costs]:
    """The costs in microseconds of all workloads."""
    return {workload.name: asyncio.run(compete(apps, workload, rounds)) for workload in workloads}
