"""Applications that show how things work together."""

import dataclasses
import datetime as dt
import decimal
import functools
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)
from starlette.responses import Response as StarletteResponse
from typing_extensions import TypeAliasType

from tests.describe.applications.models import Color, Item, Profile, Sub, Tree
from tests.describe.applications.registry import application, post


@application
def described_uploads(web: Any) -> Any:
    """What is said about a file is shown though its type has a schema of its own."""

    def one(
        a: Any = web.File(description="hi", deprecated=True, examples=["x"], title="UT", json_schema_extra={"x": 1}),
    ): ...
    def many(a: Any = web.File(description="hi")): ...
    def optional(a: Any = web.File(None, description="hi")): ...
    def beside_model(b: Profile = web.Form(), a: Any = web.File(description="hi", title="UT")): ...
    def examples(a: Profile | None = web.Form(None, openapi_examples={"a": {"value": {"name": "n"}}})): ...
    def field_examples(a: str = web.Form(openapi_examples={"a": {"value": "n"}})): ...

    one.__annotations__["a"] = beside_model.__annotations__["a"] = web.UploadFile
    many.__annotations__["a"] = list[web.UploadFile]
    optional.__annotations__["a"] = web.UploadFile | None
    return post(web, one, many, optional, beside_model, examples, field_examples)


@application
def other_routes(web: Any) -> Any:
    """WebSockets, mounts and plain Starlette routes are no operations."""
    app = web.FastAPI(title="T")
    inner = web.FastAPI(title="Inner")

    @inner.get("/in")
    def within(): ...

    @app.websocket("/ws")
    async def socket(websocket: web.WebSocket, q: int): ...

    @app.get("/out")
    def out(
        request: web.Request, response: web.Response, tasks: web.BackgroundTasks, q: Annotated[int, Field(ge=1)]
    ): ...

    app.mount("/sub", inner)
    app.add_route("/plain", lambda request: StarletteResponse())
    return app


@application
def dependency_kinds(web: Any) -> Any:
    """Classes, callable objects, generators and partials declare parameters like functions."""

    class Common:
        def __init__(self, q: str | None = None, skip: int = 0): ...

    class Checker:
        def __call__(self, token: Annotated[str, web.Header()]): ...

    def session(name: str = "x"):
        yield name

    def sized(size: int, unit: str): ...

    app = web.FastAPI(title="T")

    @app.get("/")
    def read(
        common: Annotated[Common, web.Depends()],
        check: Annotated[Any, web.Depends(Checker())],
        db: Annotated[str, web.Depends(session)],
        part: Annotated[Any, web.Depends(functools.partial(sized, unit="m"))],
    ): ...

    return app


@application
def aliased_types(web: Any) -> Any:
    """A named type is what it names."""
    identifier = TypeAliasType("identifier", Annotated[int, web.Path(ge=1, description="An id")])
    filters = TypeAliasType("filters", dict[str, list[int]])
    app = web.FastAPI(title="T")

    @app.post("/{item}")
    def read(item: identifier, body: Annotated[filters, web.Body()]) -> filters: ...

    return app


@application
def constrained(web: Any) -> Any:
    """Bounds of every kind."""

    class Bounded(BaseModel):
        model_config = ConfigDict(json_schema_extra={"examples": [{"a": 1}], "x-none": None})

        a: int = Field(ge=0, lt=10, multiple_of=2)
        b: decimal.Decimal = Field(max_digits=5, decimal_places=2, gt=0)
        c: list[Annotated[str, Field(min_length=2)]] = Field(min_length=1, max_length=3)
        d: dict[Literal["x", "y"], float] = Field(default_factory=dict, max_length=2)
        e: dt.date | dt.datetime | None = None
        f: tuple[int, ...] | frozenset[str] = ()
        g: Any = None
        h: object = None

    app = web.FastAPI(title="T")

    @app.put("/")
    def write(
        body: Bounded,
        a: Annotated[int, web.Query(gt=0, le=10, multiple_of=5)],
        b: Annotated[str, web.Query(min_length=1, max_length=3, pattern="^x")] = "x",
        c: Annotated[list[int], web.Query(min_length=1, max_length=3)] = [1],  # noqa: B006  a default is what is shown
        d: Annotated[float, web.Query(allow_inf_nan=False, strict=True)] = 1.5,
        e: Annotated[decimal.Decimal, web.Query(max_digits=3, decimal_places=1)] = decimal.Decimal(1),
    ) -> Bounded: ...

    return app


@application
def inherited_models(web: Any) -> Any:
    """Subclasses, unions of them, lists of unions."""

    class Base(BaseModel):
        """The base."""

        kind: str

    class One(Base):
        kind: Literal["one"] = "one"
        other: "Two | None" = None

    class Two(Base):
        """Two."""

        kind: Literal["two"]
        ones: list[One] = []

    One.model_rebuild(_types_namespace={"Two": Two})

    def union(a: One | Two) -> Base: ...
    def listed(a: list[One | Two]) -> dict[str, One | Two]: ...
    def discriminated(a: list[Annotated[One | Two, Field(discriminator="kind")]]) -> One: ...

    return post(web, union, listed, discriminated)


@application
def own_ids(web: Any) -> Any:
    """The application computes operation ids; bodies and answers are named after them."""
    app = web.FastAPI(title="T", generate_unique_id_function=lambda route: f"{route.name}-id.v1")

    @app.post("/a")
    def write(a: int = web.Body(), b: int = web.Body()) -> list[int]: ...

    @app.put("/a", operation_id="x[y]")
    def replace(a: int = web.Form()) -> list[int]: ...

    return app


@application
def descriptions_of_models(web: Any) -> Any:
    """Docstrings and titles of models, dataclasses, enums and fields."""

    class Documented(BaseModel):
        """Its docstring.

        \f
        For readers of the code.
        """

        model_config = ConfigDict(title="Its title", use_attribute_docstrings=True)

        a: int = Field(title="A title", description="A\fB")
        c: Color = Field(Color.red, description="The color", title="C title")
        s: Sub = Field(description="The sub", deprecated=True)

    @dataclasses.dataclass
    class Data:
        """Doc.\f More."""

        d: Documented

    def first(a: Documented) -> Data: ...
    def second(a: Data = web.Body(description="A\fB", title="DT"), q: Color = web.Query(description="Q")): ...

    return post(web, first, second)


@application
def examples_everywhere(web: Any) -> Any:
    """Examples in OpenAPI's way and in JSON Schema's."""
    app = web.FastAPI(title="T")
    named = {
        "a": {"summary": "s", "description": None, "value": {"name": "x", "none": None}},
        "b": {"externalValue": "u"},
    }

    @app.post("/{p}")
    def read(
        p: Annotated[str, web.Path(openapi_examples=named, examples=["y"])],
        q: Annotated[str, web.Query(openapi_examples=named)],
        h: Annotated[str, web.Header(openapi_examples=named)],
        c: Annotated[str, web.Cookie(openapi_examples=named)],
        body: Annotated[Item, web.Body(openapi_examples=named, examples=[{"name": None}])],
    ): ...

    return app


@application
def forward_references(web: Any) -> Any:
    """Annotations as strings, and models that refer to later ones."""
    app = web.FastAPI(title="T")

    def read(tree: "Tree", color: "Color", q: "str | None" = None) -> "list[Tree]": ...

    app.post("/")(read)
    return app
