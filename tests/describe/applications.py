"""Small applications, written against a namespace so that they run on Typeway and on FastAPI alike."""

import dataclasses
import datetime
import decimal
import enum
import functools
import importlib
import uuid
from collections.abc import AsyncIterable, Callable, Generator, Iterable
from types import SimpleNamespace
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AliasChoices,
    AnyUrl,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    RootModel,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
    computed_field,
)
from starlette.responses import Response as StarletteResponse
from typing_extensions import NotRequired, TypeAliasType, TypedDict

T = TypeVar("T")

APPLICATIONS: list[Callable[[Any], Any]] = []


def application(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add a builder to the table."""
    APPLICATIONS.append(build)
    return build


def framework(name: str) -> SimpleNamespace:
    """The names of a framework, with its submodules."""
    modules = ("responses", "security", "sse")
    return SimpleNamespace(
        **vars(importlib.import_module(name)) | {part: importlib.import_module(f"{name}.{part}") for part in modules}
    )


class Color(enum.Enum):
    """A color."""

    red = "red"
    blue = "blue"


class Level(enum.IntEnum):
    low = 1
    high = 2


class Status(enum.IntEnum):
    accepted = 202


class Sub(BaseModel):
    s: str = "x"


class Item(BaseModel):
    """An item.

    With a long text.
    \f
    For readers of the code.
    """

    name: str = Field(min_length=1, max_length=10, description="Its name", examples=["spoon"])
    price: float = Field(1.5, gt=0)
    tags: set[str] = set()
    color: Color = Color.red
    sub: Sub | None = None


class Computed(BaseModel):
    n: int = 2

    @computed_field
    @property
    def double(self) -> int:
        return self.n * 2


class Wrapper(BaseModel):
    computed: Computed
    sub: Sub


class Tree(BaseModel):
    value: int = 0
    children: list["Tree"] = []


class Box(BaseModel, Generic[T]):
    data: T


class First(BaseModel):
    class Inner(BaseModel):
        a: int

    inner: Inner


class Second(BaseModel):
    class Inner(BaseModel):
        b: int

    inner: Inner


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    x: str = Field(alias="ax")
    y: str = Field(validation_alias="vy", serialization_alias="sy")


class Choices(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    x: str = Field(alias="ax")
    y: str = Field(validation_alias=AliasChoices("b", "c"))
    z: int = Field(3, alias="az")


class Bytes(BaseModel):
    plain: bytes = b"x"
    many: list[bytes] = []
    short: Annotated[bytes, Field(max_length=3)] = b""
    encoded: Base64Bytes = b""


class BytesIn64(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")

    data: bytes


class BytesOut64(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64")

    data: bytes


@dataclasses.dataclass
class Point:
    """A point."""

    x: int
    items: list[Item] = dataclasses.field(default_factory=list)


class Mapped(TypedDict):
    item: Item
    count: NotRequired[int]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Filters(BaseModel):
    term: str
    tags: list[str] = Field([], title="The tags", description="Some tags", deprecated=True, examples=[["x"]])
    per_page: int | None = Field(None, alias="perPage", ge=1)
    either: str = Field(validation_alias=AliasChoices("first", "second"))
    nested: dict[str, int] = {}
    extra: int = Field(1, json_schema_extra={"x-unit": "cm", "example": 3})


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Closed model")

    only: Literal["a"] | None = "a"


class Profile(BaseModel):
    name: str
    age: int = 1


class Credentials(BaseModel):
    token: str


class Own:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(str)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "title": "Its own title"}


class Text(StarletteResponse):
    media_type = "text/x-own; charset=utf-8"


def post(web: Any, *endpoints: Callable[..., Any], **options: Any) -> Any:
    """An application with each endpoint under POST on a path of its own."""
    app = web.FastAPI(title="T", **options)
    for number, endpoint in enumerate(endpoints):
        app.post(f"/{number}")(endpoint)
    return app


# --- the document ---------------------------------------------------------------------------------------------------


@application
def empty(web: Any) -> Any:
    """Nothing at all."""
    return web.FastAPI(title="T")


@application
def about(web: Any) -> Any:
    """Everything that can be said about an API."""
    app = web.FastAPI(
        title="T",
        version="2",
        summary="s",
        description="d",
        terms_of_service="http://x/",
        contact={"name": "n", "url": "http://u", "email": "a@b.co"},
        license_info={"name": "MIT", "identifier": "MIT"},
        openapi_tags=[{"name": "t", "description": "dd", "externalDocs": {"url": "http://x"}, "x-y": {"z": 1}}],
        servers=[
            {"url": "https://{v}.x", "description": "d", "variables": {"v": {"default": "a", "enum": ["a", "b"]}}},
            {"url": "/api"},
        ],
        openapi_external_docs={"url": "http://docs", "description": "more"},
    )

    @app.get("/")
    def root(): ...

    return app


@application
def paths(web: Any) -> Any:
    """Methods on one path, convertors, odd names, hidden routes."""
    app = web.FastAPI(title="T")

    @app.get("/xyz-a.b/{c:int}/")
    def read_thing(c: int): ...

    @app.put("/xyz-a.b/{c:int}/")
    def put_thing(c: int): ...

    @app.get("/{rest:path}", name="The Rest")
    def rest(rest: str): ...

    @app.get("/hidden", include_in_schema=False)
    def hidden(q: Color): ...

    @app.trace("/t")
    def trace_it(): ...

    @app.options("/t")
    def options_it(body: Sub): ...

    @app.head("/t")
    def head_it(): ...

    return app


@application
def texts(web: Any) -> Any:
    """Summaries, descriptions, ids, tags, deprecation."""
    app = web.FastAPI(title="T")

    @app.get("/0", tags=["a", Color.red], deprecated=True)
    def with_docstring():
        """
        First.

            Indented.

        \f For readers of the code.
        """

    @app.get("/1", summary="S s", description="  D\n\f e", operation_id="own.id", response_description="rd", tags=[])
    def given(): ...

    @app.get("/2", summary="", description="", response_description="", deprecated=False)
    def blank(): ...

    class Endpoint:
        """The class's docstring."""

        def __call__(self, q: int):
            """The call's docstring."""

    app.get("/3", name="endpoint")(Endpoint())

    def partly(q: int, z: str): ...

    app.get("/4", name="ff")(functools.partial(partly, z="1"))
    return app


@application
def extra(web: Any) -> Any:
    """`openapi_extra` merges into the operation at any depth."""
    app = web.FastAPI(title="T")

    @app.get(
        "/x",
        tags=["a"],
        openapi_extra={
            "x-none": None,
            "x-n": {"a": None, "b": [None, {"c": None}], "color": Color.red, "price": decimal.Decimal("1.5")},
            "tags": ["z"],
            "responses": {"200": {"content": {"application/json": {"example": None, "examples": {"a": {"value": 1}}}}}},
            "parameters": [{"name": "h", "in": "header", "schema": {"default": None, "type": "string"}}],
            "externalDocs": {"url": "http://x"},
        },
    )
    def read(q: int): ...

    @app.post("/y", openapi_extra={"requestBody": {"content": {"application/x-yaml": {"schema": {"type": "object"}}}}})
    def write(): ...

    return app


@application
def callbacks(web: Any) -> Any:
    """Requests that the API sends to its clients."""
    router = web.APIRouter(tags=["called"])

    @router.post("{$callback_url}/invoices/{$request.body.id}", response_model=Item)
    def invoice(body: Profile, q: int = 1):
        """Its docstring."""

    @router.get("/got", callbacks=[])
    def got(): ...

    app = web.FastAPI(title="T")

    @app.post("/a", callbacks=router.routes, tags=["z"])
    def a(q: int): ...

    return app


@application
def webhooks(web: Any) -> Any:
    """Requests that the API sends without being asked."""
    app = web.FastAPI(title="T")
    token = web.security.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A"})

    @app.webhooks.post("new-sub")
    def new(body: Profile, user: Annotated[str, web.Security(token, scopes=["q"])]) -> Item:
        """Its docstring."""

    @app.webhooks.put("new-sub")
    def other(): ...

    @app.webhooks.get("hidden", include_in_schema=False)
    def hidden(): ...

    return app


@application
def routers(web: Any) -> Any:
    """Inclusions pass on prefixes, tags, responses, dependencies, deprecation."""
    inner = web.APIRouter(prefix="/inner", tags=["inner"], responses={404: {"description": "inner"}})

    @inner.get("/{a}", tags=["own"], responses={418: {"model": Sub}})
    def read(a: int): ...

    outer = web.APIRouter(tags=["outer"], dependencies=[web.Depends(lambda q=1: q)])
    outer.include_router(inner, prefix="/outer", deprecated=True, responses={404: {"description": "o"}, 500: {}})
    app = web.FastAPI(title="T", dependencies=[web.Depends(web.security.HTTPBearer())], responses={401: {}})
    app.include_router(outer)
    app.include_router(inner, prefix="/again", include_in_schema=False)
    app.include_router(inner, prefix="/more", generate_unique_id_function=lambda route: f"u-{route.name}")
    return app


# --- parameters -----------------------------------------------------------------------------------------------------


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
        x_token: Annotated[list[str], web.Header()] = [],
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
        moment: datetime.datetime = datetime.datetime(2020, 1, 1),
        price: decimal.Decimal = decimal.Decimal("1.50"),
        key: uuid.UUID | None = None,
        span: datetime.timedelta = datetime.timedelta(1),
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
    def first(q: int, p: int, d: Annotated[None, web.Depends(middle)], c: int = web.Cookie(), h: str = web.Header()): ...

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


# --- bodies ---------------------------------------------------------------------------------------------------------


@application
def single_bodies(web: Any) -> Any:
    """One body, alone."""

    def model(item: Item): ...
    def optional(item: Item | None = None): ...
    def default(item: Item = Item(name="q")): ...
    def many(items: list[Item]): ...
    def mapping(items: dict[str, Item]): ...
    def scalar(n: int = web.Body()): ...
    def described(
        n: int | None = web.Body(
            None, media_type="application/vnd.x+json", title="Tit", description="Des", examples=[1]
        ),
    ): ...
    def named_examples(item: Annotated[Item, web.Body(openapi_examples={"n": {"value": {"name": "x"}}})]): ...
    def embedded(item: Annotated[Item, web.Body(embed=True)]): ...
    def raw(data: bytes = web.Body()): ...
    def anything(data: Any = web.Body()): ...
    def union(pet: Cat | Dog): ...
    def discriminated(pet: Annotated[Cat | Dog, web.Body(discriminator="kind", title="Pet")]): ...
    def deprecated(item: Annotated[Item, web.Body(deprecated=True)]): ...

    return post(
        web, model, optional, default, many, mapping, scalar, described, named_examples, embedded, raw, anything,
        union, discriminated, deprecated,
    )  # fmt: skip


@application
def several_bodies(web: Any) -> Any:
    """Several bodies are members of one object."""

    def two(item: Item, n: int = web.Body()): ...
    def optional(item: Item | None = None, n: int | None = web.Body(None), c: str = web.Body("x", media_type="t/x")): ...
    def same_type(a: str = web.Body(media_type="x/y"), b: str = web.Body(media_type="x/y")): ...
    def aliases(a: int = web.Body(alias="bé", description="d"), my_items: list[Item] = web.Body(alias="m")): ...
    def titled(a: Own = web.Body(), b: int = web.Body(title="BB"), c: Color = web.Body(Color.red)): ...
    def dependency(a: str = web.Body(), z: int | None = web.Body(None)): ...
    def with_dependency(d: Annotated[str, web.Depends(dependency)], b: int = web.Body(), a: str = web.Body()): ...
    def only_dependency(d: Annotated[str, web.Depends(dependency)]): ...

    return post(web, two, optional, same_type, aliases, titled, with_dependency, only_dependency)


@application
def bodies_by_method(web: Any) -> Any:
    """Some methods have no request body in the document."""
    app = web.FastAPI(title="T")
    for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):

        def endpoint(n: int = web.Body()): ...

        endpoint.__name__ = f"do_{method}"
        getattr(app, method)("/")(endpoint)
    return app


