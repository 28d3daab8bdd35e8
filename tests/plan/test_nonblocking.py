"""A function runs on the event loop only if its bytecode proves that it can neither wait nor run foreign code."""

import dataclasses
import functools
import threading
import time
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

from tests.frameworks import answer
from typeway import Depends, Typeway
from typeway.plan.nonblocking import cannot_block

GLOBAL = 3
Content = TypeVar("Content")


# --- functions that may run inline ------------------------------------------------------------------------------


def returns_nothing(): ...


def returns_argument(a: Any):
    return a


def returns_constant():
    return "constant"


def returns_dict(a: Any, b: Any = 1):
    return {"a": a, "b": b, 3: None}


def returns_one_member(a: Any):
    return {"a": a}


def returns_nested(a: Any, b: Any):
    return {"a": [a, b], "b": {"c": (a, {"d": b})}, "e": []}


def decides_by_identity(a: Any, b: Any = None):
    if a is None:
        return b
    if a is not b:
        return {"a": a}
    return a if b is None else [b]


def assigns(a: Any):
    b = a
    pair = b, a
    return pair, b


def many_constants(a: Any):
    x1 = 1
    x2 = 2.5
    x3 = ("a", None)
    return x1, x2, x3, a


def chooses(a: Any, b: Any):
    if a is None:
        return {"a": a}
    return {"b": [b], "c": a}


def closure():
    kept = object()

    def inner(a: Any):
        return {"kept": kept, "a": a}

    return inner


class Page:
    def __init__(self, offset: int = 0, limit: int | None = None) -> None:
        self.offset = offset
        self.limit = 10 if limit is None else limit


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a: Any) -> None:
        self.a = a


class WithMethods(Page):
    name = "x"

    def __repr__(self) -> str:
        return time.ctime()


class Container(Generic[Content]):
    def __init__(self, content: Any) -> None:
        self.content = content


@dataclasses.dataclass
class Record:
    a: int
    b: str = "x"


INLINE = [
    returns_nothing, returns_argument, returns_constant, returns_dict, returns_one_member, returns_nested, assigns,
    decides_by_identity, chooses, many_constants, closure(), lambda a: a, Page, Slotted, WithMethods, Container, Record,
]  # fmt: skip


# --- functions that must not ------------------------------------------------------------------------------------


def calls(a: Any):
    return a()


def sleeps():
    time.sleep(0)


def reads_attribute(a: Any):
    return a.name


def reads_item(a: Any):
    return a["name"]


def adds(a: Any, b: Any):
    return a + b


def negates(a: Any):
    return -a


def compares(a: Any, b: Any):
    return a == b


def contains(a: Any, b: Any):
    return a in b


def asks_truth(a: Any):
    return 1 if a else 2


def asks_truth_after_identity(a: Any, b: Any):
    return 1 if a is None or b else 2


def denies(a: Any):
    return not a


def either(a: Any, b: Any):
    return a is b and b


def formats(a: Any):
    return f"{a}"


def loops(a: Any):
    for _ in a:
        pass


def waits_for_ever(a: Any):
    while a is None:
        a = None
    return a


def waits_for_ever_without_a_test():
    while True:
        pass


def unpacks(a: Any):
    return [*a]


def unpacks_mapping(a: Any):
    return {**a}


def builds_set(a: Any):
    return {a}


def foreign_key(a: Any, b: Any):
    return {a: b}


def foreign_key_before_a_list(a: Any):
    return {a: ["k"]}


def foreign_key_among_constants(a: Any, b: Any):
    return {"a": b, a: "b", "c": a}


def foreign_key_by_choice(a: Any, b: Any):
    return {("k" if b is None else a): b}


def foreign_key_before_a_choice(a: Any, b: Any):
    return {a: "k" if b is None else "l"}


def raises():
    raise ValueError


def asserts(a: Any):
    assert a


def imports():
    import os

    return os


def defines():
    def inner(): ...

    return inner


def sets_global():
    global GLOBAL
    GLOBAL = 4


def sets_attribute(a: Any):
    a.name = 3


def sets_item(a: Any):
    a["name"] = 3


def deletes_attribute(a: Any):
    del a.name


def enters(a: Any):
    with a:
        pass


def catches(a: Any):
    try:
        return a
    finally:
        a()


def matches(a: Any):
    match a:
        case {"x": b}:
            return b


def generates(a: Any):
    yield a


async def awaited(a: Any):
    return a


async def generates_later(a: Any):
    yield a


@functools.wraps(returns_argument)
def wraps(a: Any):
    return a


class WithoutConstructor: ...


