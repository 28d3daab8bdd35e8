"""A callable's parameters are read through every wrapping, and string annotations mean what they name."""

import functools
import inspect
from typing import TYPE_CHECKING, Annotated, Any, ForwardRef

import pytest
from pydantic_core import PydanticUndefined, ValidationError
from typing_extensions import TypeAliasType

import typeway
from tests.frameworks import answer, application, each_framework
from typeway import Depends, Query
from typeway.declare.scope import unwrap, where
from typeway.declare.signature import Declaration, Parameter, read_declaration
from typeway.exceptions import DeclarationError

if TYPE_CHECKING:
    from decimal import Decimal as NotThere

Number = int
Bounded = TypeAliasType("Bounded", Annotated[int, "inner"])


def plain(first, second: int = 2, *rest: int, named: str = "n", **others: str) -> list[int]: ...


def text(value: "Number", other: "Annotated[Number, 'said'] | None" = None) -> "list[Number]": ...


def nested(value: Annotated[Annotated[int, "a"], "b"], aliased: "Annotated[Bounded, 'outer']") -> "None": ...


def unknown(value: "NotThere", inside: "Annotated[NotThere, 'kept']", odd: "NotThere.part[int]"): ...


class Callable:
    def __init__(self, start: "Number" = 0) -> None: ...

    def __call__(self, value: "Number") -> "Number": ...

    def method(self, value: "Number") -> "Number": ...


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


def described(declaration: Declaration) -> list[tuple[str, Any]]:
    return [(parameter.name, parameter.annotation) for parameter in declaration.parameters]


def test_every_part_of_a_parameter_is_kept():
    """Name, type, metadata, default and kind of each parameter are read; what is not written is Any, or undefined."""
    assert read_declaration(plain).parameters == (
        Parameter("first", Any),
        Parameter("second", int, default=2),
        Parameter("rest", int, is_variable=True),
        Parameter("named", str, default="n"),
        Parameter("others", str, is_variable=True),
    )
    assert read_declaration(plain).returns == list[int]
    assert read_declaration(lambda: None).returns is PydanticUndefined


def test_strings_mean_the_names_of_the_functions_own_module():
    """String annotations are evaluated where the function was written."""
    declaration = read_declaration(text)
    assert described(declaration) == [("value", int), ("other", Annotated[int, "said"] | None)]
    assert declaration.returns == list[int]


def test_metadata_is_gathered_through_nesting_and_aliases():
    """Annotated in Annotated, and named aliases of it, give one type and all metadata from the inside out."""
    first, second = read_declaration(nested).parameters
    assert (first.annotation, first.metadata) == (int, ("a", "b"))
    assert (second.annotation, second.metadata) == (int, ("inner", "outer"))
    assert read_declaration(nested).returns is None


def test_names_that_only_a_type_checker_knows_are_tolerated():
    """A name that is not defined at run time stays a forward reference; the rest of the annotation is kept."""
    value, inside, odd = read_declaration(unknown).parameters
    assert (value.annotation, value.metadata) == (ForwardRef("NotThere"), ())
    assert (inside.annotation, inside.metadata) == (ForwardRef("NotThere"), ("kept",))
    assert odd.annotation == ForwardRef("NotThere.part[int]")


@pytest.mark.parametrize(
    ("function", "parameters", "returns"),
    [
        (Callable, [("start", int)], PydanticUndefined),
        (Callable(), [("value", int)], int),
        (Callable().method, [("value", int)], int),
        (wrapped(text), [("value", int), ("other", Annotated[int, "said"] | None)], list[int]),
        (functools.partial(text, other=3), [("value", int), ("other", Annotated[int, "said"] | None)], list[int]),
        (functools.partial(wrapped(text), 1), [("other", Annotated[int, "said"] | None)], list[int]),
        (wrapped(Callable().method), [("value", int)], int),
        (functools.partial(Callable()), [("value", int)], int),
    ],
    ids=["class", "object", "method", "wraps", "partial", "partial-of-wraps", "wraps-of-method", "partial-of-object"],
)
def test_wrappings_are_seen_through(function, parameters, returns):
    """Classes, objects, methods, wraps and partials declare what the function inside declares."""
    declaration = read_declaration(function)
    assert (described(declaration), declaration.returns) == (parameters, returns)


@pytest.mark.parametrize("annotation", ["Ünbekannt", "Unknown.part", "Unknown.part[int]", "list[int].part"])
def test_whatever_cannot_be_found_stays_a_reference(annotation):
    """Annotations that name what is not there never stop a declaration."""

    def read(value): ...

    read.__annotations__["value"] = annotation
    assert read_declaration(read).parameters[0].annotation == ForwardRef(annotation)


