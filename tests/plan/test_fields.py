"""Types become validators: defaults are copied, recursive models shared, and impossible types refused by name."""

from __future__ import annotations

import enum
import sys
import textwrap
import types
from typing import Annotated, Any

import fastapi
import pytest
from pydantic import BaseModel, ConfigDict, computed_field
from pydantic.fields import FieldInfo
from pydantic_core import SchemaValidator

import typeway
from tests.frameworks import answer, errors
from typeway import Body, Query, Typeway
from typeway.exceptions import DeclarationError, PydanticV1NotSupportedError
from typeway.plan.fields import build_model, has_computed_fields, mapping_schema, schema_of, with_default

HERE = "here.py:1"


class Leaf(BaseModel):
    size: int = 0


class Tree(BaseModel):
    branches: list[Tree] = []
    leaf: Leaf | None = None

    @computed_field
    def count(self) -> int:
        return len(self.branches)


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize("default", [None, True, 3, 1.5, "x", b"x", Colour.RED])
def test_defaults_that_cannot_change_are_shared(default):
    """Immutable defaults are handed out as they are."""
    validator = SchemaValidator(
        mapping_schema({"a": (with_default(schema_of(Any, HERE), FieldInfo(default=default)), False)})
    )
    assert validator.validate_python({})["a"] is default


def test_defaults_that_can_change_are_copied():
    """Each validation gets its own copy of a default, however deep."""
    default = {"a": [1]}
    validator = SchemaValidator(
        mapping_schema({"a": (with_default(schema_of(Any, HERE), FieldInfo(default=default)), False)})
    )
    validator.validate_python({})["a"]["a"].append(2)
    assert validator.validate_python({}) == {"a": {"a": [1]}}


def test_a_factory_makes_a_default_every_time():
    """A default factory is called for each validation."""
    schema = with_default(schema_of(list[int], HERE), FieldInfo(default_factory=list))
    validator = SchemaValidator(mapping_schema({"a": (schema, False)}))
    assert validator.validate_python({})["a"] is not validator.validate_python({})["a"]


def test_definitions_of_recursive_models_are_shared():
    """Several parameters of one recursive model fit into one validator, with defaults around them or not."""
    schema = schema_of(Tree, HERE)
    fields = {
        "a": (schema, True),
        "b": (with_default(schema, FieldInfo(default=None)), False),
        "c": (schema_of(list[Tree], HERE), True),
    }
    made = SchemaValidator(mapping_schema(fields)).validate_python({"a": {"branches": [{}]}, "c": [{}]})
    assert (made["a"].count, made["b"], len(made["c"])) == (1, None, 1)


def test_a_models_own_validator_is_used():
    """A complete model brings its validator and serializer; nothing is built twice."""
    model = build_model(Leaf, HERE)
    assert model.validator is Leaf.__pydantic_validator__
    assert build_model(list[Leaf], HERE).serializer.to_json([Leaf()]) == b'[{"size":0}]'


def test_computed_fields_are_found_anywhere():
    """Whether a type sends what it does not accept is asked of all that it holds."""
    assert has_computed_fields(schema_of(dict[str, list[Tree]], HERE))
    assert not has_computed_fields(schema_of(list[Leaf], HERE))


# --- through the front door -------------------------------------------------------------------------------------


def module(name: str, source: str) -> types.ModuleType:
    """A module made of source, so that it has names of its own."""
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(compile(textwrap.dedent(source), f"{name}.py", "exec"), made.__dict__)
    return made


FORWARD = """
from __future__ import annotations
from pydantic import BaseModel

class Parent(BaseModel):
    child: Child

def register(app):
    @app.post("/")
    def create(parent: Parent) -> Parent:
        return parent
"""


@pytest.fixture
def forward():
    """A module with a model that names one which is not defined yet."""
    yield module("forward_models", FORWARD)
    del sys.modules["forward_models"]


def test_a_model_may_be_completed_after_the_decorator(forward):
    """A forward reference that is resolved before the first request is fine."""
    app = Typeway()
    forward.register(app)
    exec("class Child(BaseModel):\n    name: str", forward.__dict__)
    assert answer(app, "POST /", json={"parent": 1})[0] == 422
    assert answer(app, "POST /", json={"child": {"name": "n"}}) == (200, {"child": {"name": "n"}})


def test_a_name_that_is_never_defined_is_refused_when_it_is_needed(forward):
    """A reference that stays unresolved names itself, the endpoint's line and the mend at the first request."""
    app = Typeway()
    forward.register(app)
    with pytest.raises(DeclarationError, match=r"forward_models.py:\d+: .*Child.*Hint: Import the name") as caught:
        typeway.testclient.TestClient(app).post("/", json={})
    assert isinstance(caught.value, NameError)


def test_a_model_of_pydantic_1_is_refused():
    """A `pydantic.v1` model is refused by name, as FastAPI refuses it."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydantic.v1 import BaseModel as OldModel

    class Old(OldModel):
        a: int

    def create(old: Annotated[Any, Body()]): ...

    create.__annotations__["old"] = Old
    with pytest.raises(fastapi.exceptions.PydanticV1NotSupportedError):
        fastapi.FastAPI().post("/")(create)
    with pytest.raises(PydanticV1NotSupportedError) as caught:
        Typeway().post("/")(create)
    assert caught.value.where == f"{__file__}:{create.__code__.co_firstlineno}"
    with pytest.raises(PydanticV1NotSupportedError):
        Typeway().get("/", response_model=Old)(lambda: None)


def test_a_type_that_pydantic_refuses_is_refused_at_the_endpoints_line():
    """What Pydantic says about an impossible type is said with the endpoint's file and line, and where to read more."""

    def create(either: Any): ...

    create.__annotations__["either"] = Annotated[Leaf | Tree, Body(discriminator="kind")]
    with pytest.raises(DeclarationError, match=r"Pydantic does not accept the type .*discriminator") as caught:
        Typeway().post("/")(create)
    assert caught.value.where == f"{__file__}:{create.__code__.co_firstlineno}"
    assert "https://errors.pydantic.dev/" in caught.value.hint


def test_a_type_with_a_schema_of_its_own_is_fine():
    """Types that Pydantic learns about by `__get_pydantic_core_schema__` or by configuration are accepted."""

    class Own:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            return handler(int)

    class Arbitrary(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        thing: Any = None

    app = Typeway()

    def read(own: Any, page: Any) -> Any:
        return [own, page.thing]

    # This module's annotations are strings, which cannot name what stands in a function.
    read.__annotations__ = {"own": Own, "page": Annotated[Arbitrary, Query()]}
    app.get("/")(read)
    assert answer(app, "GET /?own=3&thing=x") == (200, [3, "x"])


@pytest.mark.parametrize("default", [["x"], "x", {"x"}])
def test_a_default_is_validated_where_that_is_asked_for(default):
    """With `validate_default`, a default that does not fit is an error of the request that needs it."""

    def read(
        checked: Annotated[list[int] | set[int] | int, Query(validate_default=True)] = default,
        unchecked: Annotated[list[int] | set[int] | int, Query()] = default,
    ):
        return 1

    app = Typeway()
    app.get("/")(read)
    assert {tuple(loc[:2]) for _, loc in errors(app, "GET /")} == {("query", "checked")}
    assert answer(app, "GET /?checked=1") == (200, 1)
