"""A callable whose signature has been changed is recognized without reading its signature again."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from typeway.declare.freshness import are_same, signature_parts


def plain() -> Any:
    def endpoint(a: int, b: int = 1, *, c: str = "c") -> int:
        return a

    return endpoint


def wrapped() -> Any:
    inner = plain()

    @functools.wraps(inner)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return inner(*args, **kwargs)

    return wrapper


class Called:
    def __call__(self, a: int = 1) -> int:
        return a

    def method(self, a: int = 1) -> int:
        return a


def with_signature(function: Any) -> None:
    function.__signature__ = inspect.Signature([inspect.Parameter("z", inspect.Parameter.KEYWORD_ONLY)])


def with_annotations(function: Any) -> None:
    function.__annotations__ = {"a": str}


def with_annotation(function: Any) -> None:
    function.__annotations__["a"] = str


def without_annotation(function: Any) -> None:
    del function.__annotations__["a"]


def with_defaults(function: Any) -> None:
    function.__defaults__ = (7,)


def with_keyword_defaults(function: Any) -> None:
    function.__kwdefaults__ = {"c": "d"}


def with_keyword_default(function: Any) -> None:
    function.__kwdefaults__["c"] = "d"


def with_code(function: Any) -> None:
    function.__code__ = function.__code__.replace(co_name="another")


def with_wrapped(function: Any) -> None:
    function.__wrapped__ = plain()


CHANGES = [
    with_signature, with_annotations, with_annotation, without_annotation, with_defaults, with_keyword_defaults,
    with_keyword_default, with_code,
]  # fmt: skip


@pytest.mark.parametrize("make", [plain, wrapped], ids=lambda make: make.__name__)
@pytest.mark.parametrize("change", [*CHANGES, with_wrapped], ids=lambda change: change.__name__)
def test_every_way_to_change_a_function_is_seen(make: Callable[[], Any], change: Callable[[Any], None]) -> None:
    """Whatever a function's signature is made of may be replaced, or changed in place."""
    function = make()
    if change in (without_annotation, with_annotation):
        function.__annotations__ = dict(function.__annotations__)  # a wrapper shares the dict of what it wraps
    if change is with_keyword_default:
        function.__kwdefaults__ = {"c": "c"}
    parts = signature_parts(function)
    assert are_same(parts, signature_parts(function))
    change(function)
    assert not are_same(parts, signature_parts(function))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize(
    "around",
    [
        lambda function: functools.wraps(function)(lambda: None),
        functools.partial,
        lambda function: function.__get__(object()),
        lambda function: type("Made", (), {"__call__": function})(),
        lambda function: type("Made", (), {"__init__": function}),
    ],
    ids=["wrapper", "partial", "method", "callable object", "class"],
)
def test_a_change_below_a_wrapper_is_seen(around: Callable[[Any], Any], change: Callable[[Any], None]) -> None:
    """A signature comes from what a callable wraps or calls, however it does that."""
    function = plain()
    outer = around(function)
    parts = signature_parts(outer)
    assert are_same(parts, signature_parts(outer))
    change(function)
    assert not are_same(parts, signature_parts(outer))


def test_what_no_signature_is_made_of_is_no_change() -> None:
    """An attribute that a decorator sets on a function, or another name, does not make it be read again."""
    function = plain()
    parts = signature_parts(function)
    function.mark = "limited"
    function.__name__ = "another"
    assert are_same(parts, signature_parts(function))


def test_an_equal_default_is_another() -> None:
    """Objects are compared by identity, because `==` may be overridden."""
    function = plain()
    function.__defaults__ = (1.0,)
    parts = signature_parts(function)
    function.__defaults__ = (float("1"),)
    assert not are_same(parts, signature_parts(function))


def test_bound_arguments_of_a_partial_count() -> None:
    """Keywords that a partial binds are changed in place by some code."""
    function: Any = functools.partial(plain(), b=1)
    parts = signature_parts(function)
    function.keywords["b"] = 2
    assert not are_same(parts, signature_parts(function))


def test_objects_without_anything_to_read_are_the_same() -> None:
    """Built-in callables, classes and objects are compared too; a wrapper of itself is followed to no end."""
    called: Any = Called()
    for function in (called, called.method, print, dict, Called):
        assert are_same(signature_parts(function), signature_parts(function))
    looped = plain()
    looped.__wrapped__ = looped
    assert are_same(signature_parts(looped), signature_parts(looped))
