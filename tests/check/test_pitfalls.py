"""The examples of pitfalls: each bad one is found, each good one is clean, and so is the Task Manager."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from typeway.check import RULES, Choice, Files, look, look_at_refusal
from typeway.exceptions import DeclarationError

ROOT = Path(__file__).resolve().parents[2]
PITFALLS = {folder.name[:5].upper(): folder.name for folder in sorted((ROOT / "examples/pitfalls").glob("tw*"))}


def codes(module: str) -> list[str]:
    """The codes of what is found in one example."""
    # Its own folder: to a check of the whole project, every test module that has been imported would belong.
    files = Files(ROOT.joinpath(*module.split(".")[:-1]), module)
    for name in [name for name in sys.modules if name == module]:
        del sys.modules[name]
    try:
        app = __import__(module, fromlist=["app"]).app
    except DeclarationError as error:
        return [finding.code for finding in look_at_refusal(error, files)]
    return [finding.code for finding in look(app, files, Choice(everything=True))]


def test_every_rule_has_its_examples_and_its_page() -> None:
    """No rule is without a bad and a good example, and a page that explains it."""
    assert list(PITFALLS) == list(RULES)
    for code, rule in RULES.items():
        page = (ROOT / "docs/check" / f"{code}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {code} {rule.name}\n")
        assert f"examples/pitfalls/{PITFALLS[code]}" in page
        assert f"[{code}]({code}.md)" in (ROOT / "docs/check/README.md").read_text(encoding="utf-8")


def examples(kind: str) -> list[str]:
    """The names of the examples of a kind, each below its folder."""
    folder = ROOT / "examples/pitfalls"
    return sorted(f"{path.parent.name}.{path.stem}" for path in folder.glob(f"tw*/{kind}*.py"))


@pytest.mark.parametrize("name", examples("bad"))
def test_the_bad_example_is_found(name: str) -> None:
    """The bad example of a rule is found by that rule, and by no other."""
    assert set(codes(f"examples.pitfalls.{name}")) == {name[:5].upper()}


@pytest.mark.parametrize("name", examples("good"))
def test_the_good_example_is_clean(name: str) -> None:
    """The good example of a rule is found by no rule at all."""
    assert codes(f"examples.pitfalls.{name}") == []


def test_the_task_manager_is_clean() -> None:
    """The example application has none of the pitfalls, checked as its author would."""
    command = [sys.executable, "-m", "typeway", "check", "examples.task_manager.main:app"]
    environment = {"TASK_MANAGER_DEMO": "1", "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (0, "No findings.\n"), done.stderr


def test_pages_name_no_rule_that_is_not_there() -> None:
    """The list of rules in the documentation is the table's."""
    text = (ROOT / "docs/check/README.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"\[(TW\d+)\]", text))) == list(RULES)
