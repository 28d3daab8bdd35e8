"""Errors that a client sees repeat what it sent, and nothing of the objects that hold it."""

import asyncio
import json
from functools import partial
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile as StarletteUploadFile

import typeway
from tests.frameworks import answer, client
from typeway import Body, File, Form, Query, Request, Typeway, UploadFile
from typeway.compat.shapes.conventions import FASTAPI
from typeway.encoders import jsonable_encoder
from typeway.errors.detail import request_validation_exception_handler
from typeway.exceptions import RequestValidationError

CONTENT = b"the secret content"
# What would tell of a file, of its temporary file, or of the objects around them.
INSIDES = ("_file", "_rolled", "_max", "TemporaryFile", "_io", "secret", "0x", 'file":')
# What the client says of its file.
DESCRIBED = {
    "filename": "p.txt",
    "headers": {"content-disposition": 'form-data; name="a"; filename="p.txt"', "content-type": "text/plain"},
}


class Compat(Typeway):
    """An application with FastAPI's conventions."""

    conventions = FASTAPI


class Text(BaseModel):
    """A form with text."""

    a: str


class Texts(BaseModel):
    """A form with several texts, and nothing beside them."""

    model_config = ConfigDict(extra="forbid")

    a: list[str]


class Checked(BaseModel):
    """A form that is refused as a whole."""

    a: Any

    @model_validator(mode="after")
    def refuse(self) -> "Checked":
        """Refuse every value."""
        raise ValueError("not this")


class Other(BaseModel):
    """A form that does not know the file, and wants something else."""

    model_config = ConfigDict(extra="forbid")

    b: int


def refuse(value: Any) -> Any:
    """Refuse every value."""
    raise ValueError("not this")


KINDS = {
    "text": Annotated[str, Form()],
    "number": Annotated[int, Form()],
    "secret": Annotated[SecretStr, Form()],
    "choice": Annotated[Literal["x"], Form()],
    "texts": Annotated[list[str], Form()],
    "numbers": Annotated[set[int], Form()],
    "text or number": Annotated[str | int, Form()],
    "mapping": Annotated[dict[str, int], Form()],
    "JSON": Annotated[list[Text], Form()],
    "model": Annotated[Text, Form()],
    "list in a model": Annotated[Texts, Form()],
    "one of two models": Annotated[Texts | Other, Form()],
    "model that is refused": Annotated[Checked, Form()],
    "forbidden file": Annotated[Other, Form()],
    "refused file": Annotated[Any, Form(), AfterValidator(refuse)],
    "content": Annotated[bytes, File(max_length=3)],
    "contents": Annotated[list[bytes], File(max_length=0)],
    "content that is refused": Annotated[bytes, File(), AfterValidator(refuse)],
}


