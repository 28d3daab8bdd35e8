"""TW017: what was asked before, by a helper or a dependency, does not happen; what only looks like it is seen."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

STORE = """
STORE, OTHERS, FIXED = {'a': 'x'}, {'b': 'y'}, {'a': 1, 'b': 2}
class ThingNotFoundError(Exception): ...
class ThingExistsError(Exception): ...
def get_thing(key: str) -> str:
    if key not in STORE: raise ThingNotFoundError(key)
    return STORE[key]
def add_thing(key: str) -> None:
    if key in STORE: raise ThingExistsError(key)
    STORE[key] = 'x'
def has_two(key: str) -> bool: return len(key) == 2
"""
END = "@app.get('/x/{key}/{other}')\ndef show(key: str, other: str) -> Any:\n"


def told(check: Check, source: str, body: str) -> list[object]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return check(f"{HEAD}{STORE}{source}{END}{lines}", "--all", "--select", "TW017").codes


KNOWN = "def known(key: str) -> bool: return key in STORE\n"
HELPERS = {
    "a condition": KNOWN,
    "a condition under another name": "def known(name: str) -> bool: return name in STORE.keys()\n",
    "its opposite, denied": "def known(key: str) -> bool: return not key not in STORE\n",
    "two lines": "def known(key: str) -> bool:\n    found = STORE.get(key)\n    return found is not None\n",
    "a choice": "def known(key: str) -> bool:\n    if key in STORE: return True\n    return False\n",
    "a look-up": "def known(key: str) -> str | None: return STORE.get(key)\n",
    "one more condition": "def known(key: str) -> bool: return key in STORE and key.isalpha()\n",
    "a guard in it": "def known(key: str) -> bool:\n    if key not in STORE: return False\n    return STORE[key] == 'x'\n",
    "by another": "def has(key: str) -> bool: return key in STORE\ndef known(key: str) -> bool: return has(key)\n",
    "a table under another name": "things = STORE\ndef known(key: str) -> bool: return key in things\n",
    "a try": "def known(key: str) -> bool:\n    try: STORE[key]\n    except KeyError: return False\n    return True\n",
    "a method": "class Shelf:\n    def known(self, key): return key in STORE\nknown = Shelf().known\n",
}
ASKED = "if not known(key): raise HTTPException(404)\nreturn get_thing(key)"


@pytest.mark.parametrize("helper", HELPERS.values(), ids=HELPERS)
def test_what_a_helper_has_asked_does_not_happen(check: Check, helper: str) -> None:
    """A small function says the same as the condition in it."""
    assert told(check, helper, ASKED) == []


WAYS = {
    "a name": "found = known(key)\nif not found: raise HTTPException(404)\nreturn get_thing(key)",
    "the place": "return get_thing(key) if known(key) else None",
    "a function that always raises": "if not known(key): abort(404)\nreturn get_thing(key)",
    "an answer": "if not known(key): return None\nreturn get_thing(key)",
    "several": "if not (known(key) and has_two(key)): raise HTTPException(404)\nreturn get_thing(key)",
    "one of several": "if has_two(other) or not known(key): raise HTTPException(404)\nreturn get_thing(key)",
    "what is written since": "if not known(key): raise HTTPException(404)\nSTORE[key] = other\nreturn get_thing(key)",
    "what is taken from elsewhere": "if not known(key): raise HTTPException(404)\nOTHERS.pop(key)\nreturn get_thing(key)",
    "a name for the key": "name = key\nif not known(name): raise HTTPException(404)\nreturn get_thing(key)",
    "a text": "name = key.strip()\nif not known(name): raise HTTPException(404)\nreturn get_thing(key.strip())",
    "another function": "if not known(key): raise HTTPException(404)\nreturn twice(key)",
    "what is there already": "if known(key): raise HTTPException(409)\nadd_thing(key)",
    "what a function adds": "if not known(key): add_quietly(key)\nelse: get_thing(key)",
    "a name that is used again": "if not known(key): raise HTTPException(404)\nkey = get_thing(key)\nreturn key",
    "each of several": "return [get_thing(each) for each in [key, other] if known(each)]",
    "a field": "ask = Ask(key=key)\nif not known(ask.key): raise HTTPException(404)\nreturn get_thing(ask.key)",
}
MORE = """
class Ask(BaseModel):
    key: str