@application
def models(web: Any) -> Any:
    """Models of every kind, accepted and sent."""

    def item(a: Item) -> Item: ...
    def listed(a: list[Item]) -> list[Item]: ...
    def recursive(a: Tree) -> Tree: ...
    def generic(a: Box[int], b: Box[Item]) -> Box[list[str]]: ...
    def dataclass(a: Point) -> Mapped: ...
    def typed_dict(a: Mapped) -> Point | None: ...
    def renamed(a: Renamed) -> Renamed: ...
    def in_bytes(a: Bytes, b: BytesIn64) -> BytesOut64: ...
    def out_bytes(a: BytesOut64) -> BytesIn64: ...
    def root(a: RootModel[list[Item]]) -> RootModel[dict[str, int]]: ...

    return post(web, item, listed, recursive, generic, dataclass, typed_dict, renamed, in_bytes, out_bytes, root)


@application
def computed(web: Any) -> Any:
    """A model that sends more than it accepts has two components."""

    def wrapped(a: Wrapper) -> Wrapper: ...
    def plain(a: Computed) -> list[Computed]: ...

    return post(web, wrapped, plain)


@application
def unseparated(web: Any) -> Any:
    """With separation off, only computed fields make two components."""

    def wrapped(a: Wrapper) -> Wrapper: ...
    def renamed(a: Renamed) -> Renamed: ...
    def recursive(a: Tree) -> Tree: ...
    def clash(a: First) -> Second: ...

    return post(web, wrapped, renamed, recursive, clash, separate_input_output_schemas=False)