@pytest.mark.parametrize(
    "application", [Typeway, Compat, partial(Typeway, errors="problem")], ids=["own", "compat", "problem"]
)
@pytest.mark.parametrize("size", [1, 200_000], ids=["in memory", "on disk"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_an_uploads_insides_is_shown(kind, size, application):
    """Where a file came and something else was declared, the answer says no more of it than the client itself did."""
    app = application()

    async def store(a):
        return "stored"

    store.__annotations__["a"] = KINDS[kind]
    app.post("/")(store)
    content = CONTENT * size
    response = client(app).post("/", files={"a": ("p.txt", content, "text/plain")})
    assert response.status_code == 422, response.text
    if application is Compat and "content" in kind:
        assert str(response.json()["detail"][0]["input"]).count("secret") == size  # FastAPI repeats a file that is text
        return
    for inside in INSIDES:
        assert inside not in response.text
    found = response.text.count('"filename"')
    if found and application is Typeway:
        assert (
            json.dumps({"filename": "p.txt", "size": len(content), **DESCRIBED}, separators=(",", ":")) in response.text
        )


@pytest.mark.parametrize("application", [Typeway, Compat], ids=["own", "compat"])
@pytest.mark.parametrize("size", [1, 200_000], ids=["in memory", "on disk"])
def test_an_upload_is_shown_as_the_client_described_it(size, application):
    """Its name, its size and its headers."""
    app = application()

    @app.post("/")
    def store(a: Annotated[str, Form()]):
        return a

    content = CONTENT * size
    status, body = answer(app, "POST /", files={"a": ("p.txt", content, "text/plain")})
    assert (status, body["detail"][0]["input"]) == (422, {**DESCRIBED, "size": len(content)})


@pytest.mark.parametrize("application", [Typeway, Compat], ids=["own", "compat"])
def test_showing_an_error_does_not_read_the_file(application):
    """A handler that answers as the framework does can still read the file from where it was."""
    app = application()
    left: list[bytes] = []

    @app.exception_handler(RequestValidationError)
    async def read_on(request: Request, error: RequestValidationError):
        response = await request_validation_exception_handler(request, error)
        left.append(await error.body["a"].read())
        return response

    @app.post("/")
    def store(a: Annotated[int, Form()]):
        return a

    assert answer(app, "POST /", files={"a": ("p.txt", CONTENT)})[0] == 422
    assert left == [CONTENT]


@pytest.mark.parametrize("application", [Typeway, Compat], ids=["own", "compat"])
def test_a_handler_that_echoes_the_body_shows_no_insides(application):
    """The encoder describes uploads wherever they stand, for handlers of the author's own too."""
    app = application()

    @app.exception_handler(RequestValidationError)
    async def echo(request: Request, error: RequestValidationError):
        return typeway.responses.JSONResponse(jsonable_encoder({"detail": error.errors(), "body": error.body}), 400)

    @app.post("/")
    def store(a: Annotated[int, Form()]):
        return a

    response = client(app).post("/", files={"a": ("p.txt", CONTENT, "text/plain")})
    assert response.json()["body"] == {"a": {**DESCRIBED, "size": len(CONTENT)}}
    assert not any(inside in response.text for inside in INSIDES)


def test_an_endpoint_that_returns_an_upload_describes_it():
    """A file is no answer: its description is, and the file is left where it was."""
    app = Typeway()

    @app.post("/")
    async def store(a: UploadFile):
        return {"upload": a}

    assert answer(app, "POST /", files={"a": ("p.txt", CONTENT, "text/plain")}) == (
        200,
        {"upload": {**DESCRIBED, "size": len(CONTENT)}},
    )


def test_an_own_encoder_for_uploads_wins():
    """What an application registers or passes decides."""
    upload = StarletteUploadFile(None, filename="p.txt")
    assert jsonable_encoder(upload, custom_encoder={StarletteUploadFile: lambda one: one.filename}) == "p.txt"


@pytest.mark.parametrize("declared", [UploadFile, list[UploadFile], UploadFile | None])
def test_text_where_a_file_was_declared_is_repeated(declared):
    """The other way round there is nothing to hide: the text is the client's own."""
    app = Typeway()

    async def store(a):
        return "stored"

    store.__annotations__["a"] = Annotated[declared, File()]
    app.post("/")(store)
    status, body = answer(app, "POST /", data={"a": "text"})
    assert (status, body["detail"][0]["input"], body["detail"][0]["ctx"]) == (422, "text", {"error": {}})


# --- everything else that is no data ----------------------------------------------------------------------------


class Account:
    """An object of the application's own, with a secret."""

    def __init__(self) -> None:
        self.password = "secret"

    def check(self) -> None:
        """Something to call."""


class Refused(ValueError):
    """An error that knows more than its text."""

    def __init__(self, account: Any) -> None:
        super().__init__("refused")
        self.account, self.password = account, "secret"


def refusing(error: Exception) -> Any:
    """A validator that raises an error."""

    def refuse(value: Any) -> Any:
        raise error

    return AfterValidator(refuse)


def seeing(value: Any) -> list[Any]:
    """Validators that put a value in the place of what was sent, and then find it to be no number."""
    return [BeforeValidator(lambda sent: value)]


REQUEST = Request({"type": "http", "headers": [(b"authorization", b"secret")], "path": "/secret"})
NO_DATA = {
    "object": Account(),
    "method": Account().check,
    "class": Account,
    "function": answer,
    "bytes": b"secret",
    "bytearray": bytearray(b"secret"),
    "memory": memoryview(b"secret"),
    "request": REQUEST,
    "headers": REQUEST.headers,
    "exception": Refused(Account()),
    "generator": (n for n in [Account()]),
    "objects": [Account()],
    "nested": {"of": ({"account": Account()},)},
}


@pytest.mark.parametrize("way", ["query", "body"])
@pytest.mark.parametrize("value", NO_DATA.values(), ids=NO_DATA)
def test_an_object_that_a_validator_made_is_not_shown(value, way):
    """An error's input may be what a validator put there: only data of it is shown, to HTTP clients and WebSockets."""
    app = Typeway()
    kind = Annotated[int, *seeing(value)]

    @app.post("/query")
    async def query(a: Annotated[kind, Query()]):
        return a

    @app.post("/body")
    async def body(a: Annotated[kind, Body(embed=True)]):
        return a

    response = client(app).post(f"/{way}?a=1", json={"a": 1})
    assert response.status_code == 422
    assert "secret" not in response.text
    assert "0x" not in response.text
    assert response.json()["detail"][0]["loc"] == [way, "a"]


@pytest.mark.parametrize(
    "error", [ValueError("no"), Refused(Account()), AssertionError("no"), Refused(REQUEST)], ids=repr
)
def test_an_exception_in_the_context_shows_no_attributes(error):
    """What a validator raised is named by its text; in compat mode its attributes are shown as well, as FastAPI does."""
    for application in (Typeway, Compat):
        app = application()

        @app.get("/")
        async def read(a: Annotated[int, refusing(error)]):
            return a

        entry = answer(app, "GET /?a=1")[1]["detail"][0]
        assert entry["msg"] == f"{'Assertion failed' if isinstance(error, AssertionError) else 'Value error'}, {error}"
        shows = application is Compat and isinstance(error, Refused)
        assert entry["ctx"]["error"].get("password") == ("secret" if shows else None)
        assert bool(entry["ctx"]["error"]) is shows


def test_the_context_of_an_authors_error_is_shown_as_data():
    """`PydanticCustomError` is how an author says more: its values are shown, objects among them are not."""
    app = Typeway()
    context = {"limit": 3, "unit": {"name": "kg"}, "by": Account(), "raw": b"secret"}

    @app.get("/")
    async def read(a: Annotated[int, refusing(PydanticCustomError("heavy", "too heavy", context))]):
        return a

    entry = answer(app, "GET /?a=1")[1]["detail"][0]
    assert entry["ctx"] == {"limit": 3, "unit": {"name": "kg"}, "by": None, "raw": None}


def test_a_socket_is_closed_without_the_insides_of_objects():
    """A handshake that does not fit closes the socket with errors that hold data only."""
    app = Typeway()

    @app.websocket("/")
    async def talk(socket: typeway.WebSocket, a: Annotated[int, *seeing(Account())]):
        await socket.accept()

    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "query_string": b"a=1", "headers": [], "root_path": "", "scheme": "ws"}
    asyncio.run(app(scope, receive, send))
    assert [message["code"] for message in messages] == [1008]
    assert messages[0]["reason"].startswith("query.a: ")
    assert "secret" not in str(messages)


def test_data_is_shown_as_before():
    """What was sent is repeated where it is data, whatever the type that a validator gave it."""
    app = Typeway()

    @app.post("/")
    async def store(a: Annotated[dict[str, int], Body(embed=True)], b: Annotated[int, *seeing(SecretStr("x"))] = 1):
        return a

    sent = {"a": {"x": [1, "é", None, {"y": 1.5}]}}
    status, body = answer(app, "POST /?b=1", json=sent)
    assert status == 422
    assert [entry["input"] for entry in body["detail"]] == ["**********", sent["a"]["x"]]
