"""What errors show of inputs is short and holds no secrets, wherever the secret stands."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr
from typing_extensions import TypedDict

from tests.frameworks import client
from typeway import Body, Cookie, Depends, Form, Header, Query, Request, Typeway
from typeway.exceptions import RequestValidationError
from typeway.responses import JSONResponse

LEAK = "hunter2-hunter2"


class Card(BaseModel):
    number: SecretStr
    owner: Annotated[SecretStr | None, Field(alias="holder", min_length=40)] = None


@dataclass
class Door:
    knock: SecretStr


class Keys(TypedDict):
    opener: SecretStr


class Account(BaseModel):
    name: int = 0
    password: Annotated[str, Field(max_length=3)] = ""
    card: Card | None = None
    doors: list[Door] = []
    keys: Keys | None = None
    more: dict[str, int] = {}
    required: int


class Filters(BaseModel, extra="forbid"):
    api_key: Annotated[str, Field(max_length=3)] = ""


class Checked(BaseModel):
    token: Annotated[str, Query(max_length=3)]


def application(errors: Any) -> Typeway:
    app = Typeway(errors=errors)

    @app.post("/json")
    async def account(account: Account): ...

    @app.post("/form")
    async def form(new_password: Annotated[str, Form(max_length=3)], filters: Annotated[int, Form()]): ...

    @app.post("/members")
    async def members(client_secret: Annotated[int, Body()], pin: Annotated[int, Body()]): ...

    @app.get("/query")
    async def query(
        access_token: Annotated[str, Query(max_length=3)],
        pass_word: Annotated[SecretStr, Query(alias="x", max_length=3)] = SecretStr(""),
    ): ...

    @app.get("/filters")
    async def filters(filters: Annotated[Filters, Query()]): ...

    @app.get("/header")
    async def header(authorization: Annotated[int, Header()], x_api_key: Annotated[int, Header()]): ...

    @app.get("/cookie")
    async def cookie(session_id: Annotated[int, Cookie()]): ...

    @app.get("/dependency")
    async def dependency(checked: Annotated[Checked, Depends()]): ...

    return app


CASES: list[tuple[str, dict[str, Any]]] = [
    ("POST /json", {"json": {"password": LEAK}}),
    ("POST /json", {"json": {"required": "x", "card": {"number": [LEAK]}}}),
    ("POST /json", {"json": {"card": {"holder": LEAK}}}),
    ("POST /json", {"json": {"doors": [{"knock": [LEAK]}, {"knock": LEAK, "x": 1}], "required": 1, "name": "x"}}),
    ("POST /json", {"json": {"keys": {"opener": [LEAK]}}}),
    ("POST /json", {"json": {"more": {"Api-Key": LEAK, "a": "b"}}}),
    ("POST /json", {"json": [{"password": LEAK}]}),
    ("POST /json", {"json": {"name": {"deeper": [{"refresh_token": LEAK}]}}}),
    ("POST /form", {"data": {"new_password": LEAK}}),
    ("POST /form", {"data": {"new_password": LEAK, "filters": "x"}}),
    ("POST /members", {"json": {"client_secret": LEAK, "pin": LEAK}}),
    ("GET /query?access_token=" + LEAK + "&x=" + LEAK, {}),
    ("GET /filters?api_key=" + LEAK, {}),
    ("GET /filters?apiKey=" + LEAK, {}),
    ("GET /header", {"headers": {"authorization": LEAK, "x-api-key": LEAK}}),
    ("GET /cookie", {"headers": {"cookie": "session_id=" + LEAK}}),
    ("GET /dependency?token=" + LEAK, {}),
]  # fmt: skip


@pytest.mark.parametrize("errors", ["detail", "problem"])
@pytest.mark.parametrize(("request_line", "options"), CASES)
def test_no_secret_is_sent_back(request_line, options, errors):
    """A value whose name or type says that it is secret is not in the answer, nor in what a handler or the log gets."""
    app = application(errors)
    seen: list[str] = []
    method, url = request_line.split()
    response = client(app).request(method, url, **options)
    assert response.status_code == 422
    assert LEAK not in response.text

    @app.exception_handler(RequestValidationError)
    async def handle(request: Request, error: RequestValidationError) -> JSONResponse:
        seen.append(f"{error} {error.errors()}")
        return JSONResponse({}, 422)

    client(app).request(method, url, **options)
    assert seen
    assert LEAK not in seen[0]


@pytest.mark.parametrize(
    "sent",
    ["x" * 5_000, ["x"] * 5_000, [["x" * 150] * 3] * 3, {"n": "x" * 5_000}, {f"n{n}": n for n in range(5_000)}, {"x" * 5_000: 1},
     [[[[[["y"] * 90]]]]] * 90, 10**4_000, [10**300] * 3],
)  # fmt: skip
def test_long_inputs_are_cut(sent):
    """At most 200 characters of an input are shown, and a sign for the rest; its kind stays."""
    app = Typeway()

    @app.post("/")
    async def take(data: Annotated[bool, Body()]): ...

    (error,) = client(app).post("/", json=sent).json()["detail"]
    assert len(json.dumps(error["input"], ensure_ascii=False)) < 400
    assert "…" in json.dumps(error["input"], ensure_ascii=False)
    assert type(error["input"]) is type(sent) or isinstance(sent, int)


@pytest.mark.parametrize("sent", ["x" * 190, 7, None, {"a": [1, 2.5, None, "b"], "c": {"d": True}}, [1] * 30])
def test_short_inputs_are_shown_as_they_are(sent):
    """What a glance takes in is repeated unchanged."""
    app = Typeway()

    @app.post("/")
    async def take(data: Annotated[Account, Body()]): ...

    errors = client(app).post("/", json=sent).json()["detail"]
    assert errors[0]["input"] == sent


def test_the_message_of_a_discriminator_is_cut():
    """A message that repeats what the client has sent is cut too."""
    app = Typeway()

    class A(BaseModel):
        kind: Literal["a"]

    class B(BaseModel):
        kind: Literal["b"]

    @app.post("/")
    async def take(pet: Annotated[A | B, Body(discriminator="kind")]): ...

    assert len(client(app).post("/", json={"kind": "x" * 100_000}).content) < 4_000
