"""The page about annotations is true: its application answers as it says, and its table of refusals is refused."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.docs.blocks import read_blocks
from typeway import Typeway
from typeway.exceptions import DeclarationError
from typeway.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs/annotations.md"
TEXT = PAGE.read_text(encoding="utf-8")
GOOD = {"authorization": "Bearer good"}


@pytest.fixture(scope="module")
def page() -> Iterator[dict[str, Any]]:
    """The names of the page's one application, which is a module as every application is."""
    (block,) = read_blocks(TEXT)
    module = sys.modules["page_of_annotations"] = ModuleType("page_of_annotations")
    exec(compile(block.text, str(PAGE), "exec", dont_inherit=True), vars(module))
    yield vars(module)
    del sys.modules["page_of_annotations"]


@pytest.mark.parametrize(
    ("request_line", "options", "status", "expected"),
    [
        ("GET /me?user=admin", {}, 401, {"detail": "Unauthorized"}),
        ("GET /me?limit=5", {"headers": GOOD}, 200, {"user": "ann", "limit": 5}),
        ("POST /pets", {"json": {"kind": "dog", "legs": 4}}, 200, {"kind": "dog", "legs": 4}),
        ("POST /pets", {}, 200, None),
        ("GET /pets?limit=7&page=2", {}, 200, {"limit": 7, "page": 2, "state": "locked"}),
        ("GET /caller", {}, 200, "a request"),
    ],
)
def test_the_application_answers_as_the_page_says(
    page: dict[str, Any], request_line: str, options: Any, status: int, expected: Any
) -> None:
    """Every spelling on the page is understood."""
    method, url = request_line.split(" ")
    response = TestClient(page["app"]).request(method, url, **options)
    assert (response.status_code, response.json()) == (status, expected)


def test_what_a_model_refuses_is_a_422(page: dict[str, Any]) -> None:
    """The validator of a model that is a dependency answers with 422."""
    assert TestClient(page["app"]).get("/pets?page=0").status_code == 422


def test_a_dependency_tells_the_kinds_of_connection_apart(page: dict[str, Any]) -> None:
    """The same dependency serves a WebSocket."""
    with TestClient(page["app"]).websocket_connect("/caller") as socket:
        assert socket.receive_text() == "a WebSocket"


REFUSED = [line.split("`")[1] for line in TEXT.splitlines() if line.startswith(("| `user: ", "| `users: ", "| `n: "))]


@pytest.mark.parametrize("parameter", REFUSED)
def test_the_table_of_refusals_is_true(page: dict[str, Any], parameter: str) -> None:
    """Each declaration of the table raises a DeclarationError."""
    names = {**page, "app": Typeway()}
    with pytest.raises(DeclarationError):
        exec(f"@app.get('/')\ndef read({parameter.replace(chr(92), '')}): ...", names)


def test_the_table_of_refusals_was_found() -> None:
    """The rows above are really read from the page."""
    assert len(REFUSED) == 4
