"""Bodies whose type is an alias that contains itself are validated as Pydantic alone does, small or large."""

from typing import Any, Union

import pytest
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from typing_extensions import TypeAliasType

from tests.frameworks import ask
from typeway import Typeway

Tree = TypeAliasType("Tree", Union["list[Tree]", "dict[str, Tree]", int])  # type: ignore[misc]
Nested = TypeAliasType("Nested", "list[Nested]")  # type: ignore[misc]
Table = TypeAliasType("Table", "dict[str, Table]")  # type: ignore[misc]
Either = TypeAliasType("Either", Union["list[Other]", int])  # type: ignore[misc]
Other = TypeAliasType("Other", Union["dict[str, Either]", "Either", str])  # type: ignore[misc]

LARGE = 20_000

# A type, values that it takes, and values that it refuses; some of both are large.
CASES: list[tuple[Any, list[Any], list[Any]]] = [
    (JsonValue, [1, [{"a": [None]}], [1] * LARGE], []),
    (Tree, [1, [{"a": [2]}], [[1]] * LARGE], ["x", [{"a": ["x"]}], [1] * LARGE + ["x"]]),
    (Nested, [[], [[], [[]]], [[]] * LARGE], [1, [[1]], [[]] * LARGE + [1]]),
    (Table, [{}, {"a": {"b": {}}}, {str(n): {} for n in range(LARGE)}], [1, {"a": {"b": 1}}, dict.fromkeys(map(str, range(LARGE)), 1)]),
    (Other, [1, "x", [{"a": 1}], ["x"] * LARGE], [None, [{"a": "x"}]]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0]))
@pytest.mark.parametrize("place", ["body", "field"])
def test_a_body_of_a_recursive_alias_is_validated(place: str, case: tuple[Any, list[Any], list[Any]]) -> None:
    """What Pydantic takes is a 200, and what it refuses a 422, whatever its size."""
    kind, good, bad = case
    app = Typeway()
    model: Any = type("Model", (BaseModel,), {"__annotations__": {"value": kind}})

    @app.post("/body")
    async def body(data: kind) -> int:
        return 1

    @app.post("/field")
    async def field(data: model) -> int:
        return 1

    adapter = TypeAdapter(kind)
    for value in good:
        assert adapter.validate_python(value) == value
        assert ask(app, f"POST /{place}", json=value if place == "body" else {"value": value}).status_code == 200
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
        assert ask(app, f"POST /{place}", json=value if place == "body" else {"value": value}).status_code == 422
