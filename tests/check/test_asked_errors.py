"""Handlers for all errors that ask what their error is, and what `--fix` may write before a handler."""

from textwrap import indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_lost_statuses import BEFORE, FAILS, answers, tried
from tests.check.test_rules import HEAD

HELPERS = """
CODES = {HTTPException: 404}
ROWS = {}
class Job: state = 'new'
job = Job()
def code_of(error: Exception) -> int: return CODES.get(type(error), 500)
def told(error: Exception) -> tuple[str, int]: return str(error), code_of(error)
def again_unless(*, error: Exception) -> None:
    if not isinstance(error, OSError): raise error
def again_any(*errors: Exception) -> None:
    for each in errors:
        if isinstance(each, HTTPException): raise each
def noted(error: Exception, code: int = 0) -> None: logger.error('%s %s', type(error).__name__, code or error)
def undo() -> bool:
    job.state = 'undone'
    return True
"""


def caught(body: str) -> str:
    """An endpoint with a handler for all errors."""
    return answers(f"except Exception as e:\n{indent(body, '    ')}")


LOST = {
    "the name of its class": caught("raise HTTPException(500, f'{type(e).__name__}: {e}')"),
    "a log of its own": caught("noted(e, code=1)\nraise HTTPException(500)"),
    "a question about its text": caught("if 'x' in str(e): raise HTTPException(409)\nraise HTTPException(500)"),
    "a question about what was said": caught("raise HTTPException(500, e.args[0] if e.args else 'x')"),
    "a question about another class": caught(
        "if isinstance(e, OSError): raise HTTPException(409)\nraise HTTPException(500)"
    ),
    "a question about something else": caught("if n > 99: raise HTTPException(409)\nraise HTTPException(500)"),
    "a handler in a `finally`": tried(
        "pass", "finally:\n    try: raise HTTPException(404)\n    except Exception: raise HTTPException(500)"
    ),
    "a `finally` that answers nothing": answers(FAILS + "\nfinally:\n    logger.info('x')"),
}
KEPT = {
    "a status that is computed": caught("return JSONResponse({'error': 'x'}, code_of(e))"),
    "a status that is looked up": caught("return JSONResponse({'error': str(e)}, status_code=CODES[type(e)])"),
    "a status that has a name": caught("text, code = told(e)\nreturn JSONResponse({'error': text}, status_code=code)"),
    "a status among others": caught("return JSONResponse({'error': 'x'}, **{'status_code': len(str(e))})"),
    "a status after a star": caught("return JSONResponse({'error': 'x'}, *told(e)[1:])"),
    "everything after a star": caught("return JSONResponse(*told(e))"),
    "a status that is set by name": caught("setattr(request.state, 'status_code', 404)\nreturn {'error': 'x'}"),
    "its class in a pattern": caught(
        "match e:\n    case HTTPException(detail=said): return failed('x', 404 + len(said))\nraise HTTPException(500)"
    ),
    "raised with another traceback": caught("if n: raise e.with_traceback(None)\nraise HTTPException(500)"),
    "its class, compared": caught("if type(e) is HTTPException: return again(e)\nraise HTTPException(500)"),
    "its class by attribute": caught("if e.__class__ == HTTPException: return told(e)\nraise HTTPException(500)"),
    "its class, kept": caught("known = type(e) is HTTPException\nif known: return told(e)\nraise HTTPException(500)"),
    "its class in the condition": caught(
        "if (k := type(e)) and k is HTTPException: return told(e)\nraise HTTPException(500)"
    ),
    "whether it is below a class": caught(
        "if issubclass(type(e), HTTPException): return told(e)\nraise HTTPException(500)"
    ),
    "whether it has a detail": caught("if hasattr(e, 'detail'): return told(e)\nraise HTTPException(500)"),
    "whether it has a detail, kept": caught(
        "known = hasattr(e, 'detail')\nif known: return told(e)\nraise HTTPException(500)"
    ),
    "a table of classes": caught("if not CODES.get(type(e)): raise HTTPException(500)\nreturn told(e)"),
    "raised again by a function of any errors": caught("again_any(e)\nraise HTTPException(500)"),
    "raised again by a function that takes it by name": caught("again_unless(error=e)\nraise HTTPException(500)"),
    "a `finally` that answers": answers(FAILS + "\nfinally:\n    if n > 9: return JSONResponse(None, 404)"),
}
FIXED = {
    "nothing else": "raise HTTPException(500) from e",
    "a log": "logger.error('x: %s', str(e))\nraise HTTPException(500, f'{type(e)}: {e}')",
    "a log with a traceback": "logger.error(logging.traceback.format_exc())\nraise HTTPException(500)",
    "a printed line": "print(repr(e))\nreturn JSONResponse({'error': str(e)}, 500)",
    "a condition": "if n > 99: raise HTTPException(503)\nelse: pass\nraise HTTPException(500)",
    "a body": "return {'error': str(e)}",
}
NOT_FIXED = {
    "a state": "job.state = 'failed'\nraise HTTPException(500)",
    "a key": "ROWS['failed'] = 1\nraise HTTPException(500)",
    "a counter": "n += 1\nraise HTTPException(500)",
    "what is deleted": "del ROWS[n]\nraise HTTPException(500)",
    "a result": "done = undo()\nraise HTTPException(500)",
    "a call": "undo()\nraise HTTPException(500)",
    "a call in a condition": "if undo(): logger.info('x')\nraise HTTPException(500)",
    "a call under a condition": "if n > 99: undo()\nraise HTTPException(500)",
    "a call in what is said": "raise HTTPException(500, f'{undo()}')",
    "a call in what is logged": "logger.error('x %s', undo())\nraise HTTPException(500)",
    "a call in an answer": "return JSONResponse({'error': 'x'}, 500, background=undo())",
    "a call in a body": "return {'error': undo()}",
    "a call in what an error comes from": "raise HTTPException(500) from ValueError(undo())",
    "a call as a list": "[undo() for _ in range(n)]\nraise HTTPException(500)",
    "a call with a name": "(done := undo())\nraise HTTPException(500)",
    "a call that is asserted": "assert undo()\nraise HTTPException(500)",
    "an answer of a function": "return failed('x')",
    "a loop": "for each in [job]: each.state = 'failed'\nraise HTTPException(500)",
    "a `with`": "with make_session(): raise HTTPException(500)",
}
AROUND = {
    # (what stands around an endpoint, whether `except HTTPException: raise` is written)
    "nothing": ("{}", True),
    "a `finally`": ("try:\n{}\nfinally: logger.info('x')", True),
    "a handler that lets it pass": ("try:\n{}\nexcept HTTPException: raise\nexcept KeyError: raise", True),
    "a handler that asks": (
        "try:\n{}\nexcept HTTPException as e:\n    if e.status_code == 500: undo()\n    raise",
        False,
    ),
    "another meaning": ("HTTPException_ = HTTPException\n{}", True),
}


