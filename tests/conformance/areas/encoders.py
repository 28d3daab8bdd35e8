"""The encoder: what `jsonable_encoder` makes of values, by hand and in answers."""

import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import pathlib
import re
import uuid
from collections import defaultdict, deque
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from tests.conformance.cases import case


class Color(enum.Enum):
    red = "r"


class Item(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    name: str = Field("n", alias="theName")
    secret: SecretStr = SecretStr("s")
    nothing: int | None = None


@dataclasses.dataclass
class Point:
    x: int = 1
    item: Item = dataclasses.field(default_factory=Item)


class Plain:
    def __init__(self) -> None:
        self.a = 1
        self._sa_hidden = 2


VALUES: dict[str, Any] = {
    "model": Item(), "point": Point(), "plain": Plain(), "color": Color.red, "decimal": [decimal.Decimal("1.0"), decimal.Decimal(3)],
    "dates": [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.date(2020, 1, 1), dt.time(1, 2), dt.timedelta(seconds=90)],
    "addresses": [ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8")], "path": pathlib.PurePosixPath("/a/b"),
    "key": uuid.UUID(int=1), "bytes": b"ab", "sets": [{1}, frozenset({2}), deque([3])], "pattern": re.compile("a+"),
    "mapping": defaultdict(list, {1: [None], None: 2, Color.red: 3, (1, 2): 4}), "generator": (number for number in range(3)),
    "float": [1.0, 1e400], "nested": {"a": [Point(), {"b": Item(theName="x")}]}, "text": "\ud800", "class": int, "complex": 1j,
}  # fmt: skip


@case(f"GET {' '.join(f'/{name}' for name in VALUES)}", document=False)
def values(web: Any) -> Any:
    app = web.FastAPI()
    encode = web.encoders.jsonable_encoder
    made = {**VALUES, "generator": lambda: (number for number in range(3))}
    for name, value in made.items():

        def by_hand(value: Any = value) -> Any:
            return value() if callable(value) and value is not int else value

        app.get(f"/{name}")(answering(encode, by_hand))
    return app


def answering(encode: Any, value: Any) -> Any:
    """An endpoint that answers with the encoding of a value, or with the kind of error that it makes."""

    def answer():
        try:
            return {"encoded": encode(value())}
        except Exception as error:
            return {"raised": type(error).__name__}

    return answer


@case(f"GET {' '.join(f'/{name}' for name in VALUES if name != 'generator')}", document=False)
def values_in_answers(web: Any) -> Any:
    app = web.FastAPI()
    for name, value in VALUES.items():
        app.get(f"/{name}")(returning(value))
    return app


def returning(value: Any) -> Any:
    """An endpoint that returns a value."""

    def answer():
        return value

    return answer


@case("GET /", document=False)
def options(web: Any) -> Any:
    app = web.FastAPI()
    encode = web.encoders.jsonable_encoder

    @app.get("/")
    def read():
        item = Item(theName="x")
        return [
            encode(item, by_alias=False), encode(item, exclude_unset=True), encode(item, exclude_defaults=True),
            encode(item, exclude_none=True), encode(item, include={"name"}), encode(item, exclude={"name", "secret"}),
            encode({"a": None, "b": 1, "_sa_x": 2}, exclude_none=True), encode({"a": 1, "b": {"a": 2}}, exclude={"a"}),
            encode({"a": 1, "b": 2}, include=["a"]), encode({"_sa_x": 2}, sqlalchemy_safe=False),
            encode(Plain(), custom_encoder={Plain: lambda value: "own"}),
            encode({"a": dt.date(2020, 1, 1)}, custom_encoder={dt.date: lambda value: value.year}),
            encode([Point()], exclude_none=True), encode([item], include={"name"}),
        ]  # fmt: skip

    return app
