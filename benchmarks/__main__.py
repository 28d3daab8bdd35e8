"""Run the benchmarks: `python -m benchmarks [in-process] [startup] [served] [instructions]`; without words, all of them."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from benchmarks import chart, in_process, instructions, served, startup
from benchmarks.contestants import CONTESTANTS
from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parents[1] / "docs" / "images"
KINDS = ("in-process", "startup", "served", "instructions")
COUNTED = ("plain", "parameters", "body")
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
    kinds = arguments.kinds or list(KINDS)
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
        results["served"] = serve(names, workloads, arguments.seconds, min(arguments.rounds, 5))
    if "instructions" in kinds:
        results["instructions"] = count()
    if arguments.save:
        save(results)
    return 0


def machine() -> dict[str, str]:
    packages = ("typeway", "fastapi", "starlette", "pydantic", "litestar", "blacksheep", "uvicorn")
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


def serve(names: Sequence[str], workloads: Sequence[Workload], seconds: int, rounds: int) -> dict[str, Any] | None:
    problem = served.is_possible()
    if problem is not None:
        print(f"Served: skipped, {problem}.", file=sys.stderr)
        return None
    chosen = [name for name, (contestant, _) in served.SERVERS.items() if contestant in names]
    print("Served: requests per second, the multiple of the floor's, and µs of CPU time per request")
    results = {}
    for workload in workloads:
        if workload.name in SERVED:
            found = served.run(chosen, workload, seconds, rounds)
            floor = (found.get("floor") or {}).get("rate") or 1.0
            cells = [
                f"{name} {row['rate']:.0f} ({row['rate'] / floor:.2f}) {row['cpu']:.1f}" if row else f"{name} –"
                for name, row in found.items()
            ]
            print(f"  {workload.title:45} " + "  ".join(f"{cell:28}" for cell in cells), flush=True)
            results[workload.name] = found
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