@application
def clashing_names(web: Any) -> Any:
    """Models of one name get names that tell them apart."""
    other = type("Item", (BaseModel,), {"__annotations__": {"weight": int}, "__module__": "elsewhere"})

    def first(a: First) -> Second: ...
    def one(a: Item): ...

    def two(a: Any): ...

    two.__annotations__["a"] = other
    return post(web, first, one, two)


# --- forms ----------------------------------------------------------------------------------------------------------


@application
def plain_forms(web: Any) -> Any:
    """Fields and files."""

    def field(a: str = web.Form()): ...
    def fields(a: str = web.Form(), b: int = web.Form(3, description="d", media_type="x/y")): ...
    def optional(a: str = web.Form("x")): ...
    def upload(a: Any): ...
    def content(a: bytes | None = web.File(None, description="hi")): ...
    def files(a: list[bytes] = web.File(), b: Any = None, c: str = web.Form()): ...
    def mapping(a: dict[str, int] = web.Form()): ...
    def beside_body(a: Item, b: str = web.Form()): ...
    def list_of_models(a: list[Item] | None = web.Form(None)): ...
    def dependency(a: int = web.Form(1)): ...
    def shared(d: Annotated[int, web.Depends(dependency)], a: str | None = web.Form(...)): ...
    def same_alias(a: int = web.Form(), b: str = web.Form(alias="x")): ...

    upload.__annotations__["a"] = web.UploadFile
    files.__annotations__["b"] = web.UploadFile | None
    return post(
        web, field, fields, optional, upload, content, files, mapping, beside_body, list_of_models, shared, same_alias
    )


