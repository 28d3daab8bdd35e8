"""Packages of the same project that are in other folders: `include` has them read, and without it the check says that they are not."""

import importlib
import sys
from pathlib import Path

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

# What the application imports, and how it is called there.
WAITS = """
import time


def wait() -> None:
    time.sleep(1)
"""
CALLS = """
from {} import wait
from typeway import Typeway

app = Typeway()


@app.get("/one")
async def one() -> None:
    wait()
"""
SAID = "not read, because outside of "
INCLUDE = "[tool.typeway.check]\ninclude = ['{}']\n"


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside that of the application, in which an editable installation finds modules."""
    for folder in ("service", "libs"):
        (tmp_path / folder).mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "libs"))
    return tmp_path / "libs"


def write(file: Path, text: str = WAITS) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    importlib.invalidate_caches()


def checked(check: Check, module: str, settings: str = "") -> tuple[list[object], str]:
    """Check the application of `service/`, which imports a module, from the folder above."""
    outcome = check("", "service/web.py", **{"pyproject.toml": settings, "service/web.py": CALLS.format(module)})
    return outcome.codes, outcome.err


@pytest.mark.parametrize(
    ("file", "module", "shown"),
    [
        ("shared/__init__.py", "shared", "libs/shared"),
        # Without an `__init__.py`, as in a namespace of several packages.
        ("space/deep/waits.py", "space.deep.waits", "libs/space"),
        ("area/deep/__init__.py", "area.deep", "libs/area"),
        ("waits.py", "waits", "libs/waits.py"),
    ],
)
def test_a_package_that_is_not_read_is_told(check: Check, beside: Path, file: str, module: str, shown: str) -> None:
    """An editable package of a monorepo is not the application's folder, so the report would say more than it knows."""
    write(beside / file)
    codes, said = checked(check, module)
    assert codes == []
    assert said.startswith(f"{SAID}{beside.parent / 'service'}: {shown}; [tool.typeway.check] can name ")
    assert said.count("\n") == 1
    for place in (shown, "libs"):
        assert checked(check, module, INCLUDE.format(place)) == (["TW001"], "")
    assert checked(check, module, INCLUDE.replace("include", "exclude").format(shown)) == ([], "")


def test_what_an_included_package_imports_is_told_too(check: Check, beside: Path) -> None:
    """All that the application has imported is told at once, the first few by name."""
    names = ["one", "two", "three", "four", "five"]
    for name, after in zip(names, [*names[1:], "time"], strict=True):
        write(beside / f"{name}.py", f"import {after}\n\ndef wait() -> None: ...\n")
    _, said = checked(check, "one")
    assert "libs/five.py, libs/four.py, libs/one.py, …; " in said


@pytest.mark.parametrize(
    "place", ["venv/lib/python3.11/site-packages/shared.py", "dist-packages/shared.py", "service/shared.py"]
)
def test_what_is_installed_or_read_is_not_told(check: Check, beside: Path, place: str) -> None:
    """Packages of others are not read either, and nobody expects that."""
    file = beside.parent / place
    write(file)
    sys.path.insert(0, str(file.parent))
    assert checked(check, "shared")[1] == ""


def test_what_was_there_before_is_not_told(
    check: Check, beside: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a debugger, a test or the interpreter's start has imported is not the application's."""
    file = tmp_path_factory.mktemp("tools") / "tracing.py"
    write(file)
    monkeypatch.syspath_prepend(str(file.parent))
    monkeypatch.setitem(sys.modules, "tracing", importlib.import_module("tracing"))
    assert checked(check, "tracing") == ([], "")


def test_an_installed_package_in_an_included_folder_stays_another_ones(check: Check, beside: Path) -> None:
    """A folder around the whole repository may have an environment in it."""
    packages = beside.parent / "venv/site-packages"
    write(packages / "bought.py")
    sys.path.insert(0, str(packages))
    assert checked(check, "bought", INCLUDE.format(".")) == ([], "")


@pytest.mark.parametrize(
    ("entry", "message"), [("libs/*", "takes files and folders, not patterns"), ("libs/gone", "which is not there")]
)
def test_a_folder_that_is_not_there_cannot_be_read(check: Check, beside: Path, entry: str, message: str) -> None:
    """A misspelt folder would be read by nobody."""
    outcome = check("", form=None, **{"pyproject.toml": INCLUDE.format(entry)})
    assert outcome.status == 2
    assert message in outcome.err


def test_findings_are_not_taken_from_the_cache_when_more_is_read(check: Check, beside: Path) -> None:
    """What is included decides about the findings, and what is not is told for an unchanged application too."""
    write(beside / "shared.py")
    files = {"service/web.py": CALLS.format("shared")}
    for _ in range(2):
        assert SAID in check("", "service/web.py", "--cache", **files).err
    assert check("", "service/web.py", "--cache", **files, **{"pyproject.toml": INCLUDE.format("libs")}).codes == [
        "TW001"
    ]
