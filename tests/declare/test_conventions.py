"""Where Typeway and FastAPI differ: ours, FastAPI's own, and what compat mode does in its place."""

import asyncio
from dataclasses import FrozenInstanceError, fields, replace
from types import ModuleType
from typing import Annotated, Any

import fastapi
import pytest
from pydantic import AfterValidator, BaseModel, Field

import typeway
from tests.frameworks import COMPAT, answer, ask, client
from typeway.compat.shapes.conventions import FASTAPI
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.exceptions import DeclarationError
from typeway.middleware.cors import CORSMiddleware
from typeway.staticfiles import StaticFiles
from typeway.websockets import WebSocketDisconnect


class Item(BaseModel):
    name: str


def test_every_convention_is_a_difference():
    """A row in which both agree would be no convention."""
    same = [field.name for field in fields(Conventions) if getattr(TYPEWAY, field.name) == getattr(FASTAPI, field.name)]
    assert same == []


def test_conventions_are_changed_by_making_new_ones():
    """A record is never changed in place, so that every layer can read it once."""
    with pytest.raises(FrozenInstanceError):
        TYPEWAY.answers_head = False
    assert not replace(TYPEWAY, answers_head=False).answers_head
    assert TYPEWAY.answers_head


def seen(act: Any) -> tuple[Any, Any]:
    """What ours answers, and what compat mode answers, which must be what FastAPI answers."""
    ours, ported, theirs = act(typeway), act(COMPAT), act(fastapi)
    assert ported == theirs
    return ours, theirs


def shown(response: Any, *names: str) -> tuple[Any, ...]:
    """Status, text and some headers of a response."""
    return (response.status_code, response.text, *(response.headers.get(name) for name in names))


def test_unhandled_errors_are_json():
    """json_errors: an unhandled error is JSON with us, plain text in FastAPI; neither shows anything of it."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.get("/")
        def fail():
            raise ValueError("secret")

        return shown(ask(app, "GET /"), "content-type")

    ours, theirs = seen(act)
    assert ours == (500, '{"detail":"Internal Server Error"}', "application/json")
    assert theirs == (500, "Internal Server Error", "text/plain; charset=utf-8")


def test_an_oversized_body_is_json():
    """json_errors: a body that is declared too large is a JSON 413 with us, plain text in FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI(max_body_size=3)
        app.post("/")(lambda item=web.Body(): item)
        return shown(ask(app, "POST /", json={"a": 1}), "content-type")

    ours, theirs = seen(act)
    assert ours == (413, '{"detail":"Content Too Large"}', "application/json")
    assert theirs == (413, "Content Too Large", "text/plain; charset=utf-8")


def test_head_is_answered_where_get_is():
    """answers_head: HEAD is GET without a body, and not documented; FastAPI answers 405."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.get("/")(lambda: "four")
        return (*shown(ask(app, "HEAD /"), "content-length"), list(app.openapi()["paths"]["/"]))

    ours, theirs = seen(act)
    assert ours == (200, "", "6", ["get"])
    assert (theirs[0], theirs[3]) == (405, ["get"])


def test_options_is_answered_everywhere():
    """answers_options: OPTIONS says what is allowed, without running a dependency; FastAPI answers 405."""

    def act(web: ModuleType) -> Any:
        calls: list[int] = []
        app = web.FastAPI(dependencies=[web.Depends(lambda: calls.append(1))])
        app.get("/")(lambda: 1)
        app.post("/")(lambda: 1)
        return (*shown(ask(app, "OPTIONS /"), "allow"), calls)

    ours, theirs = seen(act)
    assert ours == (204, "", "GET, HEAD, OPTIONS, POST", [])
    assert theirs == (405, '{"detail":"Method Not Allowed"}', "GET", [])


def test_allow_names_every_method_of_the_path():
    """union_allow: a 405 names the methods of all routes on the path; FastAPI those of the first."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.put("/{x}")(lambda x: x)
        app.delete("/a")(lambda: 1)
        return shown(ask(app, "PATCH /a"), "allow")[2]

    assert seen(act) == ("DELETE, OPTIONS, PUT", "PUT")