@application
def form_media_types(web: Any) -> Any:
    """How forms are encoded follows from what is in them."""
    multipart = "multipart/form-data"

    def one(a: str = web.Form(media_type=multipart), b: str = web.Form()): ...
    def two(a: str = web.Form(media_type="x/y"), b: str = web.Form(media_type="x/y")): ...
    def three(a: str = web.File(media_type="x/y")): ...
    def four(a: str = web.Body(media_type="x/y"), b: str = web.Form(media_type="x/z")): ...
    def five(a: Profile = web.Form(media_type="x/y"), b: str = web.Form()): ...
    def six(a: Profile = web.Form(media_type="x/y")): ...
    def seven(a: Profile | None = web.Form(media_type=multipart)): ...
    def eight(a: Profile = web.Form(), b: bytes = web.File()): ...

    return post(web, one, two, three, four, five, six, seven, eight)


@application
def form_models(web: Any) -> Any:
    """Models as forms: alone, optional, with defaults."""

    def alone(a: Profile = web.Form()): ...
    def titled(a: Profile = web.Form(title="T", description="D")): ...
    def optional(a: Profile | None = web.Form(None)): ...
    def nullable(a: Profile | None = web.Form()): ...
    def default(a: Profile = web.Form(Profile(name="q"))): ...
    def optional_default(a: Profile | None = web.Form(Profile(name="q"))): ...
    def made(a: Profile | None = web.Form(default_factory=lambda: None)): ...
    def closed(a: Closed | None = web.Form(None)): ...
    def union(a: Annotated[Cat | Dog, web.Form(discriminator="kind")]): ...
    def optional_union(a: Annotated[Cat | Dog | None, web.Form(discriminator="kind")] = None): ...
    def choices(a: Choices = web.Form()): ...
    def optional_choices(a: Choices | None = web.Form(None)): ...

    return post(
        web, alone, titled, optional, nullable, default, optional_default, made, closed, union, optional_union, choices,
        optional_choices,
    )  # fmt: skip


