"""Annotations however they are written: as text, as aliases, behind TYPE_CHECKING, on partials and wrapped callables."""

import sys
import types
from typing import Any

from tests.conformance.cases import CASES, Case, case
from tests.frameworks import Build, Step, asked


def written(source: str) -> Build:
    """A builder of the application that a module's text makes; the module is one of its own, as in real life."""

    def build(web: Any) -> Any:
        # Models look up names that are defined later where their module is known by its name.
        module = sys.modules["written_application"] = types.ModuleType("written_application")
        vars(module)["web"] = web
        exec(compile(source, f"<{module.__name__}>", "exec"), vars(module))
        return vars(module)["app"]

    return build


def source(name: str, *lines: str | Step, since: tuple[int, int] = (3, 11)) -> Any:
    """Add an application whose module is a docstring's text; it is asked these things.

    Parameters:
        since: the first version of Python that can read it.
    """

    def add(text: str) -> None:
        if sys.version_info >= since:
            build = written(text)
            build.__name__, build.__module__ = name, __name__
            case(*lines)(build)

    return add


source("postponed", "GET /1?q=2 /1?q=x /1", asked("POST /", json={"a": 1}), asked("POST /", json={}))("""
from __future__ import annotations
from typing import Annotated, Optional
from pydantic import BaseModel

class Item(BaseModel):
    a: int
    other: Optional[Item] = None

def need(q: int, request: web.Request) -> str:
    return f"{q} {request.url.path}"

app = web.FastAPI()

@app.get("/{p}")
def read(p: int, found: Annotated[str, web.Depends(need)], limit: Annotated[int, web.Query(le=5)] = 1) -> list[str]:
    return [found, str(p), str(limit)]

@app.post("/")
async def post(item: Item, tasks: web.BackgroundTasks) -> Item:
    return item
""")

source(
    "defined_later", asked("POST /", json={"a": 1, "later": {"b": 1}}), asked("POST /", json={"a": 1, "later": {}})
)("""
from __future__ import annotations
from pydantic import BaseModel

app = web.FastAPI()

class Item(BaseModel):
    a: int
    later: Later

@app.post("/")
def post(item: Item):
    return item.later

class Later(BaseModel):
    b: int
""")

source("known_to_type_checkers_only", "GET /?q=1 /")("""
from __future__ import annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Session

def session():
    return "session"

def need(q: int, session: Session = web.Depends(session)) -> Session:
    return [session, q]

app = web.FastAPI()

@app.get("/")
def read(found: Session = web.Depends(need), again: "Session" = web.Depends(session)):
    return [found, again]
""")

source("partly_text", "GET /?q=1&r=2&s=a&s=b /?q=x")("""
from typing import Annotated, List, Optional, Union

app = web.FastAPI()

@app.get("/")
def read(q: "int", r: Optional["int"] = None, s: "List[str]" = web.Query([]), t: Annotated["int", web.Query()] = 1) -> "Union[int, list]":
    return [q, r, s, t]
""")

source("aliases", "GET /?limit=3&page=1&sort=a /?limit=300 /?page=x", since=(3, 12))("""
from typing import Annotated

type Limit = Annotated[int, web.Query(le=100, description="How many")]
type Page = int
type Sort = str | None
type Listed[T] = list[T]

def need(page: Page = 1):
    return page

type Needed = Annotated[int, web.Depends(need)]

app = web.FastAPI()

@app.get("/")
def read(needed: Needed, limit: Limit = 10, sort: Sort = None, many: Annotated[Listed[int], web.Query()] = []) -> Listed[Page]:
    return [needed, limit]
""")

source("aliases_by_hand", "GET /?limit=3&sort=a /?limit=300 /?limit=x /")("""
from typing import Annotated
from typing_extensions import TypeAliasType

Limit = TypeAliasType("Limit", Annotated[int, web.Query(le=100, description="How many")])
Sort = TypeAliasType("Sort", "str | None")
Plain = Annotated[int, web.Query(ge=1)]

app = web.FastAPI()

@app.get("/")
def read(limit: Limit, sort: Sort = None, plain: Plain = 5) -> list[int]:
    return [limit, plain]
""")

source("type_parameters", asked("POST /", json={"data": 1}), asked("POST /", json={"data": "x"}), since=(3, 12))("""
from pydantic import BaseModel

class Box[T](BaseModel):
    data: T

app = web.FastAPI()

@app.post("/")
def post(box: Box[int]) -> Box[float]:
    return box
""")

source("annotations_that_are_deferred", asked("POST /", json={"b": 1}), asked("POST /", json={}), since=(3, 14))("""
from typing import TYPE_CHECKING, Annotated
from pydantic import BaseModel

if TYPE_CHECKING:
    from nowhere import Session

app = web.FastAPI()

def need(session: Annotated[Session, web.Depends(lambda: "session")]) -> Session:
    return session

@app.post("/")
def post(later: Later, found: Annotated[Session, web.Depends(need)]) -> list[str]:
    return [found]

class Later(BaseModel):
    b: int
""")

source(
    "wrapped", "GET /wrapped?q=1 /wrapped /partial?b=1 /partial?a=5&b=1 /called?q=3 /method?q=4 /static?q=5 /twice?q=6"
)("""
from __future__ import annotations
import functools
from typing import Annotated

def logged(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return {"wrapped": function(*args, **kwargs)}
    return wrapper

def plainly(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return [function(*args, **kwargs)]
    return wrapper

app = web.FastAPI()

@app.get("/wrapped")
@logged
def wrapped(q: int) -> dict[str, int]:
    return q

@app.get("/twice")
@plainly
@plainly
def twice(q: Annotated[int, web.Query(ge=2)]):
    return q

def whole(a: int, b: int, c: str = "c"):
    return [a, b, c]

app.get("/partial", name="partial")(functools.partial(whole, a=7))

class Called:
    def __call__(self, q: int) -> int:
        return q
    def method(self, q: Annotated[int, web.Query()]) -> int:
        return q
    @staticmethod
    def static(q: int):
        return q

app.get("/called", name="called")(Called())
app.get("/method")(Called().method)
app.get("/static")(Called.static)
""")

source("return_annotations", "GET /none /text /any /unknown /optional")("""
from __future__ import annotations
from typing import Any, Optional

app = web.FastAPI()

@app.get("/none")
def none() -> None:
    return None

@app.get("/text")
def text() -> "str":
    return "x"

@app.get("/any")
def anything() -> Any:
    return {"a": 1}

@app.get("/unknown", response_model=None)
def unknown() -> Nowhere:
    return 1

@app.get("/optional")
def optional() -> Optional[int]:
    return None
""")

source("imported_in_functions", "GET /1")("""
from __future__ import annotations

app = web.FastAPI()

def register():
    import datetime as dt

    @app.get("/{p}")
    def read(p: int, when: "str" = "now") -> list[str]:
        return [str(p), when]

register()
""")

__all__ = ["CASES", "Case"]
