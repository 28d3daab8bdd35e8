"""WebSockets are planned like requests: the same parameters and dependencies, and closing codes for what goes wrong."""

from typing import Annotated, Any

import anyio.from_thread
import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

import typeway
from tests.frameworks import client, compat_and_fastapi, each_framework
from typeway import Depends, HTTPException, Typeway, WebSocket
from typeway.exceptions import DeclarationError


def chat(web: Any) -> Any:
    """An application with sockets of every kind."""
    app = web.FastAPI()
    app.state.log = []

    async def session():
        app.state.log.append("begins")
        try:
            yield "session"
        except BaseException as error:
            app.state.log.append(type(error).__name__)
            raise
        finally:
            app.state.log.append("ends")

    def token(x_token: Annotated[str, web.Header()] = "none"):
        return x_token

    @app.websocket("/echo/{room}")
    async def echo(
        socket: web.WebSocket,
        room: int,
        token: Annotated[str, web.Depends(token)],
        session: Annotated[str, web.Depends(session)],
        q: str | None = None,
        theme: Annotated[str, web.Cookie()] = "light",
    ):
        await socket.accept()
        await socket.send_json([room, token, session, q, theme])
        async for text in socket.iter_text():
            await socket.send_text(f"echo {text}")

    @app.websocket("/refused")
    async def refused(socket: web.WebSocket):
        raise web.WebSocketException(1008, "not you")

    @app.websocket("/refused-late")
    async def refused_late(socket: web.WebSocket, value: Annotated[str, web.Depends(session)]):
        await socket.accept()
        raise web.WebSocketException(3001, "no more")

    @app.websocket("/http")
    async def http(socket: web.WebSocket):
        raise web.HTTPException(403, "forbidden")

    @app.websocket("/broken")
    async def broken(socket: web.WebSocket):
        raise ValueError("secret")

    return app


def closed(app: Any, path: str, **options: Any) -> tuple[int, Any]:
    """Code and reason with which a connection is closed at once, or while it waits for a message."""
    with pytest.raises(WebSocketDisconnect) as caught, client(app).websocket_connect(path, **options) as socket:
        socket.receive_text()
    return caught.value.code, caught.value.reason


@each_framework
def test_parameters_and_dependencies_reach_a_socket(web):
    """Path, query, header, cookie and dependencies work as in HTTP endpoints; clean-up comes at the end."""
    app = chat(web)
    headers = {"x-token": "t", "cookie": "theme=dark"}
    with client(app).websocket_connect("/echo/3?q=x", headers=headers) as socket:
        assert socket.receive_json() == [3, "t", "session", "x", "dark"]
        socket.send_text("hello")
        assert socket.receive_text() == "echo hello"
        assert app.state.log == ["begins"]
    assert app.state.log == ["begins", "ends"]


@compat_and_fastapi
def test_a_handshake_that_does_not_fit_is_closed_with_the_list_of_errors(web):
    """Invalid values close the connection with 1008; the reason is the list of errors."""
    code, reason = closed(chat(web), "/echo/x")
    assert code == 1008
    assert [(error["type"], list(error["loc"])) for error in reason] == [("int_parsing", ["path", "room"])]


@compat_and_fastapi
def test_a_reason_that_is_no_text_is_passed_on(web):
    """FastAPI closes with a list by itself, and so do the handlers of applications, which test clients accept."""
    app = web.FastAPI()

    @app.websocket("/")
    async def talk(socket: web.WebSocket):
        await socket.accept()
        await socket.close(1008, reason=["one", "two"])

    assert closed(app, "/") == (1008, ["one", "two"])


def test_a_handshake_that_does_not_fit_is_closed_with_the_errors_in_words():
    """Invalid values close the connection with 1008; the reason is a text that fits into a close frame."""
    code, reason = closed(chat(typeway), "/echo/" + "é" * 500)
    assert code == 1008
    assert reason.startswith("path.room: Input should be a valid integer")
    assert len(reason.encode()) <= 123


@each_framework
def test_exceptions_close_a_socket(web):
    """A WebSocketException closes with its code and reason, before and after the handshake."""
    app = chat(web)
    assert closed(app, "/refused") == (1008, "not you")
    assert closed(app, "/refused-late") == (3001, "no more")
    assert app.state.log == ["begins", "WebSocketException", "ends"]


@each_framework
def test_an_http_exception_denies_the_handshake(web):
    """An HTTPException before the handshake is an HTTP answer."""
    with pytest.raises(WebSocketDenialResponse) as caught, client(chat(web)).websocket_connect("/http"):
        pass
    assert (caught.value.status_code, caught.value.json()) == (403, {"detail": "forbidden"})


@each_framework
def test_other_errors_are_raised_to_the_server(web):
    """What nobody handles is raised, so that the server closes with 1011 and logs."""
    with pytest.raises(ValueError, match="secret"), client(chat(web)).websocket_connect("/broken"):
        pass


@each_framework
def test_an_unknown_path_is_closed(web):
    """A path without a socket is closed with 1000; HTTP routes of the same path do not matter."""
    app = chat(web)
    app.get("/page")(lambda: 1)
    assert closed(app, "/nowhere")[0] == 1000
    assert closed(app, "/page")[0] == 1000


@each_framework
def test_handlers_answer_errors_of_sockets_too(web):
    """An exception handler receives the WebSocket, and may close it."""

    class Trouble(Exception):
        pass

    app = web.FastAPI()

    @app.exception_handler(Trouble)
    async def handler(socket: Any, error: Exception):
        await socket.close(4000, "handled")

    @app.websocket("/")
    async def fails(socket: web.WebSocket):
        await socket.accept()
        raise Trouble

    assert closed(app, "/") == (4000, "handled")