def test_another_media_type_is_refused():
    """rejects_media_types: an undeclared type is a 415 that names what is accepted; FastAPI validates the bytes."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        def create(item: Item): ...

        return answer(app, "POST /", content=b"secret", headers={"content-type": "text/plain"})

    ours, theirs = seen(act)
    assert ours == (415, {"detail": "Unsupported Media Type: send the body as application/json."})
    assert theirs[0] == 422
    assert theirs[1]["detail"][0]["input"] == "secret"


def test_bytes_take_any_media_type():
    """rejects_media_types: where the body is bytes, any type is fine on both sides."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        def create(data: Annotated[bytes, web.Body()]):
            return data.decode()

        return answer(app, "POST /", content=b"raw", headers={"content-type": "text/plain"})

    assert seen(act) == ((200, "raw"), (200, "raw"))


def test_errors_of_a_shared_dependency_are_reported_once():
    """errors_once: a dependency that several ask for reports its errors once; FastAPI once per asker."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        def page(offset: int): ...

        def other(found: Annotated[None, web.Depends(page)]): ...

        @app.get("/")
        def read(a: Annotated[None, web.Depends(page)], b: Annotated[None, web.Depends(other)]): ...

        return len(answer(app, "GET /")[1]["detail"])

    assert seen(act) == (1, 2)


def test_an_oversized_body_never_runs_the_endpoint():
    """limits_before_endpoint: the endpoint does not run; in FastAPI it does if it does not read the body."""

    def act(web: ModuleType) -> Any:
        calls: list[int] = []
        app = web.FastAPI(max_body_size=3)
        app.post("/")(lambda: calls.append(1))
        return ask(app, "POST /", json={"a": 1}).status_code, calls

    assert seen(act) == ((413, []), (413, [1]))


def test_http_exceptions_of_middleware_are_answered():
    """middleware_errors_answered: an HTTPException in http middleware is answered; in FastAPI it is a plain 500."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.middleware("http")
        async def refuse(request: Any, call_next: Any):
            raise web.HTTPException(418, "tea")

        return shown(ask(app, "GET /"))

    assert seen(act) == ((418, '{"detail":"tea"}'), (500, "Internal Server Error"))


def test_a_handler_for_http_exceptions_catches_routing():
    """one_http_exception: a handler for HTTPException also answers 404 and 405; FastAPI's misses them."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.get("/")(lambda: 1)

        @app.exception_handler(web.HTTPException)
        async def handler(request: Any, error: Any):
            return typeway.responses.PlainTextResponse("handled", error.status_code)

        return [ask(app, line).text for line in ("GET /nowhere", "POST /")]

    ours, theirs = seen(act)
    assert ours == ["handled", "handled"]
    assert theirs == ['{"detail":"Not Found"}', '{"detail":"Method Not Allowed"}']


def test_a_plain_field_is_a_query_parameter():
    """field_defaults: `limit: int = Field(default=20, ge=1)` is a query parameter; FastAPI refuses it."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        def read(limit: int = Field(default=20, ge=1)):
            return limit

        try:
            app.get("/")(read)
        except AssertionError:
            return "refused"
        return [answer(app, "GET /"), answer(app, "GET /?limit=0")[0]]

    ours, theirs = seen(act)
    assert ours == [(200, 20), 422]
    assert theirs == "refused"


def test_annotated_counts_beside_a_default_marker():
    """annotated_beside_default: what `Annotated` says holds beside a marker as the default; in FastAPI it is lost."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        def read(limit: Annotated[int, Field(le=5)] = web.Query(3)):
            return limit

        app.get("/")(read)
        return [answer(app, "GET /?limit=9")[0], app.openapi()["paths"]["/"]["get"]["parameters"][0]["schema"]]

    ours, theirs = seen(act)
    assert ours == [422, {"type": "integer", "maximum": 5, "default": 3, "title": "Limit"}]
    assert theirs == [200, {"type": "integer", "default": 3, "title": "Limit"}]


def test_variable_arguments_are_no_parameters():
    """ignores_var_arguments: `*args` and `**kwargs` are left alone; in FastAPI they are required query parameters."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.get("/")
        def read(*args, **kwargs):
            return [args, kwargs]

        status, body = answer(app, "GET /")
        return status, body if status == 200 else [error["loc"] for error in body["detail"]]

    assert seen(act) == ((200, [[], {}]), (422, [["query", "args"], ["query", "kwargs"]]))


