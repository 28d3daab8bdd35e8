"""An application does not start while a policy does not protect what it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from typeway import Depends, HTTPException, Request, Router, Typeway, WebSocket
from typeway.exceptions import DeclarationError
from typeway.policies import Concurrency, Idempotency, Policy, RateLimit, RequireAuthentication, Timeout, by_principal
from typeway.security import HTTPBearer
from typeway.staticfiles import StaticFiles
from typeway.testclient import TestClient
from typeway.testing import without_policies
from typeway.websockets import WebSocketDisconnect

bearer = HTTPBearer()
optional = HTTPBearer(auto_error=False)


async def current_user(token: Annotated[Any, Depends(optional)]) -> str:
    if token is None:
        raise HTTPException(401)
    return str(token.credentials)


async def endpoint() -> int:
    return 1


async def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse("plain")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def application(*policies: Policy) -> Typeway:
    """An application with a route of each kind, most of which are typed endpoints."""
    app = Typeway(policies=list(policies))
    app.get("/tasks", name="list")(endpoint)
    app.post("/tasks")(lambda: 2)
    app.api_route("/both", methods=["GET", "POST"])(lambda: 3)
    app.websocket("/live")(talk)
    return app


REFUSED: dict[str, tuple[Callable[[], Typeway], str]] = {
    "an unknown path": (
        lambda: application(RateLimit("1/hour", only=["POST /task"])), r"names 'POST /task'.*Did you mean 'POST /tasks'"),
    "an unknown name": (lambda: application(RateLimit("1/hour", only=["lisp"])), "Did you mean 'list'"),
    "an unknown method": (lambda: application(RateLimit("1/hour", except_for=["PUT /tasks"])), "no such route"),
    "an unknown endpoint": (lambda: application(RateLimit("1/hour", only=[plain])), r"names 'plain\(\)'"),
    "one method of several": (lambda: application(RateLimit("1/hour", except_for=["GET /both"])), "one endpoint serves"),
    "a time limit on a WebSocket": (lambda: application(Timeout(1, only=["/live"])), "cannot apply to WebSocket /live"),
    "a key on a GET": (lambda: application(Idempotency(only=["list"])), "it is for POST, PATCH, and not for GET"),
    "no authentication": (lambda: application(RequireAuthentication()), "nothing authenticates"),
    "an optional scheme": (
        lambda: with_route(application(), RequireAuthentication(), optional), "nothing authenticates"),
    "a lease that is too short": (lambda: application(Idempotency(lease=5), Timeout(10)), "lease of 5 s ends before"),
    "a router without routes": (lambda: included(Router(policies=[Timeout(1)])), "applies to no route, because there is none"),
    "a router of WebSockets": (lambda: included(socket_router()), "applies to no route: a WebSocket has no response"),
    "a mount without authentication": (
        lambda: mounted(RequireAuthentication(current_user)), r"cannot protect the mount /static.*except_for=\['/static'\]"),
    "a plain route with a key of a dependency": (
        lambda: plain_route(RateLimit("1/hour", key=by_principal(current_user))), "cannot protect GET /plain"),
    "a mount of an application with keys": (lambda: mounted_application(Idempotency()), "cannot protect the mount /inner"),
    "a router that is mounted": (
        lambda: with_mount(Router(policies=[RateLimit("1/hour", only=["/nowhere"])])), "names '/nowhere'"),
    "a mounted application": (
        lambda: with_mount(application(RateLimit("1/hour", only=["/nowhere"]))), "names '/nowhere'"),
}  # fmt: skip


def with_route(app: Typeway, policy: Policy, scheme: Any) -> Typeway:
    app.get("/more", policies=[policy], dependencies=[Depends(scheme)])(endpoint)
    return app


def included(router: Router) -> Typeway:
    app = application()
    app.include_router(router)
    return app


def socket_router() -> Router:
    router = Router(policies=[Timeout(1)])
    router.websocket("/ws")(talk)
    return router


def mounted(*policies: Policy) -> Typeway:
    app = Typeway(policies=list(policies))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent))
    app.get("/tasks")(endpoint)
    return app


def mounted_application(*policies: Policy) -> Typeway:
    app = application(*policies)
    inner = Typeway()
    inner.get("/")(endpoint)
    app.mount("/inner", inner)
    return app


def with_mount(inner: Any) -> Typeway:
    app = application()
    app.mount("/inner", inner)
    return app


def plain_route(*policies: Policy) -> Typeway:
    app = Typeway(policies=list(policies))
    app.add_route("/plain", plain)
    app.get("/tasks")(endpoint)
    return app


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_start_up_refuses(make: Callable[[], Typeway], said: str) -> None:
    """The lifespan fails with the place of the policy, what is wrong, and what to do."""
    with pytest.raises(DeclarationError, match=said) as raised, TestClient(make()):
        pass
    assert "test_binding.py:" in str(raised.value)
    assert "Hint: " in str(raised.value)


@pytest.mark.parametrize("make", [make for name, (make, _) in REFUSED.items() if "mounted" not in name])
def test_a_server_without_lifespans_serves_nothing_either(make: Callable[[], Typeway]) -> None:
    """Where nobody runs the lifespan, every request fails instead of passing unprotected."""
    client = TestClient(make())
    for _ in range(2):
        with pytest.raises(DeclarationError):
            client.get("/tasks")


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Typeway().websocket("/", policies=[Timeout(1)])(talk),
        lambda: Typeway().websocket("/", policies=[Idempotency()])(talk),
        lambda: Typeway().get("/", policies=[Idempotency()])(endpoint),
        lambda: Typeway().put("/", policies=[Idempotency()])(endpoint),
        lambda: Typeway().get("/", policies=[Timeout])(endpoint),  # type: ignore[list-item]
        lambda: Typeway(policies=["RateLimit"]),  # type: ignore[list-item]
        lambda: Typeway().websocket("/", policies=[1])(talk),  # type: ignore[list-item]
        lambda: RateLimit("1/hour", only=["/a"], except_for=["/b"]),
        lambda: RateLimit("1/hour", only="/a"),
        lambda: RateLimit("1/hour", name="a b"),
        lambda: RateLimit("1/hour", key=3),  # type: ignore[arg-type]
        lambda: RequireAuthentication(current_user, public=True),
        lambda: RequireAuthentication("current_user"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_work_is_refused_where_it_is_declared(declare: Callable[[], Any]) -> None:
    """A policy of a route itself that means nothing there, and values of the wrong type, do not wait for the start."""
    with pytest.raises(DeclarationError, match=r"test_binding\.py:\d+"):
        declare()


def test_policies_of_outer_levels_leave_out_what_they_mean_nothing_for() -> None:
    """A time limit of the application is for its requests, and an idempotency key for its writes."""
    app = application(Timeout(60), Idempotency(required=True))
    with TestClient(app) as client:
        assert client.get("/tasks").status_code == 200
        assert client.post("/tasks").status_code == 400
        assert [client.get("/both").status_code, client.post("/both").status_code] == [200, 400]
        with client.websocket_connect("/live"):
            pass


@pytest.mark.parametrize("target", ["GET /tasks", "/tasks", "list", endpoint])
def test_routes_are_named_by_path_name_or_endpoint(target: Any) -> None:
    """All spellings name the same route, and others are left alone."""
    with TestClient(application(RateLimit("1/hour", only=[target]))) as client:
        assert [client.get("/tasks").status_code for _ in range(2)] == [200, 429]
        assert {client.get("/both").status_code for _ in range(3)} == {200}


def test_paths_are_those_of_the_application_or_of_the_router() -> None:
    """A router names its routes without the prefix of its inclusion, and the application with it."""
    router = Router(policies=[RateLimit("1/hour", name="own", only=["/tasks"])])
    router.get("/tasks")(endpoint)
    router.get("/others")(endpoint)
    app = Typeway(policies=[RateLimit("2/hour", only=["/api/others"])])
    app.include_router(router, prefix="/api")
    with TestClient(app) as client:
        assert [client.get("/api/tasks").status_code for _ in range(2)] == [200, 429]
        assert [client.get("/api/others").status_code for _ in range(3)] == [200, 200, 429]


def test_mounts_plain_routes_and_frontends_have_the_policies_of_their_level(tmp_path: Path) -> None:
    """What has no dependencies is counted and timed like endpoints, and by other applications as well."""
    (tmp_path / "index.html").write_text("page")
    app = Typeway(policies=[RateLimit("2/hour", key=lambda connection: connection.url.path), Concurrency(9)])
    inner = Typeway(policies=[RateLimit("1/hour", name="inner")])
    inner.get("/")(endpoint)
    app.mount("/inner", inner)
    app.add_route("/plain", plain)
    app.frontend("/web", directory=tmp_path)
    router = Router(routes=[Mount("/files", StaticFiles(directory=tmp_path))])
    app.include_router(router, prefix="/included", policies=[RateLimit("1/hour")])
    with TestClient(app) as client:
        found = {
            path: [client.get(path).status_code for _ in range(3)]
            for path in ("/inner/", "/plain", "/web/index.html", "/included/files/index.html", "/docs")
        }
    assert found == {
        "/inner/": [200, 429, 429], "/plain": [200, 200, 429], "/web/index.html": [200, 200, 429],
        "/included/files/index.html": [200, 429, 429], "/docs": [200, 200, 200],
    }  # fmt: skip


def test_authentication_is_required_unless_a_route_is_public() -> None:
    """Each route gets the function that checks; the nearer policy may let anybody in."""
    app = Typeway(policies=[RequireAuthentication(current_user, except_for=["/static"])])
    app.mount("/static", StaticFiles(directory=Path(__file__).parent))
    app.get("/tasks")(endpoint)
    app.websocket("/live")(talk)

    @app.get("/me")
    async def me(user: Annotated[str, Depends(current_user)]) -> str:
        return user

    @app.get("/health", policies=[RequireAuthentication(public=True)])
    async def health() -> int:
        return 1

    with TestClient(app) as client:
        statuses = [client.get(path).status_code for path in ("/tasks", "/me", "/health", "/static/servers.py")]
        assert statuses == [401, 401, 200, 200]
        headers = {"Authorization": "Bearer ann"}
        assert client.get("/tasks", headers=headers).status_code == 200
        assert client.get("/me", headers=headers).json() == "ann"
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live"):
            pass
        operation = app.openapi()["paths"]["/tasks"]["get"]
        assert operation["security"] == [{"HTTPBearer": []}]
        with app.override(current_user, lambda: "test"):
            assert client.get("/tasks").status_code == 200


def test_a_security_scheme_of_the_route_satisfies_the_requirement() -> None:
    """Without a function the policy only checks, and adds nothing."""
    app = Typeway(policies=[RequireAuthentication()])
    app.get("/", dependencies=[Depends(bearer)])(endpoint)
    with TestClient(app) as client:
        assert client.get("/").status_code == 401
        assert client.get("/", headers={"Authorization": "Bearer x"}).status_code == 200


def test_policies_are_switched_off_in_tests() -> None:
    """Inside of the block no limit acts, of some kinds or of all; authentication stays."""
    app = application(RateLimit("1/hour"), Idempotency(), Concurrency(1), Timeout(60))
    app.get("/me", policies=[RequireAuthentication(current_user)])(endpoint)
    with TestClient(app) as client:
        with without_policies():
            assert {client.get("/tasks").status_code for _ in range(3)} == {200}
            assert client.post("/tasks").status_code == 200
            assert client.get("/me").status_code == 401
        with without_policies(RateLimit):
            assert client.post("/tasks").status_code == 400
        assert [client.get("/tasks").status_code for _ in range(2)] == [200, 429]


def test_routes_that_are_added_while_serving_have_their_policies() -> None:
    """A route that is added later is checked and protected when it is served first."""
    app = Typeway(policies=[RateLimit("1/hour")])
    app.get("/")(endpoint)
    with TestClient(app) as client:
        client.get("/")
        app.get("/later", policies=[RateLimit("2/hour")])(endpoint)
        assert [client.get("/later").status_code for _ in range(3)] == [200, 200, 429]


def test_the_document_has_the_refusals_of_each_policy() -> None:
    """429, 503 and 504 with their headers; the fields of the rate limit on successful responses too."""
    app = application(RateLimit("1/hour"), Concurrency(2), Timeout(3))
    responses = app.openapi()["paths"]["/tasks"]["get"]["responses"]
    assert {"200", "429", "503", "504"} == set(responses)
    assert set(responses["429"]["headers"]) == {"Retry-After", "RateLimit-Policy", "RateLimit"}
    assert set(responses["503"]["headers"]) == {"Retry-After"}
    assert set(responses["200"]["headers"]) == {"RateLimit-Policy", "RateLimit"}


def test_applications_without_policies_are_planned_as_before() -> None:
    """Nothing is around the plan of a route without policies, whatever other routes have."""
    app = application()
    app.get("/limited", policies=[RateLimit("1/hour")])(endpoint)
    plans = {route.path: route.plans.build()[0] for route in app.routes if hasattr(route, "plans")}
    assert [plans[path].is_wrapped for path in ("/tasks", "/both", "/limited")] == [False, False, True]
