"""The document beyond single operations: callbacks, webhooks, extra members, components of the same name, tags, servers."""

from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field

from tests.conformance.cases import CASES, Case, case
from tests.describe.applications import APPLICATIONS
from tests.frameworks import DOCUMENT

T = TypeVar("T")

# The applications that show documents are cases too: here they follow FastAPI's conventions.
CASES.extend(Case(build, (DOCUMENT,)) for build in APPLICATIONS)


class Event(BaseModel):
    name: str
    when: int | None = None


@case("GET /?callback=x")
def callbacks(web: Any) -> Any:
    router, nested = web.APIRouter(), web.APIRouter()

    @router.post("{$callback_url}/invoices/{$request.body.id}", response_model=Event, tags=["called"])
    def invoice(body: Event, q: int = 1): ...

    @router.put("{$callback_url}/other", name="renamed", status_code=202)
    def other(): ...

    @nested.get("/nested/{x}")
    def read(x: int): ...

    app = web.FastAPI(callbacks=nested.routes)

    @app.get("/", callbacks=router.routes)
    def root(callback: str):
        return callback

    included = web.APIRouter(callbacks=router.routes)

    @included.get("/included")
    def include(): ...

    app.include_router(included, callbacks=nested.routes)
    return app


@case()
def webhooks(web: Any) -> Any:
    app = web.FastAPI()

    @app.webhooks.post("new-event", tags=["hooks"], summary="S")
    def created(body: Event, x_token: Annotated[str, web.Header()]):
        """What it says."""

    @app.webhooks.put("new-event")
    def updated() -> Event: ...

    more = web.APIRouter()
    more.post("another")(lambda: None)
    app.webhooks.include_router(more)
    return app


@case("GET /a", "POST /b")
def extra_members(web: Any) -> Any:
    app = web.FastAPI()

    @app.get(
        "/a",
        openapi_extra={"x-own": {"a": [1]}, "parameters": [{"name": "h", "in": "header"}], "tags": ["b"]},
        tags=["a"],
    )
    def a(q: int = 1): ...

    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}

    @app.post(
        "/b", openapi_extra={"requestBody": {"content": {"application/x-yaml": {"schema": schema}}, "required": True}}
    )
    async def b(request: web.Request):
        return (await request.body()).decode()

    @app.get(
        "/c", openapi_extra={"responses": {"200": {"description": "other", "x-a": 1}, "404": {"description": "gone"}}}
    )
    def c(q: int): ...

    return app


@case()
def components_of_the_same_name(web: Any) -> Any:
    def model(name: str, **fields: Any) -> Any:
        return type(name, (BaseModel,), {"__annotations__": fields, "__module__": f"module_{len(fields)}"})

    first, second = model("Item", a=int), model("Item", a=int, b=str)

    class Box(BaseModel, Generic[T]):
        data: T

    app = web.FastAPI()

    @app.post("/a")
    def a(item: first) -> second: ...

    @app.post("/b")
    def b(item: Box[first]) -> Box[list[int]]: ...

    @app.post("/c")
    def c(item: Box[dict[str, Event]]) -> list[Box[Event | None]]: ...

    return app


class Split(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    name: str = "n"
    given: int = Field(1, exclude=True)
    renamed: int = Field(1, validation_alias="in", serialization_alias="out")


class Holder(BaseModel):
    split: Split
    event: Event


class Computed(BaseModel):
    n: int = 1

    @computed_field
    @property
    def double(self) -> int:
        return self.n * 2


def in_and_out(web: Any, **options: Any) -> Any:
    """An application that takes and answers models that look different in both directions."""
    app = web.FastAPI(**options)
    for number, kind in enumerate((Split, Holder, Computed, list[Split], Event)):

        def post(item: kind) -> kind: ...  # type: ignore[valid-type]

        post.__name__ = f"post_{number}"
        app.post(f"/{number}")(post)
    return app


@case()
def models_in_and_out(web: Any) -> Any:
    return in_and_out(web)


@case()
def models_in_and_out_as_one(web: Any) -> Any:
    return in_and_out(web, separate_input_output_schemas=False)


@case()
def only_in_or_only_out(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/in")
    def post(item: Split, events: list[Event] = web.Body([])): ...

    @app.get("/out")
    def read() -> Holder: ...

    return app


@case()
def tags_and_servers(web: Any) -> Any:
    class Tag(Enum):
        first = "first"
        second = "second"

    app = web.FastAPI(
        title="T", description="D\nof lines", summary="S", version="1.2",
        openapi_tags=[{"name": "second", "description": "D", "externalDocs": {"url": "https://x.example", "description": "E"}}],
        servers=[{"url": "https://{v}.example", "variables": {"v": {"default": "a", "enum": ["a", "b"]}}}],
        openapi_external_docs={"url": "https://docs.example"}, contact={"name": "N", "email": "n@example.org"},
        license_info={"name": "MIT", "identifier": "MIT"}, terms_of_service="https://terms.example",
    )  # fmt: skip
    router = web.APIRouter(tags=[Tag.first])

    @router.get("/a", tags=[Tag.second, "third", Tag.second])
    def a(): ...

    app.include_router(router, tags=["outer", Tag.first])
    return app


@case()
def texts(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a", summary="Own", description="Given", response_description="Answer")
    def a():
        """Docstring."""

    @app.get("/b")
    def some_long_NAME_2():  # noqa: N802
        """
        First line.

            indented

        * list
        \f
        hidden
        """

    @app.get("/c", name="given name", operation_id="own_id")
    def c(): ...

    app.get("/d")(lambda: None)
    app.get("/é/{x}-y", deprecated=True)(type("Called", (), {"__call__": lambda self, x: x, "__doc__": "Class."})())
    return app


@case()
def duplicate_ids(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/a", operation_id="same")
    def a(): ...

    @app.get("/b", operation_id="same")
    def b(): ...

    return app


@case()
def repeated_and_hidden_parameters(web: Any) -> Any:
    def first(q: int, h: str = web.Header(include_in_schema=False)): ...

    def second(q: int | None = None, x: int = web.Query(1, include_in_schema=False)): ...

    app = web.FastAPI()

    @app.get("/a", dependencies=[web.Depends(first), web.Depends(second)])
    def a(q: str = "x", c: str = web.Cookie("c", deprecated=True)): ...

    @app.get("/hidden", include_in_schema=False)
    def hidden(): ...

    router = web.APIRouter(include_in_schema=False)
    router.get("/also-hidden")(hidden)
    app.include_router(router)
    return app


@case()
def examples(web: Any) -> Any:
    shown = {"one": {"summary": "S", "description": "D", "value": 1}, "two": {"externalValue": "https://x.example"}}
    app = web.FastAPI()

    @app.post("/{p}")
    def post(
        p: int = web.Path(examples=[1], openapi_examples=shown), q: int = web.Query(1, openapi_examples=shown),
        h: str = web.Header("x", examples=["a", "b"]), b: Event = web.Body(examples=[{"name": "n"}], openapi_examples=shown),
    ): ...  # fmt: skip

    @app.post("/form/")
    def form(f: str = web.Form(examples=["f"], description="D", title="T")): ...

    return app
