"""What is known although it is hidden: functions behind wrappers, names that are renewed, clients that are made later."""
# ruff: noqa: ISC004  (sources of several lines)

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

# Decorators whose code is written while the program runs, so that no file of the application has it.
WRITTEN = """
def written(code, **known):
    exec(compile(code, '<written>', 'exec'), known)
    return known
def renamed(wrapper, inner):
    wrapper.__name__, wrapper.__module__ = inner.__name__, inner.__module__
    wrapper.__signature__ = __import__('inspect').signature(inner)
    return wrapper
"""
AWAITS = "async def wrapper(*args, **kwargs): return await inner(*args, **kwargs)"
WRAPPERS = {
    "a global of code that is written": f"    wrapper = written({AWAITS!r}, inner=inner)['wrapper']\n",
    "a closure": (
        "    make = 'def make(inner):\\n    " + AWAITS + "\\n    return wrapper'\n"
        "    wrapper = written(make)['make'](inner)\n"
    ),
    "a default": (
        "    code = 'async def wrapper(*args, inner=inner, **kwargs): return await inner(*args, **kwargs)'\n"
        "    wrapper = written(code, inner=inner)['wrapper']\n"
    ),
    "an attribute": (
        "    wrapper = written('async def wrapper(*args, **kwargs): return await calls[0](*args, **kwargs)', calls=[inner])['wrapper']\n"
        "    wrapper.original = inner\n"
    ),
}


@pytest.mark.parametrize("body", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize(("call", "codes"), [("time.sleep(1)", ["TW001"]), ("await asyncio.sleep(1)", [])])
def test_an_endpoint_behind_a_written_wrapper_is_read(check: Check, body: str, call: str, codes: list[str]) -> None:
    """A wrapper that has taken the name of what it calls, and has this at hand, runs it."""
    source = f"{HEAD}{WRITTEN}def inject(inner):\n{body}    return renamed(wrapper, inner)\n"
    outcome = check(source + endpoint(call).replace("async def", "@inject\nasync def"), "--all")
    assert outcome.codes == codes, outcome.out


def test_a_wrapper_of_another_name_or_kind_hides_its_function(check: Check) -> None:
    """What a wrapper only has at hand need not be what it runs, and a plain function that is awaited runs in a thread."""
    source = f"{HEAD}{WRITTEN}def slow(): time.sleep(1)\ndef inject(inner):\n"
    source += f"    wrapper = written({AWAITS!r}, inner=pause, other=slow)['wrapper']\n    wrapper.other = slow\n"
    source += "    return renamed(wrapper, inner)\n" + endpoint("time.sleep(1)").replace("async def", "@inject\nasync def")
    assert check(source, "--all").codes == []
    thread = AWAITS.replace("await inner(", "await run(inner, ")
    source = f"{HEAD}{WRITTEN}def inject(inner):\n    wrapper = written({thread!r}, inner=inner, run=asyncio.to_thread)['wrapper']\n"
    source += "    return renamed(wrapper, inner)\n@app.get('/x')\n@inject\ndef show() -> Any: time.sleep(1)\n"
    assert check(source, "--all").codes == []


@pytest.mark.parametrize(
    ("annotation", "codes"),
    [("'sessionmaker'['Session']", []), ("1 / 'x'", []), ("'Session'", ["TW001"]), ("{}['x']", []), ("not a type", [])],
)
def test_an_annotation_that_nothing_evaluates_may_be_nonsense(check: Check, annotation: str, codes: list[str]) -> None:
    """Python never evaluates the annotations of a local function, and the check has to survive them."""
    source = f"from __future__ import annotations\n{HEAD}def load(session: {annotation.replace('not a', 'nota.')}): session.commit()\n"
    source = source.replace("nota. type", "nota.type")
    outcome = check(source + endpoint("load(app.other)"), "--all")
    assert outcome.codes == codes, outcome.err