class WithNew:
    def __new__(cls, *_: Any):
        time.sleep(0)
        return object.__new__(cls)

    def __init__(self, a: Any) -> None:
        self.a = a


class WithSetattr:
    def __init__(self, a: Any) -> None:
        self.a = a

    def __setattr__(self, name: str, value: Any) -> None:
        time.sleep(0)


class WithProperty:
    def __init__(self, a: Any) -> None:
        self.a = a

    @property
    def a(self):
        return 1

    @a.setter
    def a(self, value: Any):
        time.sleep(0)


class HiddenDescriptor:
    def __get__(self, instance: Any, owner: Any):
        return 5

    def __set__(self, instance: Any, value: Any):
        time.sleep(0)


class WithHiddenDescriptor:
    a = HiddenDescriptor()

    def __init__(self, a: Any) -> None:
        self.a = a


class Meta(type):
    def __call__(cls, *args: Any):
        time.sleep(0)
        return super().__call__(*args)


class WithMeta(metaclass=Meta):
    def __init__(self, a: Any) -> None:
        self.a = a


class SetsOther:
    def __init__(self, other: Any) -> None:
        other.a = 1


class SetsOtherByChoice:
    def __init__(self, other: Any, which: Any) -> None:
        (other if which is None else self).a = 1


class SetsSelfAnew:
    def __init__(self, other: Any) -> None:
        self = other  # noqa: PLW0642
        self.a = 1


class SetsBelow:
    def __init__(self, other: Any) -> None:
        self.a = other
        self.a.b = 1


class SetsWithoutSelf:
    def __init__(*arguments: Any) -> None:
        arguments.a = 1


class CallsAfterwards:
    def __init__(self) -> None:
        self.start = time.time()


class BuiltIn(dict[str, Any]):
    def __init__(self, a: Any) -> None:
        self.a = a


@dataclasses.dataclass
class WithFactory:
    a: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int


class Model(BaseModel):
    a: int = 0


class CallableObject:
    def __call__(self):
        return 1

    def method(self):
        return 1


THREAD = [
    calls, sleeps, reads_attribute, reads_item, adds, negates, compares, contains, asks_truth,
    asks_truth_after_identity, denies, either, formats, loops, waits_for_ever, waits_for_ever_without_a_test, unpacks,
    unpacks_mapping, builds_set, foreign_key, foreign_key_before_a_list, foreign_key_among_constants,
    foreign_key_by_choice, foreign_key_before_a_choice, raises, asserts, imports, defines, sets_global, sets_attribute,
    sets_item, deletes_attribute, enters, catches, matches, generates, awaited, generates_later, wraps,
    WithoutConstructor, WithNew, WithSetattr, WithProperty, WithHiddenDescriptor, WithMeta, SetsOther,
    SetsOtherByChoice, SetsSelfAnew, SetsBelow, SetsWithoutSelf, CallsAfterwards, BuiltIn, WithFactory, Frozen, Model,
    CallableObject(), CallableObject().method, functools.partial(returns_argument, 1), len, dict, int, object(),
]  # fmt: skip


def name(function: Any) -> str:
    return getattr(function, "__name__", repr(type(function).__name__))


@pytest.mark.parametrize("function", INLINE, ids=name)
def test_harmless_functions_run_inline(function):
    """What only moves values around, decides by identity and fills a fresh object needs no thread."""
    assert cannot_block(function)


@pytest.mark.parametrize("function", THREAD, ids=name)
def test_everything_else_does_not(function):
    """Whatever could wait, loop or run code of others stays in the thread pool."""
    assert not cannot_block(function)


def test_the_thread_shows_in_the_answer():
    """A harmless endpoint and its harmless dependency run on the loop's thread; others run in the pool."""
    app = Typeway()
    seen: dict[str, str] = {}

    class Watched:
        def __init__(self, a: int = 1) -> None:
            self.a = a

    class Page:
        def __init__(self, offset: int = 0) -> None:
            self.offset = offset

    @app.middleware("http")
    async def note(request, call_next):
        seen["loop"] = threading.current_thread().name
        return await call_next(request)

    def blocking(page: Annotated[Page, Depends()]):
        seen["pool"] = threading.current_thread().name
        return page.offset

    @app.get("/")
    def read(offset: Annotated[int, Depends(blocking)], watched: Annotated[Watched, Depends()], q: str | None = None):
        return {"offset": offset, "q": q}

    assert cannot_block(read)
    assert answer(app, "GET /?offset=3&q=x") == (200, {"offset": 3, "q": "x"})
    assert seen["pool"] != seen["loop"]