@pytest.mark.parametrize("source", LOST.values(), ids=list(LOST))
def test_a_handler_that_only_says_what_happened_is_found(check: Check, source: str) -> None:
    """TW030: the text of an error, or another class, does not say whether it is an HTTPException."""
    [finding] = check(HEAD + BEFORE + HELPERS + source, "--select", "TW030").findings
    assert (finding["confidence"], "500 instead of 404" in str(finding["message"])) == ("high", True)


@pytest.mark.parametrize("source", KEPT.values(), ids=list(KEPT))
def test_a_handler_that_asks_what_its_error_is_is_left_alone(check: Check, source: str) -> None:
    """TW030: the handler may know the status, or the status with which it answers is not known."""
    assert check(HEAD + BEFORE + HELPERS + source, "--all", "--select", "TW030").findings == []


@pytest.mark.parametrize("body", [*FIXED.values(), *NOT_FIXED.values()], ids=[*FIXED, *NOT_FIXED])
def test_only_what_says_and_answers_is_fixed(check: Check, body: str) -> None:
    """TW030: what a handler does besides would be left undone for an HTTPException."""
    [finding] = check(HEAD + BEFORE + HELPERS + caught(body), "--select", "TW030").findings
    assert bool(finding["diff"]) is (body in FIXED.values())


@pytest.mark.parametrize(("around", "is_fixed"), AROUND.values(), ids=list(AROUND))
def test_what_stands_around_a_handler_decides_too(check: Check, around: str, is_fixed: bool) -> None:
    """TW030: another handler may do something else with the status that passes now."""
    inner = "try: raise HTTPException(404)\nexcept Exception: raise HTTPException(500)"
    body = around.format(indent(inner, "    ") if "try" in around else inner)
    source = f"@app.get('/x')\ndef show() -> Any:\n{indent(body, '    ')}\n"
    [finding] = check(HEAD + BEFORE + HELPERS + source, "--select", "TW030").findings
    assert bool(finding["diff"]) is is_fixed


@pytest.mark.parametrize("name", ["HTTPException", "KeyError_"])
def test_a_name_of_a_function_around_is_not_the_class(check: Check, name: str) -> None:
    """TW030: in a decorator that is given a class the name may be another one."""
    source = (
        f"def catching({name}):\n    def wrap(function):\n        @functools.wraps(function)\n"
        "        def inner(*args, **kwargs):\n            try: return function(*args, **kwargs)\n"
        "            except Exception: return JSONResponse({}, 500)\n        return inner\n    return wrap\n"
        "@app.get('/x/{n}')\n@catching(KeyError)\ndef show(n: int) -> int: return found(n)\n"
    )
    [finding] = check(HEAD + BEFORE + source, "--select", "TW030").findings
    assert bool(finding["diff"]) is (name != "HTTPException")
