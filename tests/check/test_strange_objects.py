"""Objects of an application that raise, or answer strangely, when they are compared, hashed or asked for their class."""

import json
import sys

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

START = """
import time
from dataclasses import dataclass
from typing import Annotated

from typeway import Depends, Router, Typeway

app = Typeway()
"""

STRANGE = {
    "an object with every attribute": """
class Column:
    def __call__(self, name="x"): return self
    def __getattr__(self, name): return Column()
    def __eq__(self, other): return self
    __hash__ = None

column = Column()

@app.get("/")
async def read():
    column("x")
    time.sleep(1)
""",
    "a metaclass that takes hashes away": """
class Same(type):
    def __eq__(cls, other):
        return cls.__name__ == getattr(other, "__name__", None)

class Printer(metaclass=Same):
    def run(self):
        time.sleep(1)

printer = Printer()

@app.get("/")
async def read():
    printer.run()
""",
    "a metaclass that compares nothing": """
class Alone(type):
    def __eq__(cls, other):
        raise TypeError("cannot be compared")

    def __hash__(cls):
        raise TypeError("cannot be hashed")

class Printer(metaclass=Alone):
    def run(self):
        time.sleep(1)

printer = Printer()

@app.get("/")
async def read():
    printer.run()
""",
    "an endpoint without a hash": """
@dataclass
class Read:
    number: int

    async def __call__(self) -> int:
        time.sleep(1)
        return self.number

app.get("/")(Read(1))
""",
    "an endpoint without a hash in a router": """
@dataclass
class Read:
    number: int

    async def __call__(self) -> int:
        time.sleep(1)
        return self.number

router = Router()
router.get("/")(Read(1))
app.include_router(router)
""",
    "a proxy that is not set up": """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("not set up")

    def __eq__(self, other):
        raise RuntimeError("not set up")

    __hash__ = None

settings = Proxy()
app.state.settings = settings

class Service:
    settings = settings

    def __init__(self):
        self.own = settings

    def use(self, given=settings):
        self.own.name()
        self.settings.name()
        given.name()

service = Service()

@app.get("/")
async def read():
    settings.name()
    app.state.settings.name()
    service.settings.name()
    service.use(settings)
    time.sleep(1)
""",
    "a proxy, an own number and a class in questions": """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("not set up")

class Number(int):
    def __eq__(self, other):
        raise TypeError("cannot be compared")

    __hash__ = None

class Alone(type):
    def __eq__(cls, other):
        raise TypeError("cannot be compared")

    __hash__ = None

class Other(metaclass=Alone):
    pass

class Service:
    proxy = Proxy()
    number = Number(0)
    is_on = False

    def work(self):
        if self.proxy or self.number:
            return
        if not self.is_on:
            time.sleep(1)

other = Other()
service = Service()

@app.get("/")
async def read():
    if other:
        service.work()
""",
    "a proxy in a collection and a call": """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("not set up")

    def __call__(self):
        raise RuntimeError("not set up")

proxies = {"one": Proxy()}
proxy = Proxy()

def passed(value, other=proxy):
    if value is other:
        return value()
    return other

@app.get("/")
async def read():
    proxies["one"].name()
    passed(proxy).name()
    proxy()
    time.sleep(1)
""",
}


MAPPED = """
from sqlalchemy import ForeignKey, join, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
class Base(DeclarativeBase): ...
class One(Base):
    __tablename__ = "one"
    id: Mapped[int] = mapped_column(primary_key=True)
class Two(Base):
    __tablename__ = "two"
    number: Mapped[int] = mapped_column(ForeignKey("one.id"), primary_key=True)
class Both(Base):
    __table__ = {}
    {}
class Meta(type):
    __hash__ = None
    def __eq__(cls, other): raise TypeError("cannot be compared")
class Item(metaclass=Meta): ...
def make_session() -> Session: return Session()
@app.get("/")
def read(): return make_session().scalars(select(Both)).all()
@app.post("/")
def add():
    Item()
    make_session().add(Both())
"""
QUERIES = (
    ("join(One.__table__, Two.__table__)", "id = One.__table__.c.id"),
    ("select(One.__table__).subquery()", "__mapper_args__ = {'primary_key': [__table__.c.id]}"),
)


