"""Put the figures of saved results into `docs/performance.md`, between its markers.

python -m benchmarks.tables
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.workloads import WORKLOADS

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
RESULTS: Final = Path(__file__).parent / "results"


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def shown(value: float | None, floor: float | None) -> str:
    if not value:
        return "–"
    multiple = f" ({value / floor:.2f})" if floor else ""
    return f"{value:,.1f}{multiple}" if value < 1000 else f"{value:,.0f}{multiple}"


def costs(results: Mapping[str, Mapping[str, float | None]]) -> str:
    """One row per workload: microseconds, and the multiple of the floor."""
    names = list(next(iter(results.values())))
    rows = ([WORKLOADS[key].title, *(shown(row[name], row["floor"]) for name in names)] for key, row in results.items())
    return table(["workload", *names], rows)


def startup(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    rows = (
        [f"{int(count):,}", name, f"{figures['typeway'][name]:.3f}", f"{figures['fastapi'][name]:.3f}",
         f"{figures['fastapi'][name] / figures['typeway'][name]:.1f}"]
        for count, figures in results.items()
        for name in figures["typeway"]
    )  # fmt: skip
    return table(["routes", "what", "Typeway", "FastAPI", "FastAPI ÷ Typeway"], rows)


def served(results: Mapping[str, Mapping[str, Mapping[str, float] | None]]) -> str:
    """One row per workload: requests per second, the multiple of the floor's, and microseconds per request."""
    names = list(next(iter(results.values())))

    def cell(row: Mapping[str, Mapping[str, float] | None], name: str) -> str:
        own, floor = row[name], row["floor"]
        return f"{own['rate']:,.0f} ({own['rate'] / floor['rate']:.2f}) {own['cpu']:,.1f}" if own and floor else "–"

    return table(
        ["workload", *names],
        ([WORKLOADS[key].title, *(cell(row, name) for name in names)] for key, row in results.items()),
    )


def stacks(results: Mapping[str, Mapping[str, Mapping[str, float] | None]]) -> str:
    """One row per server, fastest first: requests per second of each workload, and the multiple of the floor's."""
    first, *_ = results.values()
    names = sorted(first, key=lambda name: -(first[name] or {"rate": 0.0})["rate"])

    def cell(row: Mapping[str, Mapping[str, float] | None], name: str) -> str:
        own, floor = row[name], row["floor"]
        return f"{own['rate']:,.0f} ({own['rate'] / floor['rate']:.2f})" if own and floor else "–"

    return table(
        ["served by", *(WORKLOADS[key].title for key in results)],
        ([name, *(cell(row, name) for row in results.values())] for name in names),
    )


def latencies(results: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]) -> str:
    """One row per number of connections and server: requests per second, median and 99th percentile."""
    rows = (
        [connections, name, f"{row['rate']:,.0f}", f"{row['p50']:.2f}", f"{row['p99']:.2f}",
         f"{row['p99'] / found['floor']['p99']:.2f}"]
        for workload in results.values()
        for connections, found in workload.items()
        for name, row in found.items()
    )  # fmt: skip
    return table(["connections", "served by", "requests per second", "p50 in ms", "p99 in ms", "p99 ÷ floor's"], rows)


def idle(results: Mapping[str, Mapping[str, float]]) -> str:
    rows = (
        [
            name,
            f"{row['kib']:.1f}",
            *(f"{row[key]:.2f}" for key in ("p50 alone", "p50 beside", "p99 alone", "p99 beside")),
        ]
        for name, row in results.items()
    )
    head = ["served by", "KiB for each", "p50 alone in ms", "p50 beside", "p99 alone", "p99 beside"]
    return table(head, rows)


def machine(results: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in results.items()) + "."


MAKE: Final[Mapping[str, Callable[[Any], str]]] = {
    "machine": machine, "in-process": costs, "startup": startup, "served": served, "instructions": costs,
    "stacks": stacks, "latency": latencies, "idle": idle,
}  # fmt: skip


def filled_in(text: str) -> str:
    """Return the page with every part for which there are results."""
    for path in sorted(RESULTS.glob("*.json")):
        results = json.loads(path.read_text(encoding="utf-8"))
        for name, make in MAKE.items():
            marker = name if path.stem == "latest" else f"{path.stem} {name}"
            if results.get(name):
                part = f"<!-- {marker} -->\n{make(results[name])}\n<!-- end -->"
                text = re.sub(rf"<!-- {marker} -->.*?<!-- end -->", lambda _, part=part: part, text, flags=re.DOTALL)
    return text


def main() -> None:
    """Fill in the page."""
    PAGE.write_text(filled_in(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