def twice(name: str) -> str: return get_thing(name) * 2
def add_quietly(key: str) -> None: STORE[key] = 'x'
def drop(key: str) -> None: del STORE[key]
def drop_all() -> None: STORE.clear()
def drop_other(key: str) -> None: del OTHERS[key]
def known_other(key: str) -> bool: return key in OTHERS
def known_or(key: str) -> bool: return key in STORE or key in OTHERS
def known_twice(key: str) -> bool:
    if key in OTHERS: return True
    return key in STORE
def unknown(key: str) -> bool: return key not in STORE
def take(key: str) -> str:
    if key not in STORE: raise HTTPException(404)
    return STORE.pop(key)
def told_of(key: str) -> None:
    if key not in STORE: print(key)
def refuse_two(key: str) -> None:
    if key not in STORE and key != 'b': raise HTTPException(404)
def refuse_other(key: str) -> None:
    if key not in OTHERS: raise HTTPException(404)
def skip(key: str) -> None:
    if key == 'z': return
    if key not in STORE: raise HTTPException(404)
def caught(key: str) -> None:
    try: refuse(key)
    except HTTPException: print(key)
def refuse(key: str) -> None:
    if key not in STORE: raise HTTPException(404)
def abort(status: int) -> None: raise HTTPException(status)
def abort_or_not(status: int) -> None:
    if status > 404: raise HTTPException(status)