@pytest.mark.parametrize(("table", "more"), QUERIES)
def test_rows_may_be_those_of_a_query(check: Check, table: str, more: str) -> None:
    """TW011: what stands for a table may be a join, which has no indexes and belongs to no schema."""
    assert check(START + MAPPED.format(table, more), "--all", "--select", "TW011").codes == ["TW011"]


RAISES = """
from typeway import HTTPException
class Proxy:
    @property
    def __class__(self): raise RuntimeError("not set up")
class Code:
    def __get__(self, thing, owner=None): raise RuntimeError("not set up")
class Missing(HTTPException):
    code = Code()
    def __init__(self): super().__init__(self.code)
class Other: ...
class Found(Other, HTTPException):
    def __init__(self): super().__init__(404, "not found")
proxy = Proxy()
@app.get("/")
def read(n: int):
    try:
        {}
    except Exception:
        raise HTTPException(500)
"""


@pytest.mark.parametrize(("error", "status"), [("Missing()", "its status"), ("Found()", "404")])
def test_errors_of_strange_classes_are_read(check: Check, error: str, status: str) -> None:
    """TW030: a status may come from what raises when it is asked, and by way of several classes."""
    [finding] = check(START + RAISES.format(f"raise {error}"), "--select", "TW030").findings
    assert f"gets 500 instead of {status}" in str(finding["message"])


@pytest.mark.parametrize("source", STRANGE.values(), ids=list(STRANGE))
def test_what_is_beside_strange_objects_is_found(check: Check, source: str) -> None:
    """One object that raises does not end the check: what else there is, is still found."""
    outcome = check(START + source, "--select", "TW001,TW002,TW028")
    assert (outcome.status, len(json.loads(outcome.out)["findings"])) == (1, 1), outcome.err


def test_many_branches_are_read_in_little_time(check: Check) -> None:
    """How long a chain of conditions takes to read grows with its square at most: 600 took half a minute before."""
    branches = "".join(f"    elif number == {number}:\n        time.sleep({number})\n" for number in range(600))
    source = f"{START}\n@app.get('/')\nasync def read(number: int):\n    if number < 0:\n        pass\n{branches}"
    source += "    time.sleep(1)\n"
    assert check(source, "--select", "TW001").codes == ["TW001"]


def test_long_expressions_and_queries_are_read_in_little_time(check: Check) -> None:
    """A text of 1,500 parts is no deeper than Python allows, and a query of 30 steps has not as many ways as it has orders."""
    text = " + ".join(f'"{number}"' for number in range(1_500))
    steps = "    query = query.order_by(Two.number)\n" * 30
    source = MAPPED.format(*QUERIES[0]) + f"is_on = False\nTEXT = {text}\n"
    source += "@app.get('/wait')\nasync def wait():\n    if not is_on: time.sleep(1)\n"
    source += "@app.get('/list')\ndef show(limit: int = 9):\n    query = select(Two)\n" + steps
    source += "    return make_session().scalars(query.limit(limit)).all()\n"
    assert check(START + source, "--select", "TW001,TW021").codes == ["TW001", "TW021"]


def kind(*members: str, base: str = "", meta: str = "") -> str:
    """The source of a class `Kind`, with its metaclass, and an object of it."""
    lines = [f"class Meta(type):\n    {meta or 'pass'}", f"class Kind({base}{', ' * bool(base)}metaclass=Meta):"]
    return "\n".join([*lines, *(f"    {member}" for member in members or ("pass",)), "thing = object.__new__(Kind)"])


