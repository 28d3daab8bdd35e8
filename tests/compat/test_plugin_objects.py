"""The names that published plugins import, and the objects to which they write, are as on FastAPI."""

import dataclasses
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from importlib import import_module
from inspect import Parameter, Signature
from types import ModuleType
from typing import Any

import fastapi
import pytest
from pydantic import BaseModel, Field

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.testclient import TestClient

Web = Any

# As plugins import them: names that FastAPI does not document.
IMPORTED = [
    ("dependencies.utils", "SolvedDependency"),
    ("dependencies.utils", "request_body_to_args"),
    ("dependencies.utils", "request_params_to_args"),
    ("dependencies.utils", "solve_dependencies"),
    ("datastructures", "_Unset"),
    ("types", "DependencyCacheKey"),
    ("types", "ModelNameMap"),
    ("routing", "_DefaultLifespan"),
    ("routing", "_merge_lifespan_context"),
    ("routing", "get_websocket_app"),
    ("routing", "run_endpoint_function"),
    ("routing", "serialize_response"),
    ("routing", "solve_dependencies"),
    ("routing", "websocket_session"),
    ("_compat", "get_definitions"),
    ("_compat", "get_flat_models_from_fields"),
    ("_compat", "get_model_name_map"),
    ("_compat", "get_schema_from_model_field"),
    ("_compat", "lenient_issubclass"),
    ("openapi.utils", "_OpenAPIDependencyData"),
    ("openapi.utils", "_get_openapi_dependency_data"),
    ("openapi.utils", "_get_openapi_operation_parameters"),
    ("openapi.utils", "_get_openapi_security_definitions"),
    ("openapi.utils", "get_definitions"),
    ("openapi.utils", "get_flat_models_from_fields"),
    ("openapi.utils", "get_model_name_map"),
    ("openapi.utils", "get_openapi_operation_metadata"),
    ("openapi.utils", "get_openapi_operation_request_body"),
    ("openapi.utils", "get_openapi_path"),
    ("openapi.utils", "get_schema_from_model_field"),
]


def module_of(web: Web, path: str) -> Any:
    found = web
    for name in path.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(("module", "name"), IMPORTED)
def test_a_name_that_plugins_import_is_there(module: str, name: str) -> None:
    """Each is in the module from which plugins import it, on both frameworks."""
    assert hasattr(import_module(f"fastapi.{module}"), name)
    assert hasattr(module_of(COMPAT, module), name)


@compat_and_fastapi
def test_lifespans_are_joined(web: ModuleType) -> None:
    """A plugin puts its lifespan around the application's: start-up functions run, and states are merged."""
    log: list[str] = []

    def lifespan(name: str) -> Any:
        @asynccontextmanager
        async def life(app: Any) -> AsyncIterator[dict[str, str]]:
            log.append(f"start {name}")
            yield {name: name, "who": name}
            log.append(f"stop {name}")

        return life

    merge = web.routing._merge_lifespan_context
    app = web.FastAPI(lifespan=lifespan("own"))
    app.router.lifespan_context = merge(lifespan("plugin"), app.router.lifespan_context)
    app.get("/who")(lambda request: dict(request.state._state))
    app.routes[-1].dependant.request_param_name = "request"
    app.routes[-1].dependant.query_params.clear()
    with TestClient(app) as client:
        assert client.get("/who").json() == {"own": "own", "who": "plugin", "plugin": "plugin"}
    assert log == ["start plugin", "start own", "stop own", "stop plugin"]


@compat_and_fastapi
def test_the_default_lifespan_runs_the_functions_of_its_router(web: ModuleType) -> None:
    """Code that sets `lifespan_context` can put the lifespan of the start-up functions back."""
    log: list[str] = []
    app = web.FastAPI()
    app.router.on_startup.append(lambda: log.append("start"))
    app.router.on_shutdown.append(lambda: log.append("stop"))
    app.router.lifespan_context = web.routing._DefaultLifespan(app.router)
    with TestClient(app):
        assert log == ["start"]
    assert log == ["start", "stop"]


EMPTY = ({}, [], (), False, 0, "", None)


@pytest.mark.parametrize("model", EMPTY, ids=repr)
@pytest.mark.parametrize("place", ["response_model", "responses", "of a router", "of a route"])
def test_an_empty_response_model_means_none(model: Any, place: str) -> None:
    """What is false in the place of a model declares no model, whatever the function's return annotation says."""

    def act(web: Web) -> Any:
        app = web.FastAPI()

        def read() -> str:
            return "Done!"

        if place == "response_model":
            app.get("/x", response_model=model)(read)
        elif place == "responses":
            app.get("/x", responses={404: {"model": model, "description": "none"}})(read)
        elif place == "of a router":
            router = web.APIRouter()
            router.add_api_route("/x", read, response_model=model)
            app.include_router(router)
        else:
            app.router.routes.append(web.routing.APIRoute("/x", read, response_model=model))
        response = TestClient(app).get("/x")
        return response.status_code, response.text, app.openapi()["paths"]["/x"]["get"]["responses"]

    assert act(COMPAT) == act(fastapi)


