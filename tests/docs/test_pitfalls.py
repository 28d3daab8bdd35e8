"""The page of pitfalls is true: its commands have the answers that it shows, and what is called good is clean."""

import importlib
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.blocks import Block, carry_out, read_blocks
from tests.docs.terminal import Terminal
from typeway.check import Files, look
from typeway.testclient import TestClient

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/pitfalls.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (\d+\. .*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
FILES = {block.file: block.text for block in read_blocks(PAGE) if block.file}

each_pitfall = pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0])


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a folder with all files of the page, and the examples that it names."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "examples/pitfalls", tmp_path / "pitfalls", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    # Test runs on the page need none of the plugins that are installed here, and begin sooner without.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # The page shows what a reader sees, wherever these tests run: pytest has longer summaries in a build service.
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with ExitStack() as stack:

        def connect(_: dict[str, str], target: str | None) -> TestClient:
            assert target is not None
            app = importlib.import_module(target.removesuffix(":app")).app
            return stack.enter_context(TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False))

        yield Terminal(tmp_path, connect)
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


def files(section: str, ending: str) -> list[Block]:
    """The files of a section whose names end so."""
    return [block for block in read_blocks(section) if block.file and block.file.endswith(ending)]


def test_there_are_fourteen_in_the_table_and_on_the_page() -> None:
    """The table of contents leads to every section, in order."""
    titles = [section.splitlines()[0] for section in SECTIONS]
    assert [title.split(".", 1)[0] for title in titles] == [str(number) for number in range(1, 15)]
    anchors = ["-".join(re.findall(r"\w+", title.lower())) for title in titles]
    assert re.findall(r"^\| \d+ \| \[[^]]+\]\(#([\w-]+)\)", PAGE, re.MULTILINE) == anchors


@each_pitfall
def test_each_has_a_bad_and_a_good_example(section: str) -> None:
    """A pitfall is one file that falls into it, and one that does not; from the sixth on it says where it was seen."""
    assert len(files(section, "_bad.py")) == len(files(section, "_good.py")) == 1
    assert (int(section.split(".", 1)[0]) > 5) == ("*Seen in: " in section)


@each_pitfall
def test_commands_have_the_answers_that_are_shown(section: str, terminal: Terminal) -> None:
    """What goes wrong, what Typeway says, and what the mend does are as the page shows them."""
    answers = carry_out(read_blocks(section), terminal)
    said = set(re.findall(r"^\S+:\d+: (TW\d+)", "\n".join(answers), re.MULTILINE))
    rules = re.search(r"^Rules?: (.*?)$", section, re.MULTILINE)
    assert said == set(re.findall(r"\[(TW\d+)\]\(check", rules[1].split(". ", 1)[0]) if rules else [])
    times = [float(shown) for shown in re.findall(r"bytes after ([\d.]+) s", "\n".join(answers))]
    assert times == sorted(times, reverse=True), "a good example is as slow as the bad one before it"


@each_pitfall
def test_what_is_called_good_is_clean(section: str, terminal: Terminal) -> None:
    """`typeway check` finds nothing in a good example, and in a bad one exactly where the page shows a finding."""
    for block in [*files(section, "_good.py"), *files(section, "_bad.py")]:
        assert block.file is not None
        module = block.file.removesuffix(".py")
        app = importlib.import_module(module).app
        shown = f"typeway check {module}:app" in section
        assert bool(type(app).__module__.startswith("typeway") and look(app, Files(terminal.folder, module))) == shown
