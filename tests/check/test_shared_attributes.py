"""Which lists, dicts and sets of classes requests share by mistake."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

HEAD = """
import functools
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from pydantic import BaseModel
from typeway import Depends, Typeway
app = Typeway()
"""
# Each makes an object for a request, adds to what it has, and answers with that.
CLASS = "class Report:\n    problems: list[str] = []\n    def run(self, text: str) -> 'Report':\n        {adds}\n        return self\n"
MADE = "\n@app.get('/x')\ndef show(text: str) -> Any: return Report().run(text).problems\n"
FOUND = {
    "append": CLASS.format(adds="self.problems.append(text)") + MADE,
    "extend": CLASS.format(adds="self.problems.extend([text])") + MADE,
    "+=": CLASS.format(adds="self.problems += [text]") + MADE,
    "insert": CLASS.format(adds="self.problems.insert(0, text)") + MADE,
    "a local name": CLASS.format(adds="found = self.problems; found.append(text)") + MADE,
    "without an annotation": CLASS.format(adds="self.problems.append(text)").replace(": list[str]", "") + MADE,
    "list()": CLASS.format(adds="self.problems.append(text)").replace("= []", "= list()") + MADE,
    "a dict": CLASS.format(adds="self.problems['text'] = text").replace("list[str] = []", "dict[str, str] = {}") + MADE,
    "a dict that is updated": (
        CLASS.format(adds="self.problems.update({'text': text})").replace("list[str] = []", "dict[str, str] = {}") + MADE
    ),
    "a set": CLASS.format(adds="self.problems.add(text)").replace("list[str] = []", "set[str] = set()") + MADE,
    "a defaultdict": (
        CLASS.format(adds="self.problems['text'].append(text)").replace("list[str] = []", "Any = defaultdict(list)") + MADE
    ),
    "a Counter": CLASS.format(adds="self.problems[text] += 1").replace("list[str] = []", "Any = Counter()") + MADE,
    "a private name": CLASS.format(adds="self._problems.append(text)").replace("    problems", "    _problems")
    + "    @property\n    def problems(self) -> list[str]: return self._problems\n" + MADE,
    "of a parent": CLASS.format(adds="self.problems.append(text)")
    + "class Long(Report):\n    def more(self) -> int: return len(self.problems)\n" + MADE.replace("Report()", "Long()"),
    "the class is the dependency": CLASS.format(adds="self.problems.append(text)")
    + "@app.get('/x')\ndef show(report: Annotated[Report, Depends()], text: str) -> Any:\n    report.run(text)\n"
    "    return {'problems': report.problems}\n",
    "a dependency makes it": CLASS.format(adds="self.problems.append(text)")
    + "def made(text: str) -> Report: return Report().run(text)\n"
    "@app.get('/x')\ndef show(report: Annotated[Report, Depends(made)]) -> Any: return report.problems\n",
    "from outside": "class Report:\n    problems: list[str] = []\n"
    "@app.get('/x')\ndef show(text: str) -> Any:\n    report = Report()\n    report.problems.append(text)\n    return report.problems\n",
    "a constructor": "class Report:\n    problems: list[str] = []\n    def __init__(self, text: str) -> None: self.problems.append(text)\n"
    "@app.get('/x')\ndef show(text: str) -> Any: return Report(text).problems\n",
    "a dataclass": "@dataclass\nclass Report:\n    text: str\n    problems = []\n    def run(self) -> None: self.problems.append(self.text)\n"
    "@app.get('/x')\ndef show(text: str) -> Any:\n    report = Report(text)\n    report.run()\n    return report.problems\n",
}  # fmt: skip
FINE = CLASS.format(adds="self.problems.append(text)")
LEFT_ALONE = {
    "a constructor makes it": FINE + "    def __init__(self) -> None: self.problems = []\n" + MADE,
    "a method makes it": FINE + "    def reset(self) -> None: self.problems = []\n" + MADE,
    "a subclass makes it": (
        FINE + "class Own(Report):\n    def __init__(self) -> None: self.problems: list[str] = []\n" + MADE.replace("Report()", "Own()")
    ),
    "somebody else gives it": (
        FINE + "@app.get('/x')\ndef show(text: str) -> Any:\n    report = Report()\n    report.problems = []\n"
        "    return report.run(text).problems\n"
    ),
    "a model copies it": FINE.replace("class Report", "class Report(BaseModel)") + MADE,
    "setattr": FINE + "    def __init__(self) -> None: setattr(self, 'problems', [])\n" + MADE,
    "its own dict": FINE + "    def __init__(self) -> None: self.__dict__['problems'] = []\n" + MADE,
    "a ClassVar": FINE.replace("list[str]", "ClassVar[list[str]]") + MADE,
    "asked of the class": FINE + MADE + "def everything() -> list[str]: return Report.problems\n",
    "asked of the class of an object": FINE + "    def all(self) -> list[str]: return type(self).problems\n" + MADE,
    "one object for all": FINE + "report = Report()\n" + MADE.replace("Report()", "report"),
    "one object, made once": (
        FINE + "@functools.lru_cache\ndef made() -> Report: return Report()\n" + MADE.replace("Report()", "made()")
    ),
    "one object in __new__": FINE + "    def __new__(cls) -> Any: return one\none: Any = None\n" + MADE,
    "a class that is called a store": (FINE + MADE).replace("Report", "ReportStore"),
    "an attribute that is called a history": (FINE + MADE).replace("problems", "history"),
    "others read it": FINE + MADE + "@app.get('/all')\ndef everything() -> Any: return Report().problems\n",
    "a thread reads it": FINE + MADE + "def export() -> None: print(Report().problems)\n",
    "nobody reads it": FINE + MADE.replace(".problems", ".run(text) and 1"),
    "something is looked up": (
        CLASS.format(adds="self.problems[text] = self.problems.get(text, text)").replace("list[str] = []", "dict[str, str] = {}")
        + MADE
    ),
    "something is asked for": CLASS.format(adds="if text not in self.problems: self.problems.append(text)") + MADE,
    "something is taken out": CLASS.format(adds="self.problems.append(text); self.problems.pop(0)") + MADE,
    "it is emptied": CLASS.format(adds="self.problems.clear(); self.problems.append(text)") + MADE,
    "filled by imports": FINE + "report = Report()\nreport.run('a')\n" + MADE,
    "nothing is added": CLASS.format(adds="pass") + MADE,
    "added to a copy": CLASS.format(adds="found = [*self.problems]; found.append(text)") + MADE,
    "names that are each other": CLASS.format(adds="found = self.problems; other = found; found = other; found.remove(text); found.append(text)") + MADE,
    "added to another": CLASS.format(adds="other.problems.append(text)") + "class Other:\n    def __init__(self) -> None: self.problems: list[str] = []\n"
    "other = Other()\n" + MADE,
    "a class of another package": "import logging\n" + FINE.replace("class Report", "class Report(logging.Handler)") + MADE,
}  # fmt: skip


@pytest.mark.parametrize("source", FOUND.values(), ids=list(FOUND))
def test_objects_of_requests_share_what_is_in_the_class(check: Check, source: str) -> None:
    """TW018: what one request adds is in the answers to all others."""
    found = check(HEAD + source, "--select", "TW018")
    assert found.codes == ["TW018"], found.out


@pytest.mark.parametrize("source", LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_is_shared_on_purpose_is_left_alone(check: Check, source: str) -> None:
    """TW018: each object has its own, or all are meant to have the same."""
    found = check(HEAD + source, "--all", "--select", "TW018")
    assert found.codes == [], found.out


def test_the_finding_names_the_class_and_nothing_is_changed(check: Check) -> None:
    """TW018: the place is the one in the class, and `--fix` leaves the class to its author."""
    [found] = check(HEAD + FOUND["append"], "--fix", "--select", "TW018").findings
    assert found["line"] == HEAD.count("\n") + 2
    assert "adds to Report.problems" in str(found["message"])
    assert "self.problems = []" in str(found["fix"])
