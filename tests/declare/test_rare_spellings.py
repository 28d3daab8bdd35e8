"""Rare spellings: markers in type variables, in arguments of aliases, in bases and in fields are obeyed or refused."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import pydantic.dataclasses
import pytest
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
from typing_extensions import TypeAliasType

from tests.frameworks import answer, each_framework, every_mode
from typeway import Body, Depends, Form, Header, Query, Typeway
from typeway.exceptions import DeclarationError
from typeway.testclient import TestClient

First = TypeVar("First")
Second = TypeVar("Second")


def current() -> str:
    return "nobody"


Bound = TypeVar("Bound", bound=Annotated[str, Depends(current)])
Constrained = TypeVar("Constrained", Annotated[str, Header()], int)
Marked = TypeAliasType("Marked", Annotated[First, Second], type_params=(First, Second))
Nothing = TypeAliasType("Nothing", None)


class Repository(Generic[First]):
    def __init__(self, user: First) -> None:
        self.user = user


class Users(Repository[Annotated[str, Depends(current)]]):
    pass


class Numbers(Repository[Annotated[int, Query()]]):
    pass


def application(kind: Any) -> Typeway:
    app = Typeway()

    def read(user: kind) -> Any:
        return getattr(user, "user", user)

    read.__annotations__["user"] = kind
    app.get("/")(read)
    return app


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Marked[str, Depends(current)], "nobody"),
        (Annotated[Users, Depends()], "nobody"),
        (Annotated[Numbers, Depends()], 3),
        (Annotated[str, Depends(current)] | Nothing, "nobody"),
        (Annotated[str, Depends(current)] | Annotated[None, "note"], "nobody"),
    ],
    ids=["argument of an alias", "base", "base of a number", "alias of None", "None with a note"],
)
def test_markers_are_found_wherever_they_stand(kind: Any, expected: Any) -> None:
    """The marker applies, and the value cannot come from the client."""
    assert answer(application(kind), "GET /?user=3") == (200, expected)


@pytest.mark.parametrize("kind", [Bound, Constrained, list[Bound]], ids=["bound", "constraint", "in a list"])
def test_markers_of_type_variables_are_refused(kind: Any) -> None:
    """The bound and the constraints of a type variable cannot contain markers."""
    with pytest.raises(DeclarationError, match="inside the type of parameter 'user'"):
        application(kind)


class WithDependency(BaseModel):
    user: Annotated[str, Depends(current)] = "anon"


@pytest.mark.parametrize("marker", [Query(), Body(), Form()])
def test_a_dependency_among_the_fields_of_a_model_is_refused(marker: Any) -> None:
    """A client's value would be taken for the dependency's."""
    with pytest.raises(DeclarationError, match="the field 'user' of WithDependency is marked as a dependency"):
        application(Annotated[WithDependency, marker])


def aliased(web: Any, marker: str) -> Any:
    """A model whose fields are described by a framework's markers, as a parameter of one of them."""
    mark = getattr(web, marker)

    class Aliased(BaseModel):
        user: Annotated[str, mark(alias="x-user")] = "anon"
        other: str = mark("d", alias="x-other")

    return Annotated[Aliased, mark()]


@each_framework
@pytest.mark.parametrize(
    ("marker", "options"),
    [
        ("Query", {"params": {"x-user": "u"}}),
        ("Body", {"json": {"x-user": "u"}}),
        ("Form", {"data": {"x-user": "u"}}),
        ("Header", {"headers": {"x-user": "u"}}),
        ("Cookie", {"headers": {"cookie": "x-user=u"}}),
    ],
)
def test_aliases_of_markers_on_fields_count(web: Any, marker: str, options: Any) -> None:
    """A marker that describes a model's field gives it its name on the wire, as Field() does."""
    app = web.FastAPI()

    def read(value: Any) -> Any:
        return [value.user, value.other]

    read.__annotations__["value"] = aliased(web, marker)
    app.post("/")(read)
    assert answer(app, "POST /", **options) == (200, ["u", "d"])


