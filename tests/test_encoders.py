"""Any value becomes data that JSON holds, and the bytes of JSON, exactly as FastAPI's encoder has it."""

import dataclasses
import datetime as dt
import enum
import ipaddress
import json
import math
import pathlib
import re
import sys
import types
import uuid
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Self

import pytest
from fastapi.encoders import jsonable_encoder as reference_encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretBytes, SecretStr
from pydantic import dataclasses as pydantic_dataclasses
from pydantic.networks import AnyUrl, HttpUrl, NameEmail
from pydantic_core import PydanticUndefined
from starlette.responses import JSONResponse

from typeway.encoders import ENCODERS_BY_TYPE, decimal_encoder, isoformat, jsonable_encoder, to_json_bytes
from typeway.exceptions import PydanticV1NotSupportedError


class Colour(enum.Enum):
    RED = "red"


class Dated(enum.Enum):
    DAY = dt.date(2020, 1, 2)
    DATA = {"a": [1, (2,)]}


class Label(str, enum.Enum):  # noqa: UP042  applications have these
    """A text whose value is another one than its own."""

    ONE = ("one", "first")

    def __new__(cls, text: str, value: str) -> Self:
        self = str.__new__(cls, text)
        self._value_ = value
        return self


class Level(enum.IntEnum):
    HIGH = 3


class Hidden(str, enum.Enum):  # noqa: UP042
    STATE = "_sa_state"


class Word(str):
    pass


class Whole(int):
    pass


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Pairs:
    def __init__(self, *pairs: Any) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pairs)


class Closed:
    __slots__ = ()


class Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    number: int = 1
    text: str | None = None
    money: Decimal = Decimal("1.50")
    when: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    renamed: int = Field(default=2, alias="newName")
    anything: Any = None


class Listing(RootModel[list[int]]):
    pass


class Dumping(BaseModel):
    """A model with its own idea of a dump."""

    def model_dump(self, **options: Any) -> dict[str, Any]:
        return {"when": dt.date(2020, 1, 2), "_sa_x": 1}


@dataclasses.dataclass
class Point:
    x: int = 1
    y: Any = None
    _sa_state: int = 0


@dataclasses.dataclass
class Page(list[int]):
    """A list that is a dataclass: its fields count."""

    size: int = 0


@pydantic_dataclasses.dataclass
class Checked:
    x: int = 1
    renamed: int = Field(default=2, alias="newName")


@dataclasses.dataclass(frozen=True)
class Stream:
    """Stands for a generator, which can be read only once, while a test makes two of it."""

    items: tuple[Any, ...]


Pair = namedtuple("Pair", "first second")  # noqa: PYI024

