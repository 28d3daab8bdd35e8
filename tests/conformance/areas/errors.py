"""Errors: default answers, handlers by class and by status, unhandled errors, bad requests of every kind."""

from typing import Any

from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from tests.conformance.cases import case
from tests.frameworks import asked


class Item(BaseModel):
    name: str


@case("GET /text /data /headers /none /starlette /bodiless /phrase /401 /list /cookie", "HEAD /text")
def http_exceptions(web: Any) -> Any:
    app = web.FastAPI()
    for path, error in {
        "text": web.HTTPException(404, "gone"),
        "data": web.HTTPException(400, {"a": [1, None]}),
        "headers": web.HTTPException(403, detail="no", headers={"X-Why": "é", "content-type": "text/own"}),
        "none": web.HTTPException(418, None),
        "starlette": StarletteHTTPException(409, "conflict", {"x-a": "b"}),
        "bodiless": web.HTTPException(204),
        "phrase": web.HTTPException(status_code=422),
        "401": web.HTTPException(401, headers={"WWW-Authenticate": "Bearer"}),
        "list": web.HTTPException(400, ["a", 1]),
        "cookie": web.HTTPException(302, headers={"location": "/", "set-cookie": "a=b"}),
    }.items():
        app.get(f"/{path}")(raising(error))
    return app


def raising(error: Exception) -> Any:
    """An endpoint that raises."""

    async def fail():
        raise error

    return fail


@case("GET /nothing", "POST /", "GET /?q=x /?q=1", asked("GET /?q=x", headers={"accept": "text/html"}))
def default_answers(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(q: int): ...

    return app


@case("GET /crash /group /async", document=False)
def unhandled(web: Any) -> Any:
    app = web.FastAPI()
    app.get("/crash")(raising(ZeroDivisionError("secret")))
    app.get("/group")(raising(ExceptionGroup("g", [ValueError("a")])))

    @app.get("/async")
    def read():
        return 1 / 0

    return app


@case("GET /own /child /value /starlette /framework /missing /validation /status /crash", "POST /own")
def handlers(web: Any) -> Any:
    class Own(Exception): ...

    class Child(Own): ...

    app = web.FastAPI(exception_handlers={409: answering(web, "409")})

    @app.exception_handler(Own)
    def own(request: web.Request, error: Own):
        return web.responses.JSONResponse({"own": type(error).__name__, "path": request.url.path}, 400)

    @app.exception_handler(web.HTTPException)
    async def http(request: web.Request, error: Any):
        return web.responses.PlainTextResponse(f"handled {error.detail}", error.status_code)

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def validation(request: web.Request, error: Any):
        return web.responses.JSONResponse({"errors": len(error.errors())}, 400)

    @app.exception_handler(Exception)
    async def crash(request: web.Request, error: Exception):
        return web.responses.PlainTextResponse("crashed", 500)

    app.get("/own")(raising(Own()))
    app.get("/child")(raising(Child()))
    app.get("/value")(raising(ValueError("v")))
    app.get("/starlette")(raising(StarletteHTTPException(404, "gone")))
    app.get("/framework")(raising(web.HTTPException(404, "gone")))
    app.get("/status")(raising(StarletteHTTPException(409, "conflict")))

    @app.get("/validation")
    def read(q: int): ...

    return app


def answering(web: Any, text: str) -> Any:
    """A handler that answers with a text."""

    async def handle(request: Any, error: Any):
        return web.responses.PlainTextResponse(f"{text} {type(error).__name__}", 418)

    return handle


@case("GET /nothing /framework /crash", "POST /framework", "GET /framework/")
def handlers_by_status(web: Any) -> Any:
    app = web.FastAPI()
    for status in (404, 405, 500, 422):
        app.add_exception_handler(status, answering(web, str(status)))
    app.get("/framework")(raising(web.HTTPException(404)))
    app.get("/crash")(raising(ValueError("v")))
    return app


@case("GET /nothing /framework", "POST /framework")
def a_handler_for_starlettes_exception(web: Any) -> Any:
    app = web.FastAPI()
    app.add_exception_handler(StarletteHTTPException, answering(web, "starlette"))
    app.get("/framework")(raising(web.HTTPException(404)))
    return app


@case("GET /http /validation", asked("POST /validation", json={"a": 1}))
def default_handlers_by_hand(web: Any) -> Any:
    handlers = web.exception_handlers
    app = web.FastAPI()

    @app.exception_handler(StarletteHTTPException)
    async def http(request: Any, error: Any):
        web.log.append(error.detail)
        return await handlers.http_exception_handler(request, error)

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def validation(request: Any, error: Any):
        web.log.append([error.body, error.errors()])
        return await handlers.request_validation_exception_handler(request, error)

    app.get("/http")(raising(web.HTTPException(404, "x")))

    @app.get("/validation")
    def read(q: int): ...

    @app.post("/validation")
    def post(item: Item): ...

    return app


@case("GET /crash /again", document=False)
def handlers_that_raise(web: Any) -> Any:
    app = web.FastAPI()

    @app.exception_handler(ValueError)
    async def value(request: Any, error: Any):
        raise KeyError("in the handler")

    @app.exception_handler(KeyError)
    async def key(request: Any, error: Any):
        return web.responses.PlainTextResponse("key", 418)

    app.get("/crash")(raising(ValueError("v")))
    app.get("/again")(raising(KeyError("k")))
    return app


@case("GET /?q=x", asked("POST /", json={}), document=False)
def the_text_of_errors(web: Any) -> Any:
    app = web.FastAPI()

    @app.exception_handler(web.exceptions.RequestValidationError)
    async def validation(request: Any, error: Any):
        lines = str(error).splitlines()
        known = [attribute for attribute in ("endpoint_function", "endpoint_path") if getattr(error, attribute, None)]
        return web.responses.JSONResponse([lines[0], len(lines) > 1, known, isinstance(error, ValueError)])

    @app.get("/")
    def read(q: int): ...

    @app.post("/")
    def post(item: Item): ...

    return app


@case("GET /debug", document=False)
def debugging(web: Any) -> Any:
    app = web.FastAPI(debug=True)

    @app.get("/debug")
    def read(request: web.Request):
        return request.app.debug

    return app


@case("GET /in /out", document=False)
def errors_of_mounted_applications(web: Any) -> Any:
    inner = web.FastAPI()
    inner.get("/in")(raising(ValueError("inner")))
    app = web.FastAPI()
    app.add_exception_handler(ValueError, answering(web, "outer"))
    app.get("/out")(raising(ValueError("outer")))
    app.mount("/", inner)
    return app


@case("GET /a /b", asked("GET /a?q=x"), document=False)
def problems_with_values_of_many_types(web: Any) -> Any:
    class Model(BaseModel):
        a: int

    app = web.FastAPI()

    @app.get("/a")
    def a(q: int = 1):
        raise web.exceptions.RequestValidationError(
            [
                {
                    "type": "own",
                    "loc": ("query", "q"),
                    "msg": "own",
                    "input": Model(a=1),
                    "ctx": {"error": ValueError("x")},
                }
            ]
        )

    @app.get("/b")
    def b():
        return Model(a="x")

    return app