@application
def composed_forms(web: Any) -> Any:
    """Several models, and fields beside them, lie side by side."""

    def beside_field(a: Profile = web.Form(), b: str = web.Form()): ...
    def two(a: Profile = web.Form(), b: Credentials = web.Form()): ...
    def twice(a: Profile = web.Form(), b: Profile = web.Form()): ...
    def overlapping(a: Profile = web.Form(), name: str = web.Form(title="NN"), age: int = web.Form(2, ge=3)): ...
    def optional(b: str = web.Form(alias="zz", title="TT"), a: Choices | None = web.Form(None)): ...
    def choices(a: Choices = web.Form(), my_b: str | None = web.Form(None), _c: int = web.Form(1)): ...
    def described(
        a: Profile = web.Form(title="A title", description="A desc"),
        b: Profile | None = web.Form(None, title="BT", description="bd", examples=[1]),
    ): ...
    def defaults(a: Profile = web.Form(Profile(name="x")), b: Profile | None = web.Form(Profile(name="q"))): ...
    def unions(a: Annotated[Cat | Dog, web.Form(discriminator="kind")], b: Annotated[Profile | Credentials, web.Form()]): ...
    def same_alias(a: Profile = web.Form(), b: int = web.Form(), c: str = web.Form(alias="b")): ...
    def with_body(a: Profile = web.Form(), b: Item = web.Body(), c: Item | None = web.Body(None, alias="cc")): ...
    def dependency(a: Profile = web.Form(), b: str = web.Form("x")): ...
    def shared(d: Annotated[Any, web.Depends(dependency)], a: Credentials = web.Form(), b: int = web.Form()): ...
    def same(d: Annotated[Any, web.Depends(dependency)], a: Profile = web.Form()): ...

    return post(
        web, beside_field, two, twice, overlapping, optional, choices, described, defaults, unions, same_alias,
        with_body, shared, same,
    )  # fmt: skip


# --- responses ------------------------------------------------------------------------------------------------------


@application
def response_classes(web: Any) -> Any:
    """The class of the response decides its media type and status."""
    app = web.FastAPI(title="T")
    responses = web.responses

    class Moved(responses.RedirectResponse):
        def __init__(self, url: str, status_code: int = 308) -> None:
            super().__init__(url, status_code)

    class Vendor(responses.JSONResponse):
        media_type = "application/vnd.x+json"

    class Untyped(responses.JSONResponse):
        media_type = None

    class OwnJSON(StarletteResponse):
        media_type = "application/json"

    kinds = (
        responses.HTMLResponse, responses.PlainTextResponse, responses.RedirectResponse, responses.FileResponse,
        responses.StreamingResponse, responses.Response, responses.JSONResponse, responses.EventSourceResponse,
        Text, Moved, Vendor, Untyped, OwnJSON,
    )  # fmt: skip
    for number, kind in enumerate(kinds):

        def endpoint(): ...

        app.get(f"/{number}", response_class=kind)(endpoint)
        app.put(f"/{number}", response_class=kind, response_model=Item, responses={404: {"model": Sub}})(endpoint)
        app.post(f"/{number}", response_class=kind, status_code=202, responses={202: {"content": {"a/b": {}}}})(endpoint)
    return app


@application
def default_response_class(web: Any) -> Any:
    """Applications and routers may name a class for all."""
    app = web.FastAPI(title="T", default_response_class=web.responses.HTMLResponse)
    router = web.APIRouter(default_response_class=web.responses.PlainTextResponse)

    @app.get("/a")
    def a(): ...

    @router.get("/b")
    def b(): ...

    @router.get("/c", response_class=web.responses.JSONResponse)
    def c() -> Item: ...

    app.include_router(router)
    return app


