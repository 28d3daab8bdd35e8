"""Answers: response models, response classes, status codes, injected responses, additional responses."""

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, computed_field, field_serializer
from typing_extensions import TypedDict

from tests.conformance.cases import case
from tests.frameworks import asked

T = TypeVar("T")


class Item(BaseModel):
    name: str = Field(alias="itemName", default="n")
    price: float | None = None
    tags: list[str] = []


class Public(BaseModel):
    name: str


class Secret(Public):
    password: str = "hidden"


def get(web: Any, endpoint: Any, path: str = "/", app: Any = None, **options: Any) -> Any:
    """Add an endpoint under GET."""
    app = app or web.FastAPI()
    app.get(path, **options)(endpoint)
    return app


@case("GET /none /text /number /list /dict /null /model /dataclass /nested /set /generator /decimal /bytes /float")
def answers_without_a_model(web: Any) -> Any:
    @dataclasses.dataclass
    class Point:
        x: int = 1
        when: dt.date = dt.date(2020, 1, 1)

    app = web.FastAPI()
    answers = {
        "none": None, "text": "é\"\u2028", "number": 3, "list": [1, None, True], "dict": {"a": {"b": 1}, 2: 3, None: 4},
        "null": {"a": None}, "model": Item(), "dataclass": Point(), "nested": {"items": [Item(), Point()]}, "set": {1},
        "decimal": [decimal.Decimal("1.50"), decimal.Decimal(2)], "bytes": b"ab", "float": 1e22,
    }  # fmt: skip
    for name, value in answers.items():
        get(web, answering(value), f"/{name}", app)
    get(web, answering(iter([1, 2])), "/generator", app)
    return app


def answering(value: Any) -> Any:
    """An endpoint that returns a value."""

    def answer():
        return value

    return answer


@case("GET /nan /inf /model /explicit /any", document=False)
def numbers_that_are_none(web: Any) -> Any:
    class Model(BaseModel):
        x: float = float("nan")

    app = get(web, answering(float("nan")), "/nan")
    get(web, answering([float("inf")]), "/inf", app)
    get(web, answering(Model()), "/model", app, response_model=Model)
    get(web, answering(Model()), "/explicit", app, response_model=Model, response_class=web.responses.JSONResponse)
    get(web, answering(float("nan")), "/any", app, response_model=Any)
    return app