async def refuse_later(key: str) -> None: refuse(key)
async def known_later(key: str) -> bool: return key in STORE
"""
SEEN = {
    "another key": "if not known(other): raise HTTPException(404)\nreturn get_thing(key)",
    "another table": "if not known_other(key): raise HTTPException(404)\nreturn get_thing(key)",
    "one of two tables": "if not known_or(key): raise HTTPException(404)\nreturn get_thing(key)",
    "one of two tables, in two lines": "if not known_twice(key): raise HTTPException(404)\nreturn get_thing(key)",
    "the opposite": "if unknown(key): return get_thing(key)",
    "the opposite, asked": "if known(key): raise HTTPException(409)\nreturn get_thing(key)",
    "nothing but a log": "if not known(key): print(key)\nreturn get_thing(key)",
    "a function that may raise": "if not known(key): abort_or_not(404)\nreturn get_thing(key)",
    "a function that raises for another": "if not known(other): abort(404)\nreturn get_thing(key)",
    "no answer": "known(key)\nreturn get_thing(key)",
    "one of two": "if not known(key) and has_two(other): raise HTTPException(404)\nreturn get_thing(key)",
    "what is taken since": "if not known(key): raise HTTPException(404)\nSTORE.pop(key)\nreturn get_thing(key)",
    "what is deleted since": "if not known(key): raise HTTPException(404)\ndel STORE[key]\nreturn get_thing(key)",
    "what a function deletes since": "if not known(key): raise HTTPException(404)\ndrop(key)\nreturn get_thing(key)",
    "what is cleared since": "if not known(key): raise HTTPException(404)\ndrop_all()\nreturn get_thing(key)",
    "a key that changes": "if not known(key): raise HTTPException(404)\nkey = key + other\nreturn get_thing(key)",
    "what is added since": "if known(key): raise HTTPException(409)\nadd_quietly(key)\nadd_thing(key)",
    "another text": "if not known(key.strip()): raise HTTPException(404)\nreturn get_thing(key.lower())",
    "another field": "ask = Ask(key=key)\nif not known(ask.name): raise HTTPException(404)\nreturn get_thing(key)",
    "another branch": "if has_two(key):\n    if not known(key): raise HTTPException(404)\nreturn get_thing(key)",
    "what is suppressed": "import contextlib\nwith contextlib.suppress(HTTPException): refuse(key)\nreturn get_thing(key)",
    "each of others": "for each in [other]:\n    if not known(each): continue\nreturn get_thing(key)",
    "what comes later": "found = get_thing(key)\nif not known(key): raise HTTPException(404)\nreturn found",
    "what a helper takes": "take(key)\nreturn get_thing(key)",
    "what a helper tells": "told_of(key)\nreturn get_thing(key)",
    "what a helper refuses of two": "refuse_two(key)\nreturn get_thing(key)",
    "what a helper refuses of another table": "refuse_other(key)\nreturn get_thing(key)",
    "what a helper lets through": "skip(key)\nreturn get_thing(key)",
    "what a helper catches": "caught(key)\nreturn get_thing(key)",
    "what a helper refuses of another key": "refuse(other)\nreturn get_thing(key)",
    "what a helper refuses now and then": "if has_two(key): refuse(key)\nreturn get_thing(key)",
    "what a helper refuses, caught": "try: refuse(key)\nexcept HTTPException: print(key)\nreturn get_thing(key)",
    "what a helper would say": "if not known_later(key): raise HTTPException(404)\nreturn get_thing(key)",
    "what a helper would refuse": "refuse_later(key)\nreturn get_thing(key)",
}


@pytest.mark.parametrize("body", WAYS.values(), ids=WAYS)
def test_however_the_answer_of_a_helper_is_used(check: Check, body: str) -> None:
    """A name for the answer or the key, and functions between, change nothing."""
    assert told(check, KNOWN + MORE, body) == []


@pytest.mark.parametrize("body", SEEN.values(), ids=SEEN)
def test_what_asks_about_something_else_excludes_nothing(check: Check, body: str) -> None:
    """Another key, another table, no consequence, or a change between."""
    assert told(check, KNOWN + MORE, body) == ["TW017"]


REFUSES = {
    "a condition": "if key not in STORE: raise HTTPException(404)",
    "a helper": "if not known(key): raise HTTPException(404)",
    "a return before": "if key in STORE: return\nraise HTTPException(404)",
    "what it returns": "if key not in STORE: raise HTTPException(404)\nreturn STORE[key]",
    "a look-up": "found = STORE.get(key)\nif found is None: raise HTTPException(404)\nreturn found",
    "a try": "try: return STORE[key]\nexcept KeyError: raise HTTPException(404)",
    "a try before": "try: found = STORE[key]\nexcept KeyError: raise HTTPException(404) from None\nreturn found",
    "both ends": "if key not in STORE: raise HTTPException(404)\nif key == 'a': return 1\nelse: return 2",
    "another": "deeper(key)",
    "an assertion": "assert key in STORE",
}


@pytest.mark.parametrize("refuses", REFUSES.values(), ids=REFUSES)
def test_a_helper_that_refuses_lets_nothing_else_through(check: Check, refuses: str) -> None:
    """After a function that raises where something is missing, it is there."""
    lines = "".join(f"    {line}\n" for line in refuses.splitlines())
    helper = (
        f"{KNOWN}def deeper(name):\n    if name not in STORE: raise HTTPException(404)\ndef require(key: str):\n{lines}"
    )
    assert told(check, helper, "require(key)\nreturn get_thing(key)") == []
    assert told(check, helper, "found = require(key=key)\nreturn get_thing(key)") == []
    assert told(check, helper, "require(other)\nreturn get_thing(key)") == ["TW017"]


RAISES = {
    "a look-up": "def find(key):\n    found = STORE.get(key)\n    if found is None: raise ThingNotFoundError\n    return found\n",
    "an empty one": "def find(key):\n    found = STORE.get(key)\n    if not found: raise ThingNotFoundError\n    return found\n",
    "a return before": "def find(key):\n    if key in STORE: return STORE[key]\n    raise ThingNotFoundError\n",
    "a try": "def find(key):\n    try: return STORE[key]\n    except KeyError: raise ThingNotFoundError\n",
    "a helper": "def find(key):\n    if not known(key): raise ThingNotFoundError\n    return STORE[key]\n",
    "a KeyError": "def find(key):\n    if key not in STORE: raise KeyError(key)\n    return STORE[key]\n",
    "one of several": "def find(key):\n    if key not in STORE and key not in OTHERS: raise ThingNotFoundError\n",
}


@pytest.mark.parametrize("raises", RAISES.values(), ids=RAISES)
def test_whatever_the_condition_of_an_error_looks_like(check: Check, raises: str) -> None:
    """The error and the question are compared by what they mean."""
    assert told(check, KNOWN + raises, "if not known(key): raise HTTPException(404)\nreturn find(key)") == []


def test_what_is_awaited_is_asked_too(check: Check) -> None:
    """An asynchronous helper says the same, where its answer is waited for."""
    source = f"{HEAD}{STORE}{MORE}{END.replace('def', 'async def')}    {{}}\n    return get_thing(key)\n"
    for line in (
        "if not await known_later(key): raise HTTPException(404)",
        "known = await known_later(key)\n    if not known: raise HTTPException(404)",
        "await refuse_later(key)",
    ):
        assert check(source.replace("{}", line), "--all", "--select", "TW017").codes == [], line


NUMBERS = "class NumberInvalidError(Exception): ...\ndef check_number(n):\n    if n < 0: raise NumberInvalidError(n)\n"


@pytest.mark.parametrize(
    ("asked", "codes"),
    [("n >= 0", []), ("not n < 0", []), ("n > 0", ["TW017"]), ("n is not None", ["TW017"]), ("n != 0", ["TW017"])],
)
def test_an_order_is_a_condition_too(check: Check, asked: str, codes: list[str]) -> None:
    """What is at least 0 is not below it."""
    source = f"{HEAD}{NUMBERS}def fits(n): return {asked}\n@app.get('/x')\ndef show(n: int) -> Any:\n"
    source += "    if not fits(n): raise HTTPException(422)\n    check_number(n)\n"
    assert check(source, "--all", "--select", "TW017").codes == codes


DEPENDS = {
    "in the signature": ("def show(key: str, found: Annotated[Any, Depends(find)]) -> Any:", "@app.get('/x/{key}')"),
    "under another name": (
        "def show(name: Annotated[str, Path(alias='key')], found: Any = Depends(find)) -> Any:\n    key = name",
        "@app.get('/x/{key}')",
    ),
    "at the route": ("def show(key: str) -> Any:", "@app.get('/x/{key}', dependencies=[Depends(find)])"),
    "at a router": ("def show(key: str) -> Any:", "@guarded.get('/x/{key}')"),
    "below another": ("def show(key: str, found: Any = Depends(deeper)) -> Any:", "@app.get('/x/{key}')"),
    "a class": ("def show(key: str, found: Annotated[Found, Depends()]) -> Any:", "@app.get('/x/{key}')"),
    "an object": ("def show(key: str, found: Any = Depends(Exists(STORE))) -> Any:", "@app.get('/x/{key}')"),
    "with a yield": ("def show(key: str, found: Any = Depends(opened)) -> Any:", "@app.get('/x/{key}')"),
    "a wrapper": ("@wrap\ndef show(key: str, found: Any = Depends(find)) -> Any:", "@app.get('/x/{key}')"),
}
DEPENDENCIES = """
from typeway import Path
def find(key: str) -> str:
    if key not in {table}: raise HTTPException(404)
    return {table}[key]
