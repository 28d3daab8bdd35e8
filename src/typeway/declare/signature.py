"""Read a callable's signature: its parameters with their annotations resolved, and what it returns."""

import builtins
import functools
import inspect
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Annotated, Any, ForwardRef, get_args, get_origin

from pydantic_core import PydanticUndefined

from typeway.declare.annotation import is_alias, value_of
from typeway.exceptions import declaration_error


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable, as its author wrote it."""

    name: str
    annotation: Any  # the type without `Annotated`; `Any` where none was written
    metadata: tuple[Any, ...] = ()  # what `Annotated` says beside the type
    default: Any = PydanticUndefined
    is_variable: bool = False  # whether it is `*args` or `**kwargs`


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one callable declares, and where."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    returns: Any  # its return annotation, or `PydanticUndefined`
    where: str  # file and line of its definition, for messages
    # Where its parameters' values come from, by what that depends on beside itself; see `classify`.
    # A declaration of other parameters, made by `replace()`, begins with none.
    answers: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)


def read_declaration(function: Callable[..., Any]) -> Declaration:
    """Read what a callable declares; refuse one whose signature Python cannot tell, and annotations in no Python."""
    try:
        signature = read_signature(function)
    except (TypeError, ValueError) as error:
        hint = "Wrap it in a function whose parameters are written out."
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise declaration_error(f"{function!r} has no readable signature: {error}.", hint=hint, also=kind) from error
    namespace = globals_of(function)
    try:
        parameters = tuple(read_parameter(parameter, namespace) for parameter in signature.parameters.values())
        has_return = not inspect.isclass(function) and signature.return_annotation is not inspect.Signature.empty
        returns = resolve(signature.return_annotation, namespace) if has_return else PydanticUndefined
    except (SyntaxError, TypeError) as error:
        problem = str(error)
        if isinstance(error, SyntaxError):
            problem = f"{error.text!r} is no Python expression, {error.msg}"
        raise declaration_error(
            f"an annotation cannot be evaluated: {problem}.",
            hint="Mend the annotation, or write it without quotes so that editors check it.",
            where=where(function),
            also=TypeError,
        ) from error
    return Declaration(function=function, parameters=parameters, returns=returns, where=where(function))


def read_signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(function)


def read_parameter(parameter: inspect.Parameter, namespace: dict[str, Any]) -> Parameter:
    annotation, metadata = derived(*split(resolve(parameter.annotation, namespace)))
    return Parameter(
        name=parameter.name,
        annotation=Any if annotation is inspect.Parameter.empty else annotation,
        metadata=metadata,
        default=PydanticUndefined if parameter.default is inspect.Parameter.empty else parameter.default,
        is_variable=parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD),
    )


def resolve(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Turn a string annotation into the type it names; what cannot be found yet stays a ForwardRef.

    Names that only a type checker imports are tolerated: a dependency's parameter may well be of such a type.
    """
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    if not isinstance(text, str):
        return annotation
    try:
        return eval(text, namespace)  # the author's own annotation, in the author's own module  # noqa: S307
    except (NameError, AttributeError):
        pass
    try:
        # What stands around an unknown name counts, so that `Annotated[Unknown, Depends(f)]` works.
        return eval(text, namespace, Names(vars(builtins) | namespace))  # noqa: S307
    except (NameError, AttributeError, TypeError):
        return ForwardRef(text)


class Names(dict[str, Any]):
    """A module's names, in which one that is missing stands for itself."""

    def __missing__(self, name: str) -> ForwardRef:
        return ForwardRef(name)


def split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take `Annotated[...]` apart; a PEP 695 alias around it is what it names, and one inside keeps its name."""
    metadata: tuple[Any, ...] = ()
    while True:
        inside = annotation
        while is_alias(inside):
            inside = value_of(inside)
        if get_origin(inside) is not Annotated:
            return annotation if metadata else inside, metadata
        annotation, *own = get_args(inside)
        metadata = (*own, *metadata)


def derived(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The model that metadata such as `Pick("id")` makes of the one it stands beside, and the rest of the metadata."""
    left = []
    for entry in metadata:
        if isinstance(annotation, type) and hasattr(type(entry), "derived_type"):
            annotation = entry.derived_type(annotation)
        else:
            left.append(entry)
    return annotation, tuple(left)


def unwrap(function: Any) -> Any:
    """The function that a stack of partials, wrappers, methods and callable objects ends in."""
    for _ in range(100):  # a wrapper that names itself must not hang the declaration
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        else:
            return function
    return function


def candidates(function: Any) -> list[Any]:
    """Every function that calling this one may end in: itself, what it wraps, and its class's `__call__`."""
    inner = unwrap(function)
    found = [function, inner]
    for entry in (function, inner):
        if not inspect.isclass(entry) and not inspect.isroutine(entry):
            call = getattr(type(entry), "__call__", None)
            found += [call, unwrap(call)]
    return [entry for entry in found if entry is not None and not inspect.isclass(entry)]


def written(function: Any) -> Any:
    """Where a callable's parameters are written: in a class's constructor, in the `__call__` of an object's class."""
    inner = unwrap(function)
    if inspect.isclass(inner):
        return unwrap(inner.__init__)
    return inner if hasattr(inner, "__code__") else unwrap(getattr(type(inner), "__call__", inner))


def globals_of(function: Any) -> dict[str, Any]:
    """The names that a callable's string annotations may use."""
    module = sys.modules.get(getattr(unwrap(function), "__module__", None) or "")
    return getattr(written(function), "__globals__", None) or getattr(module, "__dict__", {})


def is_bare(parameter: Parameter, declaration: Declaration) -> bool:
    """Whether a parameter has neither an annotation nor a default."""
    written_types = getattr(written(declaration.function), "__annotations__", {})
    is_required = parameter.default is PydanticUndefined and not parameter.is_variable
    return (
        is_required and not parameter.metadata and parameter.annotation is Any and parameter.name not in written_types
    )


def name_of(function: Any) -> str:
    """What messages call a function: its name in its module or class; an object by the name of its class."""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return str(name or type(function).__name__).rpartition("<locals>.")[2]


def where(function: Any) -> str:
    """File and line of a callable's definition, as tracebacks and editors write it."""
    code = getattr(written(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
