"""Build the wheel, install it into an empty environment, and try there what users do first.

    .venv/bin/python -m scripts.wheel                    build, install, try; print size, import time and completeness of types
    .venv/bin/python -m scripts.wheel --tests tests/cli  run tests against the installed wheel as well

The environment is `.venv-wheel`, the wheel is in `dist/`. Tests run from this folder, where `typeway` is only in the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
DIST, VENV = ROOT / "dist", ROOT / ".venv-wheel"
PYTHON: Final = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"

# What a wheel must have beside modules, and folders that it must not have.
FILES: Final = ("typeway/py.typed", "typeway/develop/error.html", "typeway/describe/assets/")
FOREIGN: Final = ("tests/", "examples/", "benchmarks/", "docs/", "scripts/")

APP: Final = """
from pydantic import BaseModel
from typeway import Typeway

app = Typeway(title="Smoke")


class Item(BaseModel):
    name: str
    price: float = 1.5


@app.post("/items")
async def create(item: Item) -> Item:
    return item
"""

TRY: Final = """
from typeway.testclient import TestClient
from main import app

with TestClient(app) as client:
    assert client.post("/items", json={"name": "tea"}).json() == {"name": "tea", "price": 1.5}
    assert client.post("/items", json={}).status_code == 422
    assert client.get("/docs").status_code == 200
"""

TIMED: Final = "import time; start = time.process_time(); {code}; print(time.process_time() - start)"
IMPORTS: Final = {
    "import typeway": "import typeway",
    "from typeway import Typeway": "from typeway import Typeway",
    "of this, Starlette and Pydantic": "import starlette.applications, pydantic",
}
RUNS: Final = 11
# Without compiled files each process would compile what it imports.
UNSET: Final = frozenset({"PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"})
PATIENCE: Final = 60


def run(command: Sequence[str | Path], folder: Path = ROOT, **environment: str) -> str:
    """Run a command and return what it prints; a failure ends the script with that."""
    clean = {name: value for name, value in os.environ.items() if name not in UNSET}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def build() -> Path:
    """Build the wheel, and look at what is in it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", DIST, "."])
    (wheel,) = DIST.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    missing = [file for file in FILES if not any(name.startswith(file) for name in names)]
    foreign = [name for name in names if name.startswith(FOREIGN)]
    if missing or foreign:
        sys.exit(f"{wheel.name}: missing {missing}, foreign {foreign}")
    return wheel


def install(wheel: Path, extras: str) -> None:
    """Install the wheel into an empty environment."""
    run([sys.executable, "-m", "venv", "--clear", VENV])
    uv = Path(sys.executable).parent / "uv"
    installer = [uv, "pip", "install", "--python", PYTHON] if uv.exists() else [PYTHON, "-m", "pip", "install"]
    run([*installer, "--quiet", f"{wheel}[{extras}]", "pytest>=9,<10", "sqlalchemy[asyncio]>=2.1,<2.2"])


def try_it(folder: Path) -> None:
    """Do what users do first: ask an application, look at it on the command line, serve it."""
    (folder / "main.py").write_text(APP)
    home = run([PYTHON, "-c", "import typeway; print(typeway.__file__)"], folder).strip()
    if not Path(home).is_relative_to(VENV):
        sys.exit(f"typeway is imported from {home}, not from {VENV}")
    run([PYTHON, "-c", TRY], folder)
    for command in (["routes"], ["openapi"], ["check"], ["dev", "--help"]):
        run([PYTHON, "-m", "typeway", *command], folder)
    serve(folder)


def serve(folder: Path) -> None:
    """Serve the application on a free port of this machine, and ask it once."""
    command = [str(PYTHON), "-m", "typeway", "run", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stderr or ())
            address = next((line.split("running on ")[1].split()[0] for line in lines if "running on " in line), None)
            if address is None:
                sys.exit("typeway run has ended before it served")
            if read(f"{address}/openapi.json")["info"]["title"] != "Smoke":
                sys.exit("typeway run serves another document")
        finally:
            server.terminate()


def read(url: str) -> Any:
    """Read JSON from this machine, once the server accepts connections: it says its address before."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:  # noqa: S310  the address is this machine's
                return json.load(response)
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def typed() -> str:
    """Return how many of the names in the package have a type that no type checker needs to infer; all must have one.

    What the package takes from others must be installed, else their types are not known.
    """
    pyright = Path(sys.executable).parent / "pyright"
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        # It fails without 100 %.
        report = run([pyright, "--verifytypes", "typeway", "--ignoreexternal"], Path(folder), PATH=path)
    return next(line for line in report.splitlines() if line.startswith("Type completeness score"))


def import_times() -> dict[str, float]:
    """Return the CPU time of each import in a new process, in milliseconds: the median of several."""
    found = {}
    for name, code in IMPORTS.items():
        times = [float(run([PYTHON, "-c", TIMED.format(code=code)])) for _ in range(RUNS)]
        found[name] = 1000 * statistics.median(times)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the wheel, install it into an empty environment, and try it.")
    parser.add_argument("--tests", nargs="+", default=[], help="tests to run against the installed wheel")
    tests = parser.parse_args().tests
    wheel = build()
    install(wheel, "standard,dev" if tests else "standard,telemetry,policies")
    with tempfile.TemporaryDirectory() as folder:
        try_it(Path(folder))
    size, unpacked = wheel.stat().st_size, sum(entry.file_size for entry in zipfile.ZipFile(wheel).infolist())
    print(f"{wheel.name}: {size / 1024:.0f} KiB, {unpacked / 1024:.0f} KiB unpacked")
    for name, milliseconds in import_times().items():
        print(f"{name}: {milliseconds:.0f} ms of CPU time")
    print(typed())
    if tests:
        print(run([PYTHON, "-m", "pytest", "-q", *tests]))


if __name__ == "__main__":
    main()