@compat_and_fastapi
def test_overrides_are_provided_by_the_application(web: ModuleType) -> None:
    """The routers and routes of an application name it, so that plugins find its overrides; a router alone names none."""
    app, router = web.FastAPI(), web.APIRouter()
    app.get("/x")(lambda: 1)
    app.websocket("/ws")(lambda: 1)
    router.get("/y")(lambda: 1)
    app.include_router(router)
    assert app.router.dependency_overrides_provider is app
    assert app.routes[4].dependency_overrides_provider is app
    contexts = [*web.routing.iter_route_contexts(app.routes)]
    assert contexts[-1].dependency_overrides_provider is app
    assert (router.dependency_overrides_provider, router.routes[0].dependency_overrides_provider) == (None, None)
    other = web.APIRouter(dependency_overrides_provider=app)
    other.get("/z")(lambda: 1)
    assert other.routes[0].dependency_overrides_provider is app


@compat_and_fastapi
def test_servers_are_a_list(web: ModuleType) -> None:
    """Plugins append servers; without any, the document has none."""
    app = web.FastAPI()
    assert (app.servers, "servers" in app.openapi()) == ([], False)
    other = web.FastAPI()
    other.servers.append({"url": "/a"})
    assert other.openapi()["servers"] == [{"url": "/a"}]
    assert TestClient(app, root_path="/r").get("/openapi.json").json()["servers"] == [{"url": "/r"}]


@compat_and_fastapi
def test_what_was_not_given_is_a_placeholder_that_can_be_copied(web: ModuleType) -> None:
    """`dataclasses.asdict` copies the options of a route, as plugins do that keep them in dataclasses."""
    app = web.FastAPI()
    app.get("/x")(lambda: 1)
    route = app.routes[-1]
    kept = dataclasses.make_dataclass("Kept", ["response_class", "generate_unique_id_function"])
    copied = dataclasses.asdict(kept(route.response_class, route.generate_unique_id_function))
    placeholder = web.datastructures.DefaultPlaceholder
    assert {type(value) for value in copied.values()} == {placeholder}
    assert copied["response_class"].value is web.responses.JSONResponse
    assert isinstance(web.datastructures._Unset, placeholder)
    assert not web.datastructures._Unset


SCHEMES: list[tuple[str, dict[str, Any], str]] = [
    ("HTTPBearer", {"bearerFormat": "JWT", "description": "d"}, "HTTPBearer"),
    ("HTTPBearer", {}, "HTTPBearer"),
    ("HTTPBasic", {}, "HTTPBase"),
    ("HTTPDigest", {}, "HTTPBase"),
    ("APIKeyHeader", {"name": "k"}, "APIKey"),
    ("APIKeyQuery", {"name": "k"}, "APIKey"),
    ("APIKeyCookie", {"name": "k"}, "APIKey"),
    ("OAuth2PasswordBearer", {"tokenUrl": "t"}, "OAuth2"),
    ("OpenIdConnect", {"openIdConnectUrl": "u"}, "OpenIdConnect"),
]


@compat_and_fastapi
@pytest.mark.parametrize(("scheme", "options", "model"), SCHEMES)
def test_schemes_have_the_models_of_openapi(web: ModuleType, scheme: str, options: Any, model: str) -> None:
    """Plugins recognize the kind of a scheme by its model, and write it into documents of their own."""
    found = getattr(web.security, scheme)(**options).model
    assert type(found) is getattr(web.openapi.models, model)
    assert not hasattr(found, "bearerFormat") or found.scheme == "bearer"
    app = web.FastAPI()
    app.get("/x")(lambda token: 1)
    shown = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert shown.items() >= {"type": shown["type"], **{key: options[key] for key in options if key in shown}}.items()


DEPRECATED = {
    "example of Query": (lambda web: web.Query(1, example=2), "`example` has been deprecated, please use `examples"),
    "example of Body": (lambda web: web.Body(1, example=2), "`example` has been deprecated, please use `examples"),
    "regex of Path": (lambda web: web.Path(regex="a"), "`regex` has been deprecated, please use `pattern"),
    "on_event": (lambda web: web.FastAPI().on_event("startup"), "on_event is deprecated, use lifespan event handlers"),
    "on_event of a router": (
        lambda web: web.APIRouter().on_event("startup"), "on_event is deprecated, use lifespan event handlers"
    ),
}  # fmt: skip


