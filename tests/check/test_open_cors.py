"""Which of several middlewares for cross-origin requests a finding names, and what own classes let in."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

# The places of the two are lines 7 and 9; both applications know their users by a cookie.
TWO = """from fastapi import Cookie, FastAPI
from fastapi.middleware.cors import CORSMiddleware
NAMED, OPEN = ["https://a.example"], ["*"]
app, inner = FastAPI(), FastAPI()
@app.get("/x")
def show(who: str = Cookie()) -> str: return who
app.add_middleware(CORSMiddleware, {first})
app.mount("/inner", inner)
inner.add_middleware(CORSMiddleware, {second})
"""
NAMED = "allow_origins=NAMED, allow_credentials=True"
OPEN = "allow_origins=['*'], allow_credentials=True"
BY_NAME = "allow_origins=OPEN, allow_credentials=True"
PLACES = {
    "the first": (OPEN, NAMED, [7]),
    "the second": (NAMED, OPEN, [9]),
    "the second, by a name": ("allow_origins=['https://a.example'], allow_credentials=True", BY_NAME, [9]),
    "the second, by its methods": (NAMED + ", allow_methods=['GET']", BY_NAME + ", allow_methods=['*']", [9]),
    "the second, by its pattern": (NAMED, "allow_origin_regex='.*', allow_credentials=True", [9]),
    "both": (OPEN, OPEN + ", allow_methods=['GET']", [7, 9]),
    "none": (NAMED, NAMED, []),
}


@pytest.mark.parametrize(("first", "second", "lines"), PLACES.values(), ids=PLACES)
def test_a_finding_names_the_middleware_that_is_open(check: Check, first: str, second: str, lines: list[int]) -> None:
    """TW016: of several applications each has middleware with options of its own."""
    outcome = check(TWO.format(first=first, second=second), "--compat", "--select", "TW016")
    assert [finding["line"] for finding in outcome.findings] == lines, outcome.err


# The application knows its users by a cookie; the method begins in line 14.
OWN = """import re
from fastapi import Cookie, FastAPI
from fastapi.middleware.cors import CORSMiddleware
SHOP = re.compile(r"https://[a-z0-9-]{{1,63}}\\.shops\\.example")
LOOSE = re.compile(r"https://.*shops\\.example")
NAMED = {{"https://a.example", "https://b.example"}}
def known(origin: str) -> bool: return origin in NAMED
app = FastAPI()
@app.get("/x")
def show(who: str = Cookie()) -> str: return who
class Shops(CORSMiddleware):
    strict = True
    def is_allowed_origin(self, origin: str) -> bool:
        {body}
app.add_middleware(Shops, allow_origins=["https://a.example"], allow_credentials={credentials})
"""
SUPER = "super().is_allowed_origin(origin)"
LETS_IN = {
    "all": "return True",
    "all, with a docstring": '"""All shops."""\n        return True',
    "all, or those that are named": f"return {SUPER} or True",
    "whoever names itself": f"return {SUPER} or bool(origin)",
    "the origin itself": "return origin",
    "not nobody": "return origin is not None",
    "not nothing": 'return origin != ""',
    "a scheme": 'return origin.startswith("https://")',
    "several schemes": 'return origin.startswith(("http://", "https://"))',
    "the end of a name": f'return {SUPER} or origin.endswith("shops.example")',
    "a part of a name": 'return "shops.example" in origin',
    "the beginning of a name": 'return origin.startswith("https://shops.example")',
    "a pattern": 'return re.match("https?://.+", origin) is not None',
    "a pattern that a module has": "return bool(LOOSE.fullmatch(origin))",
    "a branch": f"if {SUPER}:\n            return True\n        return origin.startswith('http')",
    "both branches": f"if not {SUPER}:\n            return True\n        else:\n            return False",
    "all but one": 'return origin not in ("https://evil.example",)',
}
KEEPS_OUT = {
    "those that are named": f"return {SUPER}",
    "a pattern of the module": f"return {SUPER} or SHOP.fullmatch(origin) is not None",
    "the end of a name with a dot": 'return origin.startswith("https://") and origin.endswith(".shops.example")',
    "one": 'return origin == "https://shops.example"',
    "names of the module": "return origin in NAMED",
    "names in place": 'return origin in ("https://a.example", "https://b.example")',
    "a function": f"return {SUPER} or known(origin)",
    "an attribute": f"return {SUPER} or not self.strict",
    "nobody": "return False",
    "a branch": f"if {SUPER}:\n            return True\n        return False",
    "another origin": 'origin = origin.lower()\n        return origin != ""',
    "a loop": "for each in NAMED:\n            if each == origin:\n                return True\n        return False",
    "a host": "host = origin.partition('://')[2]\n        return host in NAMED",
}


@pytest.mark.parametrize("body", LETS_IN.values(), ids=LETS_IN)
def test_a_class_of_ones_own_may_let_everybody_in(check: Check, body: str) -> None:
    """TW016: what the class says of an origin counts, and not only the options."""
    outcome = check(OWN.format(body=body, credentials=True), "--compat", "--select", "TW016")
    assert [finding["confidence"] for finding in outcome.findings] == ["high"], outcome.err
    assert check(OWN.format(body=body, credentials=False), "--compat", "--all", "--select", "TW016").codes == []


@pytest.mark.parametrize("body", KEEPS_OUT.values(), ids=KEEPS_OUT)
def test_a_class_of_ones_own_may_let_some_in(check: Check, body: str) -> None:
    """TW016: nothing is said of a class that asks for what nobody can own, or for what cannot be read."""
    outcome = check(OWN.format(body=body, credentials=True), "--compat", "--all", "--select", "TW016")
    assert outcome.codes == [], outcome.out


OPTIONS = {
    "written out": ("self, app", 'app, allow_origins=["*"], allow_credentials=True', "", ["high"]),
    "by a constant": ("self, app", "app, allow_origins=OPEN, allow_credentials=True", "", ["high"]),
    "some passed on": (
        "self, app, **options",
        "app, allow_credentials=True, **options",
        ', allow_origins=["*"]',
        ["high"],
    ),
    "by a parameter": (
        "self, app, names",
        "app, allow_origins=names, allow_credentials=True",
        ', names=["*"]',
        ["high"],
    ),
    "named": ("self, app", 'app, allow_origins=["https://a.example"], allow_credentials=True', "", []),
    "no credentials": ("self, app", 'app, allow_origins=["*"]', "", []),
    "while it is developed": ("self, app", "app, allow_origins=DEVELOPED, allow_credentials=True", "", []),
    "not known": ("self, app", "app, allow_origins=read(), allow_credentials=True", "", []),
}


@pytest.mark.parametrize(("parameters", "passed", "given", "confidences"), OPTIONS.values(), ids=OPTIONS)
def test_a_class_may_choose_its_own_options(
    check: Check, parameters: str, passed: str, given: str, confidences: list[str]
) -> None:
    """TW016: the options may be in the constructor."""
    source = OWN.format(body="pass", credentials=True)
    source = source[: source.index("class Shops")] + (
        "OPEN = ['*']; DEBUG = True; DEVELOPED = ['*'] if DEBUG else []\ndef read(): return ['https://a.example']\nclass Shops(CORSMiddleware):\n"
        f"    def __init__({parameters}):\n        super().__init__({passed})\napp.add_middleware(Shops{given})\n"
    )
    outcome = check(source, "--compat", "--select", "TW016")
    assert [finding["confidence"] for finding in outcome.findings] == confidences, outcome.err
    assert all(finding["line"] == 15 for finding in outcome.findings)
