"""Objects of an application that raise, or answer strangely, when they are compared, hashed or asked for their class."""

import json

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
