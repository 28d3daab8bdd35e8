"""What a client sent as text and a function converts or looks up, without asking whether that is possible."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

DEFINED = (
    "from datetime import date, datetime, time\nfrom decimal import Decimal\nfrom enum import Enum\nfrom typing import Literal\n"
    "from uuid import UUID\nimport json\nfrom typeway import Header\n"
    "RATES = {'eur': 1.0, 'usd': 1.1}\nSEEN = {'eur': 1}\nclass Unit(str, Enum):\n    eur = 'eur'\n"
    "class Ask(BaseModel):\n    since: str\n    count: int\n"
    "def parsed(text: str) -> Any: return date.fromisoformat(text.strip())\n"
    "def see(key: str) -> None: SEEN[key] = 1\n"
    "def find(key: str) -> Any: return RATES[key]\n"
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
}
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
    "a table with a default": ("unit: str", "return RATES.get(unit, 0)"),
    "a table that others fill": ("unit: str", "see(unit)\n    return SEEN[unit]"),
    "one of some texts": ("unit: Literal['eur', 'usd']", "return find(unit)"),
    "a member of an enumeration": ("unit: Unit", "return RATES[unit.value]"),
    "what the server made": ("n: int", "text = f'{n:04}'\n    return int(text)"),
}
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
