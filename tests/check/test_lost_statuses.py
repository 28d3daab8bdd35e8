"""HTTP errors that a handler for all errors catches, so that the client gets another status."""

import re
from textwrap import indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

BEFORE = """
import logging
import starlette.exceptions
from contextlib import suppress
from http import HTTPStatus
from typeway import Problem, status
logger = logging.getLogger()
missing = HTTPException(404, 'No such thing.')
EVERYTHING = (ValueError, Exception)
AnyError = Exception
class NotFound(HTTPException):
    def __init__(self, what: str = '') -> None: super().__init__(status_code=404, detail=what)
class Named(HTTPException):
    status_code = 409
    def __init__(self, what: str = '') -> None: super().__init__(self.status_code, what)
class Gone(Named): status_code = 410
class Declared(Problem): status = 404
class Own(Exception): ...
def made(what: str) -> HTTPException: return HTTPException(404, what)
def abort(code: int, what: str = '') -> None: raise HTTPException(code, what)
def found(n: int) -> int:
    if n > 9: raise HTTPException(404)
    return n
async def loaded(n: int) -> int: return found(n)
def strict(n: int, is_strict: bool = False) -> int:
    if is_strict: raise HTTPException(404)
    return n
def careful(n: int) -> int | None:
    try: return found(n)
    except HTTPException: return None
class Service:
    async def load(self, n: int) -> int: return await self.get(n)
    async def get(self, n: int) -> int:
        if n > 9: raise NotFound('x')
        return n
    @property
    def first(self) -> int: raise HTTPException(404)
service = Service()
def failed(text: str, code: int = 500) -> JSONResponse: return JSONResponse({'error': text}, status_code=code)
def translated(error: Exception) -> HTTPException:
    if isinstance(error, HTTPException): return error
    return HTTPException(500)
def again(error: Exception) -> None:
    logger.error('x')
    raise error
def answer_of(error: Exception) -> JSONResponse:
    return JSONResponse({'error': 'x'}, status_code=getattr(error, 'status_code', 500))
"""
RAISES = "    if n > 9: raise HTTPException(404)\n    return n\n"
FAILS = "except Exception as error:\n    raise HTTPException(500, str(error))"


def tried(body: str, handler: str = FAILS) -> str:
    """An endpoint with a `try`."""
    block = f"try:\n{indent(body, '    ')}\n{handler}"
    return f"@app.get('/things/{{n}}')\nasync def show(n: int, request: Request) -> Any:\n{indent(block, '    ')}\n"


def answers(handler: str) -> str:
    return tried("if n > 9: raise HTTPException(404)\nreturn n", handler)