def test_pages_need_no_other_server():
    """The documentation pages load nothing from elsewhere; FastAPI's need a CDN."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        return ["cdn.jsdelivr.net" in ask(app, f"GET {path}").text for path in ("/docs", "/redoc")]

    assert (act(typeway), act(fastapi)) == ([False, False], [True, True])


def test_routes_are_one_flat_list_with_whole_paths():
    """`app.routes` shows included routes with their whole path, in both modes; FastAPI shows a tree of wrappers."""

    def act(web: ModuleType) -> Any:
        app, router = web.FastAPI(openapi_url=None), web.APIRouter(prefix="/r")
        app.include_router(router, prefix="/v1")
        router.get("/{x}")(lambda x: x)
        return [(getattr(route, "path", None), getattr(route, "methods", None)) for route in app.routes]

    assert act(typeway) == act(COMPAT) == [("/v1/r/{x}", {"GET"})]
    assert act(fastapi) != act(typeway)


def test_the_scope_shows_the_route_with_its_whole_path():
    """original_scope_route: `scope["route"]` has the prefixes of its inclusion; in FastAPI it has not."""

    def act(web: ModuleType) -> Any:
        app, router = web.FastAPI(), web.APIRouter(prefix="/r")

        @router.get("/{x}")
        def read(request: web.Request):
            return request.scope["route"].path

        app.include_router(router, prefix="/v1")
        return answer(app, "GET /v1/r/x")[1]

    assert seen(act) == ("/v1/r/{x}", "/r/{x}")


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_each_method_has_an_operation_id_of_its_own():
    """id_per_method: a route of several methods has an id for each; in FastAPI they share one."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.api_route("/x", methods=["GET", "PUT"])
        def read_x(): ...

        return len({operation["operationId"] for operation in app.openapi()["paths"]["/x"].values()})

    assert seen(act) == (2, 1)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_no_type(status):
    """bodiless_content_type: a 204 or 304 has no content type; FastAPI's has one."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.get("/", status_code=status)(lambda: None)
        return shown(ask(app, "GET /"), "content-type")

    assert seen(act) == ((status, "", None), (status, "", "application/json"))


def test_failures_that_can_be_seen_are_documented():
    """documents_failures: what functions raise is in our document; FastAPI's says only what its author says."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.get("/")
        def read() -> int:
            raise web.HTTPException(404, "No such thing")

        return list(app.openapi()["paths"]["/"]["get"]["responses"])

    assert seen(act) == (["200", "404"], ["200"])


def test_errors_show_data_only():
    """errors_show_data: bytes in a 422 are null, exceptions show no attributes; FastAPI shows both."""

    class Coded(ValueError):
        def __init__(self) -> None:
            super().__init__("no")
            self.code = 7

    def refuse(value: Any) -> Any:
        raise Coded

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        async def store(a):
            return a

        store.__annotations__["a"] = Annotated[bytes, web.File(), AfterValidator(refuse)]
        app.post("/")(store)
        error = answer(app, "POST /", files={"a": ("a.txt", b"content")})[1]["detail"][0]
        return error["input"], error["ctx"]

    ours, theirs = seen(act)
    assert ours == (None, {"error": {}})
    assert theirs == ("content", {"error": {"code": 7}})


