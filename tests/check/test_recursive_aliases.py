"""A type alias that contains itself has parts without end; the check looks at each once, wherever the alias stands."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
import time
from collections.abc import Iterator
from typing import Any, TypeVar, Union
from pydantic import BaseModel, JsonValue
from typing_extensions import TypeAliasType
from typeway import Depends, Typeway
app = Typeway()
T = TypeVar("T")
Tree = TypeAliasType("Tree", Union["list[Tree]", "dict[str, Tree]", int])
Either = TypeAliasType("Either", Union["list[Other]", int])
Other = TypeAliasType("Other", Union["dict[str, Either]", "Either", str])
Of = TypeAliasType("Of", Union["list[Of[T]]", T], type_params=(T,))
"""

ALIASES = ("JsonValue", "Tree", "Other", "Of[int]")

PLACES = {
    "response": '@app.get("/a")\nasync def a() -> {alias}: time.sleep(1)',
    "response_model": '@app.get("/a", response_model={alias})\nasync def a() -> Any: time.sleep(1)',
    "field of a response": "class M(BaseModel):\n    x: dict[str, {alias}]\n"
    '@app.get("/a")\nasync def a() -> M: time.sleep(1)',
    "body": '@app.post("/a", policies=())\nasync def a(b: {alias}) -> None: time.sleep(1)',
    "field of a body": "class M(BaseModel):\n    x: {alias} = 1\n"
    '@app.patch("/a")\nasync def a(b: M) -> None: time.sleep(1)',
    "parameter": "def h(x: {alias}) -> None: x.get(1)\n"
    '@app.get("/a")\nasync def a() -> None:\n    h(1)\n    time.sleep(1)',
    "result": "def h() -> {alias}: return 1\n"
    '@app.get("/a")\nasync def a() -> None:\n    v = h()\n    v.get(1)\n    time.sleep(1)',
    "attribute": "class K:\n    x: {alias} = 1\nk = K()\n"
    '@app.get("/a")\nasync def a() -> None:\n    k.x.get(1)\n    time.sleep(1)',
    "variable": '@app.get("/a")\nasync def a() -> None:\n    w: {alias} = 1\n    w.get(1)\n    time.sleep(1)',
    "items of a generator": "def g() -> Iterator[{alias}]: yield 1\n"
    '@app.get("/a")\nasync def a() -> None:\n    for x in g(): x.get(1)\n    time.sleep(1)',
    "dependency": "def d() -> {alias}: return 1\n"
    '@app.get("/a")\nasync def a(x: Any = Depends(d)) -> None:\n    x.get(1)\n    time.sleep(1)',
    "what an error is about": "class M(BaseModel):\n    x: {alias} = 1\n"
    '@app.post("/a")\nasync def a(b: M) -> None:\n    time.sleep(1)\n    if b.x: raise ValueError("no")',
}


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("place", PLACES)
def test_an_alias_that_contains_itself_is_no_obstacle(check: Check, place: str, alias: str) -> None:
    """What is beside the alias is found."""
    found = check(HEAD + PLACES[place].replace("{alias}", alias))
    assert {"TW001", "TW002"} & {*map(str, found.codes)}, found
