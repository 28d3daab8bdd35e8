"""Mistakes in declarations are refused where they are written: one table of wrong declarations and their messages."""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Router as StarletteRouter
from starlette.staticfiles import StaticFiles

from tests.frameworks import COMPAT, FRAMEWORKS, answer, ask, client
from typeway import Depends, Typeway
from typeway.check import Files, look_at_refusal
from typeway.check.doubts import doubts
from typeway.exceptions import DeclarationError, TypewayError
from typeway.testclient import TestClient

TABLE = Path(__file__).with_name("wrong_declarations.txt")
INJECTED = (
    "BackgroundTasks Depends Security Body Cookie File Form Header Path Query Request Response WebSocket UploadFile"
)


class Item(BaseModel):
    name: str


class Plain: ...


def read_table() -> Iterator[tuple[str, str, str]]:
    """Name, code and expected text of each case."""
    for case in TABLE.read_text(encoding="utf-8").split("\n=== ")[1:]:
        code, _, text = case.partition("\n>>> ")
        name, _, code = code.partition("\n")
        yield name, code, text.partition("\n")[0]


CASES = {name: (code, text) for name, code, text in read_table()}


def names(framework: str) -> dict[str, Any]:
    """What the code of a case may name, in a framework: ours, ours in compat mode, or FastAPI itself."""
    web = FRAMEWORKS[framework]
    others = (
        json, asynccontextmanager, contextmanager, BackgroundTask, Middleware, BaseHTTPMiddleware, CORSMiddleware,
        JSONResponse, StaticFiles, Item, Plain, web.security.HTTPBearer, web.security.OAuth2PasswordRequestForm,
    )  # fmt: skip
    return {
        "__name__": "main",
        "App": web.FastAPI,
        "Router": web.APIRouter,
        "app": web.FastAPI(),
        "router": web.APIRouter(),
        "Annotated": Annotated,
        "BaseModel": BaseModel,
        "StarletteRouter": StarletteRouter,
        **{name: getattr(web, name) for name in INJECTED.split()},
        **{other.__name__: other for other in others},
    }


def declare(code: str, framework: str) -> Exception | None:
    """What declaring something raises, if anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(code, "main.py", "exec"), names(framework))
        except Exception as error:
            return error
    return None


def line_in(code: str) -> int:
    """The line that a case's error shall point at."""
    return next(number for number, line in enumerate(code.splitlines(), 1) if "# <-" in line)


