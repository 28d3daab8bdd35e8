"""An application with every kind of parameter, body, response and security scheme, to be asked by schemathesis.

Nothing in it is documented by hand but what only the author can know. It is written against `typeway`, and with
`examples.alias_framework` runs on FastAPI as well.
"""

import enum
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from typeway import Body, Cookie, Depends, FastAPI, File, Form, Header, HTTPException, Path, Query, Security, UploadFile
from typeway.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from typeway.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

TOKEN = "let-me-in"

app = FastAPI(title="Conformance", max_body_size=100_000)


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Strict(BaseModel):
    """A model that takes no other fields, so that whatever is wrong in a body can be told."""

    model_config = ConfigDict(extra="forbid")


class Part(Strict):
    name: str = Field(min_length=1, max_length=20)
    weight: float = Field(ge=0, lt=1e6)


class Item(Strict):
    done: bool
    count: int = Field(ge=0, le=1000)
    colour: Colour
    size: Size = Size.SMALL
    price: float | None = None
    parts: list[Part] = Field(default=[], max_length=5)
    labels: dict[str, int] = {}
    key: UUID | None = None
    when: datetime | None = None
    pair: tuple[int, bool] = (0, False)
    parent: "Item | None" = None


class Stored(Item):
    id: int


class Cat(Strict):
    kind: Literal["cat"]
    lives: int = Field(ge=0, le=9)


class Dog(Strict):
    kind: Literal["dog"]
    barks: bool


class Page(Strict):
    offset: int = Field(default=0, ge=0, le=1000)
    colours: list[Colour] = []
    text: str = Field(default="", max_length=20)


class Address(BaseModel):
    street: str = Field(max_length=100)
    town: str | None = None
    number: int = Field(ge=1, le=10_000)


class Trace(BaseModel):
    x_trace: int | None = None


STORED: dict[int, Item] = {}


# --- parameters


@app.get("/path/{number}/{colour}/{key}")
def path(number: Annotated[int, Path(ge=1, le=100)], colour: Colour, key: UUID) -> dict[str, int | Colour | UUID]:
    return {"number": number, "colour": colour, "key": key}


@app.get("/pydantic/days/{day}")
def days(day: date) -> date:
    return day


@app.get("/pydantic/prices")
def prices(price: Annotated[Decimal, Query(ge=0, le=1000)] = Decimal(0)) -> Decimal:
    return price


@app.get("/query")
def query(
    flag: bool,
    number: Annotated[int, Query(gt=-10, lt=10)] = 0,
    real: Annotated[float, Query(ge=0, le=1)] = 0.5,
    size: Size | None = None,
    texts: Annotated[list[str] | None, Query(max_length=3)] = None,
) -> dict[str, Any]:
    return {"flag": flag, "number": number, "real": real, "size": size, "texts": texts}


@app.get("/query/model")
def query_model(page: Annotated[Page, Query()]) -> Page:
    return page


@app.get("/headers")
def headers(x_number: Annotated[int, Header(ge=0, le=9)], x_colour: Annotated[Colour | None, Header()] = None) -> int:
    return x_number


@app.get("/headers/model")
def header_model(trace: Annotated[Trace, Header()]) -> int | None:
    return trace.x_trace


@app.get("/cookies")
def cookies(visits: Annotated[int, Cookie(ge=0)] = 0) -> int:
    return visits


# --- bodies


@app.post("/items", status_code=201)
def create(item: Item) -> Stored:
    number = len(STORED) % 100
    STORED[number] = item
    return Stored(id=number, **dict(item))


@app.get("/items/{number}")
def read(number: Annotated[int, Path(ge=0, lt=100)]) -> Item:
    if number not in STORED:
        raise HTTPException(404, "There is no such item")
    return STORED[number]


@app.put("/items/{number}")
def replace(number: Annotated[int, Path(ge=0, lt=100)], item: Item) -> Item:
    if number not in STORED:
        raise HTTPException(404, "There is no such item")
    STORED[number] = item
    return item


@app.delete("/items/{number}", status_code=204)
def delete(number: Annotated[int, Path(ge=0, lt=100)]) -> None:
    if STORED.pop(number, None) is None:
        raise HTTPException(404, "There is no such item")


@app.post("/union")
def union(pet: Annotated[Cat | Dog, Body(discriminator="kind")]) -> Cat | Dog:
    return pet


@app.post("/union/plain")
def plain_union(pet: Cat | Dog | None = None) -> Cat | Dog | None:
    return pet


@app.post("/members")
def members(part: Part, count: Annotated[int, Body(ge=0)], flag: Annotated[bool, Body()] = False) -> Part:
    return part


@app.post("/scalar")
def scalar(number: Annotated[float, Body(allow_inf_nan=False)]) -> float:
    return number


@app.post("/list")
def many(numbers: Annotated[list[bool | int], Body(max_length=10)]) -> list[bool | int]:
    return numbers


@app.post("/wait")
def wait(duration: Annotated[timedelta, Body()]) -> str:
    return "ok"


@app.post("/form")
def form(address: Annotated[Address, Form()]) -> Address:
    return address


@app.post("/form/fields")
def fields(name: Annotated[str, Form(max_length=20)], agreed: Annotated[bool, Form()] = False) -> bool:
    return agreed


@app.post("/upload")
async def upload(file: UploadFile, note: Annotated[str, Form(max_length=20)] = "") -> int:
    return len(await file.read())


@app.post("/upload/several")
def several(files: Annotated[list[bytes], File()]) -> int:
    return len(files)


# --- responses


@app.get("/text", response_class=PlainTextResponse)
def text() -> str:
    return "text"


@app.get("/elsewhere", response_class=RedirectResponse, status_code=307)
def elsewhere() -> str:
    return "/text"


@app.get("/lines")
async def lines() -> AsyncIterator[Part]:
    yield Part(name="first", weight=1)


@app.get("/stream", response_class=StreamingResponse)
async def stream() -> AsyncIterator[bytes]:
    yield b"some bytes"


# --- security


def bearer(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    if credentials.credentials != TOKEN:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    return credentials.credentials


@app.get("/secret/bearer")
def secret(token: Annotated[str, Depends(bearer)]) -> str:
    return "secret"


@app.post("/secret/bearer")
def change(token: Annotated[str, Depends(bearer)], part: Part) -> Part:
    return part


def basic(credentials: Annotated[HTTPBasicCredentials, Security(HTTPBasic())]) -> str:
    if credentials.password != TOKEN:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Basic"})
    return credentials.username


@app.get("/secret/basic")
def basic_secret(name: Annotated[str, Depends(basic)]) -> str:
    return "secret"


def api_key(key: Annotated[str, Security(APIKeyHeader(name="X-Api-Key"))]) -> str:
    if key != TOKEN:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "APIKey"})
    return key


@app.get("/secret/key")
def key_secret(key: Annotated[str, Depends(api_key)]) -> str:
    return "secret"
