"""HTTP errors that arrive at a `yield`, or whose handler answers only after the `try`."""

from textwrap import indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_lost_statuses import BEFORE
from tests.check.test_rules import HEAD

MANAGERS = "\nfrom contextlib import asynccontextmanager, contextmanager\n"
ENDPOINT = "@app.get('/things/{{n}}')\nasync def show(n: int, given: Annotated[Any, Depends(give)]) -> Any:\n    {}\n"
RAISES = "if n > 9: raise HTTPException(404)\n    return n"
ANOTHER = "except Exception as e: raise HTTPException(500) from e"
# What stands around the `yield`.
AROUND = {
    "an error": f"try: yield 1\n    {ANOTHER}",
    "after another handler": f"try: yield 1\n    except ValueError: raise\n    {ANOTHER}",
    "after the clean-up": f"try: yield 1\n    {ANOTHER}\n    finally: logger.info('x')",
    "inside of a with statement": f"with make_session() as session:\n        try: yield session\n        {ANOTHER}",
    "an undone transaction": "session = make_session()\n    try: yield session\n    except Exception as e:\n"
    "        session.rollback()\n        raise HTTPException(500) from e",
    "without a class": "try: yield 1\n    except:\n        raise HTTPException(500)",
}
PASSED = {
    "raised again before": f"try: yield 1\n    except HTTPException: raise\n    {ANOTHER}",
    "raised again": "try: yield 1\n    except Exception:\n        logger.error('x')\n        raise",
    "raised again where asked": "try: yield 1\n    except Exception as e:\n"
    "        if isinstance(e, HTTPException): raise\n        raise HTTPException(500) from e",
    "the same status": "try: yield 1\n    except Exception: raise HTTPException(404)",
    "other errors": "try: yield 1\n    except ValueError: raise HTTPException(500)",
    "another class": "try: yield 1\n    except Exception as e: raise Own() from e",
    "before the yield": f"try: n = 1\n    {ANOTHER}\n    yield n",
    "nothing": "yield 1",
}


@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize("body", AROUND.values(), ids=list(AROUND))
def test_a_dependency_that_answers_with_another_status_is_found(check: Check, keyword: str, body: str) -> None:
    """TW030: what the endpoint raises, itself or in what it calls, arrives at the `yield`."""
    source = HEAD + BEFORE + f"{keyword} give() -> Any:\n    {body}\n"
    again = "try: return found(n)\n    except HTTPException: raise\n    except Exception: return 0"
    for endpoint in (RAISES, "return found(n)", "return await loaded(n)", again):
        [finding] = check(source + ENDPOINT.format(endpoint), "--select", "TW030").findings
        assert (finding["confidence"], finding["entry"]) == ("medium", "GET /things/{n}")
        assert "500 instead of 404" in str(finding["message"])
        # A transaction has to be undone for an HTTPException too.
        assert bool(finding["diff"]) is ("rollback" not in body)


@pytest.mark.parametrize("manager", ["def", "async def"])
@pytest.mark.parametrize("body", AROUND.values(), ids=list(AROUND))
def test_a_context_manager_that_answers_with_another_status_is_found(check: Check, manager: str, body: str) -> None:
    """TW030: what is raised in a `with` statement arrives at the `yield` of its context manager."""
    word, decorator = ("", "contextmanager") if manager == "def" else ("async ", "asynccontextmanager")
    source = HEAD + BEFORE + MANAGERS + f"@{decorator}\n{manager} give() -> Any:\n    {body}\n"
    for inner in ("raise HTTPException(404)", "return found(n)"):
        endpoint = f"@app.get('/x/{{n}}')\nasync def show(n: int) -> Any:\n    {word}with give():\n        {inner}\n"
        [finding] = check(source + endpoint, "--select", "TW030").findings
        assert (finding["confidence"], "500 instead of 404" in str(finding["message"])) == ("medium", True)


