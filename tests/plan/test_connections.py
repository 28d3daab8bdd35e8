"""One dependency serves requests and WebSockets: of the object that there is not, the parameter's default counts."""

from typing import Annotated, Any, Optional

import pytest
from starlette.requests import HTTPConnection

from tests.frameworks import answer, client
from typeway import Depends, HTTPException, Request, Router, Typeway, WebSocket, WebSocketException
from typeway.exceptions import DeclarationError
from typeway.websockets import WebSocketDisconnect


def by_default(request: Request = None, websocket: WebSocket = None) -> list[str]:
    return [type(request).__name__, type(websocket).__name__]


def by_none(request: Request | None, websocket: WebSocket | None) -> list[str]:
    return [type(request).__name__, type(websocket).__name__]


def by_optional(
    request: Optional[Annotated[Request, "note"]] = None,
    websocket: Annotated[WebSocket | None, "note"] = None,
) -> list[str]:
    return [type(request).__name__, type(websocket).__name__]


@pytest.mark.parametrize("dependency", [by_default, by_none, by_optional])
def test_a_dependency_knows_the_kind_of_connection(dependency):
    """`request: Request = None, websocket: WebSocket = None` gets the one that there is."""
    app = Typeway()

    @app.get("/")
    def read(kind: Annotated[Any, Depends(dependency)]) -> Any:
        return kind

    @app.websocket("/ws")
    async def talk(socket: WebSocket, kind: Annotated[Any, Depends(dependency)]) -> None:
        await socket.accept()
        await socket.send_json(kind)
        await socket.close()

    assert answer(app, "GET /") == (200, ["Request", "NoneType"])
    with client(app).websocket_connect("/ws") as socket:
        assert socket.receive_json() == ["NoneType", "WebSocket"]


def test_a_guard_refuses_each_kind_in_its_own_way():
    """A guard raises an HTTPException for a request and closes a WebSocket with its own code."""

    def guard(connection: HTTPConnection, request: Request = None, websocket: WebSocket = None) -> None:
        assert connection in (request, websocket)
        if request is not None:
            raise HTTPException(401, request.method)
        raise WebSocketException(3000)

    app = Typeway(dependencies=[Depends(guard)])

    @app.get("/")
    def read() -> None: ...

    @app.websocket("/ws")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    assert answer(app, "GET /") == (401, {"detail": "GET"})
    with pytest.raises(WebSocketDisconnect) as refused, client(app).websocket_connect("/ws"):
        pass
    assert refused.value.code == 3000


@pytest.mark.parametrize(("wanted", "other"), [(Request, "WebSocket"), (WebSocket, "request")])
def test_an_object_that_there_cannot_be_is_refused(wanted, other):
    """A parameter without a default that asks for the other kind of connection is named at the decorator."""

    def dependency(connection: wanted) -> None: ...

    async def endpoint(connection: HTTPConnection, value: Annotated[None, Depends(dependency)]) -> None: ...

    app = Typeway()
    register = app.get if wanted is WebSocket else app.websocket
    message = rf"parameter 'connection': its type is {wanted.__name__}, which a {other} does not have.*Hint: "
    with pytest.raises(DeclarationError, match=message):
        register("/")(endpoint)


def test_a_dependency_that_surrounds_both_is_refused_where_it_cannot_be_called():
    """A dependency of the whole application is planned with each route: those that it fits are served."""

    def requests_only(request: Request) -> None: ...

    app = Typeway()
    router = Router()

    @router.get("/")
    def read() -> int:
        return 1

    @router.websocket("/ws")
    async def talk(socket: WebSocket) -> None: ...

    app.include_router(router, dependencies=[Depends(requests_only)])
    assert answer(app, "GET /") == (200, 1)
    strict = client(app, raise_server_exceptions=True)
    with pytest.raises(DeclarationError, match="its type is Request, which a WebSocket does not have"):
        strict.websocket_connect("/ws").__enter__()
