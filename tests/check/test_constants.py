"""What a caller passes decides which conditions of the functions below it hold, however both are written."""

import re
from textwrap import indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

DEFINED = """
import dataclasses, enum
BOOKS = "library"
OWN = "personal"
SHARED = ("library", "global")
OPEN = frozenset({"library", "global"})
CHANGED = "personal"
TWICE = "personal"
TWICE = "library"
class Kind(enum.Enum):
    LIBRARY = "library"
    OWN = "personal"
class Name(enum.StrEnum):
    LIBRARY = "library"
    OWN = "personal"
class Words:
    LIBRARY = "library"
    OWN = "personal"
class Payload(BaseModel):
    kind: str = "personal"
    note: str = ""
@dataclasses.dataclass
class Plain:
    note: str
    kind: str = "personal"
class Settings:
    def __init__(self): self.kind = "personal"
settings = Settings()
def change():
    global CHANGED
    CHANGED = "library"
"""
# The condition of an error in a function that is given `kind`, and what is passed where it holds, and where it does not.
CONDITIONS = {
    "==": ('if kind == "library": fail()', '"library"', '"personal"'),
    "!=": ('if kind != "personal": fail()', '"library"', '"personal"'),
    "the constant first": ('if "library" == kind: fail()', '"library"', '"personal"'),
    "in a tuple": ('if kind in ("library", "global"): fail()', '"library"', '"personal"'),
    "not in a list": ('if kind not in ["personal"]: fail()', '"library"', '"personal"'),
    "in a set": ('if kind in {"library", BOOKS}: fail()', '"library"', '"personal"'),
    "in a constant": ("if kind in SHARED: fail()", '"library"', '"personal"'),
    "in a frozenset": ("if kind in OPEN: fail()", '"library"', '"personal"'),
    "a constant of the module": ("if kind == BOOKS: fail()", '"library"', '"personal"'),
    "a constant of a class": ("if kind == Words.LIBRARY: fail()", '"library"', '"personal"'),
    "is": ("if kind is Kind.LIBRARY: fail()", "Kind.LIBRARY", "Kind.OWN"),
    "is not": ("if kind is not Kind.OWN: fail()", "Kind.LIBRARY", "Kind.OWN"),
    "== of a member": ("if kind == Kind.LIBRARY: fail()", "Kind.LIBRARY", "Kind.OWN"),
    "members in a tuple": ("if kind in (Kind.LIBRARY,): fail()", "Kind.LIBRARY", "Kind.OWN"),
    "the value of a member": ('if kind.value == "library": fail()', "Kind.LIBRARY", "Kind.OWN"),
    "a text and a member": ('if kind == "library": fail()', "Name.LIBRARY", "Name.OWN"),
    "the value that is passed": ('if kind == "library": fail()', "Kind.LIBRARY.value", "Kind.OWN.value"),
    "None": ("if kind is None: fail()", "None", '"personal"'),
    "a flag": ("if kind: fail()", "True", "False"),
    "not a flag": ("if not kind: fail()", "False", "True"),
    "a number": ("if kind > 3: fail()", "4", "3"),
    "and": ('if kind and kind == "library": fail()', '"library"', '"personal"'),
    "and what is unknown": ('if n > 3 and kind == "library": fail()', '"library"', '"personal"'),
    "or": ('if kind == "library" or kind == "global": fail()', '"library"', '"personal"'),
    "not": ('if not (kind != "library"): fail()', '"library"', '"personal"'),
    "an early return": ('if kind == "personal": return n\nfail()', '"library"', '"personal"'),
    "an early return in a branch": ('if kind == "personal":\n    if True: return n\nfail()', '"library"', '"personal"'),
    "else": ('if kind == "personal": pass\nelse: fail()', '"library"', '"personal"'),
    "elif": ('if kind == "personal": pass\nelif n > 3: fail()', '"library"', '"personal"'),
    "a case": ('match kind:\n    case "library": fail()', '"library"', '"personal"'),
    "one of several in a case": ('match kind:\n    case "global" | "library": fail()', '"library"', '"personal"'),
    "a case of a member": ("match kind:\n    case Kind.LIBRARY: fail()", "Kind.LIBRARY", "Kind.OWN"),
    "the case of all others": ('match kind:\n    case "personal": pass\n    case _: fail()', '"library"', '"personal"'),
    "a guard": ('match n:\n    case _ if kind == "library": fail()', '"library"', '"personal"'),
    "a return in a case": ('match kind:\n    case "personal": return n\nfail()', '"library"', '"personal"'),
    "a name for the answer": ('is_shared = kind == "library"\nif is_shared: fail()', '"library"', '"personal"'),
    "a name for the value": ('word: str = kind\nif word == "library": fail()', '"library"', '"personal"'),
    "a choice": ('return fail() if kind == "library" else n', '"library"', '"personal"'),
    "a short circuit": ('return kind == "library" and fail()', '"library"', '"personal"'),
    "a field": ('if kind.kind == "library": fail()', 'Payload(kind="library")', 'Payload(kind="personal")'),
    "a field that is left out": ('if kind.kind == "library": fail()', 'Payload(kind="library")', "Payload(note=str(n))"),
    "a field of a dataclass": ('if kind.kind == "library": fail()', 'Plain(note="", kind=BOOKS)', 'Plain(note="", kind=OWN)'),
    "a name for a field": ('word = kind.kind\nif word == "library": fail()', 'Payload(kind="library")', "Payload()"),
}  # fmt: skip
# How "personal" comes to the function that asks `kind == "library"`: `passed` takes it on.
PASSED = {
    "a literal": ("passed(n, 'personal')", False),
    "by name": ("passed(n=n, kind='personal')", False),
    "a local name": ("word = 'personal'\npassed(n, word)", False),
    "a constant": ("passed(n, OWN)", False),
    "a constant of a class": ("passed(n, Words.OWN)", False),
    "a default": ("by_default(n)", False),
    "a default that is a constant": ("by_constant(n)", False),
    "an object": ("made = Payload(kind='personal', note=str(n))\nof_object(n, made)", False),
    "a field of an object": ("made = Payload(kind='personal', note=str(n))\npassed(n, made.kind)", False),
    "a constant that a function changes": ("passed(n, CHANGED)", True),
    "a constant that is set twice": ("passed(n, TWICE)", True),
    "what an object has": ("passed(n, settings.kind)", True),
    "a name that a branch changes": ("word = 'personal'\nif n > 3: word = 'library'\npassed(n, word)", True),
    "a name that a loop changes": ("for word in ('personal', 'library'): passed(n, word)", True),
    "a name that an inner function changes": (
        "word = 'personal'\ndef change_it():\n    nonlocal word\n    word = 'library'\nchange_it()\npassed(n, word)", True,
    ),
    "a field that is changed": ("made = Payload(kind='personal')\nmade.kind = str(n)\nof_object(n, made)", True),
    "a default that is passed over": ("by_default(n, **{'kind': 'library'})", True),
}  # fmt: skip
PASSES = """
def asks(n: int, kind: Any) -> Any:
    if kind == "library": {}
    return n
def passed(n: int, kind: Any) -> Any: return asks(n, kind)
def by_default(n: int, kind: Any = "personal") -> Any: return passed(n, kind=kind)
def by_constant(n: int, kind: Any = OWN) -> Any: return passed(n, kind)
def of_object(n: int, made: Payload) -> Any: return passed(n, made.kind)
"""