@pytest.mark.parametrize("body", PASSED.values(), ids=list(PASSED))
def test_a_yield_that_lets_the_status_through_is_left_alone(check: Check, body: str) -> None:
    """TW030: the client gets the status that was chosen, or what it gets is not known."""
    source = HEAD + BEFORE + MANAGERS + f"async def give() -> Any:\n    {body}\n{ENDPOINT.format(RAISES)}"
    source += "around = asynccontextmanager(give)\n@asynccontextmanager\nasync def entered() -> Any:\n    " + body
    source += "\n@app.get('/y')\nasync def other() -> Any:\n    async with entered(): raise HTTPException(404)\n"
    assert check(source, "--all", "--select", "TW030").findings == []


def test_what_arrives_at_no_yield_is_left_alone(check: Check) -> None:
    """TW030: an endpoint that answers no error, a stream that has begun, a WebSocket, an error that is caught before."""
    source = HEAD + BEFORE + f"async def give() -> Any:\n    {AROUND['an error']}\n" + ENDPOINT.format("return n")
    source += ENDPOINT.format("yield found(n)").replace("show", "stream").replace("/things", "/stream")
    source += ENDPOINT.format("try: return found(n)\n    except HTTPException: return n").replace("/things", "/caught")
    source += "from typeway import WebSocket\n@app.websocket('/s')\n"
    source += "async def socket(socket: WebSocket, given: Annotated[Any, Depends(give)]) -> None: raise missing\n"
    assert check(source, "--all", "--select", "TW030").findings == []


def test_what_answers_before_a_yield_is_left_alone(check: Check) -> None:
    """TW030: a dependency further in makes another error of it, or the class of the route answers."""
    source = HEAD + BEFORE + f"async def give() -> Any:\n    {AROUND['an error']}\n"
    inner = (
        "async def inner(given: Annotated[Any, Depends(give)]) -> Any:\n    try: yield 1\n"
        "    except {}: raise Own() from None\n"
    )
    endpoint = ENDPOINT.format(RAISES).replace("Depends(give)", "Depends(inner)")
    assert check(source + inner.format("HTTPException") + endpoint, "--all", "--select", "TW030").findings == []
    assert check(source + inner.format("KeyError") + endpoint, "--select", "TW030").codes == ["TW030"]
    plain = (
        "from fastapi import APIRouter, Depends, FastAPI, HTTPException\nfrom fastapi.routing import APIRoute\n"
        "from fastapi.responses import JSONResponse\n"
        "class Answers(APIRoute):\n    def get_route_handler(self):\n        ahead = super().get_route_handler()\n"
        "        async def handle(request):\n            {}\n        return handle\n"
        "app, router = FastAPI(), APIRouter(route_class=Answers)\n"
        f"def give():\n    {AROUND['an error']}\n"
        "@router.get('/x/{{n}}')\ndef show(n: int, given=Depends(give)):\n    if n > 9: raise HTTPException(404)\n"
        "app.include_router(router)\n"
    )
    answer = (
        "try: return await ahead(request)\n            except HTTPException as e: return JSONResponse(1, e.status_code)"
    )
    for handle, codes in ((answer, []), ("return await ahead(request)", ["TW030"])):
        assert check(plain.format(handle), "--compat", "--all", "--select", "TW030").codes == codes


def tried(handler: str, after: str, before: str = "pass") -> str:
    body = f"{before}\ntry: x = found(n)\nexcept Exception as e:\n{indent(handler, '    ')}\n{after}"
    return f"@app.get('/things/{{n}}')\nasync def show(n: int) -> Any:\n{indent(body, '    ')}\n"