LOST = {
    # (source, how sure, what becomes of which status)
    "a number": (tried("if n > 9: raise HTTPException(404)"), "high", "500 instead of 404"),
    "by name": (tried("if n > 9: raise HTTPException(status_code=404, detail='x')"), "high", "500 instead of 404"),
    "a constant": (tried("if n > 9: raise HTTPException(status.HTTP_403_FORBIDDEN)"), "high", "500 instead of 403"),
    "a constant of Python": (tried("if n > 9: raise HTTPException(HTTPStatus.CONFLICT)"), "high", "500 instead of 409"),
    "Starlette's": (tried("raise starlette.exceptions.HTTPException(404)"), "high", "500 instead of 404"),
    "one of the module": (tried("if n > 9: raise missing"), "high", "500 instead of 404"),
    "one with a name": (tried("error = HTTPException(404)\nraise error"), "high", "500 instead of 404"),
    "one that a function makes": (tried("if n > 9: raise made('x')"), "high", "500 instead of 404"),
    "an own class": (tried("if n > 9: raise NotFound('x')"), "high", "500 instead of 404"),
    "an own class alone": (tried("if n > 9: raise NotFound"), "high", "500 instead of 404"),
    "an attribute of an own class": (tried("if n > 9: raise Named()"), "high", "500 instead of 409"),
    "an attribute of a class below it": (tried("if n > 9: raise Gone()"), "high", "500 instead of 410"),
    "a problem": (tried("if n > 9: raise Declared('x')"), "high", "500 instead of 404"),
    "from another error": (
        tried("try: int('x')\nexcept ValueError as error: raise HTTPException(422) from error"),
        "high", "500 instead of 422",
    ),
    "in a nested try for other errors": (
        tried("try:\n    raise HTTPException(404)\nexcept KeyError: pass"), "high", "500 instead of 404",
    ),
    "past a handler that raises it again": (
        tried("try:\n    raise HTTPException(404)\nexcept HTTPException: raise\nexcept Exception: return 0"),
        "high", "500 instead of 404",
    ),
    "past a handler that logs and raises it again": (
        tried("try:\n    raise HTTPException(404)\nexcept Exception as error:\n    logger.error('x')\n    raise error"),
        "high", "500 instead of 404",
    ),
    "in a `with` statement": (tried("with make_session() as session: raise missing"), "high", "500 instead of 404"),
    "a status that is not known": (tried("raise HTTPException(request.state.code)"), "medium", "500 instead of its status"),
    "a function": (tried("return found(n)"), "medium", "500 instead of 404"),
    "a coroutine": (tried("return await loaded(n)"), "medium", "500 instead of 404"),
    "a method that calls a method": (tried("return await service.load(n)"), "medium", "500 instead of 404"),
    "a property": (tried("return service.first"), "medium", "500 instead of 404"),
    "a function that is given the status": (tried("if n > 9: abort(404, 'x')"), "medium", "500 instead of 404"),
    "what this call passes": (tried("return strict(n, True)"), "medium", "500 instead of 404"),
    "the surest of several": (tried("if n: abort(request.state.code)\nreturn found(n)"), "medium", "500 instead of 404"),
    "any error at all": (answers("except:\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "the widest class": (answers("except BaseException:\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "a tuple": (answers("except (ValueError, Exception):\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "a tuple with a name": (answers("except EVERYTHING:\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "a class of another name": (answers("except AnyError:\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "after other handlers": (
        answers("except ValueError:\n    raise HTTPException(400)\nexcept Exception:\n    raise HTTPException(500)"),
        "high", "500 instead of 404",
    ),
    "another client error": (answers("except Exception:\n    raise HTTPException(400)"), "high", "400 instead of 404"),
    "an own class as the answer": (answers("except Exception:\n    raise Gone()"), "high", "410 instead of 404"),
    "with a log": (answers("except Exception as e:\n    logger.error(e)\n    raise HTTPException(500)"), "high", "500 instead of 404"),
    "after a question about another class": (
        answers("except Exception as e:\n    if isinstance(e, ValueError): raise HTTPException(400)\n    raise HTTPException(500)"),
        "high", "500 instead of 404",
    ),
    "a response": (answers("except Exception:\n    return JSONResponse({}, status_code=503)"), "high", "503 instead of 404"),
    "a response by place": (answers("except Exception:\n    return JSONResponse({}, 503)"), "high", "503 instead of 404"),
    "a response of a function": (answers("except Exception:\n    return failed('x')"), "high", "500 instead of 404"),
    "a response of a function with a status": (
        answers("except Exception:\n    return failed('x', 400)"), "high", "400 instead of 404",
    ),
    "a body": (answers("except Exception as e:\n    return {'error': str(e)}"), "high", "200 instead of 404"),
    "a body that says so": (answers("except Exception:\n    return {'success': False}"), "high", "200 instead of 404"),
    "a response without a status": (
        answers("except Exception as e:\n    return JSONResponse({'text': str(e)})"), "high", "200 instead of 404",
    ),
    "credentials": (answers("except Exception:\n    raise HTTPException(401)"), "low", "401 instead of 404"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidence", "said"), LOST.values(), ids=list(LOST))
def test_an_http_error_that_becomes_another_is_found(check: Check, source: str, confidence: str, said: str) -> None:
    """TW030: whatever raises it, and however the handler answers, the client gets another status than the one that was chosen."""
    [finding] = check(HEAD + BEFORE + source, "--all", "--select", "TW030").findings
    assert (finding["confidence"], said in str(finding["message"])) == (confidence, True), finding["message"]


KEPT = {
    "raised again before": answers("except HTTPException:\n    raise\n" + FAILS),
    "its base class": answers("except starlette.exceptions.HTTPException:\n    raise\n" + FAILS),
    "a tuple with it": answers("except (ValueError, HTTPException):\n    raise\n" + FAILS),
    "an answer of its own": answers("except HTTPException as error:\n    return failed('x', error.status_code)\n" + FAILS),
    "raised again": answers("except Exception:\n    logger.exception('x')\n    raise"),
    "raised again by name": answers("except Exception as error:\n    raise error"),
    "raised again where asked": answers(
        "except Exception as error:\n    if isinstance(error, HTTPException): raise\n    raise HTTPException(500)"
    ),
    "raised again where one of several": answers(
        "except Exception as e:\n    if isinstance(e, (KeyError, HTTPException)): raise e\n    raise HTTPException(500)"
    ),
    "other errors only": answers(
        "except Exception as e:\n    if not isinstance(e, HTTPException): raise HTTPException(500)\n    return None"
    ),
    "raised again by a function": answers("except Exception as error:\n    again(error)\n    raise HTTPException(500)"),
    "a function that asks": answers("except Exception as error:\n    raise translated(error)"),
    "a function that takes the status": answers("except Exception as error:\n    return answer_of(error)"),
    "its own status": answers("except Exception as e:\n    raise HTTPException(getattr(e, 'status_code', 500))"),
    "its own status in a choice": answers(
        "except Exception as e:\n    code = e.status_code if hasattr(e, 'status_code') else 500\n    raise HTTPException(code)"
    ),
    "the same status": answers("except Exception:\n    raise HTTPException(status.HTTP_404_NOT_FOUND)"),
    "the same own class": tried("raise NotFound('x')", "except Exception:\n    raise NotFound('y')"),
    "an error of the server": tried("raise HTTPException(503)", "except Exception:\n    raise HTTPException(500)"),
    "no answer": answers("except Exception:\n    return None"),
    "something else instead": answers("except Exception:\n    return {'items': []}"),
    "a success": answers("except Exception:\n    return {'success': True}"),
    "the status of the response": tried("raise missing", "except Exception as e:\n    request.state.response.status_code = 404\n    return {'error': str(e)}"),
    "the next attempt": answers("except Exception:\n    pass\nreturn n"),
    "other errors": answers("except (ValueError, KeyError):\n    raise HTTPException(500)"),
    "after the `try`": answers("except ValueError:\n    pass\nelse:\n    raise HTTPException(404)"),
    "in `else`": tried("int(n)", FAILS + "\nelse:\n    raise HTTPException(404)"),
    "in `finally`": tried("int(n)", FAILS + "\nfinally:\n    raise HTTPException(404)"),
    "in the handler": tried("int(n)", "except Exception:\n    if n: raise HTTPException(404)\n    raise HTTPException(500)"),
    "a nested try": tried("try: raise missing\nexcept HTTPException: return None"),
    "a nested try in a function": tried("return careful(n)"),
    "what is suppressed": tried("with suppress(HTTPException): raise missing"),
    "a function that is not called": tried("def inner(): raise missing\nreturn n"),
    "a coroutine that is not awaited": tried("return loaded(n).__name__"),
    "what this call does not pass": tried("return strict(n)"),
    "another class": tried("raise Own()"),
    "another class as the answer": answers("except Exception as error:\n    raise Own() from error"),
    "a WebSocket": "from typeway import WebSocket\n@app.websocket('/x')\nasync def show(socket: WebSocket) -> None:\n"
    "    try: raise missing\n    except Exception: raise HTTPException(500)\n",
    "a health check": answers("except Exception as e:\n    return {'status': 'down', 'error': str(e)}").replace("/things", "/health"),
    "a function that returns what went wrong": "def tested(n):\n    try: return found(n)\n    except Exception as e: return {'error': str(e)}\n"
    "@app.get('/x')\ndef show(n: int) -> Any: return tested(n)\n",
}  # fmt: skip


@pytest.mark.parametrize("source", KEPT.values(), ids=list(KEPT))
def test_an_http_error_that_reaches_the_client_is_left_alone(check: Check, source: str) -> None:
    """TW030: the status that was chosen arrives, or the error was to be absorbed, or nothing is known."""
    assert check(HEAD + BEFORE + source, "--all", "--select", "TW030").findings == []


ELSEWHERE = {
    "a dependency": "def user(n: int) -> int:\n    try:\n        return found(n)\n    except Exception: raise HTTPException(500)\n"
    "@app.get('/x')\ndef show(n: Annotated[int, Depends(user)]) -> int: return n\n",
    "a function": "def user(n: int) -> int:\n    try:\n        return found(n)\n    except Exception: raise HTTPException(500)\n"
    "@app.get('/x')\ndef show(n: int) -> int: return user(n)\n@app.get('/y')\ndef again_(n: int) -> int: return user(n)\n",
    "a decorator": "def answered(function):\n    @functools.wraps(function)\n    async def inner(*args, **kwargs):\n"
    "        try: return await function(*args, **kwargs)\n        except Exception: return failed('x')\n    return inner\n"
    "@app.get('/x')\n@answered\nasync def show(n: int) -> int: return found(n)\n"
    "@app.get('/y')\n@answered\nasync def again_(n: int) -> int: return found(n)\n",
}  # fmt: skip


@pytest.mark.parametrize("source", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_one_handler_is_one_finding(check: Check, source: str) -> None:
    """TW030: a handler around several endpoints is one place to change, and the finding names the way to it."""
    [finding] = check(HEAD + BEFORE + source, "--select", "TW030").findings
    assert (finding["confidence"], finding["entry"]) == ("medium", "GET /x")
    assert re.search(
        r"of found\(\) in line \d+ of main\.py: the client gets 500 instead of 404\.", str(finding["message"])
    )


def test_the_class_in_the_fix_is_one_that_the_module_knows(check: Check) -> None:
    """TW030: what the module has no name for has to be imported first, and then --fix leaves it to people."""
    service = "from typeway import HTTPException\nclass Missing(HTTPException): ...\ndef found(): raise Missing(404)\n"
    endpoint = (
        "from typeway import Typeway\nfrom typeway.responses import JSONResponse\nfrom service import found{}\n"
        "app = Typeway()\n@app.get('/x')\ndef show():\n    try: return found()\n"
        "    except Exception: return JSONResponse({{}}, 500)\n"
    )
    for more, name, is_fixed in (("", "HTTPException", False), (", Missing as Gone", "Gone", True)):
        [finding] = check(endpoint.format(more), "--select", "TW030", service=service).findings
        assert f"`except {name}: raise`" in str(finding["fix"])
        assert bool(finding["diff"]) is is_fixed


SPELLINGS = {
    # (how the class is imported, how it is written)
    "of the package": ("import typeway", "typeway.HTTPException"),
    "of the package under another name": ("import typeway as tw", "tw.HTTPException"),
    "of a module": ("import typeway", "typeway.exceptions.HTTPException"),
    "of FastAPI": ("import fastapi", "fastapi.HTTPException"),
    "of FastAPI's module": ("from fastapi import exceptions", "exceptions.HTTPException"),
    "of Starlette": ("import starlette.exceptions", "starlette.exceptions.HTTPException"),
}


@pytest.mark.parametrize(("line", "name"), SPELLINGS.values(), ids=list(SPELLINGS))
@pytest.mark.parametrize("is_local", [False, True], ids=["everywhere", "in the function"])
def test_the_class_may_be_an_attribute_of_a_module(check: Check, line: str, name: str, is_local: bool) -> None:
    """TW030: a package may import the class only when it is first used, which is in the first request."""
    source = (
        f"{'' if is_local else line}\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        f"@app.get('/x/{{n}}')\ndef show(n: int) -> int:\n    {line if is_local else 'pass'}\n    try:\n"
        f"        if n > 9: raise {name}(404)\n        return n\n    except Exception: raise {name}(500)\n"
    )
    # With --compat it is a process of its own; here the class has been used already.
    [finding] = check(source, "--compat").findings
    assert finding["code"] == "TW030"
    # What the function imports may not be there yet where the handler looks for it.
    assert (f"+    except {name}:\n+        raise\n" in str(finding["diff"])) is not is_local, finding["fix"]


LOOKED_UP = """
from dataclasses import dataclass
from typing import Optional, cast
class Text(BaseModel):
    tags: Optional[list[str]] = []
    word: str | None = None
    note: str | None = 'none'
    parts: list[str] | None = Field(default_factory=list)
@dataclass
class Sized:
    n: int
    def __len__(self): return self.n
class Absent(LookupError): ...
session = make_async_session()
texts: dict[int, Text] = {}
def text(n: int) -> Text: return Text()
def unsaid(n): return Text()
async def later(n: int) -> Text: return Text()
async def again_later(n: int) -> Text: return await later(n)
def sized(n: int) -> Sized: return Sized(n)
def listed(n: int) -> list[str]: return [str(n)]
def words(n: int) -> str: return f'{n}'
def tabled(n: int): return {'n': n} if n else dict(n=1)
def foreign(n: int) -> Text: return texts[n].model_copy()
def foreign_unsaid(n: int): return texts[n].model_copy()
def foreign_anything(n: int) -> Any: return texts[n].model_copy()
def strict_one(n: int) -> Text:
    found = texts.get(n)
    if found is None: raise Absent()
    return found
async def strict_row(n: int):
    row = await session.get(User, n)
    if not row: raise Absent()
    return row
def strict_other(n: int) -> Text:
    found = texts.get(n)
    if found: return found
    raise ValueError(n)
def strict_tried(n: int):
    try: return Text()
    except KeyError as error: raise Absent() from error
def narrowed_away(n: int) -> Text:
    found = texts.get(n)
    if found is None: raise Absent()
    found = texts.get(n + 1)
    return found
def maybe(n: int) -> Text | None: return Text() if n else None
def optional(n: int) -> Optional[Text]: return texts.get(n)
def maybe_unsaid(n): return Text() if n else None
def wrongly_said(n: int) -> Text: return texts.get(n)
def wrongly_chosen(n: int) -> Text: return cast(Text, texts.get(n))
async def row(n: int) -> User: return await session.get(User, n)
async def first(n: int) -> User: return (await session.execute(select(User))).scalars().first()
async def by_name(n: int) -> User:
    found = (await session.execute(select(User))).scalar_one_or_none()
    return found
def bare(n: int):
    if n > 9: return
    return Text()
def falls(n: int):
    if n < 9: return Text()
def falls_in_handler(n: int):
    try: return Text()
    except KeyError: logger.error('x')
def is_there(n: int) -> bool: return n in texts
def number(n: int) -> int: return n
class Texts:
    def get(self, n: int) -> Text: return Text()
    def find(self, n: int) -> Text | None: return texts.get(n)
kept = Texts()
def me() -> User: return make_session().get_one(User, 1)
def my_words() -> str: return 'x'
"""
GUARDED = """
@app.post('/things/{n}')
async def show(n: int, sent: Text, current: Annotated[User, Depends(me)], said: Annotated[str, Depends(my_words)]) -> Any:
    try:
"""


def guarded(body: str) -> str:
    return LOOKED_UP + GUARDED + indent(f"{body}\nreturn n", " " * 8) + indent(f"\n{FAILS}", "    ") + "\n"


NEVER = "raise HTTPException(404)"
# Conditions that cannot be true, each with what may be true in the place of the function that decides.
IMPOSSIBLE = {
    "a model": f"x = text(n)\nif x is None: {NEVER}",
    "a model, in short": f"x = text(n)\nif not x: {NEVER}",
    "a model, compared": f"x = text(n)\nif x == None: {NEVER}",
    "a model that is awaited": f"x = await later(n)\nif x is None: {NEVER}",
    "a model of a function below": f"x = await again_later(n)\nif not x: {NEVER}",
    "no annotation": f"x = unsaid(n)\nif not x: {NEVER}",
    "no name": f"if text(n) is None: {NEVER}",
    "no name, awaited": f"if not await later(n): {NEVER}",
    "a name in the condition": f"if (x := text(n)) is None: {NEVER}",
    "a name in the condition, in short": f"if not (x := await later(n)): {NEVER}",
    "the other branch": f"x = text(n)\nif x is not None: n = 1\nelse: {NEVER}",
    "the other branch, in short": f"x = text(n)\nif x: n = 1\nelse: {NEVER}",
    "after it left": f"x = text(n)\nif x: return x\n{NEVER}",
    "one of two conditions": f"x = text(n)\nif x is None and n > 9: {NEVER}",
    "two that cannot be true": f"x = text(n)\ny = listed(n)\nif not x or y is None: {NEVER}",
    "a list that is not None": f"x = listed(n)\nif x is None: {NEVER}",
    "a text that is not None": f"x = words(n)\nif x is None: {NEVER}",
    "dicts in any case": f"x = tabled(n)\nif x is None: {NEVER}",
    "what has a length": f"x = sized(n)\nif x is None: {NEVER}",
    "a method": f"x = kept.get(n)\nif x is None: {NEVER}",
    "what another package makes, as is said": f"x = foreign(n)\nif x is None: {NEVER}",
    "an own error instead": f"x = strict_one(n)\nif x is None: {NEVER}",
    "an own error for a row": f"x = await strict_row(n)\nif not x: {NEVER}",
    "an error of Python instead": f"x = strict_other(n)\nif not x: {NEVER}",
    "an error for another": f"x = strict_tried(n)\nif not x: {NEVER}",
    "in a function that is called": "x = text(n)\nif x is None: abort(404)",
}
POSSIBLE = {
    "a key": f"if n not in texts: {NEVER}",
    "a value": f"x = texts.get(n)\nif x is None: {NEVER}",
    "whether it is there": f"if not is_there(n): {NEVER}",
    "whether it is there, by a name": f"x = is_there(n)\nif not x: {NEVER}",
    "a number that may be 0": f"x = number(n)\nif not x: {NEVER}",
    "a list that may be empty": f"x = listed(n)\nif not x: {NEVER}",
    "a list that is short": f"x = listed(n)\nif len(x) == 0: {NEVER}",
    "a text that may be empty": f"x = words(n)\nif not x: {NEVER}",
    "a dict that may be empty": f"x = tabled(n)\nif not x: {NEVER}",
    "what has a length": f"x = sized(n)\nif not x: {NEVER}",
    "a row": f"x = await session.get(User, n)\nif x is None: {NEVER}",
    "a row, in short": f"if not await session.get(User, n): {NEVER}",
    "a row by a query": f"x = (await session.execute(select(User).where(User.id == n))).scalar_one_or_none()\nif not x: {NEVER}",
    "a row that is said to be there": f"x = await row(n)\nif x is None: {NEVER}",
    "the first row that is said to be there": f"x = await first(n)\nif not x: {NEVER}",
    "a row with a name": f"x = await by_name(n)\nif not x: {NEVER}",
    "a method": f"x = kept.find(n)\nif x is None: {NEVER}",
    "one of two": f"x = maybe(n)\nif x is None: {NEVER}",
    "what may be None, as is said": f"x = optional(n)\nif x is None: {NEVER}",
    "one of two, unsaid": f"x = maybe_unsaid(n)\nif x is None: {NEVER}",
    "what is said wrongly": f"x = wrongly_said(n)\nif x is None: {NEVER}",
    "what is chosen wrongly": f"x = wrongly_chosen(n)\nif x is None: {NEVER}",
    "another value after the condition": f"x = narrowed_away(n)\nif x is None: {NEVER}",
    "a bare return": f"x = bare(n)\nif x is None: {NEVER}",
    "no return at the end": f"x = falls(n)\nif not x: {NEVER}",
    "no return in a handler": f"x = falls_in_handler(n)\nif not x: {NEVER}",
    "what another package makes": f"x = foreign_unsaid(n)\nif x is None: {NEVER}",
    "what may be anything": f"x = foreign_anything(n)\nif x is None: {NEVER}",
    "one of two conditions": f"x = text(n)\nif x is None or n > 9: {NEVER}",
    "two values": f"x = None\nif n: x = text(n)\nif x is None: {NEVER}",
    "a field": f"x = text(n)\nif x.word is None: {NEVER}",
    "a field that may be empty": f"x = text(n)\nif not x.tags: {NEVER}",
    "what the client sent": f"if sent.word is None: {NEVER}",
    "what the client may send": f"if sent.tags is None: {NEVER}",
    "what the client may compare": f"if sent.note != 'x': {NEVER}",
    "a row of somebody else": f"x = await session.get(User, sent.word)\nif x is None: {NEVER}",
    "a row by another key": f"x = await session.get(User, said)\nif x is None: {NEVER}",
    "a dependency": f"if current is None: {NEVER}",
}
UNUSUAL = {
    "a list that nobody takes away": f"x = text(n)\nif x.tags is None: {NEVER}",
    "a default that nobody takes away": f"x = kept.get(n)\nif x.note is None: {NEVER}",
    "a list that is made": f"x = await later(n)\nif x.parts is None: {NEVER}",
    "who asks": f"x = await session.get(User, current.id)\nif x is None: {NEVER}",
    "who asks, in short": f"if not await session.get(User, current.id): {NEVER}",
    "who asks, by a query": f"x = (await session.execute(select(User).where(User.id == current.id))).scalar_one_or_none()\nif not x: {NEVER}",
    "who asks, by a query with a name": "query = select(User).where(User.id == current.id)\n"
    f"x = (await session.execute(query)).scalars().first()\nif not x: {NEVER}",
    "who asks, by an own function": f"x = await row(current.id)\nif x is None: {NEVER}",
}  # fmt: skip


@pytest.mark.parametrize("body", IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_an_error_that_nothing_raises_is_not_lost(check: Check, body: str) -> None:
    """TW030: the condition before the error cannot be true."""
    assert check(HEAD + BEFORE + guarded(body), "--all", "--select", "TW030").findings == []


@pytest.mark.parametrize("body", POSSIBLE.values(), ids=list(POSSIBLE))
def test_an_error_that_may_be_raised_is_lost(check: Check, body: str) -> None:
    """TW030: what is looked up may not be there, whatever the annotation says, and clients send what they like."""
    [finding] = check(HEAD + BEFORE + guarded(body), "--select", "TW030").findings
    assert finding["confidence"] == "high"


@pytest.mark.parametrize("body", UNUSUAL.values(), ids=list(UNUSUAL))
def test_an_error_that_is_hardly_ever_raised_is_in_doubt(check: Check, body: str) -> None:
    """TW030: the row has just been loaded, or the field has a default that nothing replaces by None."""
    [finding] = check(HEAD + BEFORE + guarded(body), "--all", "--select", "TW030").findings
    assert finding["confidence"] == "low"


def test_what_is_sure_stands_before_what_is_in_doubt(check: Check) -> None:
    """TW030: a handler that loses an error for sure is found for that one, wherever it stands."""
    body = "x = await session.get(User, current.id)\nif x is None: raise HTTPException(404)\nif n > 9: raise HTTPException(409)"
    [finding] = check(HEAD + BEFORE + guarded(body), "--select", "TW030").findings
    assert "instead of 409" in str(finding["message"])
