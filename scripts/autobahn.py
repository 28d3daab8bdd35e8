"""Run Autobahn's WebSocket test suite through Typeway's protocol class and through uvicorn's own, and compare them.

    python -m scripts.autobahn [--all] [--servers typeway,uvicorn-wsproto] [--if-available]

The suite needs Python 2.7, so it has an environment of its own, `.venv-autobahn`, which is made with the interpreter that the
variable PYTHON2 names (`python2.7` otherwise). Families 9 (large messages), 12 and 13 (compression) take a quarter of an hour and
run only with `--all`; the other 247 cases take about 15 seconds for each server. The run fails if a case fails through
Typeway, or if fewer cases are answered strictly as the RFC demands than through the best of uvicorn's classes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ENVIRONMENT: Final = ROOT / ".venv-autobahn"
SUITE: Final = "autobahntestsuite==25.10.1"
VIRTUALENV: Final = "virtualenv<20.22"  # the last that makes environments of Python 2.7

# What reads HTTP, and what reads WebSockets.
SERVERS: Final[Mapping[str, tuple[str, str]]] = {
    "typeway": ("typeway", "auto"),
    "typeway-wsproto": ("typeway", "wsproto"),
    "uvicorn-websockets-sansio": ("httptools", "websockets-sansio"),
    "uvicorn-wsproto": ("httptools", "wsproto"),
}
SLOW: Final = ("9.*", "12.*", "13.*")

SERVE: Final = """
import sys

import uvicorn

from typeway import Typeway, WebSocket

app = Typeway()


@app.websocket("/")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


http = sys.argv[1]
if http == "typeway":
    from typeway.protocol import HTTPProtocol as http
uvicorn.run(app, fd=int(sys.argv[3]), http=http, ws=sys.argv[2], log_level="critical", lifespan="off")
"""


def suite() -> Path | None:
    """Return the program of the suite, which is installed if it can be; None if there is no Python 2.7."""
    program = ENVIRONMENT / "bin" / "wstest"
    if program.exists():
        return program
    python = os.environ.get("PYTHON2") or shutil.which("python2.7")
    if python is None or subprocess.run([python, "--version"], check=False, capture_output=True).returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        maker = Path(folder, "bin", "python")
        subprocess.run([maker, "-m", "pip", "install", "--quiet", VIRTUALENV], check=True)
        subprocess.run([maker, "-m", "virtualenv", "--quiet", "--python", python, ENVIRONMENT], check=True)
    subprocess.run([ENVIRONMENT / "bin" / "pip", "install", "--quiet", SUITE], check=True)
    return program


@contextmanager
def served(name: str) -> Iterator[int]:
    """Serve an echo; the port is yielded."""
    http, ws = SERVERS[name]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = [sys.executable, "-c", SERVE, http, ws, str(number)]
        paths = f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        process = subprocess.Popen(command, pass_fds=[number], env={**os.environ, "PYTHONPATH": paths})
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(30)


def results(program: Path, name: str, excluded: Sequence[str]) -> dict[str, str]:
    """Run the suite against one server; return the outcome of each case."""
    with tempfile.TemporaryDirectory() as folder, served(name) as port:
        specification = {
            "outdir": folder,
            "servers": [{"agent": name, "url": f"ws://127.0.0.1:{port}/"}],
            "cases": ["*"],
            "exclude-cases": list(excluded),
            "exclude-agent-cases": {},
        }
        path = Path(folder, "specification.json")
        path.write_text(json.dumps(specification))
        # It prints a line for each case, and what twisted thinks.
        subprocess.run([program, "-m", "fuzzingclient", "-s", path], check=True, capture_output=True)
        found = json.loads(Path(folder, "index.json").read_text())[name]
    return {case: worse(outcome["behavior"], outcome["behaviorClose"]) for case, outcome in found.items()}


ORDER: Final = ("OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN", "FAILED")
FAILED: Final = frozenset({"FAILED", "WRONG CODE", "UNCLEAN"})


def worse(behaviour: str, closing: str) -> str:
    """Return the outcome of a case: the worse of what it has shown of messages and of the closing handshake."""
    return max(behaviour, closing, key=ORDER.index)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.autobahn", description=__doc__)
    parser.add_argument("--all", action="store_true", help="all 517 cases; a quarter of an hour for each server")
    parser.add_argument("--servers", default=",".join(SERVERS), help="comma-separated names")
    parser.add_argument("--if-available", action="store_true", help="it is no failure if the suite cannot be installed")
    options = parser.parse_args()
    try:
        program = suite()
    except subprocess.CalledProcessError as error:
        print(f"The suite cannot be installed: {error}", file=sys.stderr)
        program = None
    if program is None:
        print("Autobahn's suite needs Python 2.7; name its interpreter in PYTHON2.", file=sys.stderr)
        return 0 if options.if_available else 1
    counts: dict[str, Counter[str]] = {}
    failed: dict[str, list[str]] = {}
    print(f"{'server':28} {'cases':>6} {'seconds':>8}  outcomes")
    for name in options.servers.split(","):
        begun = time.monotonic()
        found = results(program, name, () if options.all else SLOW)
        counts[name] = Counter(found.values())
        failed[name] = [case for case, outcome in found.items() if outcome in FAILED]
        outcomes = ", ".join(f"{counts[name][kind]} {kind}" for kind in ORDER if counts[name][kind])
        print(
            f"{name:28} {len(found):6} {time.monotonic() - begun:8.1f}  {outcomes}  {' '.join(failed[name])}",
            flush=True,
        )
    return verdict(counts, failed)


def verdict(counts: Mapping[str, Counter[str]], failed: Mapping[str, Sequence[str]]) -> int:
    """Say whether ours is good enough; return the exit status."""
    ours = counts.get("typeway", Counter())
    best = max((found["OK"] for name, found in counts.items() if name.startswith("uvicorn")), default=0)
    if failed.get("typeway"):
        print(f"Cases that fail through Typeway: {', '.join(failed['typeway'])}", file=sys.stderr)
        return 1
    if ours["OK"] < best:
        print(f"Typeway answers {ours['OK']} cases strictly, the best of uvicorn's classes {best}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
