"""TW010: a router, or one inclusion of it, without the guard of the others, and guards that are called like any function."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
from typing import Any
from starlette.middleware.base import BaseHTTPMiddleware
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from typeway import Depends, HTTPException, Request, Router, Typeway
from typeway.responses import JSONResponse
from typeway.security import HTTPBearer

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))
bearer = HTTPBearer()


def require_user(token: Any = Depends(bearer)) -> str:
    if token.credentials != "x": raise HTTPException(401)
    return "x"


def require_admin(name: str = Depends(require_user)) -> None:
    if name != "root": raise HTTPException(403)


guard = [Depends(require_user)]
notes, pens, inks, cards = (Router(prefix=f"/{name}") for name in ("notes", "pens", "inks", "cards"))
"""
WRITES = "@{0}.post('')\ndef add_{0}() -> None: make_session().commit()\n"
DROPS = "@{0}.delete('/{{n}}')\ndef drop_{0}(n: int) -> None: make_session().commit()\n"
GUARDED = (
    "".join(map(WRITES.format, ("notes", "pens", "inks")))
    + "for each in (notes, pens, inks): app.include_router(each, prefix='/v1', dependencies=guard)\n"
)
OPEN = WRITES.format("cards") + DROPS.format("cards")
LEFT_OUT = {
    "an inclusion without the guard": (GUARDED + OPEN + "app.include_router(cards)\n", ["medium", "medium"]),
    "a router in another one": (
        GUARDED + OPEN + "outer = Router()\nouter.include_router(cards)\napp.include_router(outer, prefix='/v1')\n",
        ["medium", "medium"],
    ),
    "one that is guarded": (GUARDED + OPEN + "app.include_router(cards, dependencies=guard)\n", []),
    "one that only takes something": (GUARDED + WRITES.format("cards") + "app.include_router(cards)\n", ["low"]),
    "one that says it is public": (GUARDED + OPEN + "app.include_router(cards, prefix='/public')\n", []),
    "one that changes nothing": (
        GUARDED + OPEN.replace("make_session().commit()", "...") + "app.include_router(cards)\n", ["low", "medium"],
    ),
    "one of which a part is guarded": (
        GUARDED + OPEN + "@cards.put('', dependencies=guard)\ndef put() -> None: ...\napp.include_router(cards)\n",
        ["high", "high"],
    ),
    "one of two open ones": (
        GUARDED + OPEN + DROPS.format("more").replace("@more", "more = Router(prefix='/more')\n@more")
        + "app.include_router(cards)\napp.include_router(more)\n", [],
    ),
    "one of three": (
        GUARDED.replace("inks):", "):").replace(WRITES.format("inks"), "") + DROPS.format("cards") + "app.include_router(cards)\n",
        ["low"],
    ),
    "an application without a router for it": (GUARDED + OPEN.replace("@cards.post('", "@app.post('/cards").replace("@cards.delete('", "@app.delete('/cards"), ["low", "low"]),
}  # fmt: skip
TWICE = WRITES.format("cards") + "app.include_router(cards, prefix='/v1', dependencies=guard)\n"
TWINS = {
    "another version": ("app.include_router(cards, prefix='/v2')", ["high"]),
    "no prefix": ("app.include_router(cards)", ["high"]),
    "another version that is guarded": ("app.include_router(cards, prefix='/v2', dependencies=guard)", []),
    "another inclusion that is public": ("app.include_router(cards, prefix='/public')", []),
    "another inclusion for other programs": ("app.include_router(cards, prefix='/internal')", []),
    "one for those who run the application": ("app.include_router(cards, prefix='/admin')", []),
    "another application": ("other = Typeway()\nother.include_router(cards)\napp.mount('/other', other)", []),
    "another function": ("@app.post('/more/cards')\ndef more() -> None: make_session().commit()", []),
    "signing up": (
        "users = Router()\n@users.post('/users')\ndef add_user() -> None: make_session().commit()\n"
        "app.include_router(users)\napp.include_router(users, prefix='/v1', dependencies=guard)", ["low"],
    ),
}  # fmt: skip
CALLS = "@app.post('/cards')\ndef add() -> None:\n    {}\n    make_session().commit()\n"
CALLED = {
    "for what it refuses": ("require_admin()", True),
    "for what it gives": ("user = require_user()", True),
    "of another parameter": ("require_both(n=1)", True),
    "in a condition": ("if not is_admin(): raise HTTPException(500)", True),
    "with what it needs": ("require_admin('x')", False),
    "with what it needs, by name": ("require_admin(name='x')", False),
    "with what is not written out": ("require_admin(*['x'])", False),
    "with names that are not written out": ("require_admin(**{'name': 'x'})", False),
    "one that is resolved": ("app.inject(require_admin)()", False),
    "one that a wrapper resolves": ("resolved_admin()", False),
    "one that a decorator changes": ("decorated_admin()", False),
    "one that needs nothing": ("require_key()", False),
    "one that asks what it got": ("require_any()", False),
    "for a scheme": ("require_token()", True),
    "one that needs something else": ("require_key_of()", False),
    "one that needs a tool for users": ("require_stored()", False),
    "what gives a tool": ("get_user_service()", False),
    "what is no guard": ("get_page()", False),
}
GUARDS = """
def get_settings() -> Any: return app.title
def get_user_service(name: str = Depends(require_user)) -> str: return name
def require_both(n: int, name: str = Depends(require_user)) -> None: require_admin(name)
def is_admin(name: str = Depends(require_user)) -> bool: return name == "root"
resolved_admin = app.inject(require_admin)
def filled(function: Any) -> Any: return lambda: function("x")
@filled
def decorated_admin(name: str = Depends(require_user)) -> None: require_admin(name)
def require_key(key: str = "x") -> None:
    if key != "x": raise HTTPException(403)
def require_any(name: Any = Depends(require_user)) -> None:
    if not isinstance(name, str): raise HTTPException(403)
def require_token(key: Any = Depends(bearer)) -> None: ...
def require_key_of(name: str = "x", settings: Any = Depends(get_settings)) -> None:
    if name != "x": raise HTTPException(403)
def require_stored(name: str = "x", users: Any = Depends(get_user_service)) -> None:
    if name != "x": raise HTTPException(403)
def get_page(name: str = Depends(require_user)) -> str: return name
"""


