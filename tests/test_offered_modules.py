"""Modules under FastAPI's paths offer what FastAPI offers there, natively, and cost nothing until they are used."""

import importlib
import subprocess
import sys
import warnings
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import typeway
from tests.frameworks import answer
from typeway.compat.importing.names import NAMES

# What FastAPI's tutorial and reference import, by the module that they import it from.
DOCUMENTED = {
    "applications": "FastAPI",
    "background": "BackgroundTasks",
    "concurrency": "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool run_until_first_complete",
    "datastructures": "Address Default DefaultPlaceholder FormData Headers QueryParams State UploadFile URL",
    "dependencies.models": "Dependant",
    "dependencies.utils": "get_dependant get_flat_params get_parameterless_sub_dependant get_typed_annotation "
    "get_typed_return_annotation get_typed_signature",
    "encoders": "ENCODERS_BY_TYPE decimal_encoder isoformat jsonable_encoder",
    "exception_handlers": "http_exception_handler request_validation_exception_handler "
    "websocket_request_validation_exception_handler",
    "exceptions": "HTTPException RequestValidationError ResponseValidationError WebSocketException "
    "WebSocketRequestValidationError",
    "logger": "logger",
    "middleware": "Middleware",
    "middleware.cors": "CORSMiddleware",
    "middleware.gzip": "GZipMiddleware",
    "middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "middleware.trustedhost": "TrustedHostMiddleware",
    "openapi.constants": "METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE",
    "openapi.docs": "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html "
    "swagger_ui_default_parameters",
    "openapi.models": "Contact Info OpenAPI Operation Parameter PathItem Response Schema SchemaType",
    "openapi.utils": "get_openapi",
    "param_functions": "Body Cookie Depends File Form Header Path Query Security",
    "params": "Body Cookie Depends File Form Header Param ParamTypes Path Query Security",
    "requests": "HTTPConnection Request",
    "responses": "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse "
    "RedirectResponse Response StreamingResponse UJSONResponse",
    "routing": "APIRoute APIRouter APIWebSocketRoute BaseRoute Match Mount RouteContext iter_route_contexts "
    "request_response",
    "security": "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials "
    "HTTPBearer HTTPDigest OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict OpenIdConnect SecurityScopes",
    "security.api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "security.base": "SecurityBase",
    "security.http": "HTTPAuthorizationCredentials HTTPBase HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest",
    "security.oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict",
    "security.open_id_connect_url": "OpenIdConnect",
    "security.utils": "get_authorization_scheme_param",
    "sse": "EventSourceResponse KEEPALIVE_COMMENT ServerSentEvent format_sse_event",
    "staticfiles": "StaticFiles",
    "telemetry": "TelemetryConfig TelemetryData get_telemetry_data",
    "templating": "Jinja2Templates",
    "testclient": "TestClient",
    "types": "DecoratedCallable IncEx",
    "websockets": "WebSocket WebSocketDisconnect WebSocketState",
}

# What FastAPI defines and compat mode offers, but Typeway's own modules do not: it is about FastAPI's own objects.
ONLY_IN_COMPAT = {
    # Ours are called TypewayError and TypewayDeprecationWarning.
    "exceptions": {"FastAPIDeprecationWarning", "FastAPIError", "RequestErrorModel", "WebSocketErrorModel"},
    "dependencies.utils": {
        "SolvedDependency",
        "request_body_to_args",
        "request_params_to_args",
        "solve_dependencies",
    },
    "openapi.utils": {
        "generate_operation_id",
        "generate_operation_summary",
        "get_fields_from_routes",
        "get_openapi_operation_metadata",
        "get_openapi_operation_request_body",
        "get_openapi_path",
    },
    "routing": {
        "get_request_handler",
        "get_websocket_app",
        "run_endpoint_function",
        "serialize_response",
    },
}


@pytest.fixture(autouse=True)
def _without_starlettes_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="starlette|fastapi")
        yield