@application
def response_models(web: Any) -> Any:
    """What endpoints return."""

    def none() -> None: ...
    def response() -> StarletteResponse: ...
    def union() -> int | str: ...
    def mapping() -> dict: ...
    def anything() -> Any: ...
    def plain_list() -> list: ...
    def optional() -> Item | None: ...
    def one_color() -> Color: ...

    app = post(web, none, response, union, mapping, anything, plain_list, optional, one_color)

    @app.get("/off", response_model=None)
    def off() -> Item: ...

    @app.get("/instead", response_model=list[Sub], response_model_exclude={"s"}, response_model_by_alias=False)
    def instead() -> Item: ...

    return app


@application
def statuses(web: Any) -> Any:
    """Declared statuses; some have no body."""
    app = web.FastAPI(title="T")
    for status in (201, Status.accepted, 204, 205, 304, 422):

        def endpoint(q: int): ...

        app.get(f"/{int(status)}", status_code=status)(endpoint)
    return app


@application
def more_responses(web: Any) -> Any:
    """Responses that authors add."""
    app = web.FastAPI(title="T")
    for number, responses in enumerate(
        (
            {404: {"description": "nf", "model": dict[str, int]}, "4XX": {"description": "c"}, "default": {}},
            {500: {"content": {"text/plain": {"example": None}}}, 299: {}, "5xx": {}, "5XX": {"model": str}},
            {201: {"headers": {"x": {"schema": {"type": "string"}}}, "links": {"y": {"operationId": "z"}}}},
            {301: {}, 418: {}, 999: {}, 103: {}, "1XX": {}, "2xx": {}, "3XX": {}, "DEFAULT": {}},
            {200: {"model": Sub}},
            {200: {"model": list[Sub], "content": {"application/json": {"schema": {"x": 1}, "example": 3}}}},
            {"200": {"content": {"image/png": {"schema": {"type": "string"}}}, "description": "own"}},
            {200: {"model": None, "description": ""}},
            {422: {"description": "mine"}},
            {"422": {"model": Sub}},
            {"4XX": {"model": Sub}},
            {"default": {"model": Sub}},
            {404: {"model": Sub, "content": {"application/json": {"example": {"a": 1}}, "text/html": {}}}},
        )
    ):

        def endpoint(q: int) -> Item: ...

        app.get(f"/{number}", responses=responses)(endpoint)
    return app


@application
def streams(web: Any) -> Any:
    """Generators send lines of JSON."""
    app = web.FastAPI(title="T")

    def untyped():
        yield 1

    def items() -> Iterable[Item]:
        yield Item(name="x")

    async def maybe() -> AsyncIterable[Item | None]:
        yield None

    def numbers() -> Generator[int, None, None]:
        yield 1

    def raw() -> Iterable[bytes]:
        yield b""

    def anything() -> Iterable[Any]:
        yield 1

    def listed() -> list[Item]:
        yield 1

    def created(q: int) -> Iterable[Item]:
        yield 1

    def not_a_stream() -> Iterable[Item]:
        return []

    for endpoint in (untyped, items, maybe, numbers, raw, anything, listed, not_a_stream):
        app.get(f"/{endpoint.__name__}")(endpoint)
        app.get(f"/{endpoint.__name__}/raw", response_class=web.responses.StreamingResponse)(endpoint)
    app.get("/items/json", response_class=web.responses.JSONResponse)(items)
    app.post("/created", status_code=201, responses={200: {"content": {"a/b": {}}}, 400: {"model": Sub}})(created)
    app.post("/nothing", status_code=204)(items)
    return app


@application
def events(web: Any) -> Any:
    """Generators send server-sent events."""
    app = web.FastAPI(title="T")

    def untyped():
        yield 1

    def items() -> Iterable[Item]:
        yield Item(name="x")

    def made() -> Iterable[Any]:
        yield 1

    def not_a_stream() -> Iterable[Item]:
        return []

    made.__annotations__["return"] = Iterable[web.sse.ServerSentEvent]
    for endpoint in (untyped, items, made, not_a_stream):
        app.get(f"/{endpoint.__name__}", response_class=web.sse.EventSourceResponse)(endpoint)
        app.post(
            f"/{endpoint.__name__}",
            response_class=web.sse.EventSourceResponse,
            status_code=201,
            responses={201: {"content": {"text/event-stream": {"example": "x"}}}, 400: {"model": Sub}},
        )(endpoint)
    return app


# --- security -------------------------------------------------------------------------------------------------------


