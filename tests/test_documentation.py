"""What the documentation shows works as it is shown."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from typeway import Typeway
from typeway.declare import conventions
from typeway.declare.conventions import Conventions
from typeway.testclient import TestClient

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Their code is compared with the files that it comes from, and those are run: tests/docs, tests/check.
TESTED_ELSEWHERE = (
    ROOT / "docs" / "tutorial",
    ROOT / "docs" / "guides",
    ROOT / "docs" / "check",
    ROOT / "docs" / "pitfalls.md",
)


def examples(page: Path) -> list[str]:
    """What stands in blocks of Python; a part of a program is marked `py` and left out."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


EXAMPLES = [
    pytest.param(code, id=f"{page.stem}-{n}")
    for page in PAGES
    if not any(page.is_relative_to(place) for place in TESTED_ELSEWHERE)
    for n, code in enumerate(examples(page))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_run(code: str) -> None:
    """Every Python example of the documentation runs as it stands."""
    exec(compile(code, "<example>", "exec"), {"__name__": "example"})


def test_the_first_example_answers_as_described() -> None:
    """The README's first application greets, refuses a wrong value with a reason, and documents itself."""
    names: dict[str, Any] = {"__name__": "example"}
    exec(examples(ROOT / "README.md")[0], names)
    assert isinstance(names["app"], Typeway)
    client = TestClient(names["app"])
    assert client.get("/hello/world?times=2").json() == {"message": "hello hello world"}
    refused = client.get("/hello/world?times=x")
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["query", "times"])
    assert client.get("/docs").status_code == 200


def test_links_lead_somewhere() -> None:
    """Relative links of the documentation name files that exist."""
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_each_row_of_the_differences_is_a_convention() -> None:
    """The page has one row for each field of `Conventions`, in their order, with every cell filled and a sentence that says why."""
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in page.splitlines()
        if line.startswith("| `") and line.count(" | ") == 4
    ]
    assert [row[0].strip("`") for row in rows] == [field.name for field in fields(Conventions)]
    for field, *said, why in rows:
        assert all(said), f"{field}: a cell is empty"
        assert why[:1].isupper() or why.startswith("`"), f"{field}: {why!r} is no sentence"
        assert why.endswith("."), f"{field}: {why!r} is no sentence"


def test_each_convention_says_in_a_sentence_what_it_decides() -> None:
    """Editors show what a field of `Conventions` decides: its docstring, which is one whole sentence or more."""
    [record] = [
        node for node in ast.parse(inspect.getsource(conventions)).body
        if isinstance(node, ast.ClassDef) and node.name == "Conventions"
    ]  # fmt: skip
    said: dict[str, str] = {}
    for declared, text in pairwise(record.body):
        if isinstance(declared, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            said[ast.unparse(declared.target)] = str(text.value.value)
    assert list(said) == [field.name for field in fields(Conventions)]
    assert [name for name, text in said.items() if not (text[0].isupper() and text.endswith("."))] == []
