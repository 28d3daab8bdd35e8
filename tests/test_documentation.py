"""What the documentation shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from typeway import Typeway
from typeway.testclient import TestClient

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Their code is compared with the files that it comes from, and those are run: tests/docs, tests/check.
TESTED_ELSEWHERE = (ROOT / "docs" / "tutorial", ROOT / "docs" / "check", ROOT / "docs" / "pitfalls.md")


def examples(page: Path) -> list[str]:
    """What stands in blocks of Python; a part of a program is marked `python fragment` and left out."""
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
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
