"""Running a plan returns what is to be sent, and sends nothing itself."""

import threading
from typing import Annotated, Any

import anyio
import httpx
import pytest
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

import typeway
from tests.frameworks import answer, ask, client, each_framework
from typeway import Depends, Typeway
from typeway.plan.exchange import Exchange
from typeway.serve.execute import execute
from typeway.serve.reply import Reply


class Item(BaseModel):
    name: str


def scope(path: str, method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    return {
        "type": "http", "method": method, "path": path, "query_string": b"", "root_path": "", "headers": headers or [],
    }  # fmt: skip


async def nothing(*_: Any) -> dict[str, Any]:
    raise AssertionError("running a plan neither reads what it does not need nor sends")


def run(app: Typeway, exchange: Exchange) -> Reply:
    """The reply of the application's last route."""
    plan, responder = app.routes[-1].plans.ready({})
    return anyio.run(execute, plan, responder, exchange)


def test_a_reply_is_status_headers_and_bytes():
    """A plain answer is bytes with their headers; neither a Request nor a Response is made for it."""
    app = Typeway()
    app.get("/{key}")(lambda key: {"key": key})
    exchange = Exchange(scope("/x"), nothing, nothing, {"key": "x"})
    status, headers, body, response = run(app, exchange)
    assert (status, body, response) == (200, b'{"key":"x"}', None)
    assert dict(headers) == {b"content-length": b"11", b"content-type": b"application/json"}
    assert exchange.held is None
    assert exchange.background is None


def test_a_body_is_read_message_by_message():
    """A body that comes in several messages is put together."""
    app = Typeway()

    @app.post("/")
    async def create(item: Item):
        return item

    messages = iter([{"body": b'{"na', "more_body": True}, {"body": b'me":"n"', "more_body": True}, {"body": b"}"}])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", **next(messages)}

    headers = [(b"content-type", b"application/json")]
    _, _, body, _ = run(app, Exchange(scope("/", "POST", headers), receive, nothing, {}))
    assert body == b'{"name":"n"}'


@pytest.mark.parametrize("takes_request", [True, False])
def test_a_client_that_leaves_in_the_middle_of_its_body_is_refused(takes_request):
    """A disconnect before the body's end is a 400 for whoever may still listen; the endpoint does not run."""
    app = Typeway()

    def look(request: typeway.Request):
        return request

    app.post("/", dependencies=[Depends(look)] if takes_request else [])(lambda item=typeway.Body(): item)
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    exchange = Exchange(scope("/", "POST"), receive, nothing, {})
    if takes_request:
        exchange.connection  # noqa: B018  # somebody holds it already
    with pytest.raises(StarletteHTTPException) as caught:
        run(app, exchange)
    assert (caught.value.status_code, caught.value.detail) == (400, "There was an error parsing the body")


def test_a_request_object_sees_the_body_that_was_read():
    """A Request that is made after the body was read holds the bytes."""
    app = Typeway()

    @app.post("/")
    async def create(item: Item, request: typeway.Request):
        return (await request.body()).decode()

    sent = b'{"name":"n"}'

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent}

    headers = [(b"content-type", b"application/json")]
    _, _, body, _ = run(app, Exchange(scope("/", "POST", headers), receive, nothing, {}))
    assert body == b'"{\\"name\\":\\"n\\"}"'


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_requests_do_not_share_anything(anyio_backend):
    """Requests that are served at the same time have their own values, tasks and generators."""
    app = Typeway()
    log: list[str] = []
    inside: list[int] = []
    all_inside = anyio.Event()

    async def session(n: int):
        yield n
        log.append(f"closed {n}")

    @app.get("/{n}")
    async def read(n: int, value: Annotated[int, Depends(session)], response: typeway.Response, q: str = "none"):
        inside.append(n)
        if len(inside) == 10:
            all_inside.set()
        await all_inside.wait()
        response.headers["x-n"] = str(n)
        return [n, value, q]

    transport = httpx.ASGITransport(app)
    found: dict[int, Any] = {}

    async def get(client: httpx.AsyncClient, n: int) -> None:
        response = await client.get(f"/{n}?q={n}")
        found[n] = (response.json(), response.headers["x-n"])

    async with (
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        anyio.create_task_group() as group,
    ):
        for n in range(10):
            group.start_soon(get, client, n)
    assert found == {n: ([n, n, str(n)], str(n)) for n in range(10)}
    assert len(log) == 10


def test_an_endpoint_in_a_thread_encodes_there():
    """A `def` endpoint's answer is validated in the thread that made it, so that the loop goes on."""
    app = Typeway()
    seen: list[int] = []

    class Raw:
        @property
        def name(self) -> str:
            seen.append(threading.get_ident())
            return "n"

    @app.get("/", response_model=Item)
    def read():
        seen.append(threading.get_ident())
        return Raw()

    assert answer(app, "GET /") == (200, {"name": "n"})
    assert len(set(seen)) == 1


def test_the_files_of_a_refused_form_are_closed():
    """The files of a request that is refused are closed as well."""
    app = Typeway()
    seen: list[Any] = []

    @app.exception_handler(typeway.exceptions.RequestValidationError)
    async def handler(request: Any, error: Any):
        seen.append(error.body["file"])
        return typeway.responses.JSONResponse({}, 422)

    @app.post("/")
    def create(file: typeway.UploadFile, n: Annotated[int, typeway.Form()]): ...

    assert ask(app, "POST /", files={"file": b"x"}, data={"n": "x"}).status_code == 422
    assert seen[0].file.closed


@each_framework
@pytest.mark.parametrize("content", [b"{", b'{"price": "x"}'], ids=["malformed", "invalid"])
def test_an_error_of_validation_names_its_endpoint(web, content):
    """Handlers can log which endpoint refused a body, whether it is no JSON or does not fit; clients are not told."""
    app, caught = web.FastAPI(), []

    @app.exception_handler(web.exceptions.RequestValidationError)
    def answer_error(request: web.Request, error: Exception):
        caught.append(error)
        return web.Response(status_code=400)

    @app.post("/items")
    def create(price: Annotated[float, web.Body(embed=True)]):
        return price

    client(app).post("/items", content=content, headers={"content-type": "application/json"})
    (error,) = caught
    assert (error.endpoint_function, error.endpoint_path) == ("create", "POST /items")
    assert "in create" in str(error)