@pytest.mark.parametrize(("source", "sure"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_router_without_the_guard_of_all_others_was_forgotten(check: Check, source: str, sure: list[str]) -> None:
    """TW010: medium where it lets anybody replace or delete, and all writes of three other routers have a guard."""
    outcome = check(HEAD + source, "--all", "--select", "TW010")
    assert sorted(str(each["confidence"]) for each in outcome.findings) == sure, outcome.out


@pytest.mark.parametrize(("source", "sure"), TWINS.values(), ids=TWINS)
def test_a_function_that_is_guarded_on_one_path_is_open_on_another(check: Check, source: str, sure: list[str]) -> None:
    """TW010: however many others are guarded; what says that it is for others may be checked elsewhere."""
    outcome = check(HEAD + TWICE + source, "--all", "--select", "TW010")
    assert [each["confidence"] for each in outcome.findings] == sure, outcome.out


@pytest.mark.parametrize(("body", "is_found"), CALLED.values(), ids=CALLED)
def test_a_guard_that_is_called_gets_markers_for_what_it_needs(check: Check, body: str, is_found: bool) -> None:
    """TW010: nothing resolves the `Depends(...)` of a function that an endpoint calls itself."""
    source = HEAD + GUARDS + CALLS.format(body)
    outcome = check(source, "--select", "TW010")
    assert [each["confidence"] for each in outcome.findings] == ["high"] * is_found, outcome.out
    assert outcome.out.count("itself, where nothing resolves `") == is_found


BELOW = "request.url.path.startswith('/admin')"
REFUSES = "return JSONResponse({}, 401)"
FUNCTION = "@app.middleware('http')\nasync def check_token(request: Request, call_next: Any) -> Any:\n    {}\n    return await call_next(request)\n"
CLASS = (
    "class AuthMiddleware(BaseHTTPMiddleware):\n    async def dispatch(self, request: Request, call_next: Any) -> Any:\n"
    "        {}\n        return await call_next(request)\napp.add_middleware(AuthMiddleware)\n"
)
TWO = "".join(f"@app.post('/admin/{name}')\ndef add_{name}() -> None: ...\n" for name in ("pens", "inks"))
MIDDLEWARE = {
    "below a path": (FUNCTION.format(f"if {BELOW} and 'x' not in request.headers: {REFUSES}"), 1),
    "below a path that is asked first": (FUNCTION.format(f"if {BELOW}:\n        if 'x' not in request.headers: {REFUSES}"), 1),
    "below a path, by an error": (FUNCTION.format(f"if {BELOW}: raise HTTPException(401)"), 1),
    "below a path, by a function": (FUNCTION.format(f"if {BELOW}: app.check_user(request)"), 1),
    "below a path, in a class": (CLASS.format(f"if {BELOW}: {REFUSES}"), 1),
    "below a path, and then an answer": (
        FUNCTION.replace("return await", "response = await").format(f"if {BELOW}: {REFUSES}") + "    return response\n", 1,
    ),
    "everywhere": (FUNCTION.format(f"if 'x' not in request.headers: {REFUSES}"), 0),
    "everywhere, in a class": (CLASS.format(f"if 'x' not in request.headers: {REFUSES}"), 0),
    "everywhere else": (FUNCTION.format(f"if {BELOW}: return await call_next(request)\n    {REFUSES}"), 0),
    "everywhere but there": (FUNCTION.format(f"if not {BELOW}: {REFUSES}"), 0),
    "there, or where something else is so": (FUNCTION.format(f"if {BELOW} or 'x' in request.headers: {REFUSES}"), 0),
    "there, and elsewhere for something else": (FUNCTION.format(f"if {BELOW}: {REFUSES}\n    else: raise HTTPException(403)"), 0),
    "below two paths": (FUNCTION.format(f"if {BELOW}: {REFUSES}\n    if {BELOW.replace('admin', 'cards')}: {REFUSES}"), 0),
    "below a path that is not known": (FUNCTION.format(f"if request.url.path.startswith(app.title): {REFUSES}"), 0),
    "what is not read": (FUNCTION.format("..."), 0),
}  # fmt: skip


@pytest.mark.parametrize(("middleware", "count"), MIDDLEWARE.values(), ids=MIDDLEWARE)
def test_middleware_that_asks_for_a_path_guards_nothing_else(check: Check, middleware: str, count: int) -> None:
    """TW010: what it guards counts as guarded, and the rest is judged like any other write."""
    source = HEAD + TWO + middleware + "@app.delete('/cards/{n}')\ndef drop(n: int) -> None: ...\n"
    outcome = check(source, "--all", "--select", "TW010")
    assert [each["confidence"] for each in outcome.findings] == ["low"] * count, outcome.out