LEAVES: list[Any] = [
    *(None, True, False, 0, -1, 2**70, 1.5, 1e16, 1e-7, -0.0, "", 'é\u2028\x7f\\"', "_sa_value", "\ud800"),
    *(math.nan, math.inf, -math.inf, 1j, ..., NotImplemented),
    *(b"bytes", b"\xff", bytearray(b"x"), memoryview(b"x"), range(2)),
    *(Word("w"), Word("_sa_w"), Whole(4), Colour.RED, Label.ONE, Level.HIGH, Hidden.STATE, Dated.DAY, Dated.DATA),
    *(Decimal("1.50"), Decimal(2), Decimal("1E+2"), Decimal("NaN"), Decimal("-Infinity")),
    *(dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), dt.time(3, 4)),
    *(dt.timedelta(days=1, microseconds=1), uuid.UUID(int=1), re.compile("a+"), re.compile(b"a+")),
    *(ipaddress.ip_address("1.2.3.4"), ipaddress.ip_network("::/64"), ipaddress.ip_interface("::1/64")),
    *(pathlib.Path("a/b"), pathlib.PureWindowsPath("c:/a"), AnyUrl("http://a.b"), HttpUrl("http://a.b")),
    *(SecretStr("s"), SecretBytes(b"s"), NameEmail("a", "a@b.cd"), PydanticUndefined),
    *(Model(), Model(anything={"_sa_x": 1, "n": None}), Model(anything=math.nan), Listing([1]), Dumping()),
    *(Point(), Point(y=dt.date(2020, 1, 2)), Point(y=Model()), Page(3), Checked()),
    *(Plain(a=1, _sa_b=2, c=None), Plain(inner=Model()), Pairs(("a", 1), ("b", None)), Pairs(1), Closed(), object()),
    *(types.SimpleNamespace(a=Colour.RED), types.MappingProxyType({"a": 1}), ValueError("x"), len, int),
    *(Pair(1, Colour.RED), {1, 2}, frozenset({"a"}), deque([1]), OrderedDict(a=1), defaultdict(int, a=1)),
]
KEYS: list[Any] = [
    *("a", "b", "_sa_x", "_s", 1, 1.5, None, True, Word("w"), Word("_sa_w"), Colour.RED, Label.ONE, Level.HIGH),
    *(Hidden.STATE, Decimal("1.5"), dt.date(2020, 1, 2), uuid.UUID(int=1), b"k", b"\xff", (1, 2), frozenset()),
    *(Closed, PydanticUndefined, math.nan),
]


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Build what can hold other values."""
    return (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(deque)
        | st.lists(inner, max_size=3).map(lambda items: Stream(tuple(items)))
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "_sa_x"]), inner).map(lambda pairs: Plain(**pairs))
        | st.builds(Point, x=st.integers(), y=inner)
        | st.builds(Model, anything=inner, text=st.none() | st.text(max_size=3))
    )


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["_sa", "_sa_x"]), inner),
    max_leaves=20,
)
any_values = st.recursive(st.sampled_from(LEAVES) | st.text(max_size=5), containers, max_leaves=10)


def fresh(value: Any) -> Any:
    """Copy the containers, with new generators for their stand-ins."""
    match value:
        case Stream():
            return (fresh(item) for item in value.items)
        case Point():
            return Point(value.x, fresh(value.y))
        case dict():
            return {key: fresh(item) for key, item in value.items()} if type(value) is dict else value
        case list() | tuple() | deque() if type(value) in {list, tuple, deque}:
            return type(value)(fresh(item) for item in value)
        case _:
            return value


def outcome(function: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """Return what comes of a call: the type of the error, or the result as text, so that NaN equals NaN."""
    try:
        return repr(function(*arguments, **options))
    except Exception as error:
        return type(error).__name__


def reference_bytes(value: Any) -> bytes:
    """Answer as FastAPI does where there is no response model."""
    return bytes(JSONResponse(reference_encoder(value)).body)


@pytest.mark.parametrize("value", LEAVES, ids=lambda value: type(value).__name__)
def test_each_kind_of_value_is_encoded_as_the_reference_does(value):
    """A value of any kind, alone, in a list or in a dict, gives the same data and the same bytes."""
    for shape in (value, [value], {"key": value}, (value, [value])):
        assert outcome(jsonable_encoder, shape) == outcome(reference_encoder, shape)
        assert outcome(to_json_bytes, shape) == outcome(reference_bytes, shape)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_each_kind_of_key_is_encoded_as_the_reference_does(key):
    """A key of any kind gives the same data and the same bytes."""
    for shape in ({key: 1}, {key: None, "other": [{key: Colour.RED}]}):
        assert outcome(jsonable_encoder, shape) == outcome(reference_encoder, shape)
        assert outcome(to_json_bytes, shape) == outcome(reference_bytes, shape)


@settings(max_examples=150, deadline=None, database=None)
@given(plain_values)
def test_plain_data_gives_the_same_bytes(value):
    """Data of JSON's own types is written as the reference writes it, `_sa` keys dropped."""
    assert to_json_bytes(value) == reference_bytes(value)


@settings(max_examples=250, deadline=None, database=None)
@given(any_values)
def test_any_value_gives_the_same_bytes(value):
    """Values of all kinds, nested, give the same bytes or the same error; generators are read once."""
    assert outcome(to_json_bytes, fresh(value)) == outcome(reference_bytes, fresh(value))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "include": st.sampled_from([None, set(), {"a"}, {"number", "newName", "x"}, ["a"], {"a": True}, {1}]),
        "exclude": st.sampled_from([None, set(), {"a"}, {"number", "y"}, ("b",), {"a": True}, {1}]),
        "by_alias": st.booleans(),
        "exclude_unset": st.booleans(),
        "exclude_defaults": st.booleans(),
        "exclude_none": st.booleans(),
        "sqlalchemy_safe": st.booleans(),
        "custom_encoder": st.sampled_from(
            [
                None,
                {},
                {str: str.upper},
                {dt.date: lambda value: value.year},
                {Model: lambda value: "model"},
                {object: type},
                {dict: len, int: float},
                {enum.Enum: lambda value: value.name, str: str.title},
            ]
        ),
    },
)


