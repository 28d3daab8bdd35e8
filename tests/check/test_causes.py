"""What one change repairs is one finding, which names the other places."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

ERRORS = (
    "class NotFound(Exception): ...\nclass Conflict(Exception): ...\n"
    "def twice(n: int) -> None:\n    if n == 1: raise NotFound\n    if n == 2: raise NotFound\n"
    "def thrice(n: int) -> None:\n    if n == 1: raise NotFound\n    if n == 2: raise NotFound\n    raise NotFound\n"
    "def both(n: int) -> None:\n    if n == 1: raise NotFound\n    raise Conflict\n"
    "def once(n: int) -> None:\n    if n == 1: raise NotFound\n"
    "def again(n: int) -> None:\n    if n == 2: raise NotFound\n"
)
RAISED = {
    "one": ("once(n)", [""]),
    "two in a function": ("twice(n)", ["1 more in twice() does the same."]),
    "three in a function": ("thrice(n)", ["2 more in thrice() do the same."]),
    "two conversions": ("return int(a) + int(b)", ["1 more in show() does the same."]),
    "two classes": ("both(n)", ["", ""]),
    "two functions": ("once(n)\n    again(n)", ["", ""]),
    "a conversion and an error of its own": ("twice(n)\n    int(a)", ["1 more in twice() does the same.", ""]),
}


@pytest.mark.parametrize(("body", "more"), RAISED.values(), ids=list(RAISED))
def test_errors_of_one_class_in_one_function_are_one_finding(check: Check, body: str, more: list[str]) -> None:
    """TW017: one handler answers all of them."""
    source = f"{HEAD}{ERRORS}@app.get('/x')\ndef show(n: int, a: str, b: str) -> Any:\n    {body}\n"
    found = check(source, "--select", "TW017").findings
    assert [str(each["message"]).partition("explanation.")[2].strip() for each in found] == more
    assert [len(each["also"]) for each in found] == [int(text[:1] or 0) for text in more]  # type: ignore[arg-type]


def test_endpoints_are_told_of_by_themselves(check: Check) -> None:
    """TW017: what one endpoint raises stays apart from what another one does."""
    ends = "".join(f"@app.get('/{name}')\ndef {name}(n: int) -> None: {name}_(n)\n" for name in ("one", "two"))
    source = f"{HEAD}{ERRORS}one_, two_ = once, again\n{ends}"
    assert check(source, "--select", "TW017").codes == ["TW017", "TW017"]


LATE = (
    "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nfrom pydantic import BaseModel\n"
    "from typeway import Typeway\nif TYPE_CHECKING: from datetime import datetime\napp = Typeway()\n"
    "class Inner(BaseModel):\n    size: int\n    at: {}\nclass Outer(BaseModel):\n    inner: Inner\n"
    "@app.get('/a')\ndef read() -> Inner: ...\n@app.post('/b')\ndef write(it: Inner) -> int: return 1\n"
    "@app.post('/c')\ndef many(it: list[Outer]) -> int: return 1\n"
)


@pytest.mark.parametrize("kind", ["datetime", "datetime | None", "list[datetime]", "dict[str, list[datetime]]"])
def test_a_model_that_cannot_be_built_is_one_finding(check: Check, kind: str) -> None:
    """TW000: one import repairs every endpoint that uses the model, so the finding is at its field and names them."""
    found = check(LATE.format(kind))
    assert found.places == ["TW000 main.py:9"]
    message = str(found.findings[0]["message"])
    assert "Inner uses the name 'datetime', which is not defined." in message
    assert "installed Pydantic" in message
    assert message.endswith("The same from POST /b, POST /c.")


def test_parameters_that_cannot_be_read_are_told_of_one_by_one(check: Check) -> None:
    """TW000: what several functions annotate is written in several places."""
    source = LATE.format("int") + "".join(
        f"@app.get('/{name}')\ndef {name}(when: datetime) -> int: return 1\n" for name in ("d", "e")
    )
    assert check(source, "--select", "TW000").codes == ["TW000", "TW000"]