@pytest.mark.parametrize("module", DOCUMENTED)
def test_each_module_offers_the_names_that_applications_import(module: str) -> None:
    """An application that changes `fastapi` to `typeway` in its imports finds every documented name."""
    ours, theirs = (importlib.import_module(f"{package}.{module}") for package in ("typeway", "fastapi"))
    names = DOCUMENTED[module].split()
    assert [name for name in names if not hasattr(theirs, name)] == []
    assert [name for name in names if not hasattr(ours, name)] == []
    assert [name for name in getattr(ours, "__all__", ()) if not hasattr(ours, name)] == []


# What defines nothing, and what only agents and plugins look for.
NOT_OURS = ("fastapi.middleware.wsgi", "fastapi.middleware.asyncexitstack", "fastapi.utils")


@pytest.mark.parametrize(
    "module",
    [name.removeprefix("fastapi.") for name in NAMES if "." in name and "._" not in name and name not in NOT_OURS],
)
def test_what_a_module_of_fastapi_defines_is_in_ours(module: str) -> None:
    """Beyond what is documented: each public name that a module of FastAPI defines and compat mode has is in ours."""
    ours, theirs = (importlib.import_module(f"{package}.{module}") for package in ("typeway", "fastapi"))
    defined = {
        name
        for name in NAMES[f"fastapi.{module}"]
        if not name.startswith("_") and getattr(getattr(theirs, name), "__module__", None) == theirs.__name__
    }
    assert {name for name in defined if not hasattr(ours, name)} == ONLY_IN_COMPAT.get(module, set())


def test_the_names_mean_typeways_own_objects() -> None:
    """Under FastAPI's paths stand the classes that `typeway` itself offers, not those of compat mode."""
    from typeway import applications, param_functions, params, routing
    from typeway.declare.depends import Depends
    from typeway.security.base import split_authorization
    from typeway.security.utils import get_authorization_scheme_param

    assert applications.FastAPI is typeway.Typeway
    assert routing.APIRouter is typeway.Router
    app = typeway.Typeway()
    app.get("/")(lambda: 1)
    assert type(app.router.routes[-1]) is routing.APIRoute
    assert param_functions.Query is typeway.Query
    assert isinstance(typeway.Query(), params.Query)
    assert isinstance(typeway.Depends(), params.Depends)
    assert params.Depends is Depends
    assert params.Query(3).in_ is params.ParamTypes.query
    assert get_authorization_scheme_param is split_authorization


class Item(BaseModel):
    name: str


@pytest.mark.parametrize("errors", ["detail", "problem"])
def test_get_openapi_describes_an_application_of_typeways(errors: Any) -> None:
    """An application that extends its document as FastAPI's tutorial shows gets its own document to extend."""
    from typeway.openapi.utils import get_openapi

    app = typeway.Typeway(title="Items", version="2.5", errors=errors)
    router = typeway.Router(prefix="/items")

    @router.post("/{key}", tags=["items"])
    def create(key: int, item: Item) -> Item:
        return item

    app.include_router(router)
    own = app.openapi()
    assert get_openapi(title="Items", version="2.5", routes=app.routes, errors=errors) == own

    def extended() -> dict[str, Any]:
        document = get_openapi(title="Items", version="2.5", routes=app.routes, errors=errors)
        return {**document, "info": {**document["info"], "x-logo": {"url": "/logo.png"}}}

    app.openapi = extended
    status, document = answer(app, "GET /openapi.json")
    assert (status, document["info"]["x-logo"]) == (200, {"url": "/logo.png"})
    assert document["paths"] == own["paths"]
    with pytest.raises(TypeError, match="needs 'version'"):
        get_openapi(title="Items", routes=app.routes)