class Settings(BaseSettings):
    name: str = "shop"


def test_no_client_says_where_settings_are_read() -> None:
    """The switches of a settings class are no parameters: `?_env_file=…` is nothing that a client may say."""
    app = Typeway()

    @app.get("/")
    def read(settings: Annotated[Settings, Depends()]) -> str:
        return settings.name

    assert answer(app, "GET /?_env_file=/etc/passwd&name=other") == (200, "other")
    assert [each["name"] for each in app.openapi()["paths"]["/"]["get"]["parameters"]] == ["name"]


def test_a_pydantic_dataclass_makes_its_own_defaults() -> None:
    """Field(default_factory=...) in a Pydantic dataclass is called for each request."""

    @pydantic.dataclasses.dataclass
    class Paging:
        page: int = 1
        tag: str = Field(default_factory=lambda: "made")

    app = Typeway()

    @app.get("/")
    def read(paging: Annotated[Paging, Depends()]) -> Any:
        return [paging.page, paging.tag]

    assert answer(app, "GET /?page=3") == (200, [3, "made"])


def test_names_of_a_closure_are_found() -> None:
    """An annotation may name what the function holds of the functions around it, after these have ended."""

    def factory(model: Any) -> Callable[..., Any]:
        def create(item: model) -> model:  # type: ignore[valid-type]
            return model(name=item.name)

        return create

    class Item(BaseModel):
        name: str

    app = Typeway()
    app.post("/")(factory(Item))
    assert answer(app, "POST /", json={"name": "n", "more": 1}) == (200, {"name": "n"})


@pytest.mark.parametrize("returns", [typing.Generator, typing.Iterator, typing.Iterable, typing.Sequence])
def test_a_generic_of_typing_without_arguments_is_an_annotation(returns: Any) -> None:
    """`def get_session() -> Generator:` is how many dependencies are annotated; it says as much as the class."""

    def opened():  # type: ignore[no-untyped-def]
        yield 1

    opened.__annotations__["return"] = returns
    app = Typeway()

    @app.get("/")
    def show(number: int = Depends(opened)) -> int:
        return number

    assert TestClient(app).get("/").json() == 1


@every_mode
def test_the_class_of_all_parameters_marks_a_query_parameter(web: Any) -> None:
    """`params.Param` by itself says nothing of the place of a value, which is then the query, and never the path."""
    app = web.FastAPI()
    marker = web.params.Param

    def read(q: str | None = marker(default=None), page: int = marker(1, ge=1)) -> Any:
        return [q, page]

    app.get("/")(read)
    assert answer(app, "GET /") == (200, [None, 1])
    assert answer(app, "GET /?q=a&page=3") == (200, ["a", 3])
    assert answer(app, "GET /?page=0")[1]["detail"][0]["loc"] == ["query", "page"]
    described = app.openapi()["paths"]["/"]["get"]["parameters"]
    assert [(entry["name"], entry["in"], entry["required"]) for entry in described] == [
        ("q", "query", False), ("page", "query", False),
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="Cannot use `Param` for path param"):
        app.get("/{q}")(read)


@every_mode
@pytest.mark.parametrize(("place", "sent"), [
    ("query", {"params": {"key": "7"}}), ("header", {"headers": {"key": "7"}}), ("cookie", {"headers": {"cookie": "key=7"}}),
])  # fmt: skip
def test_a_class_of_parameters_says_its_place(web: Any, place: str, sent: Any) -> None:
    """`in_` of an author's own subclass is where the value is."""
    app = web.FastAPI()
    kind = type("Key", (web.params.Param,), {"in_": web.params.ParamTypes(place)})

    def read(key: Any = kind(...)) -> Any:
        return key

    app.get("/")(read)
    assert answer(app, "GET /", **sent) == (200, "7")
    assert answer(app, "GET /")[1]["detail"][0]["loc"] == [place, "key"]
    assert [entry["in"] for entry in app.openapi()["paths"]["/"]["get"]["parameters"]] == [place]