@settings(max_examples=250, deadline=None, database=None)
@given(any_values, OPTIONS)
def test_options_mean_what_they_mean_to_the_reference(value, options):
    """Every option of the encoder has the same effect on every value."""
    ours = outcome(jsonable_encoder, fresh(value), **options)
    assert ours == outcome(reference_encoder, fresh(value), **options)


def test_endless_structures_are_refused():
    """A list that holds itself is an error, not an endless loop."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(RecursionError):
        jsonable_encoder(loop)
    with pytest.raises((RecursionError, ValueError)):
        to_json_bytes(loop)


def test_an_unreadable_object_is_named_with_the_remedy():
    """The error says which type cannot be read and what to do."""
    with pytest.raises(ValueError, match=r"type 'Closed'.*ENCODERS_BY_TYPE"):
        jsonable_encoder({"inner": [Closed()]})


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="pydantic.v1 does not import on this Python")
def test_models_of_pydantic_1_are_refused():
    """A model of `pydantic.v1` is refused by name, anywhere inside the value."""
    from pydantic import v1

    class Old(v1.BaseModel):
        name: str = "x"

    for encode in (jsonable_encoder, to_json_bytes):
        with pytest.raises(PydanticV1NotSupportedError, match=r"Old is a model of pydantic\.v1"):
            encode([Old()])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_colours_are_text():
    """Pydantic's deprecated Color, and the one that replaces it, are text as they were given."""
    from pydantic.color import Color

    replacement = type("Color", (Color,), {"__module__": "pydantic_extra_types.color", "__qualname__": "Color"})
    assert jsonable_encoder([Color("blue"), replacement("red")]) == ["blue", "red"]


def test_an_application_can_teach_its_own_types(monkeypatch):
    """A type added to ENCODERS_BY_TYPE is encoded by its function, and so are types derived from it."""

    class Identifier:
        pass

    class Derived(Identifier):
        pass

    monkeypatch.setitem(ENCODERS_BY_TYPE, Identifier, lambda value: "id")
    assert jsonable_encoder({Identifier(): [Identifier(), Derived()]}) == {"id": ["id", "id"]}
    assert to_json_bytes([Identifier()]) == b'["id"]'


def test_an_application_can_change_known_types(monkeypatch):
    """A function put in the place of a known type's encoder counts at once."""
    monkeypatch.setitem(ENCODERS_BY_TYPE, dt.datetime, lambda value: value.year)
    assert to_json_bytes([dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]) == b"[2020]"


def test_the_given_value_is_never_changed():
    """Encoding copies: neither containers nor an object's attributes change."""
    thing = Plain(a=1, when=dt.date(2020, 1, 1), _sa_x=1)
    value = {"thing": thing, "items": [1, (2,)]}
    jsonable_encoder(value)
    to_json_bytes(value)
    assert vars(thing) == {"a": 1, "when": dt.date(2020, 1, 1), "_sa_x": 1}
    assert value == {"thing": thing, "items": [1, (2,)]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [("1.0", 1.0), ("1", 1), ("1E+2", 100), ("-0", 0), ("0.1", 0.1), ("Infinity", math.inf)],
)
def test_decimals_become_the_nearest_number(given, expected):
    """A Decimal without decimal places becomes an int, any other a float."""
    encoded = decimal_encoder(Decimal(given))
    assert (encoded, type(encoded)) == (expected, type(expected))


def test_dates_are_iso_8601():
    """Dates and times are written in ISO 8601."""
    assert isoformat(dt.date(2020, 1, 2)) == "2020-01-02"
    assert isoformat(dt.time(3, 4)) == "03:04:00"


def test_without_the_c_accelerator_the_bytes_are_the_same(monkeypatch):
    """An interpreter without the C encoder gives the same text, more slowly."""
    from typeway import encoders

    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    slow = encoders._make_plain_json()
    value = {"a": [1, 1.5, None, True, "é"], "b": {}}
    assert "".join(slow(value, 0)).encode() == to_json_bytes(value)
    with pytest.raises(ValueError, match="Out of range"):
        slow(math.nan, 0)


@pytest.mark.parametrize("encode", [jsonable_encoder, reference_encoder], ids=["typeway", "fastapi"])
def test_a_proxy_of_a_dataclass_is_encoded_by_its_attributes(encode):
    """An object that only claims the class of a dataclass, as lazy objects do, is read as what it is."""

    @dataclasses.dataclass
    class Point:
        x: int

    class Lazy:
        def __init__(self) -> None:
            self.x = 1

        @property
        def __class__(self):
            return Point

    assert encode(Lazy()) == {"x": 1}