def test_a_place_is_file_and_line_of_the_innermost_function():
    """The place of a declaration is where its author wrote the code, in the form that editors make a link of."""
    code = text.__code__
    assert where(functools.partial(wrapped(text))) == f"{__file__}:{code.co_firstlineno}"
    assert where(Callable) == f"{__file__}:{Callable.__init__.__code__.co_firstlineno}"
    assert where(Callable()) == f"{__file__}:{Callable.__call__.__code__.co_firstlineno}"
    assert where(len) == repr(len)


def test_a_wrapper_that_names_itself_ends():
    """A function whose `__wrapped__` is itself does not hang the declaration."""

    def turning(): ...

    turning.__wrapped__ = turning
    assert unwrap(turning) is turning


def test_a_callable_without_a_signature_is_refused_with_a_hint():
    """A callable whose signature Python cannot read must be wrapped in a function."""

    class Odd:
        __signature__ = "none"

        def __call__(self): ...

    with pytest.raises(DeclarationError, match=r"has no readable signature.* Hint: Wrap it"):
        read_declaration(Odd())


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ("list[int", "'list[int' is not a Python expression, '[' was never closed"),
        ("int[3]", "type 'int' is not subscriptable"),
    ],
)
def test_an_annotation_that_is_no_type_is_refused_at_its_function(annotation, problem):
    """A misspelt string annotation is named with the function's file and line."""

    def read(value): ...

    read.__annotations__["value"] = annotation
    with pytest.raises(DeclarationError) as caught:
        typeway.Typeway().get("/")(read)
    assert caught.value.message == f"an annotation cannot be evaluated: {problem}."
    assert caught.value.where == f"{__file__}:{read.__code__.co_firstlineno}"


def test_a_builtin_class_is_a_dependency_if_its_signature_can_be_read():
    """A class without a Python constructor is declared by its own signature."""

    class Empty: ...

    assert read_declaration(Empty).parameters == ()
    assert read_declaration(inspect.Signature.empty).parameters == ()


# --- through the front door -------------------------------------------------------------------------------------


def provide(limit: "Annotated[Number, Query(ge=1)]" = 5) -> "Number":
    return limit


def stringified(page: "Annotated[Number, Depends(provide)]", q: "str | None" = None) -> "dict[str, Any]":
    return {"page": page, "q": q}


def tolerant(db: "Annotated[NotThere, Depends(provide)]") -> "Any":
    return db


def test_string_annotations_work_from_end_to_end():
    """An endpoint of a module with postponed annotations behaves like any other."""
    app = application(typeway)(stringified)
    assert answer(app, "GET /?limit=3&q=x") == (200, {"page": 3, "q": "x"})


def test_a_dependency_may_be_annotated_with_a_name_for_type_checkers_only():
    """`Annotated[Session, Depends(get)]` works where Session is imported under `if TYPE_CHECKING`."""
    assert answer(application(typeway)(tolerant), "GET /?limit=3") == (200, 3)


@each_framework
def test_wrapped_endpoints_and_dependencies_serve(web):
    """Partials, wrapped functions, methods and callable objects serve as endpoints and as dependencies."""

    class Counter:
        def __init__(self, start: int) -> None:
            self.start = start

        def __call__(self, step: int = 1) -> int:
            return self.start + step

        async def later(self, step: int = 1) -> int:
            return self.start + 10 * step

    def add(left: int, right: int) -> int:
        return left + right

    app = web.FastAPI()
    app.get("/partial")(functools.partial(add, 1))
    app.get("/wrapped")(wrapped(add))
    app.get("/object")(Counter(100))
    app.get("/method")(Counter(100).later)

    @app.get("/dependencies")
    def read(
        one: Annotated[int, web.Depends(functools.partial(add, 1))],
        two: Annotated[int, web.Depends(Counter(100))],
        three: Annotated[int, web.Depends(Counter(100).later)],
        four: Annotated[int, web.Depends(wrapped(add))],
    ):
        return [one, two, three, four]

    assert answer(app, "GET /partial?right=2") == (200, 3)
    assert answer(app, "GET /wrapped?left=3&right=2") == (200, 5)
    assert answer(app, "GET /object?step=2") == (200, 102)
    assert answer(app, "GET /method?step=2") == (200, 120)
    assert answer(app, "GET /dependencies?left=3&right=2&step=2") == (200, [3, 102, 120, 5])


@pytest.mark.parametrize(
    "error", [ValidationError.from_exception_data("Signature", []), UnicodeDecodeError("utf-8", b"", 0, 1, "no")]
)
def test_a_signature_that_cannot_be_read_for_any_reason_is_a_declaration_error(error):
    """Whatever kind of ValueError the signature raises, it is the cause of an error that says what to do."""

    class Unreadable:
        @property
        def __signature__(self):
            raise error

        def __call__(self):
            """Serve nothing."""

    with pytest.raises(DeclarationError, match=r"(?s)has no readable signature.*Hint: Wrap it") as caught:
        read_declaration(Unreadable())
    assert isinstance(caught.value, ValueError)