LATER = {
    # (source, what becomes of the status)
    "an error with a name": (tried("error = str(e)", "if error: raise HTTPException(500, error)\nreturn 1", "error = None"), 500),
    "an f-string": (tried("error = f'no: {e}'", "if error is not None: raise HTTPException(500)\nreturn 1", "error = None"), 500),
    "with a type": (tried("error: str = str(e)", "if error: raise HTTPException(500, error)", "error = ''"), 500),
    "a flag": (tried("ok = False", "if not ok: raise HTTPException(502)\nreturn 1", "ok = True"), 502),
    "none": (tried("x = None", "if x is None: raise HTTPException(400)\nreturn x"), 400),
    "a body": (tried("result = {'error': str(e)}", "return result", "result = {}"), 200),
    "a status": (tried("code = 500", "if code >= 400: pass\nraise HTTPException(code)"), 500),
    "a response with both": (
        tried("code = 503\nbody = {'a': 1}", "return JSONResponse(body, status_code=code)", "code = 200"), 503,
    ),
    "a response": (tried("answer = JSONResponse({}, 500)", "logger.info('x')\nreturn answer"), 500),
    "an error to raise": (tried("error = HTTPException(500)", "raise error"), 500),
    "a text with a backslash": (
        tried("text = str(e).replace('\\\\', '/')\nbody = {'error': f'no: {text}'}", "return body"), 200,
    ),
    "by way of another name": (tried("text = str(e)\nbody = {'error': text}", "return body"), 200),
    "in the other branch": (tried("error = str(e)", "if not error: return 1\nelse: raise HTTPException(500)"), 500),
    "after a branch": (tried("error = str(e)", "if not error:\n    return 1\nraise HTTPException(500)"), 500),
}  # fmt: skip
NOT_LATER = {
    "the error itself": tried("error = e", "if error: raise error\nreturn 1", "error = None"),
    "its status": tried("code = getattr(e, 'status_code', 500)", "raise HTTPException(code)"),
    "the same status": tried("error = str(e)", "if error: raise HTTPException(404)", "error = None"),
    "something else instead": tried("x = 0", "return x"),
    "a list": tried("x = []", "return {'items': x}"),
    "another try": tried("x = None", "if x is None: x = 1\nreturn x"),
    "what grows": tried("error = [str(e), str(e)]\n" + "error = error + error\n" * 40, "return {'error': error}"),
    "a name that the handler sets again": tried("x = {'error': str(e)}\nfor x in [1]: pass", "return x"),
    "a name that the handler may set again": tried(
        "error = str(e)\nif n: error = ''", "if error: raise HTTPException(500)"
    ),
    "a computed status": tried("body = {'error': str(e)}\ncode = n + len(str(e))", "return JSONResponse(body, code)"),
    "another condition": tried("error = str(e)", "if n > 9: raise HTTPException(500)\nreturn 1"),
    "a name that is set again": tried("error = str(e)", "error = None\nif error: raise HTTPException(500)\nreturn 1"),
    "the other branch": tried("error = str(e)", "if not error: raise HTTPException(500)\nreturn 1"),
    "no answer": tried("error = str(e)", "return 1"),
    "one of many": "@app.get('/things/{n}')\nasync def show(n: int) -> Any:\n    for each in range(n):\n"
    "        try: return found(each)\n        except Exception as e: error = str(e)\n        if error: raise HTTPException(500)\n",
}


@pytest.mark.parametrize(("source", "status"), LATER.values(), ids=list(LATER))
def test_an_answer_after_the_try_is_found(check: Check, source: str, status: int) -> None:
    """TW030: the handler keeps what went wrong in a name, and the lines after the `try` answer because of it."""
    [finding] = check(HEAD + BEFORE + source, "--select", "TW030").findings
    assert f"the client gets {status} instead of 404" in str(finding["message"])
    # What else stands after the `try` would not run any more.
    assert (finding["fix"], finding["diff"]) == ("let it pass: write `except HTTPException: raise` before it.", "")


@pytest.mark.parametrize("source", NOT_LATER.values(), ids=list(NOT_LATER))
def test_what_stands_after_the_try_may_be_something_else(check: Check, source: str) -> None:
    """TW030: what is answered is not known, or has nothing to do with the error."""
    assert check(HEAD + BEFORE + source, "--all", "--select", "TW030").findings == []