@case("GET /annotation /decorator /both /subclass /many /dict /switched-off /object")
def filtering(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/annotation")
    def annotation() -> Public:
        return Secret(name="n")

    @app.get("/decorator", response_model=Public)
    def decorator():
        return Secret(name="n")

    @app.get("/both", response_model=Public)
    def both() -> Secret:
        return Secret(name="n")

    @app.get("/subclass")
    def subclass() -> Secret:
        return Secret(name="n", password="p")

    @app.get("/many")
    def many() -> list[Public]:
        return [Secret(name="n"), {"name": "d", "password": "x"}]

    @app.get("/dict", response_model=dict[str, Public])
    def mapping():
        return {"a": Secret(name="n")}

    @app.get("/switched-off", response_model=None)
    def switched_off() -> Public:
        return {"anything": 1}

    @app.get("/object", response_model=Public)
    def attributes():
        return type("Row", (), {"name": "row", "password": "p"})()

    return app


@case(
    "GET /include /exclude /nested /unset /defaults /none /names /unset-dict /all /deep /list",
)
def choosing_fields(web: Any) -> Any:
    class Wrapper(BaseModel):
        item: Item = Item()
        items: list[Item] = [Item()]
        other: int = 1

    given = Item(itemName="x", price=None)
    app = web.FastAPI()
    get(web, answering(given), "/include", app, response_model=Item, response_model_include={"name"})
    get(web, answering(given), "/exclude", app, response_model=Item, response_model_exclude=["price"])
    get(web, answering(Wrapper()), "/nested", app, response_model=Wrapper, response_model_include={"item": {"price"}})
    get(web, answering(given), "/unset", app, response_model=Item, response_model_exclude_unset=True)
    get(web, answering(Item(itemName="n")), "/defaults", app, response_model=Item, response_model_exclude_defaults=True)
    get(web, answering(given), "/none", app, response_model=Item, response_model_exclude_none=True)
    get(web, answering(given), "/names", app, response_model=Item, response_model_by_alias=False)
    get(web, answering({"itemName": "x"}), "/unset-dict", app, response_model=Item, response_model_exclude_unset=True)
    get(
        web,
        answering(Wrapper()),
        "/all",
        app,
        response_model=Wrapper,
        response_model_exclude={"items": {"__all__": {"tags"}}},
    )
    get(
        web, answering(Wrapper()), "/deep", app, response_model=Wrapper, response_model_exclude={"items": {0: {"name"}}}
    )
    get(web, answering([given]), "/list", app, response_model=list[Item], response_model_exclude_unset=True)
    return app


@case("GET /a /b /c /d /e /f", document=False)
def answers_that_do_not_fit(web: Any) -> Any:
    app = web.FastAPI()

    async def wrong() -> Public:
        return {"nome": "n"}

    app.get("/a")(wrong)
    get(web, answering([Public(name="n"), 3]), "/b", app, response_model=list[Public])
    get(web, answering(None), "/c", app, response_model=Public)
    get(web, answering("x"), "/d", app, response_model=int)
    get(web, answering(object()), "/e", app)
    get(web, answering({"a": object()}), "/f", app, response_model=dict[str, Any])
    return app


@case("GET /", document=False)
def a_handler_of_answers_that_do_not_fit(web: Any) -> Any:
    app = get(web, answering(3), response_model=Public)

    @app.exception_handler(web.exceptions.ResponseValidationError)
    async def handle(request: web.Request, error: Any):
        return web.responses.JSONResponse({"errors": error.errors(), "body": error.body}, 500)

    return app


@case(
    "GET /int /list /union /optional /dict /decimal /datetime /uuid /enum /bytes /any /tuple /set /none /typed /generic /root"
)
def types_of_answers(web: Any) -> Any:
    class Color(enum.Enum):
        red = "r"

    class Typed(TypedDict, total=False):
        a: int
        b: str

    class Box(BaseModel, Generic[T]):
        data: T

    app = web.FastAPI()
    for path, kind, value in (
        ("int", int, "3"),
        ("list", list[int], ("1", 2)),
        ("union", int | str, "x"),
        ("optional", Public | None, None),
        ("dict", dict[str, int], {"a": "1"}),
        ("decimal", decimal.Decimal, "1.50"),
        ("datetime", dt.datetime, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("uuid", uuid.UUID, "12345678-1234-5678-1234-567812345678"),
        ("enum", Color, "r"),
        ("bytes", bytes, b"ab"),
        ("any", Any, {"x": dt.date(2020, 1, 1)}),
        ("tuple", tuple[int, str], [1, "x"]),
        ("set", set[int], [1, 1]),
        ("none", None, 3),
        ("typed", Typed, {"a": "1"}),
        ("generic", Box[int], {"data": "1"}),
        ("root", RootModel[list[int]], ["1"]),
    ):
        get(web, answering(value), f"/{path}", app, response_model=kind)
    return app


@case("GET /", document=True)
def computed_and_serialized(web: Any) -> Any:
    class Model(BaseModel):
        model_config = ConfigDict(ser_json_timedelta="float")

        n: int = 2
        span: dt.timedelta = dt.timedelta(hours=1)
        hidden: int = Field(1, exclude=True)

        @computed_field
        @property
        def double(self) -> int:
            return self.n * 2

        @field_serializer("n")
        def text(self, value: int) -> str:
            return f"n{value}"

    app = web.FastAPI()

    @app.get("/")
    def read() -> Model:
        return Model()

    @app.post("/")
    def post(model: Model) -> Model:
        return model

    return app


@case("GET /html /text /redirect /stream /file /json /class-json /bytes /own /content", "HEAD /html")
def response_classes(web: Any) -> Any:
    from pathlib import Path

    responses = web.responses

    class Own(responses.Response):
        media_type = "text/x-own"

        def render(self, content: Any) -> bytes:
            return f"<<{content}>>".encode()

    app = web.FastAPI()
    get(web, answering("<p>é</p>"), "/html", app, response_class=responses.HTMLResponse)
    get(web, answering("text"), "/text", app, response_class=responses.PlainTextResponse)
    get(web, answering("/elsewhere"), "/redirect", app, response_class=responses.RedirectResponse, status_code=302)
    get(web, answering(["a", "b"]), "/stream", app, response_class=responses.StreamingResponse)
    get(
        web,
        answering(str(Path(__file__).with_name("__init__.py"))),
        "/file",
        app,
        response_class=responses.FileResponse,
    )
    get(web, answering({"a": decimal.Decimal(1)}), "/json", app, response_class=responses.JSONResponse)
    get(web, answering(Item()), "/class-json", app, response_class=responses.JSONResponse, response_model=Item)
    get(web, answering(b"raw"), "/bytes", app, response_class=responses.Response)
    get(web, answering({"a": 1}), "/own", app, response_class=Own)
    get(web, answering(Public(name="n")), "/content", app, response_class=Own, response_model=Public)
    return app


@case("GET /json /annotated /plain /redirect /status /model /file", document=True)
def returned_responses(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/json", status_code=201)
    def as_json(response: web.Response):
        response.headers["x-lost"] = "1"
        response.set_cookie("lost", "1")
        return web.responses.JSONResponse({"a": 1}, 202, {"x-own": "1"})

    @app.get("/annotated")
    def annotated() -> web.Response:
        return web.Response("text", media_type="text/plain")

    @app.get("/plain")
    def plain() -> web.responses.PlainTextResponse:
        return web.responses.PlainTextResponse("text")

    @app.get("/redirect")
    def redirect() -> web.responses.RedirectResponse:
        return web.responses.RedirectResponse("/plain?é")

    @app.get("/status")
    def status():
        return web.Response(status_code=204)

    @app.get("/model", response_model=Public)
    def model():
        return web.responses.JSONResponse({"anything": 1})

    return app


@case("GET /headers /cookie /status /dependency /twice /replaced /content-type /deleted /none", document=True)
def injected_responses(web: Any) -> Any:
    def need(response: web.Response):
        response.headers["x-need"] = "1"
        response.status_code = 203

    app = web.FastAPI()

    @app.get("/headers")
    def headers(response: web.Response):
        response.headers["X-Own"] = "é"
        return 1

    @app.get("/cookie")
    def cookie(response: web.Response):
        response.set_cookie("a", "b", httponly=True, samesite="strict", max_age=3)
        response.set_cookie("c", "d")
        response.delete_cookie("e")
        return 1

    @app.get("/status", status_code=201)
    def status(response: web.Response):
        response.status_code = 418
        return 1

    @app.get("/dependency", dependencies=[web.Depends(need)], status_code=201)
    def dependency():
        return 1

    @app.get("/twice", dependencies=[web.Depends(need)])
    def twice(response: web.Response):
        response.headers.append("x-need", "2")
        response.status_code = 200
        return 1

    @app.get("/replaced", dependencies=[web.Depends(need)])
    def replaced(response: web.Response):
        response.headers["x-need"] = "replaced"
        return 1

    @app.get("/content-type")
    def content_type(response: web.Response):
        response.headers["content-type"] = "text/own"
        return 1

    @app.get("/deleted")
    def deleted(response: web.Response):
        response.headers["content-length"] = "99"
        return 1

    @app.get("/none")
    def none(response: web.Response):
        response.status_code = 204

    return app


@case(
    "GET /200 /201 /202 /203 /204 /206 /299 /304 /400 /404 /418 /500 /511",
    "DELETE /enum",
)
def status_codes(web: Any) -> Any:
    from http import HTTPStatus

    app = web.FastAPI()
    for code in (200, 201, 202, 203, 204, 206, 299, 304, 400, 404, 418, 500, 511):
        get(web, answering({"a": 1}), f"/{code}", app, status_code=code)

    @app.delete("/enum", status_code=HTTPStatus.ACCEPTED)
    def accepted(): ...

    return app


@case("GET /none /explicit /text /null", "DELETE /none")
def answers_without_a_body(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/none", status_code=204)
    def none() -> None: ...

    @app.delete("/none", status_code=204)
    async def delete() -> None:
        return None

    @app.get("/explicit", status_code=204, response_class=web.Response)
    def explicit(): ...

    @app.get("/text", status_code=204, response_model=None)
    def text():
        return "ignored"

    @app.get("/null", response_model=None)
    def null() -> None: ...

    return app


@case("GET /a /b /c", document=True)
def additional_responses(web: Any) -> Any:
    class Problem(BaseModel):
        detail: str

    app = web.FastAPI(responses={401: {"description": "who?"}, 500: {"model": Problem}})
    router = web.APIRouter(responses={404: {"model": Problem, "description": "gone"}, "5XX": {"description": "broken"}})

    @router.get("/a", responses={404: {"description": "route"}, 200: {"description": "fine", "headers": {"x-a": {}}}})
    def a() -> Public:
        return {"name": "n"}

    @router.get("/b", responses={"default": {"model": Problem}, "4XX": {"model": Problem}, 200: {"model": Public}})
    def b(q: int = 1): ...

    @router.get(
        "/c",
        response_class=web.responses.HTMLResponse,
        responses={200: {"content": {"application/json": {"example": {"a": 1}}}}, 422: {"description": "own"}, 418: {}},
    )
    def c(q: int = 1):
        return "c"

    app.include_router(router, responses={403: {"description": "no"}})
    return app


@case("GET / /model", document=False)
def sorted_by_sqlalchemy(web: Any) -> Any:
    app = get(web, answering({"_sa_instance_state": 1, "a": {"_sa_x": 2, "b": 3}}))
    get(web, answering({"_sa_instance_state": 1}), "/model", app, response_model=dict[str, int])
    return app


@case("GET /a /b", document=True)
def lists_of_iterables(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a")
    def a() -> Iterable[Public]:
        return [Secret(name="n")]

    @app.get("/b")
    def b() -> Annotated[list[Public], "text"]:
        return (Secret(name="n"),)

    return app


@case(asked("GET /a"), asked("GET /b"), document=False)
def validation_of_instances(web: Any) -> Any:
    class Model(BaseModel):
        a: int = 1

    changed = Model()
    changed.__dict__["a"] = "text"
    app = get(web, answering(changed), "/a", response_model=Model)
    get(web, answering(Model.model_construct(a="x")), "/b", app, response_model=Model)
    return app
