"""Make every variant of a new project from the built wheel, and run in it what its author would.

    .venv/bin/python -m scripts.new_projects

Builds the wheel, installs it with what the projects need in one empty environment, and then, for each database and each
authentication: `typeway new`, `make test`, two times `typeway add resource`, `make test`. Where PostgreSQL lets
`postgres@127.0.0.1` in, its variants are tested on it as well. The two databases are tried at the same time.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DATABASES: Final = ("sqlite", "postgresql")
AUTHS: Final = ("none", "jwt", "api-key", "session")
ALL_TYPES: Final = "a:str b:str:13? c:text d:int? e:float f:bool g:date? h:datetime i:decimal? j:uuid"
SERVER: Final = "postgresql+asyncpg://postgres@127.0.0.1:5432"

# A command that takes longer hangs.
PATIENCE_SECONDS: Final = 300


class Failed(Exception):
    """A command of a project failed; the message is what it printed."""


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{folder.name}: {' '.join(command)} exited with {done.returncode}\n{done.stdout}")
    return done.stdout


def install(folder: Path, environment: dict[str, str]) -> Path:
    """Build the wheel, and make an environment with it."""
    venv = folder / "venv"
    run([sys.executable, "-m", "venv", str(venv)], folder, environment)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    run([*build, str(folder), str(ROOT)], folder, environment)
    [wheel] = folder.glob("typeway-*.whl")
    add_packages(venv, [f"{wheel}[standard]"], environment)
    return venv


def add_packages(venv: Path, packages: list[str], environment: dict[str, str]) -> None:
    """Install packages, with uv where it is: it is several times faster than pip."""
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        command = [str(uv), "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    else:
        command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*command, *packages], venv, environment)


def requirements(project: Path) -> list[str]:
    """Return what a project requires beside Typeway."""
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everything = [*table["dependencies"], *table["optional-dependencies"]["dev"]]
    return [requirement for requirement in everything if not requirement.startswith("typeway")]


def try_variants(folder: Path, venv: Path, variants: list[tuple[str, str]], environment: dict[str, str]) -> int:
    """Try variants one after the other, print a line for each, and return how many failed.

    They share what mypy remembers of the packages that they have in common.
    """
    failures = 0
    for database, auth in variants:
        shared = {"PYTHON": str(venv / "bin" / "python"), "MYPY_CACHE_DIR": str(folder / f"mypy-{database}")}
        try:
            print(try_variant(folder, venv, database, auth, environment | shared), flush=True)
        except (Failed, subprocess.TimeoutExpired) as error:
            failures += 1
            print(error, flush=True)
    return failures


def try_variant(folder: Path, venv: Path, database: str, auth: str, environment: dict[str, str]) -> str:
    """Do with one project what its author would do; `make test` runs ruff, mypy, typeway check and pytest."""
    started = time.monotonic()
    name = f"{database}-{auth}"
    project = folder / name
    typeway = str(venv / "bin" / "typeway")
    options = ["--database", database, "--auth", auth, "--resource", "book title:str isbn:str:13 year:int?"]
    run([typeway, "new", name, *options, "--yes"], folder, environment)
    # For make: what the project needs is installed, once for all.
    (venv / f".{name}-installed").touch()
    run(["make", "test"], project, environment)
    run([typeway, "add", "resource", "order_line", *ALL_TYPES.split()], project, environment)
    run([typeway, "add", "resource", "person/people", "name:str"], project, environment)
    run([typeway, "new", "--update"], project, environment)
    printed = run(["make", "test"], project, environment)
    on_server = ""
    if database == "postgresql" and "SERVER" in environment:
        on_server = f", and on PostgreSQL: {on_postgresql(project, venv, environment)}"
    return f"{name}: {printed.strip().splitlines()[-1].strip('= ')}{on_server} ({time.monotonic() - started:.0f} s)"


def on_postgresql(project: Path, venv: Path, environment: dict[str, str]) -> str:
    """Run the tests of a project on a database of their own."""
    database = f"typeway_new_{os.getpid()}_{project.name.replace('-', '_')}"
    asyncio.run(execute(f'CREATE DATABASE "{database}"', venv, environment))
    try:
        tested = environment | {"TEST_DATABASE_URL": f"{environment['SERVER']}/{database}"}
        printed = run([str(venv / "bin" / "pytest"), "-q"], project, tested)
    finally:
        asyncio.run(execute(f'DROP DATABASE "{database}"', venv, environment))
    return printed.strip().splitlines()[-1]


async def execute(statement: str, venv: Path, environment: dict[str, str]) -> None:
    """Run one statement on the server, with the driver of the environment of the projects."""
    program = (
        "import asyncio, sys, asyncpg\n"
        "async def main():\n"
        "    connection = await asyncpg.connect(sys.argv[1], timeout=5)\n"
        "    await connection.execute(sys.argv[2])\n"
        "    await connection.close()\n"
        "asyncio.run(main())\n"
    )
    url = f"{SERVER.replace('+asyncpg', '')}/postgres"
    await asyncio.to_thread(run, [str(venv / "bin" / "python"), "-c", program, url, statement], ROOT, environment)


def main() -> None:
    """Try all variants, print a line for each, and exit with 1 if one failed."""
    parser = argparse.ArgumentParser(description="Make every variant of a new project, and test it.")
    parser.add_argument("--only", metavar="DATABASE-AUTH", help="one variant, such as sqlite-jwt")
    only = parser.parse_args().only
    variants = [pair for pair in itertools.product(DATABASES, AUTHS) if only in (None, "-".join(pair))]
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="typeway-new-"))
    try:
        venv = install(folder, environment)
        needed = set()
        for database, auth in variants:
            project = folder / "needed" / f"{database}-{auth}"
            options = ["--database", database, "--auth", auth, "--yes"]
            run([str(venv / "bin" / "typeway"), "new", str(project), *options], folder, environment)
            needed.update(requirements(project))
        add_packages(venv, sorted(needed), environment)
        try:
            asyncio.run(execute("SELECT 1", venv, environment))
            environment["SERVER"] = SERVER
        except Failed:
            print("no PostgreSQL lets postgres@127.0.0.1 in: its variants are tested on SQLite only")
        print(f"installed in {time.monotonic() - started:.0f} s", flush=True)
        with ThreadPoolExecutor(len(DATABASES)) as pool:
            groups = [[pair for pair in variants if pair[0] == database] for database in DATABASES]
            tries = [pool.submit(try_variants, folder, venv, group, environment) for group in groups]
            failures = sum(attempt.result() for attempt in tries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"all in {time.monotonic() - started:.0f} s")
    print(f"{len(variants) - failures} passed, {failures} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
