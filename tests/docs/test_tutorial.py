"""The tutorial is true: its code is the code in the repository, and its commands have the answers that it shows."""

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
from typeway.testclient import TestClient

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"
CODE = TUTORIAL / "code"
CHAPTERS = sorted(TUTORIAL.glob("[0-9][0-9]-*.md"))
PAGES = [*CHAPTERS, TUTORIAL / "README.md"]

each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def blocks(page: Path) -> list[Block]:
    """Read all code blocks of a page."""
    return read_blocks(page.read_text(encoding="utf-8"))


def folder(page: Path) -> Path:
    """Where the code after a chapter stands; the first page shows the first chapter's."""
    number = page.name[:2] if page in CHAPTERS else "01"
    return CODE / f"chapter_{number}"


def files(place: Path) -> dict[str, str]:
    """Read all files of a chapter, by their path in it."""
    return {
        path.relative_to(place).as_posix(): path.read_text(encoding="utf-8") for path in sorted(place.rglob("*.py"))
    }


def squeezed(text: str) -> str:
    """Drop blank lines: where a piece is added they are not counted."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def before(page: Path) -> dict[str, str]:
    """What the reader's folder holds when a chapter begins."""
    number = CHAPTERS.index(page)
    return files(folder(CHAPTERS[number - 1])) if number else {}


def test_chapters_and_code_belong_together() -> None:
    """Twelve chapters, numbered, each with its code, and all of them in the table of contents."""
    assert [page.name[:2] for page in CHAPTERS] == [f"{number:02}" for number in range(1, 13)]
    assert sorted(path.name for path in CODE.glob("chapter_*")) == [folder(page).name for page in CHAPTERS]
    contents = (TUTORIAL / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\d+\. \[[\w ]+\]\(([\w.-]+)\)", contents, re.MULTILINE) == [page.name for page in CHAPTERS]


@each_page
def test_code_that_is_shown_is_the_code_that_runs(page: Path) -> None:
    """A block of Python is a whole file of the chapter, or what the chapter adds to one."""
    current, earlier = files(folder(page)), before(page) if page in CHAPTERS else {}
    shown = [block for block in blocks(page) if block.language == "python"]
    assert shown or page.stem == "README"
    for block in shown:
        assert block.file is not None, f"which file is this?\n{block.text}"
        if block.text != current[block.file]:
            assert block.text in current[block.file], block.file
            assert squeezed(current[block.file].replace(block.text, "")) == squeezed(earlier[block.file]), block.file


@each_chapter
def test_nothing_changes_unseen(page: Path) -> None:
    """Every file that is new or changed since the chapter before is shown, and no other."""
    earlier = before(page)
    changed = {name for name, text in files(folder(page)).items() if earlier.get(name) != text}
    assert {block.file for block in blocks(page) if block.language == "python"} == changed
    moved = {name for name in earlier if name not in files(folder(page))}
    for name in moved:
        assert f"mv {name} " in page.read_text(encoding="utf-8")


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file or folder that is there; every chapter but the last leads to the next."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target
    if page in CHAPTERS[:-1]:
        following = CHAPTERS[CHAPTERS.index(page) + 1].name
        assert re.search(rf"^Next: \[[\w ]+\]\({following}\)\.$", text.rstrip().splitlines()[-1])


@pytest.fixture
def terminal(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a copy of the chapter's code; the application is started at the first request, and ended."""
    shutil.copytree(folder(page), tmp_path / "books", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path / "books")
    # The tutorial's tests need none of the plugins that are installed here, and begin sooner without.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.syspath_prepend(str(tmp_path / "books"))
    with ExitStack() as stack:

        def connect(variables: dict[str, str], _: str | None) -> TestClient:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            module = importlib.import_module("app.main" if Path("app").is_dir() else "main")
            client = TestClient(module.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
            return stack.enter_context(client)

        yield Terminal(tmp_path / "books", connect)
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


# One of the commands is a whole test run.
@pytest.mark.timeout(180)
@each_page
def test_commands_have_the_answers_that_are_shown(page: Path, terminal: Terminal) -> None:
    """Each block of commands that an answer follows is carried out, in order, and prints that answer."""
    assert carry_out(blocks(page), terminal)