def matches(text: str, expected: str) -> bool:
    """Whether a text is as expected, where `…` matches anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), text, re.DOTALL) is not None


def test_the_table_has_many_cases() -> None:
    """Routes, routers, parameters, dependencies, answers, options, handlers, middleware, sockets, lifespans: all of them."""
    assert len(CASES) > 150


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_declaration_is_refused_where_it_stands(case: str) -> None:
    """The error names file and line, what leads to the mistake, what is wrong and what to do."""
    code, expected = CASES[case]
    error = declare(code, "typeway")
    assert isinstance(error, DeclarationError)
    place = f"main.py:{line_in(code)}: "
    assert str(error).startswith(place)
    said = str(error).removeprefix(place)
    assert matches(said, expected), said
    assert error.where == place.removesuffix(": ")
    assert " Hint: " in said


# What compat mode refuses where FastAPI fails later: at the first route, the first request, or never to the purpose.
SOONER = {
    "middleware without parentheses",
    "middleware for sockets",
    "functions for the application's dependencies",
    "a status that is a word",
    "a status that is a list",
    "a function of ids that is a word",
}


# What FastAPI raises there depends on the version of Python.
VARYING = {"a model for answers that is a list"}


@pytest.mark.parametrize("case", CASES)
def test_compat_mode_accepts_what_fastapi_accepts(case: str) -> None:
    """An application for FastAPI runs, even where it declares what cannot work; and what FastAPI raises can be caught."""
    code, _ = CASES[case]
    theirs, ported, ours = (declare(code, framework) for framework in ("fastapi", "compat", "typeway"))
    if theirs is None:
        assert (ported is not None) == (case in SOONER), ported
        return
    is_plain = type(theirs).__module__ == "builtins" and case not in VARYING
    caught = type(theirs) if is_plain else TypewayError
    for error in (ported, ours):
        assert isinstance(error, caught), (type(theirs), type(error).__mro__)


@pytest.mark.parametrize("case", CASES)
def test_the_check_says_it_too(case: str) -> None:
    """`typeway check` reports what the framework refuses as TW000, or as the rule that it is, with its place."""
    code, _ = CASES[case]
    error = declare(code, "typeway")
    assert isinstance(error, DeclarationError)
    (finding,) = look_at_refusal(error, Files(Path.cwd(), "main"))
    assert finding.code in ("TW000", "TW014")
    assert (finding.path, finding.line) == ("main.py", line_in(code))
    assert error.message in finding.message
    assert finding.fix == error.hint


OWN_NAMES = (
    "from typeway import AllRequired, MergePatch, Partial, Pick, Problem; from typeway.testclient import TestClient"
)

# Mistakes in what FastAPI does not have, or does not refuse as a mistake in a declaration.
OURS = {
    'app.get("/x", json_limits={"max_dept": 1})(print)': (
        "GET /x: json_limits takes no option 'max_dept'. Hint: Did you mean 'max_depth'?"
    ),
    'Router(parameter_limits={"max_query": -1})': "Router(): parameter_limits['max_query'] is -1. Input should be …",
    'App(error_limits={"max_size": "1"})': "Typeway(): error_limits['max_size'] is '1'. Input should be a valid integer…",
    'App(form_limits={"max_files": 1.5})': "Typeway(): form_limits['max_files'] is 1.5. Input should be a valid integer…",
    "App(json_limits=3)": "Typeway(): json_limits is 3. Input should be a valid dict…",
    'App(telemetry={"log": False})': "telemetry takes no option 'log'. Hint: Did you mean 'logs'?",
    "App(telemetry=3)": "telemetry must be a dict, not int. Hint: …",
    'App(telemetry={"exclude": 3})': "telemetry's exclude must be a function. Hint: …",
    "App(raises=[ValueError])": "Typeway(): raises must be a list of classes derived from Problem, not …",
    "HTTPBearer(realm='x')": "HTTPBearer() takes no option 'realm'. Hint: …",
    "class Gone(Problem): status = 200": "Gone declares the status 200, which is not an error. Hint: …",
    "Partial[int]": "Partial[int]: Partial applies to Pydantic models, and int is not one. Hint: …",
    "AllRequired[int]": "AllRequired[int]: AllRequired applies to Pydantic models, and int is not one. Hint: …",
    "MergePatch[int]": "MergePatch[int]: MergePatch applies to Pydantic models, and int is not one. Hint: …",
    'def read(a: Annotated[Item, Pick("nam")]): ...\napp.post("/x")(read)': (
        "POST /x: Item has no field 'nam'. Hint: Did you mean 'name'?"
    ),
    "app.override(print, 3)": "builtins.print cannot be overridden by 3, which is not callable. Hint: …",
    "app.override('x', print)": "'x' is not a dependency of the application 'Typeway'. Hint: …",
    "TestClient(app, overrides={print: print})": "builtins.print is not a dependency of the application 'Typeway'. Hint: …",
    "TestClient(3)": "TestClient() takes an ASGI application, not 3. Hint: …",
    "app.resolve(3)": "parameter 'value': a dependency must be callable, not 3. Hint: …",
}


@pytest.mark.parametrize("code", OURS)
def test_what_only_typeway_has_is_refused_where_it_stands(code: str) -> None:
    """Here, too, the error names file and line, what is wrong and what to do."""
    error = declare(f"{OWN_NAMES}\n{code}", "typeway")
    assert isinstance(error, DeclarationError)
    place, _, said = str(error).partition(": ")
    assert re.fullmatch(r"main\.py:[2-9]", place)
    assert matches(said, OURS[code]), said
    assert " Hint: " in said


PASSED_ON = '@app.middleware("http")\nasync def passes(request, call_next): return await call_next(request)'
WRONG_MIDDLEWARE = '@app.middleware("http")\nasync def adds(request, call_next): return {"a": 1}'
RAISES = '@app.get("/")\ndef read(): raise LookupError'

# A function that returns the wrong thing only when it is called, and what the error says.
WRONG_RESULTS = {
    "the outermost middleware": (
        f"{PASSED_ON}\n{WRONG_MIDDLEWARE}",
        "the middleware adds() (main.py:3) returned {'a': 1}",
    ),
    "inner middleware": (f"{WRONG_MIDDLEWARE}\n{PASSED_ON}", "the middleware adds() (main.py:1) returned {'a': 1}"),
    "an exception handler": (
        f"{RAISES}\n@app.exception_handler(LookupError)\ndef handle(request, error): return 'no'",
        "the exception handler handle() (main.py:3) returned 'no'",
    ),
    "an exception handler inside of middleware": (
        f"{PASSED_ON}\n{RAISES}\n@app.exception_handler(LookupError)\ndef handle(request, error): return 'no'",
        "the exception handler handle() (main.py:5) returned 'no'",
    ),
    "a lifespan": ("def lives(app): return 3\napp = App(lifespan=lives)", "the lifespan lives() (main.py:1) returns 3"),
}


@pytest.mark.parametrize("case", WRONG_RESULTS)
def test_a_function_that_returns_the_wrong_thing_is_named(case: str) -> None:
    """The error in the log names the author's function with its place, instead of saying that an int is not callable."""
    code, expected = WRONG_RESULTS[case]
    namespace = names("typeway")
    exec(compile(code, "main.py", "exec"), namespace)
    with pytest.raises(TypeError, match=re.escape(expected)), TestClient(namespace["app"]) as client:
        client.get("/")


