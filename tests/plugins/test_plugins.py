"""Packages that FastAPI applications use, unmodified: their scenarios and their own tests, on FastAPI and on Typeway."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scripts.plugins import DECLARED, ENVIRONMENTS, ROOT, python_of
from tests.frameworks import differences

FASTAPI, TYPEWAY = "fastapi", "typeway"
PACKAGES = {package["scenario"]: package for package in DECLARED["package"]}
TESTED = {name: package for name, package in PACKAGES.items() if "tests" in package}
SOURCES = ENVIRONMENTS / "sources"
# By path, because some distributions install a package `tests`.
PLAY = """
import fastapi, importlib.util, json, sys

spec = importlib.util.spec_from_file_location("scenario_of_plugin", "tests/plugins/scenarios/{scenario}.py")
sys.modules[spec.name] = scenario = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scenario)
seen = scenario.play()
print("\\n" + json.dumps({{"module": fastapi.APIRouter.__module__, "seen": seen}}, default=str))
"""


def run(package: Any, *arguments: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the environment of a package, without variables that say what its tests should do."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COVERAGE", "PYTHON"))}
    return subprocess.run(
        [str(python_of(package["environment"])), *arguments],
        cwd=folder, env={**kept, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400,
        check=False,
    )  # fmt: skip


def play(scenario: str, framework: str) -> Any:
    """What a scenario sees on a framework, in a process of its own."""
    start = "import typeway.compat\ntypeway.compat.install()\n" if framework == TYPEWAY else ""
    # Sets are in the same order in every process.
    done = run(PACKAGES[scenario], "-c", start + PLAY.format(scenario=scenario), PYTHONHASHSEED="0")
    assert done.returncode == 0, done.stdout + done.stderr
    played = json.loads(done.stdout.splitlines()[-1])
    assert played["module"].startswith(framework)
    return played["seen"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", PACKAGES)
def test_plugins_do_on_typeway_what_they_do_on_fastapi(scenario: str) -> None:
    """Whatever a plugin makes of an application, clients and operators see the same of it on both frameworks."""
    assert list(differences(play(scenario, TYPEWAY), play(scenario, FASTAPI))) == []


def test_every_scenario_is_played() -> None:
    """No scenario is lost unseen, and each belongs to a package."""
    scenarios = {file.stem for file in (Path(__file__).parent / "scenarios").glob("[!_]*.py")}
    assert scenarios == set(PACKAGES)
    assert len(PACKAGES) >= 30


def source_of(package: Any) -> Path:
    """The source distribution of a package, downloaded once."""
    name, _, version = package.get("source", package["requirement"]).partition("==")
    name = name.partition("[")[0]
    folder = SOURCES / f"{name}-{version}"
    SOURCES.mkdir(exist_ok=True)
    # Where pytest finds no settings it would look further up, and find ours.
    (SOURCES / "pytest.ini").write_text("[pytest]\n")
    if not folder.exists():
        arguments = [
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            name,
            "--dest",
            str(folder.with_suffix(".part")),
        ]
        try:
            subprocess.run([sys.executable, "-m", "pip", *arguments, f"{name}=={version}"], check=True, timeout=200)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip(f"the source distribution of {name} {version} cannot be downloaded")
        for archive in folder.with_suffix(".part").glob("*.tar.gz"):
            with tarfile.open(archive) as opened:
                opened.extractall(folder.with_suffix(".part"), filter="data")
        folder.with_suffix(".part").rename(folder)
    return next(entry for entry in folder.iterdir() if entry.is_dir())


def outcomes(package: Any, framework: str, report: Path) -> dict[str, bool]:
    """Whether each of a package's own tests passes on a framework; those that are skipped are left out."""
    source = source_of(package)
    start = ["-m", "typeway.compat"] if framework == TYPEWAY else []
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "--tb=short", "-q", f"--junitxml={report}", "--timeout=100"]
    paths = os.pathsep.join(str(source / entry) for entry in package.get("paths", ()))
    done = run(package, *start, "-m", "pytest", *options, *package["tests"], folder=source, PYTHONPATH=paths)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, bool] = {}
    for case in ET.parse(report).iter("testcase"):
        passed = case.find("failure") is None and case.find("error") is None
        if case.find("skipped") is None:
            name = f"{case.get('classname')}::{case.get('name')}"
            found[name] = passed and found.get(name, True)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", TESTED)
def test_the_tests_of_plugins_pass_on_typeway_where_they_pass_on_fastapi(scenario: str, tmp_path: Path) -> None:
    """A package's own tests lose nothing on Typeway, but for those that are listed with the reason."""
    package = TESTED[scenario]
    known = set(package.get("known", ()))
    ours = outcomes(package, TYPEWAY, tmp_path / "typeway.xml")
    failed = {name for name, passed in ours.items() if not passed}
    if len(ours) - len(failed) + len(known) < package["passed"] or not failed <= known:
        # What FastAPI does with them is asked only where it is not known: this halves the time.
        theirs = outcomes(package, FASTAPI, tmp_path / "fastapi.xml")
        failed = {name for name, passed in theirs.items() if passed and not ours.get(name, False)}
    assert failed <= known
    assert not {name for name in known if ours.get(name)}, "these pass now"
