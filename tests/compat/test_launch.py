"""Programs start in compat mode as they would start by themselves, and so do the processes that they start."""

from pathlib import Path

import fastapi
import pytest

import typeway
from tests.frameworks import run_python
from typeway.compat.importing.launch import STARTUP

TYPEWAY = Path(typeway.__file__).parents[1]

SCRIPT = """
import sys, fastapi
import beside
print(__name__, sys.argv, sys.path[0], fastapi.FastAPI.__module__, beside.WHO)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("WHO = 'beside'\n")
    return tmp_path


def test_a_script_runs_as_the_main_program(project: Path) -> None:
    """Name, arguments and import path are those that `python script.py` gives."""
    done = run_python("-m", "typeway.compat", str(project / "script.py"), "a", "-m")
    assert done.returncode == 0, done.stderr
    script = str(project / "script.py")
    assert done.stdout == f"__main__ {[script, 'a', '-m']} {project} typeway.compat.shapes.application beside\n"


def test_a_script_knows_its_whole_path(tmp_path: Path) -> None:
    """`__file__` does not depend on the folder that a script may change to."""
    (tmp_path / "where.py").write_text("import os; os.chdir('/'); print(__file__)")
    start = f"import os, subprocess, sys; os.chdir({str(tmp_path)!r}); subprocess.call([sys.executable, *sys.argv[1:]])"
    by_python, in_compat = (
        run_python("-c", start, *module, "where.py").stdout for module in ((), ("-m", "typeway.compat"))
    )
    assert in_compat == by_python == f"{tmp_path / 'where.py'}\n"


def test_a_module_runs_as_the_main_program(project: Path) -> None:
    """`-m` finds modules where `python -m` does."""
    done = run_python("-c", f"import os, sys; os.chdir({str(project)!r}); import subprocess; "
                            "sys.exit(subprocess.call([sys.executable, '-m', 'typeway.compat', '-m', 'script', 'x']))")  # fmt: skip
    assert done.returncode == 0, done.stderr
    script = str(project / "script.py")
    assert done.stdout == f"__main__ {[script, 'x']} {project} typeway.compat.shapes.application beside\n"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "usage: python -m typeway.compat [--report] script.py"),
        (["-m"], 2, "usage:"),
        (["-x"], 2, "usage:"),
        (["nothing.py"], 1, "there is no file 'nothing.py'"),
        (["-m", "no_such_module"], 1, "No module named no_such_module"),
    ],
)
def test_a_mistake_is_named(arguments: list[str], status: int, says: str) -> None:
    """Whoever mistypes learns it on stderr, and the status says so."""
    done = run_python("-m", "typeway.compat", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr


def test_help_is_given_on_request() -> None:
    """--help prints the usage and succeeds."""
    done = run_python("-m", "typeway.compat", "--help")
    assert done.returncode == 0
    assert "python -m typeway.compat [--report] -m module" in done.stdout


def test_exit_statuses_are_the_programs(project: Path) -> None:
    """What the program says to its caller arrives there."""
    (project / "script.py").write_text("import sys; sys.exit(7)")
    assert run_python("-m", "typeway.compat", str(project / "script.py")).returncode == 7


def test_child_processes_are_in_compat_mode(project: Path) -> None:
    """Subprocesses and spawned workers import Typeway too, however they are started."""
    (project / "script.py").write_text("""
import multiprocessing, subprocess, sys, fastapi

def work() -> None:
    import fastapi
    print("spawned", fastapi.FastAPI.__module__, flush=True)

if __name__ == "__main__":
    subprocess.run([sys.executable, "-c", "import fastapi; print('run', fastapi.FastAPI.__module__)"], check=True)
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
""")
    done = run_python("-m", "typeway.compat", str(project / "script.py"))
    assert done.stdout == "run typeway.compat.shapes.application\nspawned typeway.compat.shapes.application\n", (
        done.stderr
    )


def test_a_child_process_with_the_real_package_does_not_go_on() -> None:
    """Where something imports FastAPI before Python's own start-up has ended, the process ends, and says why."""
    site_packages = Path(fastapi.__file__).parents[1]
    done = run_python("-S", code="import fastapi, site; site.main(); print('went on')",
                      PYTHONPATH=f"{STARTUP}:{TYPEWAY}:{site_packages}")  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "fastapi has already been imported from" in done.stderr


def test_another_sitecustomize_still_runs(tmp_path: Path) -> None:
    """The environment's own start-up module is not lost behind ours."""
    (tmp_path / "sitecustomize.py").write_text("print('own')")
    done = run_python(code="import fastapi; print(fastapi.FastAPI.__module__)", PYTHONPATH=f"{STARTUP}:{tmp_path}")
    assert done.stdout == "own\ntypeway.compat.shapes.application\n", done.stderr


def test_test_runners_and_their_workers_are_in_compat_mode(tmp_path: Path) -> None:
    """A suite runs unchanged, in one process or in several, with warnings as errors, and rewritten assertions everywhere."""
    (tmp_path / "test_it.py").write_text("""
import fastapi
from fastapi.testclient import TestClient

def test_it():
    app = fastapi.FastAPI()
    app.get("/")(lambda: 1)
    assert TestClient(app).get("/").json() == 1
    assert type(app).__module__ == "typeway.compat.shapes.application"
""")
    for jobs in ("0", "2"):
        # Of the plugins that are installed here only that for the workers, which makes it quicker.
        done = run_python("-m", "typeway.compat", "-m", "pytest", "-q", "-W", "error", "-p", "xdist", "-n", jobs,
                          "-o", "python_files=*.py", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path),
                          PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        ("from fastapi import FastAPI\ndef main(): print(FastAPI.__module__)", 0, "typeway.compat.shapes.application"),
        ("import not_there\ndef main(): ...", 1, "No module named 'not_there'"),
        (None, 1, "typeway run --compat main:app"),
    ],
    ids=["there", "broken", "missing"],
)
def test_the_command_of_fastapi_runs(tmp_path: Path, command: str | None, status: int, says: str) -> None:
    """`fastapi run` starts by `fastapi.cli`; without the package of its commands it says what to type instead."""
    package = tmp_path / "fastapi_cli"
    package.mkdir()
    (package / "__init__.py").touch()
    if command is not None:
        (package / "cli.py").write_text(command)
    hidden = "sys.modules['fastapi_cli'] = None; " if command is None else ""
    (tmp_path / "fastapi_script.py").write_text(f"import sys; {hidden}from fastapi.cli import main; main()")
    done = run_python("-m", "typeway.compat", str(tmp_path / "fastapi_script.py"))
    assert (done.returncode, says in done.stdout + done.stderr) == (status, True), done.stderr