def test_an_encoded_slash_is_part_of_a_segment():
    """encoded_slashes: `%2F` is data where no route takes it for a separator; in FastAPI that is a 404."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.get("/items/{name}")(lambda name: name)
        return answer(app, "GET /items/a%2Fb")

    ours, theirs = seen(act)
    assert ours == (200, "a/b")
    assert theirs == (404, {"detail": "Not Found"})


def test_an_unhandled_error_has_cors_headers():
    """cors_on_errors: the 500 has the headers of the CORS middleware; in FastAPI it has none."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.add_middleware(CORSMiddleware, allow_origins=["*"])
        app.get("/")(lambda: 1 / 0)
        response = ask(app, "GET /", headers={"Origin": "https://page.example"})
        return response.status_code, response.headers.get("access-control-allow-origin")

    ours, theirs = seen(act)
    assert ours == (500, "*")
    assert theirs == (500, None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_lifespan_of_a_mounted_application_runs():
    """mounted_lifespans: what is mounted starts and ends with the application; in FastAPI it does not."""

    def act(web: ModuleType) -> Any:
        log: list[str] = []
        app = web.FastAPI()
        app.mount("/", web.FastAPI(on_startup=[lambda: log.append("begins")], on_shutdown=[lambda: log.append("ends")]))
        with client(app):
            pass
        return log

    ours, theirs = seen(act)
    assert ours == ["begins", "ends"]
    assert theirs == []


def test_the_default_title_is_our_own():
    """default_title: an application without a title is called Typeway; in FastAPI it is called FastAPI."""

    def act(web: ModuleType) -> Any:
        return web.FastAPI().openapi()["info"]["title"]

    assert seen(act) == ("Typeway", "FastAPI")


def test_a_router_of_one_kind_in_an_application_of_the_other():
    """Declarations follow the router, answers follow the application."""
    app = COMPAT.FastAPI()
    router = typeway.Router()

    @router.get("/")
    def read(limit: int = Field(default=20, ge=1), *args: int):
        return limit

    app.include_router(router, prefix="/r")
    assert answer(app, "GET /r/") == (200, 20)
    assert ask(app, "HEAD /r/").status_code == 405
    assert (typeway.FastAPI().conventions, typeway.APIRouter().conventions) == (TYPEWAY, TYPEWAY)


def test_a_signature_that_is_set_later_counts():
    """rereads_signatures: an application's own route reads it again with us; FastAPI reads it where a router is included."""

    def act(web: ModuleType) -> Any:
        app, router = web.FastAPI(), web.APIRouter()

        def read(n: int = 1):
            return n

        app.get("/own")(read)
        router.get("/included")(read)
        read.__defaults__ = (7,)
        app.include_router(router)
        return [answer(app, f"GET {path}") for path in ("/own", "/included")]

    ours, theirs = seen(act)
    assert ours == [(200, 7), (200, 7)]
    assert theirs == [(200, 1), (200, 7)]


def refuses(act: Any) -> Any:
    """Whether each of the three refuses a declaration."""

    def declare(web: ModuleType) -> bool:
        try:
            act(web)
        except DeclarationError:
            return True
        return False

    return seen(declare)


REFUSED: dict[str, Any] = {
    "checks_paths": lambda web: web.FastAPI().get("/y/{a")(lambda: 1),
    "checks_path_names": lambda web: web.FastAPI().get("/a/{id}")(lambda idd: 1),
    "checks_decorators": lambda web: web.FastAPI().get(lambda: 1),
    "checks_options": lambda web: web.FastAPI().get("/x", tags="items")(lambda: 1),
    "checks_parameters": lambda web: web.FastAPI().get("/x")(lambda a=web.Query: 1),
    "checks_sockets": lambda web: web.FastAPI().websocket("/ws")(bare_socket),
    "checks_handlers": lambda web: web.FastAPI().exception_handler("404")(lambda request, error: None),
    "checks_middleware": lambda web: web.FastAPI().add_middleware(CORSMiddleware, allow_origin=["*"]),
    "checks_cors": lambda web: web.FastAPI().add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_credentials=True
    ),
    "checks_mounts": lambda web: web.FastAPI().mount("/static", StaticFiles),
    "checks_lifespans": lambda web: web.FastAPI(lifespan=bare_socket),
}


async def bare_socket(socket): ...


@pytest.mark.parametrize("row", REFUSED)
def test_what_cannot_work_is_refused(row):
    """checks_...: declarations that cannot work are refused where they are written; FastAPI accepts them."""
    assert refuses(REFUSED[row]) == (True, False)


def test_every_check_is_a_convention():
    """Each field that switches refusals has its row in the table above."""
    assert [field.name for field in fields(Conventions) if field.name.startswith("checks_")] == list(REFUSED)


def test_a_check_can_be_switched_off():
    """An application class with other conventions accepts what it needs."""

    class Application(typeway.Typeway):
        conventions = replace(TYPEWAY, checks_paths=False)
        router_class = type("OwnRouter", (typeway.Router,), {"conventions": conventions})

    Application().get("/y/{a")(lambda: 1)


def test_json_is_read_strictly():
    """strict_json: what JSON does not have, or readers understand differently, is refused by us and taken by FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        async def take(data: Annotated[Any, web.Body()]) -> int:
            return len(str(data))

        @app.post("/raw")
        async def raw(request: web.Request) -> int:
            return len(str(await request.json()))

        texts = (b"[NaN]", b'{"a":1,"a":2}', b'"\\ud800"', b"[" * 300 + b"]" * 300, '"é"'.encode("utf-16"))
        return [client(app).post(path, content=text, headers={"content-type": "application/json"}).status_code
                for path in ("/", "/raw") for text in texts]  # fmt: skip

    ours, theirs = seen(act)
    assert ours == [422, *[400] * 9]
    assert theirs == [200] * 10


def test_values_in_json_have_the_types_of_the_document():
    """exact_json_types: JSON values of another type than the schema's are refused by us and converted by FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        async def take(done: Annotated[bool, web.Body()], count: Annotated[int, web.Body()] = 0) -> int:
            return count

        return [client(app).post("/", json=body).status_code
                for body in ({"done": True, "count": 2.0}, {"done": 1}, {"done": "yes"}, {"done": True, "count": "3"})]  # fmt: skip

    ours, theirs = seen(act)
    assert ours == [200, 422, 422, 422]
    assert theirs == [200] * 4