# --- what stays accepted --------------------------------------------------------------------------------------------

JOINED = 'router = Router(prefix="%s")\n@router.get("%s")\ndef read(request: Request): ...\napp.include_router(router)'
RIGHT = {
    "a name that a Request may read": '@app.get("/{id}")\ndef read(q: str, request: Request): ...',
    "a name that a dependency's Request may read": (
        'def who(request: Request): ...\n@app.get("/{id}")\ndef read(q: str, who=Depends(who)): ...'
    ),
    "a name that a dependency takes": 'def item(id: int): ...\n@app.get("/{id}")\ndef read(q: str, item=Depends(item)): ...',
    "a name that the route's dependencies take": (
        'def item(id: int): ...\n@app.get("/{id}", dependencies=[Depends(item)])\ndef read(q: str): ...'
    ),
    "a name that the application's dependencies take": (
        'def item(id: int): ...\napp = App(dependencies=[Depends(item)])\n@app.get("/{id}")\ndef read(q: str): ...'
    ),
    "a name that an inclusion's dependencies take": (
        'def item(id: int): ...\n@router.get("/{id}")\ndef read(q: str): ...\n'
        "app.include_router(router, dependencies=[Depends(item)])"
    ),
    "a name that an alias takes": '@app.get("/{id}")\ndef read(q: str, key: int = Path(alias="id")): ...',
    "a name that nothing needs": '@app.get("/{_id}/x")\ndef read(q: str): ...',
    "a rest that nothing needs": '@app.get("/{rest:path}")\ndef read(q: str): ...',
    "a name beside a marked parameter": '@app.get("/{id}")\ndef read(q: str = Query()): ...',
    "a name alone": '@app.get("/{id}")\ndef read(): ...',
    "a name in a router's prefix": (
        'router = Router(prefix="/{tenant}")\n@router.get("/x")\ndef read(q: str): ...\napp.include_router(router)'
    ),
    "a name in an inclusion's prefix": (
        '@router.get("/x")\ndef read(q: str): ...\napp.include_router(router, prefix="/{tenant}")'
    ),
    "a Path() that the inclusion's prefix has": (
        '@router.get("/x")\ndef read(tenant: int = Path(ge=1)): ...\napp.include_router(router, prefix="/{tenant}")'
    ),
    "a Path() with None for where the path lacks it": (
        '@app.get("/x")\ndef read(id: Annotated[int | None, Path()] = None): ...'
    ),
    "a documented name with a hyphen": '@app.get("/{item-id}")\ndef read(id: int = Path(alias="item-id")): ...',
    "a path that continues its prefix": (
        'router = Router(prefix="/users")\n@router.get(":batch")\ndef read(): ...\napp.include_router(router)'
    ),
    "a path that continues the inclusion's prefix": (
        '@router.get(".json")\ndef read(): ...\napp.include_router(router, prefix="/users")'
    ),
    "an empty path": '@app.get("")\ndef read(): ...',
    "a per cent sign": '@app.get("/100%/x")\ndef read(): ...',
    "a space inside": '@app.get("/a b")\ndef read(): ...',
    "a callback": (
        '@router.post("{$callback_url}/invoices/{$request.body.id}")\ndef told(): ...\n'
        '@app.post("/x", callbacks=router.routes)\ndef read(callback_url: str): ...'
    ),
    "a webhook": '@app.webhooks.post("new-subscription")\ndef told(): ...',
    "a request that is a query parameter": '@app.get("/x")\ndef read(request: str): ...',
    "a request in the path": '@app.get("/{request}")\ndef read(request): ...',
    "a request with a default": '@app.get("/x")\ndef read(request="x"): ...',
    "a callable with a default": (
        "from collections.abc import Callable\nimport time\n"
        '@app.get("/x")\ndef read(clock: Annotated[Callable[[], float], "the clock"] = time.time): ...'
    ),
    "a pattern of what a validator makes text": (
        "from pydantic import BeforeValidator\n"
        '@app.get("/x")\ndef read(a: Annotated[int, BeforeValidator(int)] = Query(ge=1)): ...'
    ),
    "a function as the default of what is called": (
        "from collections.abc import Callable\nfrom typing import Any\n"
        "def now(): ...\n"
        '@app.get("/x")\ndef read(a: Callable[[], Any] = now, b: Callable | int = now, c: Any = now, d=now): ...'
    ),
    "variable arguments with the name of an object": '@app.get("/x")\ndef read(*request, **response): ...',
    "a method whose object is a dependency": (
        "def service(): ...\n"
        "class Service:\n    def load(self: Annotated[object, Depends(service)]): ...\n"
        '@app.get("/x")\ndef read(it=Depends(Service.load)): ...'
    ),
    "a method whose object has a default": (
        'class Service:\n    def load(self=None): ...\n@app.get("/x")\ndef read(it=Depends(Service.load)): ...'
    ),
    "bounds of what may be None": '@app.get("/x")\ndef read(a: int | None = Query(None, ge=1)): ...',
    "a bound of a string that is one": '@app.get("/x")\ndef read(a: str = Query(ge="b")): ...',
    "a socket as a connection": (
        "from starlette.requests import HTTPConnection\n"
        '@app.websocket("/ws")\nasync def serve(connection: HTTPConnection): ...'
    ),
    "a socket that a dependency takes": (
        'async def accepted(socket: WebSocket): ...\n@app.websocket("/ws")\nasync def serve(it=Depends(accepted)): ...'
    ),
    "a socket in a dependency of both": (
        "def both(request: Request = None, socket: WebSocket = None): ...\n"
        '@app.get("/x")\ndef read(it=Depends(both)): ...\n'
        '@app.websocket("/ws")\nasync def serve(socket: WebSocket, it=Depends(both)): ...'
    ),
    "a handler of any arguments": "app.add_exception_handler(404, lambda *arguments: JSONResponse({}))",
    "a handler with a default": "app.add_exception_handler(ValueError, lambda request, error, more=1: JSONResponse({}))",
    "a handler for 499": "app.add_exception_handler(499, lambda request, error: JSONResponse({}))",
    "middleware of any options": (
        "class Any:\n    def __init__(self, app, **options): ...\n"
        "    async def __call__(self, scope, receive, send): ...\n"
        "app.add_middleware(Any, whatever=1)"
    ),
    "middleware that a function makes": "app.add_middleware(lambda app, level: app, level=1)",
    "middleware that a partial makes": (
        'from functools import partial\napp.add_middleware(partial(CORSMiddleware, allow_origins=["*"]))'
    ),
    "middleware with every value": 'app.add_middleware(CORSMiddleware, allow_origins="*", allow_methods="*")',
    "middleware with dispatch": (
        "async def timed(request, call_next): ...\napp.add_middleware(BaseHTTPMiddleware, dispatch=timed)"
    ),
    "an instance as http middleware": (
        "class Timed:\n    async def __call__(self, request, call_next): ...\napp.middleware('http')(Timed())"
    ),
    "a mounted function": 'async def asgi(scope, receive, send): ...\napp.mount("/x", asgi)',
    "a mounted partial": (
        "from functools import partial\nasync def asgi(level, scope, receive, send): ...\n"
        'app.mount("/x", partial(asgi, 1))'
    ),
    "a mounted router": 'app.mount("/x", router)',
    "a lifespan that is an object": (
        "class Life:\n    def __init__(self, app): ...\n    async def __aenter__(self): ...\n"
        "    async def __aexit__(self, *error): ...\nApp(lifespan=Life)"
    ),
    "a lifespan that a function makes": (
        "@asynccontextmanager\nasync def life(app):\n    yield\nApp(lifespan=lambda app: life(app))"
    ),
    "a lifespan that is a generator": "def life(app):\n    yield\nApp(lifespan=life)",
    "events in a router and a lifespan in the application": (
        "async def life(app):\n    yield\napp = App(lifespan=life)\n"
        "app.include_router(Router(on_startup=[lambda: None]))"
    ),
    "a status from the standard library": (
        'from http import HTTPStatus\n@app.get("/x", status_code=HTTPStatus.CREATED)\ndef read(): ...'
    ),
    "another method": '@app.api_route("/x", methods=("PURGE",))\ndef read(): ...',
    "a flag that is a number": '@app.get("/x", deprecated=1)\ndef read(): ...',
    "tags that are an enumeration": (
        "from enum import Enum\nclass Tag(Enum):\n    ITEMS = 'items'\n"
        '@app.get("/x", tags=[Tag.ITEMS])\ndef read(): ...'
    ),
    "a name to leave out that another model has": (
        '@app.get("/x", response_model_exclude={"name", "password"})\ndef read() -> Item: ...'
    ),
    "names to leave out of all items": (
        '@app.get("/x", response_model_exclude={"__all__": {"name"}})\ndef read() -> list[Item]: ...'
    ),
    "a preflight by hand": '@app.options("/{id}/x")\ndef read(): ...',
    "a plural after a prefix": JOINED % ("/item", "s/{id}"),
    "a version after a prefix": JOINED % ("/api/v", "2/items/{id}"),
    "the rest of a path after a prefix": JOINED % ("/files", "{id:path}"),
    "an ending after a prefix": JOINED % ("/items/{id}", ".json"),
    "a verb after a prefix": JOINED % ("/items/{id}", ":close"),
    "nothing after a prefix": JOINED % ("/items/{id}", ""),
    "items to leave out": '@app.get("/x", response_model_exclude={0})\ndef read() -> list[Item]: ...',
    "names to leave out of one of several": (
        '@app.get("/x", response_model_exclude={"name"})\ndef read() -> Item | list[Item]: ...'
    ),
    "keys to leave out": '@app.get("/x", response_model_exclude={"a"})\ndef read() -> dict[str, Item]: ...',
    "options that are None": (
        '@app.get("/x", tags=None, responses=None, status_code=None, dependencies=None, summary=None)\ndef read(): ...'
    ),
}


