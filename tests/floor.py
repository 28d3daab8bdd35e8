"""Measure the CPU time per request as a multiple of the benchmarks' floor; print the ratios as JSON.

Floor and framework are those of `python -m benchmarks in-process`. They are measured in turns in one process, and of each
the best round counts, so that other load on the machine matters little. How much it still matters is measured too: without
it, the best of the even rounds and the best of the odd rounds would be equal.

    python -m tests.floor                                        print the ratios
    python -m tests.floor --limits '{"no parameters": 2}'        measure more often what is above its limit
    python -m tests.floor --times 2                              serve each request twice, to see what a doubling looks like
"""

import argparse
import asyncio
import gc
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from benchmarks.contestants import CONTESTANTS
from benchmarks.in_process import Driver
from benchmarks.workloads import WORKLOADS

# A tenth of the benchmarks' rounds is enough for a limit with room.
SHORTER: Final = 10
FEWEST_ROUNDS: Final = 12


@dataclass
class Case:
    """One workload, and the seconds per request of each round."""

    floor: Driver
    framework: Driver
    floor_rounds: list[float] = field(default_factory=list)
    framework_rounds: list[float] = field(default_factory=list)

    async def measure(self) -> None:
        """Add a round."""
        self.floor_rounds.append(await self.floor.round())
        self.framework_rounds.append(await self.framework.round())

    @property
    def ratio(self) -> float:
        return min(self.framework_rounds) / min(self.floor_rounds)

    @property
    def noise(self) -> float:
        """The difference, as a fraction, between two measurements of the same."""
        differences = []
        for rounds in (self.floor_rounds, self.framework_rounds):
            halves = min(rounds[::2]), min(rounds[1::2])
            differences.append(max(halves) / min(halves) - 1)
        return max(differences)

    def exceeds(self, limit: float) -> bool:
        """Whether the ratio is above the limit, and not only because of noise."""
        return self.ratio > limit * (1 + self.noise)

    def result(self, limit: float) -> dict[str, float | bool]:
        return {
            "floor": round(min(self.floor_rounds) * 1e6, 2),
            "typeway": round(min(self.framework_rounds) * 1e6, 2),
            "ratio": round(self.ratio, 2),
            "noise": round(self.noise, 3),
            "exceeds": self.exceeds(limit),
        }


def repeated(app: Any, times: int) -> Any:
    """An application that costs several times as much."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(times):
            await app(dict(scope), receive, send)

    return app if times == 1 else serve


async def cases(limits: Mapping[str, float], times: int) -> dict[str, Case]:
    """The workloads that have a limit, by title; all of them if none has.

    Raises:
        ValueError: one side does not answer as it should.
    """
    floor, framework = CONTESTANTS["floor"](), CONTESTANTS["typeway"]()
    found = {}
    for workload in WORKLOADS.values():
        if limits and workload.title not in limits:
            continue
        if workload.app in floor:
            short = replace(workload, rounds=max(1, workload.rounds // SHORTER))
            drivers = [Driver(floor[short.app], short), Driver(repeated(framework[short.app], times), short)]
            for driver in drivers:
                problem = await driver.check()
                if problem is not None:
                    raise ValueError(f"{workload.title}: {problem}")
            found[workload.title] = Case(*drivers)
    return found


async def measure(limits: Mapping[str, float], rounds: int, times: int) -> dict[str, dict[str, float | bool]]:
    """The result of every case, after more rounds where it is not as expected.

    The best of more rounds is closer to the true cost: what differs only because of other load does so no longer.
    """
    measured = await cases(limits, times)
    # What has been imported is no garbage; collecting only what requests leave keeps the times even.
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        for title, case in measured.items():
            if number < FEWEST_ROUNDS or (case.ratio > limits.get(title, 0)) is (times == 1):
                await case.measure()
    return {title: case.result(limits.get(title, float("inf"))) for title, case in measured.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.floor")
    parser.add_argument("--limits", type=json.loads, default={}, help="JSON: by workload, the largest allowed ratio")
    parser.add_argument("--rounds", type=int, default=20, help="how often each workload is measured at most")
    parser.add_argument("--times", type=int, default=1, help="how often the framework serves each request")
    options = parser.parse_args()
    if sys.gettrace() is not None:
        sys.exit("Tracing (coverage, a debugger) distorts what is measured: run this without.")
    sys.stdout.write(json.dumps(asyncio.run(measure(options.limits, options.rounds, options.times)), indent=2) + "\n")


if __name__ == "__main__":
    main()