@compat_and_fastapi
@pytest.mark.parametrize("case", DEPRECATED)
def test_deprecations_begin_with_the_same_words(web: ModuleType, case: str) -> None:
    """Filters for warnings, which match the beginning of a message, keep working."""
    act, words = DEPRECATED[case]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act(web)  # type: ignore[no-untyped-call]
    assert str(caught[0].message).strip().startswith(words)


class Colour(Enum):
    red = "red"


class Inner(BaseModel):
    """The inner model.\fFor readers of the code."""

    colour: Colour = Colour.red


class Outer(BaseModel):
    inner: list[Inner]
    alias: int = Field(1, alias="other")


class Filters(BaseModel):
    page_size: int = Field(10, ge=1, description="How many")
    q: str


def without_none(value: Any) -> Any:
    """A part of a document as the whole document shows it."""
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


def endpoints(web: Web) -> dict[str, Any]:
    bearer = web.security.OAuth2PasswordBearer(tokenUrl="t")

    def plain(p: int, q: str | None = None, x_token: str = web.Header("t", description="d")) -> None: ...
    def group(p: int, filters: Filters = web.Query()) -> None: ...
    def headers(p: int, filters: Filters = web.Header()) -> None: ...
    def hidden(
        p: int, q: int = web.Query(1, include_in_schema=False), c: int = web.Cookie(deprecated=True)
    ) -> None: ...
    def secured(p: int, t: str = web.Security(bearer, scopes=["a"])) -> None: ...
    def body(p: int, item: Outer) -> None: ...
    def bodies(p: int, item: Outer, n: int = web.Body(2, embed=True, examples=[3])) -> None: ...

    found = (plain, group, headers, hidden, secured, body, bodies)
    return {function.__name__: function for function in found}


@pytest.mark.parametrize("name", endpoints(fastapi))
def test_parts_of_documents_are_made_of_dependants(name: str) -> None:
    """Plugins that write documents of another kind make schemas, parameters, security and bodies one by one."""

    def act(web: Web) -> Any:
        app = web.FastAPI()
        app.post("/x/{p}", tags=["t"], deprecated=True)(endpoints(web)[name])
        route, utils, compat = app.routes[-1], web.openapi.utils, web._compat
        data = utils._get_openapi_dependency_data(route.dependant)
        flat = [*web.dependencies.utils.get_flat_params(route.dependant)]
        fields = [*flat, *([route.body_field] if route.body_field else [])]
        models = compat.get_flat_models_from_fields(fields, known_models=set())
        names = compat.get_model_name_map(models)
        mapping, definitions = compat.get_definitions(fields=fields, model_name_map=names)
        options = {"model_name_map": names, "field_mapping": mapping}
        return {
            "models": sorted(names.values()),
            "schemas": [compat.get_schema_from_model_field(field=field, **options) for field in fields],
            "definitions": definitions,
            "parameters": utils._get_openapi_operation_parameters(dependency_data=data, **options),
            "security": utils._get_openapi_security_definitions(data.security_dependencies),
            "body": utils.get_openapi_operation_request_body(body_field=route.body_field, **options),
            "metadata": utils.get_openapi_operation_metadata(route=route, method="POST", operation_ids=set()),
        }

    found, expected = act(COMPAT), act(fastapi)
    for part in expected:
        assert without_none(found[part]) == without_none(expected[part]), part


@pytest.mark.parametrize("name", endpoints(fastapi))
def test_a_path_is_described_alone(name: str) -> None:
    """`get_openapi_path` returns the operations of a route and its security schemes."""

    def act(web: Web) -> Any:
        app = web.FastAPI()
        app.post("/x/{p}")(endpoints(web)[name])
        route, compat = app.routes[-1], web._compat
        fields = web.openapi.utils.get_fields_from_routes([route])
        names = compat.get_model_name_map(compat.get_flat_models_from_fields(fields, known_models=set()))
        mapping, _ = compat.get_definitions(fields=fields, model_name_map=names)
        path, schemes, _ = web.openapi.utils.get_openapi_path(
            route=route, operation_ids=set(), model_name_map=names, field_mapping=mapping
        )
        return path, schemes

    found, expected = act(COMPAT), act(fastapi)
    assert found[1] == expected[1]
    assert found[0]["post"] == without_none(expected[0]["post"])