@pytest.mark.parametrize("case", RIGHT)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_works_is_declared_in_silence(case: str, framework: str) -> None:
    """A declaration that looks like a mistake but may be meant is not refused."""
    error = declare(RIGHT[case], framework)
    if error is not None:
        raise error


# --- what is only shown ---------------------------------------------------------------------------------------------

DOUBTFUL = {
    '@app.get("/{id}/x")\ndef read(): ...': "GET /{id}/x: nothing takes {id} from the path.",
    '@app.get("")\ndef read(): ...': "GET : the path is empty, so no request matches it unless the application is mounted.",
    'router = Router(prefix="/items")\n@router.get("{id}")\ndef read(id: int): ...\napp.include_router(router)': (
        "GET /items{id}: '{id}' follows its prefix without a slash: the path is '/items{id}'."
    ),
    'router = Router()\n@router.get("items/{id}")\ndef read(id: int): ...\napp.include_router(router, prefix="/api")': (
        "GET /apiitems/{id}: 'items/{id}' follows its prefix without a slash: the path is '/apiitems/{id}'."
    ),
    'router, inner = Router(prefix="/v1"), Router()\n@inner.options("items/{id}")\ndef read(): ...\n'
    "router.include_router(inner)\napp.include_router(router)": (
        "OPTIONS /v1items/{id}: 'items/{id}' follows its prefix without a slash: the path is '/v1items/{id}'."
    ),
    '@app.get("/{id:int}")\ndef read(id: str): ...': "GET /{id:int} → parameter 'id': {id:int} in the path is never a str.",
    'class Views:\n    @app.get("/x")\n    def read(self): ...': (
        "GET /x: Views.read is not bound to an object, so 'self' is a query parameter."
    ),
    '@app.websocket("/ws")\nasync def serve(): ...': (
        "WebSocket /ws: serve() takes no WebSocket, so nothing accepts the connection."
    ),
    '@app.websocket("/ws")\nasync def serve(socket: WebSocket, item: Item): ...': (
        "WebSocket /ws → parameter 'item': it is read from the body, and a WebSocket has none."
    ),
    '@app.get("/x", responses={"nonsense": {}})\ndef read(): ...': "GET /x: 'nonsense' is no key of responses.",
    '@app.get("/x", response_model_exclude={"nmae"})\ndef read() -> Item: ...': (
        "GET /x: response_model_exclude names 'nmae', which Item does not have."
    ),
    '@app.get("/x", response_model_exclude={"name"})\ndef read() -> list[Item]: ...': (
        "GET /x: response_model_exclude names 'name', but the response is a list, whose items are numbered."
    ),
    '@app.get("/x", response_model_include={"name": True})\ndef read() -> tuple[Item, ...] | None: ...': (
        "GET /x: response_model_include names 'name', but the response is a list, whose items are numbered."
    ),
    '@app.api_route("/x", methods=["GTE"])\ndef read(): ...': "GTE /x: GTE is not an HTTP method.",
    # What was added after its router had been included, where nothing more can be refused.
    'app.include_router(router)\n@router.get("/{item_id}")\ndef read(itemid: int): ...': (
        "GET /{item_id}: no parameter takes {item_id} from the path, and 'itemid' would be a query parameter."
    ),
}


