"""Applications that show what a document says of an API and its operations."""

import decimal
import functools
from typing import Annotated, Any

from tests.describe.applications.models import Color, Item, Profile, Sub
from tests.describe.applications.registry import application


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
        contact={"name": "n", "url": "http://u/", "email": "a@b.co"},
        license_info={"name": "MIT", "identifier": "MIT"},
        openapi_tags=[{"name": "t", "description": "dd", "externalDocs": {"url": "http://x/"}, "x-y": {"z": 1}}],
        servers=[
            {"url": "https://{v}.x", "description": "d", "variables": {"v": {"default": "a", "enum": ["a", "b"]}}},
            {"url": "/api"},
        ],
        openapi_external_docs={"url": "http://docs/", "description": "more"},
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

    @app.get("/z", summary="S", openapi_extra={"summary": None, "operationId": None, "responses": {"200": None}})
    def taken(q: int):
        """Its docstring."""

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