# Objects of which code of the application runs, and raises, when they are asked for what every other one has.
ASKED = {
    "a member that is neither true nor false": "class Kind(Enum):\n    A = 1\n    __bool__ = fail\nthing = Kind.A",
    "a member that cannot be compared": "class Kind(Enum):\n    A = 1\n    __eq__ = fail\n    __hash__ = None\nthing = Kind.A",
    "a member that is a text": "class Kind(StrEnum):\n    A = 'a'\n    __eq__ = __format__ = fail\nthing = Kind.A",
    "a member that is a number": "class Kind(IntEnum):\n    A = 401\n    __lt__ = __gt__ = __format__ = fail\nthing = Kind.A",
    "a member without a value": "class Kind(Enum):\n    A = object()\n    value = property(fail)\nthing = Kind.A",
    "a metaclass with any attribute": kind("def run(self): ...", meta="def __getattr__(cls, name): fail()"),
    "a metaclass that asks": kind(meta="__instancecheck__ = __subclasscheck__ = fail"),
    "a metaclass that cannot be compared": kind(meta="__eq__ = __hash__ = __bool__ = __repr__ = __call__ = fail"),
    "what cannot be compared": kind("__eq__ = __ne__ = __hash__ = fail"),
    "an array": kind("def __eq__(self, other): return self", "__hash__ = None", "__bool__ = fail"),
    "what has no length": kind("__repr__ = __str__ = __len__ = __iter__ = __contains__ = __format__ = fail"),
    "what has no attributes": kind("def __getattr__(self, name): fail()", "def __call__(self): ..."),
    "what has no attribute at all": kind("def __getattribute__(self, name): fail()", "def __call__(self): ..."),
    "what ends the process": kind("def __getattr__(self, name): raise SystemExit(3)"),
    "what has properties": kind(*(
        f"{name} = property(fail)" for name in ("__self__", "__func__", "func", "fget", "__dict__", "__wrapped__", "name")
    ), "def __call__(self): ..."),
    "what has other things under usual names": kind(
        "__module__ = 5; __wrapped__ = 6; __annotations__ = 7; __orig_bases__ = 8; __table__ = 9; __mapper__ = 10",
        "model_fields = 11; _fields = 12; _is_protocol = 13; __call__ = 14; routes = 15; app = 16; __doc__ = 17",
    ),
    "what has descriptors": """
class Fails:
    def __get__(self, thing, owner=None): fail()
""" + kind("run = name = __call__ = __wrapped__ = __bool__ = __len__ = __enter__ = __iter__ = Fails()"),
    "a class without a module": kind("def __call__(self): ...") + "\nKind.__module__ = None",
    "a list": "class Kind(list):\n    __iter__ = __len__ = __getitem__ = __eq__ = __bool__ = fail\nthing = Kind()",
    "a tuple": "class Kind(tuple):\n    __iter__ = __len__ = __contains__ = __eq__ = __hash__ = fail\nthing = Kind()",
    "a dict": "class Kind(dict):\n    items = values = get = __iter__ = __len__ = __eq__ = fail\nthing = Kind()",
    "a text": "class Kind(str):\n    __eq__ = lower = split = __len__ = __hash__ = __str__ = __format__ = fail\nthing = Kind()",
    "a number": "class Kind(int):\n    __eq__ = __lt__ = __hash__ = __int__ = __bool__ = __format__ = fail\nthing = Kind()",
    "a partial": "class Kind(partial):\n    func = args = keywords = property(fail)\nthing = Kind(fail)",
    "a module": "class Kind(ModuleType):\n    def __getattr__(self, name): fail()\nthing = Kind('odd')",
    "a module with other names": "thing = ModuleType('odd')\nthing.__file__ = 5\ndel thing.__name__\nKind = ModuleType",
    "a function that is another": "def thing(): ...\nthing.__module__ = 5\nthing.__annotations__ = {'return': '('}\nKind = object",
    "an error": "class Kind(HTTPException):\n    __init__ = __repr__ = __eq__ = fail\nthing = Kind.__new__(Kind)",
    "an error with a text": "class Kind(HTTPException):\n    def __init__(self): self.status_code = 'a'\nthing = Kind()",
    **{
        f"what says that it is {name}": kind(f"__class__ = {name}", "def __call__(self): ...")
        for name in (
            "'text'", "str", "int", "list", "tuple", "dict", "type", "Enum", "FunctionType", "MethodType", "ModuleType", "partial",
            "property", "staticmethod", "JSONResponse", "HTTPException",
        )
    },
}  # fmt: skip
# Where each of them is: everything here is looked at by some rule.
ASKING = """
import contextvars, json, sys
from enum import Enum, IntEnum, StrEnum
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any
from pydantic import BaseModel
from starlette.responses import JSONResponse
from typeway import BackgroundTasks, HTTPException, Request

def fail(*args, **options): raise RuntimeError("not set up")
{}
sys.modules["odd"] = thing
app.state.thing = thing
table = {{"a": thing, "b": Kind}}
listed = [thing, Kind]
later = None
variable = contextvars.ContextVar("variable", default=thing)
bound = partial(fail, thing, of=thing)

class Service:
    kept = thing
    api_key = thing

    def __init__(self, given=thing):
        self.own = self.given = given

    def use(self):
        self.own.name(), self.kept.run(), self.given()
        if self.own or self.kept == self.given: return self.own
        return self.kept

def own(value: thing, other: Kind = thing, *, more: "list[Kind]" = ()) -> thing:
    said: thing = value
    if value or other == value: said.run()
    if value in (thing, 1) or value is Kind: return value()
    match value:
        case thing.value: time.sleep(0)
    if isinstance(value, Kind) or isinstance(value, thing): raise Kind(value)
    return other

def made() -> Kind:
    global later
    later = thing
    listed.append(thing)
    table["c"] = thing
    yield thing
    thing.close()

def outer(value):
    def require(n: int = 1):
        if value: raise HTTPException(401)
        return value
    require.role = value
    return require

class Body(BaseModel):
    any: Any = None

service = Service(thing)

@app.get("/used/{{x}}")
async def used(x: str, request: Request, tasks: BackgroundTasks, one: Annotated[Any, Depends(made)], limit: int = 5):
    if thing == 1 or thing in (1, None, thing) or not thing or x in table or thing < 1 or thing.value.deep: time.sleep(0)
    own(thing).name(), own(Kind), own(1, other=thing), own(x, thing)
    service.use(), service.own.run(), Service.kept(), bound(), later.run(), variable.get().run()
    app.state.thing.run(), request.app.state.thing(), table[x].run(), listed[0]()
    for each in table.values(): each.run()
    for each in thing: each.run()
    with thing as other: await other
    tasks.add_task(thing, one)
    sorted(thing, key=thing)
    open(thing).read()
    if x != service.api_key: raise HTTPException(403)
    return [1][:limit]

@app.post("/raises/{{x}}")
def raises(x: str, body: Body, got: Annotated[Any, Depends(outer(thing))], other: Annotated[Any, Depends(outer(Kind))]):
    if body.any == thing or Body(any=thing).any: time.sleep(0)
    try:
        if x == thing: raise thing
        raise HTTPException(status_code=thing)
    except thing: pass
    except (Kind, thing): raise HTTPException(thing, detail=thing)
    except Exception: return JSONResponse(thing, status_code=thing)
    return thing, thing

@app.get("/blocks")
async def blocks():
    time.sleep(1)
"""


@pytest.mark.parametrize("source", ASKED.values(), ids=list(ASKED))
def test_objects_may_do_anything_when_they_are_asked(check: Check, source: str) -> None:
    """What an object of the application raises, or says wrongly, ends no check: the rest is found."""
    outcome = check(START + ASKING.format(source), "--all")
    sys.modules.pop("odd", None)
    assert outcome.status == 1, outcome.err
    assert any("GET /blocks" in str(finding["entry"]) for finding in outcome.findings), outcome.out
