"""Run the benchmarks: `python -m benchmarks [in-process] [startup] [served] [instructions] [stacks] [latency] [idle]`.

Without words, the first four of them.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from benchmarks import chart, in_process, instructions, latency, served, stacks, startup
from benchmarks.contestants import CONTESTANTS
from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parents[1] / "docs" / "images"
USUAL = ("in-process", "startup", "served", "instructions")
KINDS = (*USUAL, "stacks", "latency", "idle")
COUNTED = ("plain", "parameters", "body")
# What every stack can say in the same way.
STACKED = ("plain", "parameters", "body", "dependencies")
# Whose latency is measured, and whose idle connections.
TIMED = ("floor", "typeway", "typeway on uvicorn", "fastapi")
SERVED = (
    "plain", "parameters", "body", "list_models", "dependencies", "routes_flat", "middleware", "events", "lines", "file",
    "upload",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"what to run: {', '.join(KINDS)}")
    parser.add_argument("--workloads", default="", help="comma-separated names; all unless given")
    parser.add_argument("--contestants", default=",".join(CONTESTANTS), help="comma-separated names")
    parser.add_argument("--rounds", type=int, default=7, help="rounds per contestant; the best counts")
    parser.add_argument("--seconds", type=int, default=5, help="seconds of load per served measurement")
    parser.add_argument("--save", action="store_true", help=f"write JSON and SVG to {RESULTS.name}/")
    arguments = parser.parse_args()
    kinds = arguments.kinds or list(USUAL)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        parser.error(f"unknown kind {unknown[0]!r}: choose from {', '.join(KINDS)}")
    names = [name for name in arguments.contestants.split(",") if name in CONTESTANTS]
    workloads = [w for w in WORKLOADS.values() if not arguments.workloads or w.name in arguments.workloads.split(",")]
    results: dict[str, Any] = {"machine": machine()}
    if "in-process" in kinds:
        results["in-process"] = compete(names, workloads, arguments.rounds)
    if "startup" in kinds:
        results["startup"] = start(min(arguments.rounds, 3))
    if "served" in kinds:
        chosen = [
            name for name, stack in stacks.SERVERS.items() if stack.contestant in names and stack.needs == "uvicorn"
        ]
        some = [workload for workload in workloads if workload.name in SERVED]
        results["served"] = serve(chosen, some, arguments.seconds, min(arguments.rounds, 5))
    if "stacks" in kinds:
        chosen = [name for name, stack in stacks.SERVERS.items() if stack.is_installed]
        some = [workload for workload in workloads if workload.name in STACKED]
        results["stacks"] = serve(chosen, some, arguments.seconds, min(arguments.rounds, 5))
    if "latency" in kinds:
        some = workloads if arguments.workloads else [WORKLOADS["plain"]]
        results["latency"] = respond(some, arguments.seconds, min(arguments.rounds, 3))
    if "idle" in kinds:
        results["idle"] = hold(arguments.seconds)
    if "instructions" in kinds:
        results["instructions"] = count()
    if arguments.save:
        save(results)
    return 0


def machine() -> dict[str, str]:
    packages = (
        "typeway",
        "fastapi",
        "starlette",
        "pydantic",
        "litestar",
        "blacksheep",
        "uvicorn",
        "uvloop",
        "granian",
        "fastpysgi",
        "robyn",
    )
    installed = {name.lower() for found in distributions() if (name := found.metadata["Name"])}
    return {"python": platform.python_version(), **{name: version(name) for name in packages if name in installed}}


def compete(names: Sequence[str], workloads: Sequence[Workload], rounds: int) -> dict[str, in_process.Costs]:
    apps = {name: CONTESTANTS[name]() for name in names}
    print("In process: CPU time per request, µs (multiple of the floor)")
    costs = {}
    for workload in workloads:
        costs.update(in_process.run(apps, [workload], rounds))
        print(line(workload.title, costs[workload.name]), flush=True)
    return costs


def line(title: str, costs: Mapping[str, float | None]) -> str:
    floor = costs.get("floor") or 1.0
    cells = [f"{name} {cost:.1f} ({cost / floor:.2f})" if cost else f"{name} –" for name, cost in costs.items()]
    return f"  {title:45} " + "  ".join(f"{cell:24}" for cell in cells)


def start(rounds: int) -> dict[str, Any]:
    print("Start-up: CPU seconds, memory in MiB, and FastAPI ÷ Typeway")
    results = startup.run(rounds)
    for count, figures in results.items():
        for name, value in figures["typeway"].items():
            other = figures["fastapi"][name]
            print(
                f"  {count:>5} routes  {name:8} typeway {value:8.3f}  fastapi {other:8.3f}  ratio {other / value:5.2f}"
            )
    return results


def serve(chosen: Sequence[str], workloads: Sequence[Workload], seconds: int, rounds: int) -> dict[str, Any] | None:
    problem = served.is_possible()
    if problem is not None:
        print(f"Served: skipped, {problem}.", file=sys.stderr)
        return None
    print("Served: requests per second, the multiple of the floor's, and µs of CPU time per request")
    results = {}
    for workload in workloads:
        found = served.run(chosen, workload, seconds, rounds)
        floor = (found.get("floor") or {}).get("rate") or 1.0
        cells = [
            f"{name} {row['rate']:.0f} ({row['rate'] / floor:.2f}) {row['cpu']:.1f}" if row else f"{name} –"
            for name, row in found.items()
        ]
        print(f"  {workload.title:45} " + "  ".join(f"{cell:28}" for cell in cells), flush=True)
        results[workload.name] = found
    return results


def respond(workloads: Sequence[Workload], seconds: int, rounds: int) -> dict[str, Any] | None:
    problem = served.is_possible()
    if problem is not None:
        print(f"Latency: skipped, {problem}.", file=sys.stderr)
        return None
    print(
        "Latency at 80 % load: requests per second of at most, p50 and p99 in ms, p99 as a multiple of the floor's, errors"
    )
    results = {}
    for workload in workloads:
        found = results[workload.name] = latency.run(TIMED, workload, seconds, rounds)
        for connections, rows in found.items():
            floor = rows.get("floor", {}).get("p99") or 1.0
            for name, row in rows.items():
                print(
                    f"  {workload.title:30} {connections:>6} connections  {name:20} {row['rate']:8.0f} of {row['most']:8.0f}"
                    f"  p50 {row['p50']:8.2f}  p99 {row['p99']:8.2f} ({row['p99'] / floor:.2f})  errors {row['errors']:.0f}",
                    flush=True,
                )
    return results


def hold(seconds: int) -> dict[str, Any] | None:
    problem = served.is_possible()
    if problem is not None:
        print(f"Idle: skipped, {problem}.", file=sys.stderr)
        return None
    print(
        f"{latency.IDLE:,} idle connections: KiB for each; latency of 8 busy ones alone and beside them, p50 and p99 in ms"
    )
    results = {}
    for name in TIMED:
        row = results[name] = latency.with_idle(name, seconds)
        print(
            f"  {name:20} {row['kib']:6.2f} KiB  alone {row['p50 alone']:.2f} / {row['p99 alone']:.2f}"
            f"  beside {row['p50 beside']:.2f} / {row['p99 beside']:.2f}",
            flush=True,
        )
    return results


def count() -> instructions.Counts | None:
    problem = instructions.is_possible()
    if problem is not None:
        print(f"Instructions: skipped, {problem}.", file=sys.stderr)
        return None
    print("Instructions of the processor per request, and the multiple of the floor's")
    counts = instructions.run(("floor", "typeway"), COUNTED)
    for name, counted in counts.items():
        print(line(WORKLOADS[name].title, dict(counted)))
    return counts


def save(results: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    latest = RESULTS / "latest.json"
    # What was not measured this time keeps the figures of before.
    known = json.loads(latest.read_text()) if latest.exists() else {}
    latest.write_text(json.dumps({**known, **results}, indent=2) + "\n")
    if "in-process" in results:
        titles = {workload.name: workload.title for workload in WORKLOADS.values()}
        title = "CPU time per request as a multiple of hand-written ASGI (shorter is better)"
        (IMAGES / "in_process.svg").write_text(chart.draw(title, results["in-process"], titles))
    print(f"Saved to {RESULTS}.")


if __name__ == "__main__":
    sys.exit(main())