def test_handlers_of_ones_own_call_the_default_ones() -> None:
    """A handler that only logs hands the error on to the default handler of the same name."""
    from typeway.exception_handlers import http_exception_handler, request_validation_exception_handler
    from typeway.exceptions import HTTPException, RequestValidationError

    app, log = typeway.Typeway(), []

    @app.exception_handler(HTTPException)
    async def logged(request: typeway.Request, error: HTTPException) -> typeway.Response:
        log.append(error.status_code)
        return await http_exception_handler(request, error)

    @app.exception_handler(RequestValidationError)
    async def refused(request: typeway.Request, error: RequestValidationError) -> typeway.Response:
        log.append(len(error.errors()))
        return await request_validation_exception_handler(request, error)

    @app.get("/items/{key}")
    def read(key: int) -> int:
        raise HTTPException(404, "none")

    assert answer(app, "GET /items/1") == (404, {"detail": "none"})
    assert answer(app, "GET /items/x")[0] == 422
    assert log == [404, 1]


def test_routes_are_listed_with_their_whole_paths() -> None:
    """`iter_route_contexts` shows a route of an included router as it is reached, and as it was declared."""
    from typeway.routing import APIRoute, iter_route_contexts

    app, router = typeway.Typeway(openapi_url=None), typeway.Router()
    router.get("/{key}", name="read")(lambda key: key)
    app.include_router(router, prefix="/items")
    [context] = iter_route_contexts(app.routes)
    assert (context.path, context.name, context.methods) == ("/items/{key}", "read", {"GET"})
    assert isinstance(context.original_route, APIRoute)
    assert context.original_route.path == "/{key}"


def test_dependants_follow_typeways_conventions() -> None:
    """What Typeway accepts in a signature, the functions that show a signature accept as well."""
    from typeway.dependencies.utils import get_dependant, get_flat_params, get_parameterless_sub_dependant

    def page(size: int = Field(default=20, ge=1), *args: Any) -> int:
        return size

    def read(key: str, size: Annotated[int, typeway.Depends(page)]) -> None: ...

    shown = get_dependant(path="/{key}", call=read)
    assert [(field.name, field.alias) for field in get_flat_params(shown)] == [("key", "key"), ("size", "size")]
    [field] = get_parameterless_sub_dependant(depends=typeway.Depends(page), path="/").query_params
    assert (field.name, field.default) == ("size", 20)


def test_wsgi_is_offered_with_starlettes_own_warning() -> None:
    """WSGIMiddleware still works; Starlette says what to use instead."""
    from starlette.exceptions import StarletteDeprecationWarning

    sys.modules.pop("starlette.middleware.wsgi", None)
    sys.modules.pop("typeway.middleware.wsgi", None)
    with pytest.warns(StarletteDeprecationWarning, match="a2wsgi"):
        module = importlib.import_module("typeway.middleware.wsgi")
    assert callable(module.WSGIMiddleware)


def test_renamed_statuses_still_work_and_warn() -> None:
    """A status under the name it had before RFC 9110 gives its number and a warning; an unknown one is an error."""
    from starlette.exceptions import StarletteDeprecationWarning

    from typeway import status

    with pytest.warns(StarletteDeprecationWarning, match="HTTP_422_UNPROCESSABLE_CONTENT"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422
    with pytest.raises(AttributeError):
        _ = status.HTTP_299_NOTHING


@pytest.mark.parametrize(
    "unneeded", ["starlette.testclient", "httpx", "jinja2", "typeway.compat.shapes.models", "pydantic.v1"]
)
def test_importing_the_framework_imports_nothing_that_few_need(unneeded: str) -> None:
    """`import typeway` loads neither the test client nor templates nor the models of the document."""
    code = f"import typeway, typeway.responses, sys; sys.exit({unneeded!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fastapis_paths_cost_nothing_until_they_are_imported() -> None:
    """A serving application has loaded none of the modules that only offer names under FastAPI's paths."""
    paths = ["applications", "dependencies", "exception_handlers", "logger", "openapi", "param_functions", "params",
             "routing", "compat", "security.utils", "security.open_id_connect_url"]  # fmt: skip
    code = (
        "import sys, typeway, typeway.security; app = typeway.Typeway(); app.get('/')(lambda: 1); app.openapi(); "
        f"print([name for name in {paths!r} if f'typeway.{{name}}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