@application
def schemes(web: Any) -> Any:
    """Every ready-made scheme."""
    app = web.FastAPI(title="T")
    s = web.security
    for number, scheme in enumerate(
        (
            s.APIKeyQuery(name="k"),
            s.APIKeyHeader(name="X-K", description="D"),
            s.APIKeyCookie(name="c", scheme_name="Own name"),
            s.HTTPBasic(realm="r"),
            s.HTTPBearer(bearerFormat="JWT", description="D"),
            s.HTTPDigest(),
            s.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A"}, refreshUrl="again"),
            s.OAuth2AuthorizationCodeBearer(authorizationUrl="auth", tokenUrl="token", scopes={"b": "B"}),
            s.OAuth2(flows={"implicit": {"authorizationUrl": "x", "scopes": {}}}, description="D"),
            s.OpenIdConnect(openIdConnectUrl="/o"),
        )
    ):

        def endpoint(): ...

        app.get(f"/{number}", dependencies=[web.Depends(scheme)])(endpoint)
    return app


@application
def scopes(web: Any) -> Any:
    """Scopes add up from above, each once."""
    token = web.security.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B"})
    other = web.security.OAuth2PasswordBearer(tokenUrl="token2", scheme_name="other")
    key = web.security.APIKeyHeader(name="X-Key")

    def user(t: Annotated[str, web.Security(token, scopes=["z"])]): ...

    def keyed(k: Annotated[str, web.Depends(key)]): ...

    app = web.FastAPI(title="T", dependencies=[web.Depends(web.security.OpenIdConnect(openIdConnectUrl="/o"))])

    @app.get("/1")
    def one(u: Any = web.Security(user, scopes=["a"]), v: Any = web.Security(user, scopes=["b", "a"])): ...

    @app.get("/2", dependencies=[web.Depends(keyed), web.Security(other, scopes=["q"])])
    def two(u: Any = web.Depends(user), t: Any = web.Depends(token)): ...

    @app.get("/3")
    def three(
        u: Any = web.Security(user, scopes=["a"]),
        k: Any = web.Depends(keyed),
        q: int = 0,
        h: Any = web.Depends(web.security.HTTPBearer()),
        i: Any = web.Depends(web.security.HTTPBearer(scheme_name="HTTPBearer", bearerFormat="JWT")),
    ): ...

    return app


@application
def password_form(web: Any) -> Any:
    """The form of the password grant."""
    app = web.FastAPI(title="T")

    @app.post("/token")
    def token(form: Annotated[web.security.OAuth2PasswordRequestForm, web.Depends()]): ...

    @app.post("/strict")
    def strict(form: Annotated[web.security.OAuth2PasswordRequestFormStrict, web.Depends()]): ...

    return app


# --- all together ---------------------------------------------------------------------------------------------------


@application
def described_uploads(web: Any) -> Any:
    """What is said about a file is shown though its type has a schema of its own."""

    def one(a: Any = web.File(description="hi", deprecated=True, examples=["x"], title="UT", json_schema_extra={"x": 1})): ...
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
    def out(request: web.Request, response: web.Response, tasks: web.BackgroundTasks, q: Annotated[int, Field(ge=1)]): ...

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
        e: datetime.date | datetime.datetime | None = None
        f: tuple[int, ...] | frozenset[str] = ()
        g: Any = None
        h: object = None

    app = web.FastAPI(title="T")

    @app.put("/")
    def write(
        body: Bounded,
        a: Annotated[int, web.Query(gt=0, le=10, multiple_of=5)],
        b: Annotated[str, web.Query(min_length=1, max_length=3, pattern="^x")] = "x",
        c: Annotated[list[int], web.Query(min_length=1, max_length=3)] = [1],
        d: Annotated[float, web.Query(allow_inf_nan=False, strict=True)] = 1.5,
        e: Annotated[decimal.Decimal, web.Query(max_digits=3, decimal_places=1)] = decimal.Decimal("1"),
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
    named = {"a": {"summary": "s", "description": None, "value": {"name": "x", "none": None}}, "b": {"externalValue": "u"}}

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

    def read(tree: "Tree", color: "Color", q: "Annotated[list[int] | None, web_query]" = None) -> "list[Tree]": ...

    read.__globals__["web_query"] = web.Query(description="d")
    app.post("/")(read)
    return app
