"""TW010: a router, or one inclusion of it, without the guard of the others, and guards that are called like any function."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
from typing import Any
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from typeway import Depends, HTTPException, Router, Typeway
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
    "what gives a tool": ("get_user_service()", False),
    "what is no guard": ("get_page()", False),
}
GUARDS = """
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
def get_user_service(name: str = Depends(require_user)) -> str: return name
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
