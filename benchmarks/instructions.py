"""Count the machine instructions of a request with valgrind: a figure that no other load on the machine changes.

`python -m benchmarks instructions` starts this module again under `valgrind --tool=callgrind`, which counts only while
requests are being served.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contestants import CONTESTANTS
from benchmarks.in_process import Driver
from benchmarks.workloads import WORKLOADS

REQUESTS = 200
# Counting begins and ends with calls of another process, and each of these costs the counted one something.
TOOLS = ("valgrind", "callgrind_control")

Counts = dict[str, dict[str, int]]


def is_possible() -> str | None:
    """Why there is nothing to count with, or None."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"{missing[0]} is not installed (Debian: apt install valgrind)" if missing else None


def run(contestants: Sequence[str], workloads: Sequence[str]) -> Counts:
    """Instructions per request, by workload and contestant.

    Raises:
        CalledProcessError: valgrind or a contestant failed; its output has been shown.
    """
    with tempfile.TemporaryDirectory() as directory:
        command = [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet",
            f"--callgrind-out-file={directory}/callgrind.out",
            sys.executable, "-m", __name__, directory, ",".join(contestants), ",".join(workloads),
        ]  # fmt: skip
        # A fixed seed of hashes: the same code then executes the same instructions.
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"}, stdout=subprocess.DEVNULL)
        counts: Counts = json.loads((Path(directory) / "counts.json").read_text())
    return counts


def control(*arguments: str) -> None:
    subprocess.run(["callgrind_control", *arguments, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


def newest_total(directory: Path, before: set[Path]) -> int:
    """The total of the one dump that was not there before."""
    (dump,) = {path for path in directory.iterdir() if path.name.startswith("callgrind.out.")} - before
    for line in dump.read_text().splitlines():
        if line.startswith("totals:"):
            return int(line.split()[1])
    raise RuntimeError(f"{dump.name} has no total.")


async def count(driver: Driver | None, directory: Path) -> int:
    """The instructions of all requests; without a driver those of counting itself."""
    before = set(directory.iterdir())
    if driver is not None:
        for _ in range(20):  # plans are built by now, and the interpreter has specialised its instructions
            await driver.round_once()
    gc.collect()
    gc.disable()
    control("--instr=on")
    for _ in range(REQUESTS if driver is not None else 0):
        assert driver is not None
        await driver.round_once()
    control("--instr=off")
    gc.enable()
    control("--dump")
    return newest_total(directory, before)


async def count_all(directory: Path, contestants: Sequence[str], workloads: Sequence[str]) -> Counts:
    apps: Mapping[str, Mapping[str, Any]] = {name: CONTESTANTS[name]() for name in contestants}
    own = await count(None, directory)
    counts: Counts = {}
    for workload in (WORKLOADS[name] for name in workloads):
        counts[workload.name] = {}
        for name, built in apps.items():
            total = await count(Driver(built[workload.app], workload), directory)
            counts[workload.name][name] = (total - own) // REQUESTS
    return counts


if __name__ == "__main__":
    place, names, wanted = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3].split(",")
    (place / "counts.json").write_text(json.dumps(asyncio.run(count_all(place, names, wanted))))
