"""What a client sent as text and a function converts or looks up, without asking whether that is possible."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

DEFINED = (
    "from datetime import date, datetime, time\nfrom decimal import Decimal\nfrom enum import Enum\nfrom typing import Literal\n"
    "from uuid import UUID\nimport json\nfrom typeway import Form, Header\n"
    "RATES = {'eur': 1.0, 'usd': 1.1}\nSEEN = {'eur': 1}\nclass Unit(str, Enum):\n    eur = 'eur'\n"
    "class Level(Enum):\n    low = 1\n    high = 2\nclass Sized(Enum):\n    @classmethod\n    def _missing_(cls, value): return cls.small\n"
    "class Size(Sized): small = 's'\n"
    "class Ask(BaseModel):\n    since: str\n    count: int\n    units: list[str] = []\n"
    "def parsed(text: str) -> Any: return date.fromisoformat(text.strip())\n"
    "def see(key: str) -> None: SEEN[key] = 1\n"
    "def find(key: str) -> Any: return RATES[key]\n"
    "def deeper(key: str) -> Any: return find(key)\ndef colour(text: str) -> Any: return Unit(text.lower())\n"
    "def ensure(key: str) -> None:\n    if key not in RATES: raise HTTPException(404)\n"
    "def look_up(key: str) -> str:\n    if key in RATES: return key\n    raise HTTPException(404)\n"
    "def log(text: str) -> None: print(text)\n"
)
FOUND = {
    "a number": ("n: str", "return int(n)"),
    "a number in a header": ("x_n: Annotated[str, Header()]", "return float(x_n)"),
    "an optional one": ("n: str | None = None", "return int(n) if n is not None else 0"),
    "an optional one in a condition": ("n: str = ''", "if n: return int(n)\n    return 0"),
    "a date": ("day: str", "return date.fromisoformat(day).year"),
    "a time with a format": ("at: str", "return datetime.strptime(at, '%H:%M').hour"),
    "a key": ("key: str", "return str(UUID(key))"),
    "a document": ("text: str", "return len(json.loads(text))"),
    "a field of a body": ("ask: Ask", "return parsed(ask.since).year"),
    "in another function": ("day: str", "return parsed(day).year"),
    "a part of a text": ("day: str", "value = day[:10]\n    return date.fromisoformat(value).year"),
    "a key of a table": ("unit: str", "return RATES[unit]"),
    "a key of a table in another function": ("unit: str", "return find(unit)"),
    "a key of a table in a function of another": ("unit: str", "return deeper(unit)"),
    "each key of a table": ("ask: Ask", "return [RATES[unit] for unit in ask.units]"),
    "each key of a table, in a loop": ("ask: Ask", "for unit in ask.units:\n        log(unit)\n        log(RATES[unit])\n    return 1"),
    "a member of an enumeration by its value": ("unit: str", "return Unit(unit)"),
    "a member by its value, in another function": ("unit: str", "return colour(unit)"),
    "a member by a number": ("level: int", "return Level(level)"),
    "a member by its name": ("unit: str", "return Unit[unit]"),
    "a member that a form has": ("unit: Annotated[str, Form()]", "return Unit(unit)"),
    "an empty one": ("n: str", "if not n: return 0\n    return int(n)"),
    "one that a condition converts": ("n: str", "if int(n) > 3: return 0\n    return 1"),
    "one that is asked about afterwards": ("n: str", "number = int(n)\n    if number < 1: raise HTTPException(422)\n    return number"),
    "one that is logged before": ("unit: str", "log(unit)\n    return RATES[unit]"),
    "one where another is asked about": ("unit: str, n: str = 'x'", "if n not in RATES: raise HTTPException(404)\n    return RATES[unit]"),
}  # fmt: skip
LEFT_ALONE = {
    "what is caught": ("n: str", "try: return int(n)\n    except ValueError: return 0"),
    "what is suppressed": (
        "n: str",
        "import contextlib\n    with contextlib.suppress(ValueError): return int(n)\n    return 0",
    ),
    "what is asked before": ("n: str", "if not n.isdigit(): return 0\n    return int(n)"),
    "what is asked beside it": ("n: str", "return n.isdigit() and int(n)"),
    "what is asked in a choice": ("n: str", "return int(n) if n.isdecimal() else 0"),
    "what the caller asks": ("day: str", "if len(day) != 10: raise HTTPException(422)\n    return parsed(day).year"),
    "what a pattern says": ("n: Annotated[str, Query(pattern='^[0-9]+$')]", "return int(n)"),
    "what is a number already": ("n: int", "return int(n)"),
    "a field that is a number": ("ask: Ask", "return float(ask.count)"),
    "what is known to the table": (
        "unit: str",
        "if unit not in RATES: raise HTTPException(404)\n    return RATES[unit]",
    ),
    "what the loop has asked before": (
        "ask: Ask",
        "for unit in ask.units:\n        if unit not in RATES: raise HTTPException(404)\n        find(unit)\n        log(RATES[unit])\n    return 1",
    ),
    "what the loop leaves out": (
        "ask: Ask",
        "found = 0\n    for unit in ask.units:\n        if unit not in RATES: continue\n        found += RATES[unit]\n    return found",
    ),
    "what the loop stops at": (
        "ask: Ask",
        "for unit in ask.units:\n        if unit not in RATES: break\n        log(RATES[unit])\n    return 1",
    ),
    "what the loop only takes": ("ask: Ask", "for unit in ask.units:\n        if unit in RATES: log(RATES[unit])\n    return 1"),
    "what a comprehension leaves out": ("ask: Ask", "return [RATES[unit] for unit in ask.units if unit in RATES]"),
    "what a comprehension leaves out, in a function": ("ask: Ask", "return [find(unit) for unit in ask.units if unit in RATES]"),
    "what a comprehension chooses": ("ask: Ask", "return [RATES[unit] if unit in RATES else 0 for unit in ask.units]"),
    "what an earlier loop has asked": (
        "ask: Ask",
        "for each in ask.units:\n        if each not in RATES: raise HTTPException(404)\n    return [RATES[unit] for unit in ask.units]",
    ),
    "what is asked of all": (
        "ask: Ask", "if not all(each in RATES for each in ask.units): raise HTTPException(404)\n    return [RATES[unit] for unit in ask.units]",
    ),
    "what is asked of any": (
        "ask: Ask", "if any(each not in RATES for each in ask.units): raise HTTPException(404)\n    return [RATES[unit] for unit in ask.units]",
    ),
    "what is left of all": (
        "ask: Ask", "unknown = set(ask.units) - RATES.keys()\n    if unknown: raise HTTPException(404)\n    return [find(unit) for unit in ask.units]",
    ),
    "what is asked by a name": ("unit: str", "known = unit in RATES\n    if not known: raise HTTPException(404)\n    return RATES[unit]"),
    "what is looked up before": ("unit: str", "rate = RATES.get(unit)\n    if rate is None: raise HTTPException(404)\n    return find(unit)"),
    "what is asserted": ("unit: str", "assert unit in RATES\n    return RATES[unit]"),
    "what a function refuses": ("unit: str", "ensure(unit)\n    return RATES[unit]"),
    "what a function looks up": ("unit: str", "key = look_up(unit)\n    return RATES[key]"),
    "what a function refuses, and another converts": ("unit: str", "ensure(unit)\n    return find(unit)"),
    "what is caught around the function": ("unit: str", "try: return deeper(unit)\n    except KeyError: return 0"),
    "what is suppressed around the function": (
        "unit: str", "import contextlib\n    with contextlib.suppress(LookupError): return deeper(unit)\n    return 0",
    ),
    "a constant": ("n: int", "return deeper('eur')"),
    "a member that is known": ("unit: str", "if unit not in Unit.__members__: raise HTTPException(404)\n    return Unit[unit]"),
    "a member that is caught": ("unit: str", "try: return Unit(unit)\n    except ValueError: raise HTTPException(404)"),
    "a member that is always one": ("size: str", "return Size(size)"),
    "a table with a default": ("unit: str", "return RATES.get(unit, 0)"),
    "a table that others fill": ("unit: str", "see(unit)\n    return SEEN[unit]"),
    "one of some texts": ("unit: Literal['eur', 'usd']", "return find(unit)"),
    "a member of an enumeration": ("unit: Unit", "return RATES[unit.value]"),
    "what the server made": ("n: int", "text = f'{n:04}'\n    return int(text)"),
}  # fmt: skip
END = "@app.get('/x')\n@app.post('/x')\ndef show({}) -> Any:\n    {}\n"


@pytest.mark.parametrize(("parameter", "body"), FOUND.values(), ids=list(FOUND))
def test_a_conversion_of_what_a_client_sent_may_fail(check: Check, parameter: str, body: str) -> None:
    """TW017: the client gets a 500 for a text that is none of those that the function expects."""
    outcome = check(f"{HEAD}{DEFINED}{END.format(parameter, body)}")
    assert outcome.codes == ["TW017"], outcome.out


@pytest.mark.parametrize(("parameter", "body"), LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_cannot_fail_or_is_answered_is_left_alone(check: Check, parameter: str, body: str) -> None:
    """TW017: the declaration, a question or a `try` takes care of other texts."""
    outcome = check(f"{HEAD}{DEFINED}{END.format(parameter, body)}", "--select", "TW017")
    assert outcome.codes == [], outcome.out