@compat_and_fastapi
def test_operation_ids_that_are_set_late(web: ModuleType) -> None:
    """An operation id of an application's own route may be set any time before the document is made; so may a unique id."""
    app = web.FastAPI()
    for path in ("/a", "/b", "/c"):
        app.get(path)(lambda: 1)
    first, second, third = app.routes[-3:]
    first.operation_id = "first"
    second.unique_id = "second"
    third.operation_id, third.unique_id = "third", "not used"
    shown = app.openapi()["paths"]
    assert [shown[path]["get"]["operationId"] for path in ("/a", "/b", "/c")] == ["first", "second", "third"]


@compat_and_fastapi
def test_routers_may_say_what_equals_them(web: Web) -> None:
    """A router whose `__hash__` reads what its constructor sets last, as fastapi-jsonrpc's, can be made and included."""

    class Named(web.APIRouter):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def __hash__(self) -> int:
            return hash(self.name)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named) and self.name == other.name

    shared = web.APIRouter()
    app = web.FastAPI()
    for prefix in ("/a", "/b"):
        equal = Named("twin")
        equal.include_router(shared, prefix=prefix)
        app.include_router(equal)
    shared.get("/late")(lambda: 1)
    assert [TestClient(app).get(f"{prefix}/late").json() for prefix in ("/a", "/b")] == [1, 1]


@compat_and_fastapi
def test_endpoints_take_the_connection_that_there_is(web: Web) -> None:
    """An endpoint that declares a Request and a WebSocket, as dishka's do, gets the one that exists."""

    def takes_both(endpoint: Any) -> Any:
        kinds = {"request": web.Request, "socket": web.WebSocket}
        endpoint.__signature__ = Signature(
            [Parameter(n, Parameter.KEYWORD_ONLY, annotation=k) for n, k in kinds.items()]
        )
        return endpoint

    app = web.FastAPI()

    @app.get("/request")
    @takes_both
    async def over_http(**given: Any) -> list[str]:
        return [*given]

    @app.websocket("/socket")
    @takes_both
    async def over_socket(**given: Any) -> None:
        await given["socket"].accept()
        await given["socket"].send_json([*given])

    client = TestClient(app)
    assert client.get("/request").json() == ["request"]
    with client.websocket_connect("/socket") as socket:
        assert socket.receive_json() == ["socket"]


@compat_and_fastapi
def test_the_default_lifespan_can_be_entered(web: Web) -> None:
    """`async with _DefaultLifespan(router)` runs the functions of start-up and shut-down, as fastapi-jsonrpc needs it."""
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with web.routing._DefaultLifespan(app.router):
            yield log.append("serves")

    app = web.FastAPI(lifespan=lifespan)
    app.router.on_startup.append(lambda: log.append("starts"))
    app.router.on_shutdown.append(lambda: log.append("stops"))
    with TestClient(app):
        pass
    assert log == ["starts", "serves", "stops"]


@compat_and_fastapi
def test_a_list_of_routes_that_was_replaced_keeps_its_routes(web: Web) -> None:
    """Plugins hold `app.routes`, assign another list, and register what they hold anew, as fastapi-versionizer does."""
    app = web.FastAPI()
    app.get("/old")(lambda: 1)
    held = app.routes
    app.router.routes = [route for route in app.routes if route.path == "/docs"]
    names = [route.path for route in held]
    assert "/old" in names
    held.append(held[-1])
    held.clear()
    assert [route.path for route in app.routes] == ["/docs"]
    app.get("/new")(lambda: 2)
    client = TestClient(app)
    assert [client.get(path).status_code for path in ("/old", "/new")] == [404, 200]


class Wrapped:
    """A method in a wrapper that equals it and shows its attributes, as wrapt's do."""

    def __init__(self, method: Any, log: list[str], owner: Any = None) -> None:
        self.method, self.log, self.owner = method, log, owner

    def __get__(self, instance: Any, owner: Any) -> Any:
        return Wrapped(self.method.__get__(instance, owner), self.log, instance)

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.log.append(self.method.__name__)
        return self.method(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.method, name)

    def __eq__(self, other: object) -> bool:
        return bool(self.method == other)

    def __hash__(self) -> int:
        return hash(self.method)


@compat_and_fastapi
def test_agents_that_wrap_methods_are_called(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Datadog wraps the middleware stack of applications, the handling of routes and the adding of tasks."""
    log: list[str] = []
    for owner, name in (
        (web.FastAPI, "build_middleware_stack"), (web.routing.APIRoute, "handle"), (web.BackgroundTasks, "add_task"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, Wrapped(getattr(owner, name), log))
    assert "add_task" in vars(web.BackgroundTasks)
    app = web.FastAPI()

    @app.get("/")
    def root(tasks: web.BackgroundTasks) -> int:
        tasks.add_task(int)
        return 1

    assert TestClient(app).get("/").json() == 1
    assert log == ["build_middleware_stack", "handle", "add_task"]
