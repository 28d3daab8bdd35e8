"""WebSockets: parameters, dependencies, closing, errors."""

from typing import Annotated, Any

from tests.conformance.cases import case
from tests.frameworks import talked

BACKENDS = ("asyncio", "trio")


@case(
    talked("/echo", "one", "two"),
    talked("/json", '{"a": 1}'),
    talked("/bytes", b"\xff"),
    talked("/iterate", "a", "b"),
    backends=BACKENDS,
)
def messages(web: Any) -> Any:
    app = web.FastAPI()

    @app.websocket("/echo")
    async def echo(websocket: web.WebSocket):
        await websocket.accept(subprotocol="own", headers=[(b"x-own", b"1")])
        try:
            while True:
                await websocket.send_text(f"echo {await websocket.receive_text()}")
        except web.WebSocketDisconnect as error:
            web.log.append(error.code)

    @app.websocket("/json")
    async def as_json(websocket: web.WebSocket):
        await websocket.accept()
        await websocket.send_json({"got": await websocket.receive_json()})
        await websocket.close(4000, "enough")

    @app.websocket("/bytes")
    async def as_bytes(websocket: web.WebSocket):
        await websocket.accept()
        await websocket.send_bytes(await websocket.receive_bytes())

    @app.websocket("/iterate")
    async def iterate(websocket: web.WebSocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text * 2)

    return app


@case(
    talked("/ws/3", None), talked("/ws/x", None), talked("/ws/3?q=x", None), talked("/ws/3?q=5&many=1&many=2", None),
    talked("/ws/3", None, headers={"x-token": "t", "cookie": "session=s"}), talked("/ws/x?q=x"), talked("/nothing"), talked("/http"),
)  # fmt: skip
def parameters(web: Any) -> Any:
    app = web.FastAPI()

    @app.websocket("/ws/{item_id}")
    async def socket(
        websocket: web.WebSocket, item_id: int, q: int = 1, many: list[int] = web.Query([]), x_token: str = web.Header("-"),
        session: Annotated[str | None, web.Cookie()] = None,
    ):  # fmt: skip
        await websocket.accept()
        await websocket.send_json([item_id, q, many, x_token, session])
        await websocket.close()

    @app.get("/http")
    def http(): ...

    return app


@case(
    talked("/ws", None),
    talked("/ws?fail=before"),
    talked("/ws?fail=after", None),
    talked("/ws?fail=crash", None),
    backends=BACKENDS,
)
def dependencies(web: Any) -> Any:
    def noted(name: str, scope: str | None = None) -> Any:
        async def need():
            web.log.append(f"+{name}")
            try:
                yield name
            except BaseException as error:
                web.log.append(f"{name} saw {type(error).__name__}")
                raise
            finally:
                web.log.append(f"-{name}")

        return web.Depends(need, scope=scope)

    def check(fail: str = ""):
        if fail == "before":
            raise web.WebSocketException(1008, "before")

    app = web.FastAPI(dependencies=[noted("app")])
    router = web.APIRouter(dependencies=[noted("router")])

    @router.websocket("/ws", dependencies=[web.Depends(check), noted("route")])
    async def socket(websocket: web.WebSocket, own: Annotated[str, noted("own", "function")], fail: str = ""):
        await websocket.accept()
        if fail == "after":
            raise web.WebSocketException(4001, "after")
        if fail == "crash":
            raise ZeroDivisionError
        await websocket.send_text(own)
        await websocket.close()

    app.include_router(router)
    return app


@case(talked("/http"), talked("/socket"), talked("/handled", None), talked("/refused"), talked("/validation"))
def errors(web: Any) -> Any:
    app = web.FastAPI()

    class Own(Exception): ...

    @app.exception_handler(Own)
    async def own(websocket: Any, error: Own):
        await websocket.close(4444, "handled")

    @app.exception_handler(web.exceptions.WebSocketRequestValidationError)
    async def invalid(websocket: Any, error: Any):
        await websocket.close(4422, f"{len(error.errors())} errors")

    @app.websocket("/http")
    async def http(websocket: web.WebSocket):
        raise web.HTTPException(403, "no")

    @app.websocket("/socket")
    async def socket(websocket: web.WebSocket):
        raise web.WebSocketException(code=1003)

    @app.websocket("/handled")
    async def handled(websocket: web.WebSocket):
        await websocket.accept()
        raise Own

    @app.websocket("/refused")
    async def refused(websocket: web.WebSocket):
        await websocket.close(4000, "refused")

    @app.websocket("/validation")
    async def validation(websocket: web.WebSocket, q: int): ...

    return app


@case(talked("/p/ws/1", None), talked("/sub/ws", None), talked("/added/1", None), talked("/raw", None))
def routes(web: Any) -> Any:
    async def socket(websocket: web.WebSocket, number: int):
        await websocket.accept()
        await websocket.send_json([number, websocket.url.path, str(websocket.url_for("socket", number=2))])
        await websocket.close()

    async def plain(websocket: web.WebSocket):
        await websocket.accept()
        await websocket.send_text("plain")
        await websocket.close()

    router, sub, app = web.APIRouter(), web.FastAPI(), web.FastAPI()
    router.websocket("/ws/{number}")(socket)
    sub.websocket("/ws")(plain)
    app.include_router(router, prefix="/p")
    app.mount("/sub", sub)
    app.add_api_websocket_route("/added/{number}", socket, name="other")
    app.router.add_websocket_route("/raw", plain)
    return app


@case(talked("/ws", None))
def overrides(web: Any) -> Any:
    def real():
        raise web.WebSocketException(1008)

    app = web.FastAPI()

    @app.websocket("/ws")
    async def socket(websocket: web.WebSocket, value: Annotated[str, web.Depends(real)]):
        await websocket.accept()
        await websocket.send_text(value)
        await websocket.close()

    app.dependency_overrides[real] = lambda: "fake"
    return app


@case(talked("/ws", None), "GET /ws")
def what_both_kinds_may_use(web: Any) -> Any:
    def need(connection: web.requests.HTTPConnection, x_token: str = web.Header("-")):
        return [connection.scope["type"], x_token]

    app = web.FastAPI()

    @app.websocket("/ws")
    async def socket(websocket: web.WebSocket, found: Annotated[Any, web.Depends(need)]):
        await websocket.accept()
        await websocket.send_json(found)
        await websocket.close()

    @app.get("/ws")
    def read(found: Annotated[Any, web.Depends(need)]):
        return found

    return app
