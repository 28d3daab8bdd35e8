"""Equivalent spellings of a pitfall, and of its fix, have the same verdict."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import indent

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import ADDS, HEAD


@dataclass(frozen=True)
class Step:
    """An expression, and what has to be defined before it."""

    expression: str
    waits: bool = False
    given: str = ""
    before: str = ""
    tag: str = ""
    depth: int = 0

    @property
    def name(self) -> str:
        return f"_{self.tag}{self.depth}"

    @property
    def keyword(self) -> str:
        return "async def" if self.waits else "def"

    @property
    def value(self) -> str:
        return f"await {self.expression}" if self.waits else self.expression

    def within(self, definitions: str, call: str) -> "Step":
        """The same done by a call of something that is defined around it."""
        return Step(call, self.waits, self.given, f"{self.before}{definitions}\n", self.tag, self.depth + 1)


def helper(step: Step) -> Step:
    name = f"helper{step.name}"
    return step.within(f"{step.keyword} {name}({step.given}): return {step.value}", f"{name}({step.given})")


def alias(step: Step) -> Step:
    inner = helper(step)
    name = f"alias{step.name}"
    return step.within(f"{inner.before.removeprefix(step.before)}{name} = helper{step.name}", f"{name}({step.given})")


def partial(step: Step) -> Step:
    inner = helper(step)
    name = f"partial{step.name}"
    definitions = f"{inner.before.removeprefix(step.before)}{name} = functools.partial(helper{step.name})"
    return step.within(definitions, f"{name}({step.given})")


def decorated(step: Step) -> Step:
    name = f"decorated{step.name}"
    wait = "await " if step.waits else ""
    return step.within(
        f"def around{name}(function):\n    @functools.wraps(function)\n"
        f"    {step.keyword} wrapper(*args, **kwargs): return {wait}function(*args, **kwargs)\n    return wrapper\n"
        f"@around{name}\n{step.keyword} {name}({step.given}): return {step.value}",
        f"{name}({step.given})",
    )


def in_class(step: Step, head: str, first: str, call: str) -> Step:
    name = f"Kind{step.name}"
    parameters = ", ".join(filter(None, (first, step.given)))
    method = f"{head}{step.keyword} go({parameters}): return {step.value}"
    return step.within(f"class {name}:\n{indent(method, '    ')}", call.format(name=name, given=step.given))


def method(step: Step) -> Step:
    return in_class(step, "", "self", "{name}().go({given})")


def static_method(step: Step) -> Step:
    return in_class(step, "@staticmethod\n", "", "{name}.go({given})")


def class_method(step: Step) -> Step:
    return in_class(step, "@classmethod\n", "cls", "{name}.go({given})")


def inherited(step: Step) -> Step:
    inner = method(step)
    name = f"Child{step.name}"
    definitions = f"{inner.before.removeprefix(step.before)}class {name}(Kind{step.name}): pass"
    return step.within(definitions, f"{name}().go({step.given})")


def held_by_module(step: Step) -> Step:
    inner = method(step)
    name = f"held{step.name}"
    definitions = f"{inner.before.removeprefix(step.before)}{name} = Kind{step.name}()"
    return step.within(definitions, f"{name}.go({step.given})")


def held_by_object(step: Step) -> Step:
    """An object that is given another and keeps it, without an annotation."""
    inner = method(step)
    name = f"Holder{step.name}"
    definitions = (
        f"{inner.before.removeprefix(step.before)}class {name}:\n    def __init__(self, kind): self.kind = kind\n"
        f"    {step.keyword} go({', '.join(filter(None, ('self', step.given)))}): "
        f"return {'await ' if step.waits else ''}self.kind.go({step.given})"
    )
    return step.within(definitions, f"{name}(Kind{step.name}()).go({step.given})")


def as_property(step: Step) -> Step:
    """Only what neither waits nor takes anything can be a property."""
    if step.waits or step.given:
        return helper(step)
    name = f"Kind{step.name}"
    return step.within(f"class {name}:\n    @property\n    def go(self): return {step.value}", f"{name}().go")


SPELLINGS: list[Callable[[Step], Step]] = [
    helper, alias, partial, decorated, method, static_method, class_method, inherited, held_by_module, held_by_object,
    as_property,
]  # fmt: skip


@dataclass(frozen=True)
class Pitfall:
    """What an endpoint does, badly and well; `{}` stands for the expression."""

    code: str
    endpoint: str
    bad: Step
    good: Step
    before: str = ""


BLOCKS = "@app.get('/{path}')\nasync def {path}() -> Any:\n    await pause()\n    {value}\n"
CHANGES = "class Change(BaseModel):\n    title: str = ''\n"
PITFALLS = {
    "sleep": Pitfall("TW001", BLOCKS, Step("time.sleep(1)"), Step("asyncio.sleep(1)", waits=True)),
    "sleep in a thread": Pitfall(
        "TW001", BLOCKS, Step("time.sleep(1)"), Step("asyncio.to_thread(time.sleep, 1)", waits=True)
    ),
    "request": Pitfall(
        "TW001", BLOCKS, Step("httpx.get('http://x')"), Step("httpx.AsyncClient().get('http://x')", waits=True)
    ),
    "query": Pitfall(
        "TW001",
        BLOCKS,
        Step("make_session().execute(select(User))"),
        Step("make_async_session().execute(select(User))", waits=True),
    ),
    "update": Pitfall(
        "TW006",
        "@app.patch('/{path}/{{n}}')\ndef {path}(n: int, change: Change) -> None:\n    vars(app).update({value})\n",
        Step("change.model_dump()", given="change"),
        Step("change.model_dump(exclude_unset=True)", given="change"),
        CHANGES,
    ),
    "answer": Pitfall(
        "TW007",
        "@app.get('/{path}')\ndef {path}():\n    return {value}\n",
        Step("make_session().get(User, 1)"),
        Step("Shown(id=make_session().get(User, 1).id)"),
    ),
    "status": Pitfall(
        "TW030",
        "@app.get('/{path}/{{n}}')\ndef {path}(n: int) -> Any:\n    try: return {value}\n"
        "    except Exception: raise HTTPException(500)\n",
        Step("find(n)", given="n"),
        Step("find_or_none(n)", given="n"),
        "def find(n):\n    if n > 9: raise HTTPException(404)\n    return n\n"
        "def find_or_none(n):\n    try: return find(n)\n    except HTTPException: return None\n",
    ),
    "list": Pitfall(
        "TW011",
        "@app.get('/{path}', response_model=list[Shown])\ndef {path}():\n    return {value}\n",
        Step("make_session().scalars(select(User)).all()"),
        Step("make_session().scalars(select(User).limit(10)).all()"),
        ADDS,
    ),
}


def source_of(pitfall: Pitfall, step: Step, spellings: list[Callable[[Step], Step]], path: str) -> str:
    step = replace(step, tag=path)
    for spell in spellings:
        step = spell(step)
    return step.before + pitfall.endpoint.format(path=path, value=step.value)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(name="update", spellings=[alias, decorated])
@given(name=st.sampled_from([*PITFALLS]), spellings=st.lists(st.sampled_from(SPELLINGS), min_size=2, max_size=3))
def test_equivalent_spellings_have_the_same_verdict(
    check: Check, name: str, spellings: list[Callable[[Step], Step]]
) -> None:
    """However a pitfall is wrapped into functions, methods and objects it is found, and its fix is not."""
    pitfall = PITFALLS[name]
    good = HEAD + pitfall.before + source_of(pitfall, pitfall.good, spellings, "good")
    outcome = check(good + source_of(pitfall, pitfall.bad, spellings, "bad"))
    assert outcome.codes == [pitfall.code]
    line = outcome.findings[0]["line"]
    assert isinstance(line, int)
    assert line > len(good.splitlines())


@pytest.mark.parametrize("name", PITFALLS)
def test_every_spelling_of_every_pitfall(check: Check, name: str) -> None:
    """Each way of writing alone: the pitfall is found once for each, and none of its fixes is."""
    pitfall = PITFALLS[name]
    bad = [source_of(pitfall, pitfall.bad, [spell], f"bad_{spell.__name__}") for spell in SPELLINGS]
    good = [source_of(pitfall, pitfall.good, [spell], f"good_{spell.__name__}") for spell in SPELLINGS]
    assert check(HEAD + pitfall.before + "".join(bad)).codes == [pitfall.code] * len(SPELLINGS)
    assert check(HEAD + pitfall.before + "".join(good)).codes == []
