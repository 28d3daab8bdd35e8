"""Find the own functions that Pydantic calls, on the event loop, for what requests contain and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WrapSerializer,
    WrapValidator,
)

from typeway.declare.annotation import unaliased
from typeway.source.program import Function, Program

# What an annotation may have beside its type, for what comes in and for what goes out.
RUNS: tuple[tuple[type[Any], ...], tuple[type[Any], ...]] = (
    (AfterValidator, BeforeValidator, PlainValidator, WrapValidator), (PlainSerializer, WrapSerializer),
)  # fmt: skip
# The decorated functions of a model, by Pydantic's names for them.
DECORATED: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("field_validators", "model_validators", "validators", "root_validators"),
    ("field_serializers", "model_serializers", "computed_fields"),
)


class ByModels:
    """The own functions that run for types, each once.

    Parameters:
        program: the application's code.
        answers: whether for what goes out, and not for what comes in.
    """

    def __init__(self, program: Program, *, answers: bool) -> None:
        self.program = program
        self.answers = answers
        self.seen: set[int] = set()
        # What is in `seen` has to stay, or another type would get its identity.
        self.kept: list[Any] = []

    def of(self, annotation: Any, metadata: Any = ()) -> Iterator[Function]:
        """The functions that run for a value of a type."""
        annotation = unaliased(annotation)
        if get_origin(annotation) is Annotated:
            annotation, metadata = annotation.__origin__, (*annotation.__metadata__, *metadata)
        yield from self.own(entry.func for entry in metadata if isinstance(entry, RUNS[self.answers]))
        if id(annotation) in self.seen:
            return
        self.seen.add(id(annotation))
        self.kept.append(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from self.of_model(annotation)
        for argument in get_args(annotation):
            yield from self.of(argument)

    def of_model(self, model: type[BaseModel]) -> Iterator[Function]:
        for name in DECORATED[self.answers]:
            decorators = getattr(model.__pydantic_decorators__, name)
            yield from self.own((each.func for each in decorators.values()), model)
            yield from self.own((getattr(each.info, "wrapped_property", None) for each in decorators.values()), model)
        if not self.answers:
            yield from self.own([field.default_factory for field in model.model_fields.values()])
            made = self.program.method(model, "model_post_init")
            yield from () if made is None else (made,)
        for field in model.model_fields.values():
            yield from self.of(field.annotation, field.metadata)

    def own(self, functions: Any, model: type[Any] | None = None) -> Iterator[Function]:
        for function in functions:
            getter: Callable[..., Any] | None = getattr(function, "func", None) or function
            found = self.program.function(getter, model) if getter is not None else None
            if found is not None:
                yield found