def deeper(found: Annotated[str, Depends(find)]) -> str: return found
class Found:
    def __init__(self, key: str) -> None:
        if key not in {table}: raise HTTPException(404)
        self.key = key
class Exists:
    def __init__(self, table): self.table = {table}
    def __call__(self, key: str) -> None:
        if key not in self.table: raise HTTPException(404)
def opened(key: str) -> Iterator[str]:
    if key not in {table}: raise HTTPException(404)
    yield {table}[key]
def wrap(inner):
    @functools.wraps(inner)
    def wrapper(*args, **kwargs): return inner(*args, **kwargs)
    return wrapper
guarded = Router(dependencies=[Depends(find)])
"""


@pytest.mark.parametrize(("signature", "route"), DEPENDS.values(), ids=DEPENDS)
@pytest.mark.parametrize(("table", "codes"), [("STORE", []), ("OTHERS", ["TW017"])])
def test_what_a_dependency_has_asked_does_not_happen(
    check: Check, signature: str, route: str, table: str, codes: list[str]
) -> None:
    """It answers before the endpoint begins."""
    source = f"{HEAD}{STORE}{DEPENDENCIES.replace('{table}', table)}{route}\n{signature}\n    return get_thing(key)\napp.include_router(guarded)\n"
    assert check(source, "--all", "--select", "TW017").codes == codes


OTHERWISE = {
    "another parameter": "def find(other: str) -> None:\n    if other not in STORE: raise HTTPException(404)\n",
    "of the query": "def find(key: Annotated[str, Query()]) -> None:\n    if key not in STORE: raise HTTPException(404)\n",
    "a log": "def find(key: str) -> None:\n    if key not in STORE: print(key)\n",
    "a part of it": "def find(key: str) -> None:\n    if key[:2] not in STORE: raise HTTPException(404)\n",
    "what it takes away": "def find(key: str) -> None:\n    if key not in STORE: raise HTTPException(404)\n    del STORE[key]\n",
    "what is there already": "def find(key: str) -> None:\n    if key in STORE: raise HTTPException(409)\n",
}


@pytest.mark.parametrize("dependency", OTHERWISE.values(), ids=OTHERWISE)
def test_a_dependency_that_asks_something_else_excludes_nothing(check: Check, dependency: str) -> None:
    """Another parameter, or no answer."""
    route = (
        "@app.get('/x/{key}', dependencies=[Depends(find)])"
        if "Query" not in dependency
        else "@app.get('/x/{name}', dependencies=[Depends(find)])"
    )
    if "other" in dependency:
        route = route.replace("{key}", "{key}/{other}")
    parameter = "key: Annotated[str, Path(alias='name')]" if "Query" in dependency else "key: str"
    source = f"{HEAD}from typeway import Path\n{STORE}{dependency}{route}\ndef show({parameter}) -> Any:\n    return get_thing(key)\n"
    assert check(source, "--all", "--select", "TW017").codes == ["TW017"]


SHELVES = """
class Shelf:
    def __init__(self): self.items = {}
    def known(self, key): return key in self.items
    def find(self, key):
        if key not in self.items: raise ThingNotFoundError(key)
        return self.items[key]
    def drop(self, key): del self.items[key]
    def drop_all(self): self.items = {}