def endpoint(path: str, body: str) -> str:
    return f"@app.get('/{path}')\nasync def show_{path}(n: int) -> Any:\n    await pause()\n{indent(body, '    ')}\n"


def entries(check: Check, source: str) -> set[object]:
    return {str(finding["entry"]).removeprefix("GET /") for finding in check(HEAD + DEFINED + source).findings}


def named(source: str, path: str) -> str:
    """The functions of a source under names of their own, because one error or wait has one finding."""
    return re.sub(r"\b(fail|asks|passed|by_default|by_constant|of_object)\(", rf"\1_{path}(", source)


@pytest.mark.parametrize("fails", ["raise PermissionError", "time.sleep(1)"], ids=["TW017", "TW001"])
def test_conditions_are_decided_by_what_is_passed(check: Check, fails: str) -> None:
    """TW001, TW017: what is below a condition happens for the callers that make it hold, and for no others."""
    source = ""
    for number, (condition, holds, fails_not) in enumerate(CONDITIONS.values()):
        for path, value in ((f"bad_{number}", holds), (f"good_{number}", fails_not)):
            asks = f"def fail() -> Any: {fails}\ndef asks(n: int, kind: Any) -> Any:\n{indent(condition, '    ')}\n    return n\n"
            asks += "def passed(n: int, given: Any) -> Any: return asks(n, kind=given)\n"
            source += named(asks + endpoint(path, f"return passed(n, {value})"), path)
    found = entries(check, source)
    assert {name for number, name in enumerate(CONDITIONS) if f"bad_{number}" not in found} == set()
    assert {name for number, name in enumerate(CONDITIONS) if f"good_{number}" in found} == set()


@pytest.mark.parametrize("fails", ["raise PermissionError", "time.sleep(1)"], ids=["TW017", "TW001"])
def test_what_is_passed_is_known_however_it_is_written(check: Check, fails: str) -> None:
    """TW001, TW017: a value is followed by names, constants, defaults and fields, unless something may change it."""
    asks = PASSES.format(fails)
    bodies = [(f"p{number}", call) for number, (call, _) in enumerate(PASSED.values())]
    found = entries(check, "".join(named(asks + endpoint(path, call), path) for path, call in bodies))
    assert {name: f"p{number}" in found for number, name in enumerate(PASSED)} == {
        name: is_found for name, (_, is_found) in PASSED.items()
    }