@pytest.mark.parametrize("code", DOUBTFUL)
@pytest.mark.parametrize("framework", ["typeway", "compat"])
def test_what_can_hardly_be_meant_is_shown(code: str, framework: str) -> None:
    """A declaration that may be meant is not refused; the checker and the start of the command line report it."""
    namespace = names(framework)
    exec(compile(code, "main.py", "exec"), namespace)
    (error,) = [error for route in namespace["app"].routes for error in doubts(route)]
    assert error.described == DOUBTFUL[code]
    assert str(error).startswith("main.py:")


SHOWN = ("a name alone", "a name beside a marked parameter", "an empty path")


@pytest.mark.parametrize("case", [case for case in RIGHT if case not in SHOWN])
def test_what_works_is_not_doubted(case: str) -> None:
    """Nothing is shown of what works."""
    namespace = names("typeway")
    exec(compile(RIGHT[case], "main.py", "exec"), namespace)
    assert [str(error) for route in namespace["app"].routes for error in doubts(route)] == []


# --- what is found while a request is served ------------------------------------------------------------------------


async def go() -> int:
    return 1


def here(function: Callable[..., Any]) -> str:
    """A function's file and line, as errors name it."""
    return f"{__file__}:{function.__code__.co_firstlineno}"


@pytest.mark.parametrize("application", [Typeway, COMPAT.FastAPI])
@pytest.mark.parametrize(
    "options", [{}, {"response_model": Item}, {"response_model": int | str}, {"response_class": JSONResponse}]
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_coroutine_that_nothing_awaits_is_named(application: Any, options: dict[str, Any], is_async: bool) -> None:
    """An endpoint that returns a coroutine is named with its place, in the log only; Python's own warning is spared."""
    app = application()

    def read():
        return go()

    async def aread():
        return go()

    endpoint: Any = aread if is_async else read
    app.get("/x", **options)(endpoint)
    with pytest.raises(Exception, match="returned the coroutine go") as caught:
        client(app, raise_server_exceptions=True).get("/x")
    said = f"{endpoint.__name__}() ({here(endpoint)}) returned the coroutine go(), which nothing awaits."
    assert said in str(caught.value)
    assert "Write `return await go(...)`, in an `async def` function." in str(caught.value)
    response = ask(app, "GET /x")
    assert response.status_code == 500
    assert "coroutine" not in response.text


def test_a_coroutine_inside_an_answer_is_named() -> None:
    """Inside a dict the coroutine is named, and a note names the endpoint."""
    app = Typeway()

    @app.get("/x")
    async def read():
        return {"value": go()}

    with pytest.raises(ValueError, match=r"the coroutine go\(\) into JSON: nothing awaits it") as caught:
        client(app, raise_server_exceptions=True).get("/x")
    assert caught.value.__notes__[:1] == [f"while encoding what read() ({here(read)}) returned"]


def never():
    if not here:
        yield


async def anever():
    if not here:
        yield


def twice():
    yield 1
    yield 2


async def atwice():
    yield 1
    yield 2


def again():
    try:
        yield 1
    except ValueError:
        yield 2


async def aagain():
    try:
        yield 1
    except ValueError:
        yield 2


@pytest.mark.parametrize("limit", [None, 3])
@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize(
    ("generator", "said"),
    [
        (never, "generator didn't yield: the dependency never() ({}) ends before it yields"),
        (anever, "generator didn't yield: the dependency anever() ({}) ends before it yields"),
        (twice, "generator didn't stop: the dependency twice() ({}) yields more than once"),
        (atwice, "generator didn't stop: the dependency atwice() ({}) yields more than once"),
        (again, "generator didn't stop: the dependency again() ({}) yields more than once"),
        (aagain, "generator didn't stop: the dependency aagain() ({}) yields more than once"),
    ],
)
def test_a_generator_that_does_not_yield_once_is_named(
    generator: Any, said: str, scope: Any, limit: int | None
) -> None:
    """A dependency without a yield, or with two, is named with its place."""
    app = Typeway()

    @app.get("/x")
    def read(value: Annotated[int, Depends(generator, scope=scope, max_concurrency=limit)]) -> int:
        if "again" in generator.__name__:
            raise ValueError
        return value

    with pytest.raises(RuntimeError, match="generator didn't") as caught:
        client(app, raise_server_exceptions=True).get("/x")
    assert said.format(here(generator)) in str(caught.value)


@pytest.mark.parametrize("decorate", [asynccontextmanager, lambda function: function])
def test_a_lifespan_that_does_not_yield_once_is_named(decorate: Any) -> None:
    """A lifespan without a yield, with two, or with a value that is no dict, is named with its place."""

    async def empty(app):
        if not app:
            yield

    async def double(app):
        yield
        yield

    async def value(app):
        yield 5

    for function, said in [
        (empty, "generator didn't yield: the lifespan empty() ({}) ends before it yields"),
        (double, "generator didn't stop: the lifespan double() ({}) yields more than once"),
        (value, "the lifespan value() ({}) yields 5. Yield a dict"),
    ]:
        with pytest.raises((RuntimeError, TypeError)) as caught, client(Typeway(lifespan=decorate(function))):
            pass
        assert said.format(here(function)) in str(caught.value)


def test_an_override_that_cannot_be_called_is_named() -> None:
    """The result of a function in the place of the function, and the name of a dependency, are refused with the chain."""
    app = Typeway()

    def get_db(): ...

    @app.get("/x")
    def read(db: Annotated[Any, Depends(get_db)]): ...

    for overrides, said in [
        (
            {get_db: 3},
            f"{here(get_db)}: GET /x → dependency_overrides: the override of get_db() must be a function, not 3.",
        ),
        (
            {"get_db": get_db},
            "GET /x → dependency_overrides: the key 'get_db' is not a dependency, so nothing is overridden.",
        ),
    ]:
        app.dependency_overrides = overrides
        with pytest.raises(DeclarationError) as caught:
            client(app, raise_server_exceptions=True).get("/x")
        assert str(caught.value).startswith(said)
    app.dependency_overrides = {}
    assert answer(app, "GET /x") == (200, None)