def test_parameters_are_documented_as_they_can_be_sent():
    """documents_wire: a query has no null, and an empty field of a form is missing; FastAPI's document says otherwise."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        def take(limit: int | None = None, name: str = web.Form()) -> None: ...

        document = app.openapi()
        (limit,) = document["paths"]["/"]["post"]["parameters"]
        return "anyOf" in limit["schema"], document["components"]["schemas"]["Body_take__post"]["properties"]["name"]

    ours, theirs = seen(act)
    assert ours == (False, {"type": "string", "title": "Name", "minLength": 1})
    assert theirs == (True, {"type": "string", "title": "Name"})


def test_numbers_that_json_does_not_have_are_null():
    """nulls_for_nan: NaN that an endpoint returns is null with us, and a server error in FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.get("/")
        def same(price: float):
            return {"price": price}

        return shown(ask(app, "GET /?price=nan"))

    ours, theirs = seen(act)
    assert ours == (200, '{"price":null}')
    assert theirs[0] == 500


def test_inputs_of_errors_are_short_and_hold_no_secrets():
    """hides_inputs: a 422 shows no password and no long input with us, and all of it in FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        def take(password: Annotated[int, web.Body()], note: Annotated[int, web.Body()]):
            return note

        detail = answer(app, "POST /", json={"password": "hunter2", "note": "x" * 1_000})[1]["detail"]
        return [error["input"] for error in detail]

    ours, theirs = seen(act)
    assert ours[0] == "[hidden]"
    assert len(ours[1]) <= 201
    assert theirs == ["hunter2", "x" * 1_000]


def test_the_reason_of_a_refused_handshake_is_a_text():
    """text_reasons: a socket closes with words with us, and with a list in FastAPI, which no server can send."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.websocket("/")
        async def talk(socket: web.WebSocket, number: int):
            await socket.accept()

        with pytest.raises(WebSocketDisconnect) as caught, client(app).websocket_connect("/?number=x"):
            pass
        return type(caught.value.reason)

    assert seen(act) == (str, list)


def test_a_client_that_leaves_is_no_error():
    """quiet_disconnects: the end of a connection is silent with us, and an error for the server in FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.websocket("/")
        async def talk(socket: web.WebSocket):
            await socket.accept()
            await socket.receive_text()

        try:
            with client(app, raise_server_exceptions=True).websocket_connect("/"):
                pass
        except WebSocketDisconnect:
            return "raised"
        return "quiet"

    assert seen(act) == ("quiet", "raised")


def test_a_form_that_was_cut_off_is_refused():
    """whole_forms: a multipart form without its last boundary is a 400 with us; FastAPI takes the parts that are whole."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.post("/")
        def take(name: Annotated[str, web.Form()]):
            return name

        form = b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n--B\r\n'
        headers = {"content-type": "multipart/form-data; boundary=B"}
        return answer(app, "POST /", content=form, headers=headers)[0]

    assert seen(act) == (400, 200)


def test_an_exception_that_is_returned_is_no_answer():
    """refuses_returned_errors: `return HTTPException(404)` is a 500 with us, and a 200 in FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.get("/")
        def read():
            return web.HTTPException(404)

        return ask(app, "GET /").status_code

    assert seen(act) == (500, 200)


def test_a_socket_whose_endpoint_returns_is_closed():
    """closes_sockets: the server is told to close the connection with us, and is left alone by FastAPI."""

    def act(web: ModuleType) -> Any:
        app = web.FastAPI()

        @app.websocket("/")
        async def talk(socket: web.WebSocket):
            await socket.accept()

        sent: list[Any] = []

        async def serve() -> None:
            arriving = iter([{"type": "websocket.connect"}])

            async def receive() -> Any:
                return next(arriving)

            async def send(message: Any) -> None:
                sent.append((message["type"], message.get("code")))

            scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
            await app(scope, receive, send)

        asyncio.run(serve())
        return sent[1:]

    assert seen(act) == ([("websocket.close", 1000)], [])