shelf, other_shelf = Shelf(), Shelf()
def get_shelf() -> Shelf: return shelf
"""
ON_SHELVES = {
    "asked": ("if not shelf.known(key): raise HTTPException(404)", []),
    "asked by its items": ("if key not in shelf.items: raise HTTPException(404)", []),
    "nothing": ("print(key)", ["TW017"]),
    "another": ("if not other_shelf.known(key): raise HTTPException(404)", ["TW017"]),
    "dropped": ("if not shelf.known(key): raise HTTPException(404)\n    shelf.drop(key)", ["TW017"]),
    "replaced": ("if not shelf.known(key): raise HTTPException(404)\n    shelf.drop_all()", ["TW017"]),
    "dropped from another": ("if not shelf.known(key): raise HTTPException(404)\n    other_shelf.drop(key)", []),
}


@pytest.mark.parametrize("given", ["shelf", "mine"])
@pytest.mark.parametrize(("line", "codes"), ON_SHELVES.values(), ids=ON_SHELVES)
def test_what_an_object_has_asked_is_in_that_object(check: Check, given: str, line: str, codes: list[str]) -> None:
    """Methods ask about what their object has, and another object has its own."""
    line = line if given == "shelf" else line.replace(" shelf.", " mine.")
    source = (
        f"{HEAD}{STORE}{SHELVES}@app.get('/x/{{key}}')\ndef show(key: str, mine: Shelf = Depends(get_shelf)) -> Any:\n"
    )
    source += f"    {line}\n    return {given}.find(key)\n"
    assert check(source, "--all", "--select", "TW017").codes == codes


TEXTS = {
    "a condition": ("if not text.isdigit(): raise HTTPException(422)", []),
    "a helper": ("if not is_number(text): raise HTTPException(422)", []),
    "a helper that refuses": ("refuse(text)", []),
    "a try": ("try: int(text)\n    except ValueError: raise HTTPException(422)", []),
    "some texts": ("if text not in ('1', '2'): raise HTTPException(404)", []),
    "nothing": ("print(text)", ["TW017"]),
    "whether it is there": ("if not text: raise HTTPException(422)", ["TW017"]),
    "one text": ("if text == 'me': raise HTTPException(403)", ["TW017"]),
    "some other texts": ("if text in STORE: raise HTTPException(403)", ["TW017"]),
    "a log": ("if not text.isdigit(): print(text)", ["TW017"]),
    "another": ("if not other.isdigit(): raise HTTPException(422)", ["TW017"]),
}


@pytest.mark.parametrize(("line", "codes"), TEXTS.values(), ids=TEXTS)
def test_what_a_dependency_refuses_is_not_converted(check: Check, line: str, codes: list[str]) -> None:
    """A text that has been looked at before the endpoint begins, as in the endpoint itself."""
    source = f"{HEAD}{STORE}def is_number(text: str) -> bool: return text.isdigit()\n"
    source += "def refuse(text):\n    if not text.isdigit(): raise HTTPException(422)\n"
    source += f"def checked(text: str, other: str) -> None:\n    {line}\n"
    source += (
        "@app.get('/x/{text}/{other}', dependencies=[Depends(checked)])\ndef show(text: str) -> Any: return int(text)\n"
    )
    assert check(source, "--all", "--select", "TW017").codes == codes


@pytest.mark.parametrize(("table", "codes"), [("FIXED", []), ("STORE", ["TW017"])])
def test_what_a_dependency_has_found_in_a_table_is_in_it(check: Check, table: str, codes: list[str]) -> None:
    """A look-up in a table that nobody changes fails for what is not there only."""
    source = f"{HEAD}{STORE}def known(key: str) -> None:\n    if key not in {table}: raise HTTPException(404)\n"
    source += "@app.get('/x/{key}', dependencies=[Depends(known)])\ndef show(key: str) -> Any: return FIXED[key]\n"
    assert check(source, "--all", "--select", "TW017").codes == codes
