"""JSON bodies: whole or embedded, of every type, well formed or not."""

import dataclasses
import datetime as dt
import decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Json, RootModel, SecretStr, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from tests.conformance.cases import case
from tests.frameworks import Step, asked

T = TypeVar("T")
JSON = {"content-type": "application/json"}


class Item(BaseModel):
    name: str = Field(min_length=1)
    price: float | None = None


class User(BaseModel):
    login: str
    secret: SecretStr = SecretStr("s")


def sent(path: str, *bodies: Any, method: str = "POST") -> list[Step]:
    """One request per body, which is sent as JSON."""
    return [asked(f"{method} {path}", json=body) for body in bodies]


def raw(path: str, *contents: bytes, **headers: str) -> list[Step]:
    """One request per body, which is sent as it stands."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} or JSON
    return [asked(f"POST {path}", content=content, headers=named) for content in contents]


@case(
    *sent("/", {"name": "n"}, {"name": "n", "price": 1, "x": 2}, {}, {"name": ""}, [], None, "text", 3, {"name": "é☃\ud83d\ude00"}),
    *raw("/", b"", b" ", b"{", b'{"name": }', b"[1,]", b"nul", b'{"name": "a"} x', b"\xff", b'{"name": "\xff"}', b'"\\ud800"'),
    *raw("/", b'{"name": NaN}', b'{"name": "a", "price": NaN}', b'{"name": "a", "price": 1e999}', b'{"name": "a", "name": "b"}'),
    *raw("/", b"\xef\xbb\xbf{}", '{"name": "a"}'.encode("utf-16"), b"[" * 20000, b'{"name": "a", "price": 1' + b"0" * 400 + b"}"),
    "POST /",
)  # fmt: skip
def one_model(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Item):
        return item

    return app


@case(
    *raw("/", b'{"name": "n"}', content_type="application/json; charset=utf-8"),
    *raw("/", b'{"name": "n"}', content_type="application/geo+json"),
    *raw("/", b'{"name": "n"}', content_type="APPLICATION/JSON"),
    *raw("/", b'{"name": "n"}', content_type="text/json"),
    *raw("/", b'{"name": "n"}', content_type="text/plain"),
    *raw("/", b'{"name": "n"}', content_type="application/x-www-form-urlencoded"),
    *raw("/", b'{"name": "n"}', content_type=""),
    *raw("/", b'{"name": "n"}', content_type="nonsense"),
    *raw("/", b'{"name": "n"}', content_type="application/json-seq"),
    *raw("/", b'{"name": "n"}', content_type="application/vnd.api+json;ext=a"),
    *raw("/", b'{"name": "n"}', x_other="no media type"),
    *raw("/bytes", b'{"name": "n"}', b'"ab"', b"rubbish", b"", x_other="1"),
    *raw("/bytes", b'"ab"', b"1", b"{", content_type="application/json"),
    *raw("/bytes", b'"ab"', b"\xff\xfe", content_type="application/octet-stream"),
    *raw("/lenient", b'{"name": "n"}', b"{", x_other="no media type"),
    *raw("/lenient", b'{"name": "n"}', content_type="text/plain"),
)
def media_types(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Item):
        return item

    @app.post("/bytes")
    def post_bytes(data: Annotated[bytes, web.Body()] = b"none"):
        return repr(data)

    lenient = web.APIRouter(strict_content_type=False)

    @lenient.post("/lenient")
    def post_lenient(item: Item):
        return item

    app.include_router(lenient)
    return app


@case(
    *sent(
        "/",
        {"item": {"name": "n"}},
        {"name": "n"},
        {"item": None},
        {},
        [],
        None,
        1,
        {"item": {}},
        {"item": {"name": "n"}, "x": 1},
    ),
    *raw("/", b"", b"{", b'{"item": '),
    "POST /",
)
def embedded(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Annotated[Item, web.Body(embed=True)]):
        return item

    return app


@case(
    *sent(
        "/", {"item": {"name": "n"}, "user": {"login": "l"}}, {"item": {"name": "n"}}, {"user": 3}, {}, [], None, "x"
    ),
    *sent("/", {"item": {"name": "n"}, "user": {"login": "l"}, "count": 3}, {"item": {}, "user": {}, "count": "x"}),
    "POST /",
)
def several(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Item, user: User, count: Annotated[int, web.Body(gt=0)] = 1):
        return [item, user.login, count]

    return app


@case(
    *sent("/", {}, {"item": None}, {"item": {"name": "n"}}, {"tag": "t"}, [], None, {"tag": None}),
    "POST /",
)
def several_optional(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Item | None = None, tag: str | None = web.Body(None)):
        return [item, tag]

    return app


@case(
    *sent("/a", {"name": "n"}, None, {}, {"item": {"name": "n"}}), "POST /a",
    *sent("/b", {"name": "n"}, None, {}), "POST /b",
    *sent("/c", 3, None, "x"), "POST /c",
    *sent("/d", {"item": {"name": "n"}}, {"item": None}, {}, None), "POST /d",
)  # fmt: skip
def missing_or_null(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/a")
    def a(item: Item | None = None):
        return item

    @app.post("/b")
    def b(item: Annotated[Item | None, web.Body()]):
        return item

    @app.post("/c")
    def c(number: Annotated[int | None, web.Body()] = 5):
        return number

    @app.post("/d")
    def d(item: Annotated[Item | None, web.Body(embed=True)]):
        return item

    return app


@case(
    *sent("/", {"thing": {"name": "n"}, "who": {"login": "l"}}, {"item": {"name": "n"}, "user": {"login": "l"}}),
    *sent("/one", {"name": "n"}, {"thing": {"name": "n"}}, {}),
    *sent("/embedded", {"thing": {"name": "n"}}, {"item": {"name": "n"}}, {}),
)
def aliases(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(item: Item = web.Body(alias="thing"), user: Annotated[User, web.Body(validation_alias="who")] = None):
        return [item, user and user.login]

    @app.post("/one")
    def one(item: Item = web.Body(alias="thing")):
        return item

    @app.post("/embedded")
    def own(item: Item = web.Body(alias="thing", embed=True)):
        return item

    return app


@case(
    *sent("/whole", {"name": "n"}, {"item": {"name": "n"}}),
    *sent("/both", {"item": {"name": "n"}, "user": {"login": "l"}}, {"name": "n"}, {"item": {"name": "n"}}),
    *sent("/same", {"name": "n"}, {"item": {"name": "n"}}, {}),
)
def bodies_of_dependencies(web: Any) -> Any:
    def need_user(user: User):
        return user.login

    def need_item(item: Item):
        return item

    app = web.FastAPI()

    @app.post("/whole")
    def whole(found: Annotated[Item, web.Depends(need_item)]):
        return found

    @app.post("/both")
    def both(item: Item, login: Annotated[str, web.Depends(need_user)]):
        return [item, login]

    @app.post("/same")
    def same(item: Item, found: Annotated[Item, web.Depends(need_item)]):
        return [item, found]

    return app


@case(
    *sent("/list", [{"name": "n"}], [], [{}], {}, [{"name": "n"}, {"name": ""}]),
    *sent("/dict", {"a": 1, "b": 2}, {"a": "x"}, [], {}),
    *sent("/int", 3, "3", 3.5, True, None),
    *sent("/union", {"login": "l"}, {"name": "n"}, {}, 3, "x"),
    *sent("/any", 1, None, "x", [None], {}),
    *sent("/numbers", {"1": 1.5, "2": 2}, {"x": 1}),
    *sent("/tuple", [1, "x"], [1], {}),
    *sent("/set", [1, 1, 2], ["x"]),
)
def shapes(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/list")
    def items(items: list[Item]):
        return items

    @app.post("/dict")
    def mapping(values: dict[str, int]):
        return values

    @app.post("/int")
    def number(value: Annotated[int, web.Body(ge=1)]):
        return value

    @app.post("/union")
    def union(value: Item | User | int):
        return repr(value)

    @app.post("/any")
    def anything(value: Any = web.Body()):
        return value

    @app.post("/numbers")
    def numbers(values: dict[int, float]):
        return values

    @app.post("/tuple")
    def pair(value: tuple[int, str]):
        return value

    @app.post("/set")
    def unique(value: set[int]):
        return sorted(value)

    return app


@dataclasses.dataclass
class Plain:
    x: int
    y: list[int] = dataclasses.field(default_factory=list)
    item: Item | None = None


@pydantic_dataclass
class Checked:
    x: int = Field(gt=0)


class Mapped(TypedDict, total=False):
    name: str
    count: int


@case(
    *sent("/plain", {"x": 1}, {"x": "1", "y": ["2"], "item": {"name": "n"}}, {}, {"x": 1, "z": 2}, [], {"x": "q"}),
    *sent("/checked", {"x": 1}, {"x": 0}, {}),
    *sent("/mapped", {"name": "n"}, {}, {"count": "x"}, {"other": 1}),
    *sent("/many", [{"x": 1}], [{}]),
)
def dataclasses_and_typed_dicts(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/plain", response_model=Plain)
    def plain(value: Plain):
        return value

    @app.post("/checked")
    def checked(value: Checked):
        return value

    @app.post("/mapped")
    def mapped(value: Mapped) -> Mapped:
        return value

    @app.post("/many")
    def many(values: list[Plain]):
        return values

    return app


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


@case(
    *sent("/", {"kind": "cat"}, {"kind": "dog"}, {"kind": "dog", "name": "d"}, {"kind": "cow"}, {}, []),
    *sent("/field", {"pet": {"kind": "cat"}}, {"pet": {"kind": "x"}}, {"pets": []}),
)
def discriminated_unions(web: Any) -> Any:
    class Owner(BaseModel):
        pet: Cat | Dog = Field(discriminator="kind")

    app = web.FastAPI()

    @app.post("/")
    def post(pet: Annotated[Cat | Dog, web.Body(discriminator="kind")]):
        return pet

    @app.post("/field")
    def field(owner: Owner):
        return owner

    return app


@case(
    *sent("/strict", {"n": 1}, {"n": "1"}, {"n": 1, "x": 2}),
    *sent("/renamed", {"theName": "x"}, {"name": "x"}, {}),
    *sent("/validated", {"name": "bad"}, {"name": "good"}),
    *sent("/root", [1, 2], ["x"], {}),
    *sent("/generic", {"data": 1}, {"data": "x"}),
    *sent("/recursive", {"children": [{"children": []}, {}]}, {"children": [{"children": 3}]}),
)
def models_of_every_kind(web: Any) -> Any:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid")

        n: int

    class Renamed(BaseModel):
        name: str = Field(alias="theName")

    class Validated(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def not_bad(cls, value: str) -> str:
            if value == "bad":
                raise ValueError("bad name")
            return value

    class Box(BaseModel, Generic[T]):
        data: T

    app = web.FastAPI()
    for path, kind in {
        "strict": Strict, "renamed": Renamed, "validated": Validated, "root": RootModel[list[int]], "generic": Box[int],
        "recursive": Tree,
    }.items():  # fmt: skip

        def post(value: kind):  # type: ignore[valid-type]
            return value

        post.__name__ = f"post_{path}"
        app.post(f"/{path}")(post)
    return app


class Tree(BaseModel):
    children: list["Tree"] = []


@case(
    *sent("/", {"d": "1.50", "t": "2020-01-01T00:00:00Z", "b": "ab", "j": "[1]"}),
    *sent("/", {"d": "x", "t": "x", "b": 3, "j": "["}),
    *sent("/", {"d": 1.5, "t": 0, "b": "é", "j": [1]}),
)
def types_of_members(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(
        d: decimal.Decimal = web.Body(),
        t: dt.datetime = web.Body(),
        b: bytes = web.Body(),
        j: Json[list[int]] = web.Body(),
    ):
        return repr([d, t, b, j])

    return app


@case(
    *sent("/", {"name": "n"}, method="GET"), *sent("/", {"name": "n"}, method="DELETE"), *sent("/", {}, method="GET"),
    *sent("/list", [1], method="GET"), *sent("/head", {"name": "n"}, method="PATCH"), *sent("/", {}, method="OPTIONS"),
)  # fmt: skip
def bodies_of_any_method(web: Any) -> Any:
    app = web.FastAPI()

    @app.api_route("/", methods=["GET"])
    def get(item: Item):
        return item

    @app.delete("/")
    def delete(item: Item):
        return item

    @app.options("/")
    def options(item: Item):
        return item

    @app.get("/list")
    def many(numbers: list[int]):
        return numbers

    @app.patch("/head")
    def patch(item: Item):
        return item

    return app


@case(
    *sent("/a", {"name": "n"}), *sent("/b", {"name": "n"}), *sent("/c", {"name": "n"}), *sent("/a", 3),
    *raw("/a", b"{", b"rubbish"), *raw("/b", b"rubbish"),
)  # fmt: skip
def the_raw_body_beside_it(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/a")
    async def a(item: Item, request: web.Request):
        return [item, (await request.body()).decode()]

    @app.post("/b")
    async def b(request: web.Request):
        return (await request.body()).decode()

    @app.post("/c")
    async def c(item: Item, request: web.Request):
        return await request.json()

    return app


@case(*sent("/", {"name": ""}, {"x": 1}), *sent("/?q=x", {}), *sent("/?q=1", []), *raw("/?q=x", b"{"))
def the_body_in_errors(web: Any) -> Any:
    app = web.FastAPI()

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def handle(request: web.Request, error: Any):
        return web.responses.JSONResponse({"body": error.body, "errors": error.errors(), "kind": type(error).__name__})

    @app.post("/")
    def post(item: Item, q: int = 1):
        return item

    return app


@case(*sent("/", {"a": 1}, {"a": "x", "b": 1}), document=True)
def shown_details(web: Any) -> Any:
    class Model(BaseModel):
        model_config = ConfigDict(json_schema_extra={"examples": [{"a": 3}]})

        a: int = Field(description="D", examples=[1])

    app = web.FastAPI()

    @app.post("/")
    def post(
        model: Annotated[
            Model,
            web.Body(
                title="T", description="D", examples=[{"a": 1}], deprecated=True, media_type="application/vnd.own+json",
                openapi_examples={"one": {"summary": "S", "value": {"a": 2}}},
            ),
        ],
    ):  # fmt: skip
        return model

    @app.post("/scalars")
    def scalars(a: int = web.Body(gt=1, title="A"), b: list[int] = web.Body([1], description="many")):
        return [a, b]

    return app
