"""Values that are chosen to collide in sets and dicts are refused; all others are read as Pydantic reads them."""

import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tests.frameworks import client
from typeway import Body, Typeway
from typeway.plan.bounded import build_validator

PRIME = 2**61 - 1  # Python's hashes of numbers are remainders of it


class Frozen(BaseModel, frozen=True):
    number: int


class Inside(BaseModel):
    name: str = ""
    numbers: set[int] = set()


def keyed(values: list[str]) -> dict[str, int]:
    return dict.fromkeys(values, 1)


def multiples(count: int) -> list[int]:
    return [PRIME * number for number in range(count)]


COUNT = 8_000

# A type, and a body of so many values that would take seconds or minutes.
CHOSEN: dict[str, tuple[Any, Callable[[], Any]]] = {
    "set": (set[int], lambda: multiples(COUNT)),
    "frozenset": (frozenset[int], lambda: multiples(COUNT)),
    "inside": (Inside, lambda: {"numbers": multiples(COUNT)}),
    "in a list": (list[Inside], lambda: [{"numbers": multiples(1_000)}] * 30),
    "nested": (list[set[int]], lambda: [multiples(1_000) for _ in range(30)]),
    "floats": (set[float | int], lambda: multiples(COUNT)),
    "any": (set[Any], lambda: multiples(COUNT)),
    "decimals": (set[Decimal], lambda: list(map(str, multiples(COUNT)))),
    "fractions": (set[Fraction], lambda: list(map(str, multiples(COUNT)))),
    "uuids": (set[UUID], lambda: [str(UUID(int=number)) for number in multiples(COUNT)]),
    "tuples": (set[tuple[int]], lambda: [[number] for number in multiples(COUNT)]),
    "models": (set[Frozen], lambda: [{"number": number} for number in multiples(COUNT)]),
    "optional": (set[int] | None, lambda: multiples(COUNT)),
    "keys": (dict[int, int], lambda: keyed(list(map(str, multiples(COUNT))))),
    "keys that are UUIDs": (dict[UUID, int], lambda: keyed([str(UUID(int=number)) for number in multiples(COUNT)])),
    "keys of a Counter": (Counter[int], lambda: keyed(list(map(str, multiples(COUNT))))),
    "keys of a defaultdict": (defaultdict[int, int], lambda: keyed(list(map(str, multiples(COUNT))))),
    "keys of an OrderedDict": (OrderedDict[Decimal, int], lambda: keyed(list(map(str, multiples(COUNT))))),
    "one that fails": (set[int], lambda: [*multiples(COUNT), "x"]),
    "keys of which one fails": (dict[int, int], lambda: keyed([*map(str, multiples(COUNT)), "x"])),
}  # fmt: skip


def ask(annotation: Any, value: Any, **options: Any) -> tuple[int, float]:
    """The status of a request, and how many seconds of this process it has taken."""
    app = Typeway(max_body_size=100_000_000, **options)

    @app.post("/")
    async def take(data: Annotated[annotation, Body()]) -> int:
        return 1

    http = client(app)
    http.post("/", json=[])
    begun = time.process_time()
    status = http.post("/", json=value).status_code
    return status, time.process_time() - begun


@pytest.mark.parametrize("name", CHOSEN)
def test_values_that_are_chosen_to_collide_are_refused(name: str) -> None:
    """A body of 100,000 multiples of 2**61 - 1 would take two minutes; it is a 400, soon after its values collide."""
    annotation, make = CHOSEN[name]
    status, seconds = ask(annotation, make())
    # A list with an item that fails becomes no set.
    assert status == (422 if name == "one that fails" else 400)
    assert seconds < 3


HONEST: dict[str, tuple[Any, Callable[[], Any]]] = {
    "numbers": (set[int], lambda: list(range(99_000))),
    "numbers that are far apart": (set[int], lambda: [number**3 * 7919 for number in range(99_000)]),
    "equal numbers": (set[int], lambda: [PRIME] * 99_000),
    "uuids": (set[UUID], lambda: [str(UUID(int=number**5 + 7)) for number in range(30_000)]),
    "models": (set[Frozen], lambda: [{"number": number} for number in range(30_000)]),
    "keys": (dict[int, int], lambda: keyed(list(map(str, range(99_000))))),
    "texts": (set[str], lambda: list(map(str, range(99_000)))),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_values_are_accepted(name: str) -> None:
    """As many values as a body may have are no problem."""
    annotation, make = HONEST[name]
    status, seconds = ask(annotation, make())
    assert status == 200
    assert seconds < 10


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    numbers: set[int] = set()


TYPES: list[Any] = [
    set[int], frozenset[int], set[Any], frozenset[Any], set[tuple[int, ...]], set[frozenset[int]], list[set[int]], Inside, Strict,
    Annotated[set[int], Field(min_length=2)], Annotated[frozenset[int], Field(max_length=2)], Annotated[set[int], Field(strict=True)],
    Annotated[set[int], Field(min_length=1, max_length=200)], dict[int, int], dict[Any, Any], dict[Decimal, set[int]],
    Annotated[dict[int, int], Field(min_length=2)], set[int] | None, set[int] | dict[int, int], set[int | str],
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "1", "2.0", "x"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["1", "2", "x", "numbers"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def found(validate: Callable[[Any], Any], value: Any) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        return error.errors(include_url=False)


@given(st.sampled_from(range(len(TYPES))), values | st.lists(st.integers(0, 500), min_size=101, max_size=300))
def test_sets_and_dicts_are_read_as_pydantic_reads_them(kind: int, value: Any) -> None:
    """Values, errors, and their places are the same."""
    adapter = TypeAdapter(TYPES[kind])
    ours = build_validator(adapter.core_schema, prebuilt=True)
    result, expected = found(ours.validate_python, value), found(adapter.validate_python, value)
    assert (type(result), result) == (type(expected), expected)


@pytest.mark.parametrize("value", [{1, 2}, frozenset([1]), (1, 2), {1: 2}.keys(), {1: 2}, "12", b"1", None, 5])
@pytest.mark.parametrize("kind", [set[int], frozenset[int]])
def test_collections_of_python_are_read_as_pydantic_reads_them(kind: Any, value: Any) -> None:
    """A default that is validated may be anything."""
    adapter = TypeAdapter(kind)
    ours = build_validator(adapter.core_schema, prebuilt=True)
    assert found(ours.validate_python, value) == found(adapter.validate_python, value)
