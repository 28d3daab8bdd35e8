"""Applications that show parameters beside the body."""

import datetime as dt
import decimal
import uuid
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    AnyUrl,
    BaseModel,
    Field,
    Json,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

from tests.describe.applications.models import Closed, Color, Filters, Level, Own, Profile
from tests.describe.applications.registry import application


@application
def parameters(web: Any) -> Any:
    """Each location, with defaults and descriptions."""
    app = web.FastAPI(title="T")

    @app.get("/{item_id}/{color}")
    def read(
        item_id: Annotated[int, web.Path(title="T", description="D", ge=1, deprecated=True)],
        color: Color,
        q: str | None = None,
        limit: Annotated[int, web.Query(le=3, examples=[1], openapi_examples={"x": {"summary": "s", "value": 1}})] = 3,
        x_token: Annotated[list[str], web.Header()] = [],  # noqa: B006  a default is what is shown
        literal_name: str = web.Header("x", convert_underscores=False),
        ck: str = web.Cookie(default="x", description="cc"),
        hidden: Level = web.Query(default=Level.low, include_in_schema=False),
        _under: int = 3,
        untyped=None,
        five=5,
        marked=web.Query(),
    ): ...

    return app


@application
def parameter_types(web: Any) -> Any:
    """What types look like, and their defaults."""
    app = web.FastAPI(title="T")

    @app.get("/")
    def read(
        moment: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        price: decimal.Decimal = decimal.Decimal("1.50"),
        key: uuid.UUID | None = None,
        span: dt.timedelta = dt.timedelta(1),
        color: Color = Color.red,
        colors: list[Color] = web.Query([Color.red]),
        literal: Literal["x", 1] = "x",
        url: AnyUrl = "http://x",
        infinite: float = float("inf"),
        secret: SecretStr = SecretStr("abc"),
        pair: tuple[int, str] = web.Query((1, "a")),
        numbers: set[int] = web.Query({1}),
        text: Annotated[str, StringConstraints(pattern="^a", strip_whitespace=True)] = "aa",
        made: int = web.Query(default_factory=lambda: 3),
        raw: bytes = web.Query(b"x"),
        anything: Any = None,
        maybe: list[int] | None = web.Query(None),
        parsed: Annotated[Json[Profile], web.Query()] = None,
        described: Annotated[int, Field(deprecated=True, description="dd", title="tt", ge=2)] = 5,
        own: Own | None = None,
        shaped: Annotated[int, WithJsonSchema({"type": "integer", "title": "Mine"})] = 1,
    ): ...

    return app


@application
def parameter_names(web: Any) -> Any:
    """Aliases of every kind."""
    app = web.FastAPI(title="T")

    @app.get("/{some-id}")
    def read(
        some_id: Annotated[int, web.Path(alias="some-id")],
        a: int = web.Query(alias="A A", validation_alias="va"),
        b: int = web.Query(alias="b_1", serialization_alias="bs", title="B title"),
        c: int = web.Query(validation_alias=AliasChoices("c1", "c2")),
        d: str = web.Header(alias="D_d"),
        e: str = web.Cookie("x", alias="e-e"),
    ): ...

    return app


@application
def parameter_extras(web: Any) -> Any:
    """Extra members and deprecation."""
    app = web.FastAPI(title="T")

    @app.get("/")
    def read(
        a: int = web.Query(json_schema_extra=lambda schema: schema.update(x=1)),
        b: str = web.Query(json_schema_extra={"title": "JT", "description": "JD", "default": 9, "x": None}),
        c: int = web.Query(1, deprecated="why"),
        d: int = web.Query(1, deprecated=False),
        e: int | None = web.Query(None, examples=[None, 1]),
    ): ...

    return app


@application
def repeated_parameters(web: Any) -> Any:
    """One name in several callables is one parameter."""
    app = web.FastAPI(title="T")

    def deep(z: int, p: str = web.Path(), x: str = web.Header(), q: int = 3): ...

    def middle(d: Annotated[None, web.Depends(deep)], z: int | None = None, q: int = 5): ...

    @app.get("/0/{p}")
    def first(
        q: int, p: int, d: Annotated[None, web.Depends(middle)], c: int = web.Cookie(), h: str = web.Header()
    ): ...

    @app.get("/1/{p}")
    def second(d: Annotated[None, web.Depends(middle)], q: int = 1, p: int = web.Path(title="PP"), z: int = 9): ...

    @app.get("/2/{p}", dependencies=[web.Depends(deep), web.Depends(middle, use_cache=False)])
    def third(p: str): ...

    return app


@application
def groups(web: Any) -> Any:
    """Models whose fields are parameters, in every location."""
    app = web.FastAPI(title="T")

    @app.get("/query/{p}")
    def query(p: int, g: Annotated[Filters, web.Query(deprecated=True, description="not shown")]): ...

    @app.get("/header")
    def header(g: Annotated[Filters, web.Header()]): ...

    @app.get("/literal")
    def literal(g: Annotated[Closed, web.Header(convert_underscores=False)], h: Annotated[Filters, web.Header()]): ...

    @app.get("/cookie")
    def cookie(g: Annotated[Filters | None, web.Cookie()] = None): ...

    @app.get("/required")
    def required(g: Annotated[Filters | None, web.Query()], term: str = "x"): ...

    @app.get("/hidden")
    def hidden(g: Annotated[Filters, web.Query(include_in_schema=False)]): ...

    @app.get("/several")
    def several(g: Annotated[Filters, web.Query()], h: Annotated[Closed, web.Query()], term: int = 5): ...

    @app.get("/path/{name}/{age}")
    def path(g: Annotated[Profile, web.Path()]): ...

    return app


@application
def markers_in_groups(web: Any) -> Any:
    """The fields of a parameter model may be markers."""
    app = web.FastAPI(title="T")

    class Marked(BaseModel):
        a: int = web.Query(5, include_in_schema=False)
        b: int = web.Query(5, openapi_examples={"a": {"value": 3}}, deprecated="msg")
        c: int = Field(deprecated=True)
        d_e: int

    @app.get("/marked")
    def marked(g: Annotated[Marked, web.Query()], h: Annotated[Marked, web.Header()]): ...

    return app
