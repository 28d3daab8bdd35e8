"""Show the options of a function in its signature, where `help()`, editors and code that copies signatures look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import Parameter, Signature, signature
from types import FunctionType, MappingProxyType, NoneType
from typing import Any, Final, TypeVar, get_args

from pydantic_core import PydanticUndefined
from typing_extensions import get_type_hints

from typeway.datastructures import Default

Function = TypeVar("Function", bound=Callable[..., Any])

# What is no default where a class has it under the name of an option.
UNSET: Final = Default(None)


class OptionsSignature(Signature):
    """The signature of a function with `**options`, in which each option is a parameter of its own.

    It is computed when it is asked for: nothing is lost if nobody does.

    Parameters:
        function: the function.
        options: the TypedDict of its options.
        defaults: the values of options that are not given, as far as they are not None.
        unset: the default of the others that may be None.
    """

    def __init__(self, function: Any, options: type[Any], defaults: Mapping[str, Any], unset: Any) -> None:
        self.function = function
        self.options = options
        self.defaults = defaults
        self.unset = unset

    @cached_property
    def whole(self) -> Signature:
        written = signature(copied(self.function))
        hints = get_type_hints(self.options, include_extras=True)
        options = [Parameter(name, Parameter.KEYWORD_ONLY, default=self.default(name, hint), annotation=hint)
                   for name, hint in hints.items()]  # fmt: skip
        named = [parameter for parameter in written.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
        return written.replace(parameters=[*named, *options])

    def default(self, name: str, hint: Any) -> Any:
        """The value that has the same effect as leaving the option out; `Default(None)` where none of its type has."""
        value = self.defaults.get(name)
        if value is None or value is PydanticUndefined or hasattr(type(value), "__get__"):
            return self.unset if NoneType in get_args(hint) else UNSET
        return value

    @property
    def parameters(self) -> MappingProxyType[str, Parameter]:
        return self.whole.parameters

    @property
    def return_annotation(self) -> Any:
        return self.whole.return_annotation

    # Other signatures that are made of this one are ordinary ones.
    def replace(self, **changes: Any) -> Any:
        return self.whole.replace(**changes)

    __replace__ = replace

    def __reduce__(self) -> Any:
        return self.whole.__reduce__()


def copied(function: Any) -> Any:
    """A copy of a function, without the attributes that were set on it."""
    copy = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__, copy.__annotations__ = function.__kwdefaults__, function.__annotations__
    copy.__doc__, copy.__qualname__ = function.__doc__, function.__qualname__
    return copy


def shows_options(
    options: type[Any], defaults: Mapping[str, Any] = MappingProxyType({}), unset: Any = None
) -> Callable[[Function], Function]:
    """Decorate a function whose `**options` are a TypedDict; see `OptionsSignature`."""

    def show(function: Function) -> Function:
        vars(function)["__signature__"] = OptionsSignature(function, options, defaults, unset)
        return function

    return show
