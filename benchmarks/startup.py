"""Measure what an application costs before its first request: import, declarations, the document, memory."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COUNTS = (100, 1_000, 3_000)
FRAMEWORKS = ("typeway", "fastapi")

# One process per measurement: nothing may be warm.
PROBE = "import sys; from benchmarks.startup import probe; probe(sys.argv[1], int(sys.argv[2]))"


def probe(framework: str, count: int) -> None:
    """Print what this process measured as JSON: CPU seconds, and peak memory in MiB."""
    started = time.process_time()
    web = importlib.import_module(framework)
    assert web.FastAPI and web.Query and web.Request  # names may be loaded when they are first used
    imported = time.process_time()
    app = declare(web, count)
    declared = time.process_time()
    app.openapi()
    described = time.process_time()
    memory = resident_memory()
    figures = {
        "import": imported - started, "declare": declared - imported, "openapi": described - declared, "memory": memory
    }  # fmt: skip
    print(json.dumps(figures))


def resident_memory() -> float:
    """The memory that this process holds, in MiB; getrusage would count the parent's before exec as well."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def declare(web: Any, count: int) -> Any:
    """An application with so many typed routes: parameters, a body and a response model of its own each."""
    from pydantic import create_model

    app = web.FastAPI()
    router = web.APIRouter(prefix="/things")
    shared = create_model("Shared", name=(str, ...), price=(float, 1.0))
    for number in range(count):

        async def endpoint(item_id: int, item: Any, q: str | None = None, limit: int = 10) -> Any:
            return item

        endpoint.__annotations__.update(item=shared, **{"return": shared})
        router.post(f"/{number}/{{item_id}}", name=f"endpoint_{number}")(endpoint)
    app.include_router(router)
    return app


def measure(framework: str, count: int) -> dict[str, float]:
    """One measurement in a process of its own, which keeps bytecode: the best of several has compiled nothing."""
    command = [sys.executable, "-c", PROBE, framework, str(count)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def run(rounds: int, counts: Sequence[int] = COUNTS) -> dict[str, dict[str, dict[str, float]]]:
    """For each number of routes and each framework the best figures of several processes, frameworks interleaved."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for count in counts:
        best: dict[str, dict[str, float]] = {}
        for _ in range(rounds):
            for framework in FRAMEWORKS:
                figures = measure(framework, count)
                known = best.setdefault(framework, figures)
                best[framework] = {name: min(value, known[name]) for name, value in figures.items()}
        results[str(count)] = best
    return results