@each_framework
def test_sockets_of_routers_get_prefixes_and_dependencies(web):
    """A router's prefix and dependencies, the inclusion's and the application's count for sockets."""
    log: list[str] = []

    def note(name: str) -> Any:
        return web.Depends(lambda: log.append(name))

    app = web.FastAPI(dependencies=[note("app")])
    router = web.APIRouter(prefix="/r", dependencies=[note("router")])

    @router.websocket("/{name}", dependencies=[note("route")])
    async def read(socket: web.WebSocket, name: str):
        await socket.accept()
        await socket.send_text(name)
        await socket.close()

    app.include_router(router, prefix="/v1", dependencies=[note("include")])
    with client(app).websocket_connect("/v1/r/x") as socket:
        assert socket.receive_text() == "x"
    assert log == ["app", "include", "router", "route"]
    assert app.url_path_for("read", name="y") == "/v1/r/y"


@each_framework
def test_overrides_reach_sockets(web):
    """`dependency_overrides` count for sockets."""

    def real():
        return "real"

    app = web.FastAPI()

    @app.websocket("/")
    async def read(socket: web.WebSocket, value: Annotated[str, web.Depends(real)]):
        await socket.accept()
        await socket.send_text(value)

    app.dependency_overrides[real] = lambda: "fake"
    with client(app).websocket_connect("/") as socket:
        assert socket.receive_text() == "fake"


@each_framework
@pytest.mark.parametrize("scope", ["function", "request"])
def test_generators_of_both_scopes_end_with_the_socket(web, scope):
    """A generator is ended after the endpoint, with the error if there was one."""
    log: list[str] = []

    def session():
        try:
            yield "value"
        except Exception as error:
            log.append(type(error).__name__)
            raise
        finally:
            log.append("ends")

    app = web.FastAPI()

    @app.websocket("/{how}")
    async def read(socket: web.WebSocket, how: str, value: Annotated[str, web.Depends(session, scope=scope)]):
        await socket.accept()
        if how == "badly":
            raise web.WebSocketException(3000)
        await socket.close()

    closed(app, "/well")
    assert log == ["ends"]
    closed(app, "/badly")
    assert log == ["ends", "WebSocketException", "ends"]


@each_framework
def test_plain_starlette_sockets_are_served(web):
    """`websocket_route` takes an endpoint that receives nothing but the socket."""
    app, router = web.FastAPI(), web.APIRouter()

    async def echo(socket: Any):
        await socket.accept()
        await socket.send_text(socket.path_params["name"])
        await socket.close()

    app.add_websocket_route("/app/{name}", echo) if web is typeway else app.router.add_websocket_route(
        "/app/{name}", echo
    )
    router.websocket_route("/router/{name}")(echo)
    app.include_router(router, prefix="/r")
    for path in ("/app/x", "/r/router/x"):
        with client(app).websocket_connect(path) as socket:
            assert socket.receive_text() == "x"


@each_framework
def test_mounted_applications_serve_their_sockets(web):
    """A socket below a mount is the mounted application's."""
    inner = chat(web)
    app = web.FastAPI()
    app.mount("/inner", inner)
    with client(app).websocket_connect("/inner/echo/3") as socket:
        assert socket.receive_json()[0] == 3


def test_a_socket_may_take_its_connection_by_either_type():
    """WebSocket and HTTPConnection are the same object in a socket's endpoint and dependencies."""
    app = Typeway()

    def path(connection: HTTPConnection):
        return connection.url.path

    @app.websocket("/x")
    async def read(socket: WebSocket, connection: HTTPConnection, path: Annotated[str, Depends(path)]):
        await socket.accept()
        await socket.send_json([socket is connection, path])
        await socket.close()

    with client(app).websocket_connect("/x") as socket:
        assert socket.receive_json() == [True, "/x"]


def test_a_mistake_in_a_sockets_signature_is_refused_at_its_line():
    """Sockets are checked when they are declared, like endpoints."""

    async def read(socket: WebSocket, sizes: Annotated[dict[str, int], typeway.Query()]): ...

    with pytest.raises(DeclarationError) as caught:
        Typeway().websocket("/")(read)
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"


def test_a_blocking_socket_endpoint_runs_in_a_thread():
    """A `def` function may serve a socket; it reaches the event loop through anyio."""
    app = Typeway()

    @app.websocket("/{n}")
    def read(socket: WebSocket, n: int):
        anyio.from_thread.run(socket.accept)
        anyio.from_thread.run(socket.send_json, n + 1)
        anyio.from_thread.run(socket.close)

    with client(app).websocket_connect("/3") as socket:
        assert socket.receive_json() == 4


def test_a_refusal_in_a_dependency_denies_the_handshake():
    """A dependency's HTTPException is answered like the endpoint's own."""
    app = Typeway()

    def refuse():
        raise HTTPException(401, "who?", {"www-authenticate": "Bearer"})

    @app.websocket("/", dependencies=[Depends(refuse)])
    async def read(socket: WebSocket): ...

    with pytest.raises(WebSocketDenialResponse) as caught, client(app).websocket_connect("/"):
        pass
    assert (caught.value.status_code, caught.value.headers["www-authenticate"]) == (401, "Bearer")


@each_framework
def test_what_answers_an_unknown_socket_sees_the_router(web):
    """A router's `default` application finds the router in the scope, as it does for a request."""
    app, seen = web.FastAPI(), []

    async def default(scope, receive, send):
        seen.append(scope["router"])
        await send({"type": "websocket.close"})

    app.router.default = default
    assert closed(app, "/nowhere")[0] == 1000
    assert seen == [app.router]
