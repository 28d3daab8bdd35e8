"""Describe the error responses of operations: declared problems, exceptions in the source, and validation errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from typeway import texts
from typeway.declare.classify import Input
from typeway.declare.conventions import Conventions
from typeway.declare.inherit import innermost
from typeway.declare.operation import Operation
from typeway.declare.problem import Problem
from typeway.describe.raised import Raised, raised_in
from typeway.describe.schemas import COMPONENT, Components, JsonSchema
from typeway.errors.members import members_of
from typeway.errors.problem_details import MEDIA_TYPE, VALIDATION_TYPE, phrase_of
from typeway.exceptions import HTTPException, RequestValidationError
from typeway.plan.body import Body
from typeway.plan.fields import schema_of
from typeway.plan.sources import GROUP_LIMITS
from typeway.security.base import SecurityBase

Form = Literal["detail", "problem"]

# The status of an error, its meaning, its class if it is a problem, its class, and its headers.
Seen: TypeAlias = tuple[str, str, type[Problem] | None, type[BaseException], dict[str, Any]]

TEXT: Final[JsonSchema] = {"type": "string"}
REFERENCE: Final[JsonSchema] = {"type": "string", "format": "uri-reference"}

MEDIA_TYPES: Final[dict[Form, str]] = {"detail": "application/json", "problem": MEDIA_TYPE}


# The status of a request that does not fit its declaration.
INVALID_REQUEST: Final = "422"


def refusals_of(operation: Operation, inputs: Iterable[Input], body: Body | None) -> dict[str, str]:
    """Return the statuses that refuse a request before the endpoint runs, and what they mean."""
    inputs = list(inputs)
    found = {INVALID_REQUEST: texts.VALIDATION_ERROR} if inputs else {}
    if operation.conventions.documents_failures:
        if body is not None:
            max_size = innermost(operation.conventions.limits.max_body_size, operation.max_body_size)
            found |= {str(status): meaning for status, meaning in body.refusals(max_size).items()}
        if any(entry.is_group and entry.location in GROUP_LIMITS for entry in inputs):
            found["431"] = phrase_of(431)
    return found


@dataclass(slots=True)
class Failure:
    """The error response of one status of one operation."""

    meanings: dict[str, None] = field(default_factory=dict)
    schemas: list[JsonSchema] = field(default_factory=list)
    headers: dict[str, Any] = field(default_factory=dict)

    def add(self, meaning: str, schema: JsonSchema | None) -> None:
        self.meanings[meaning] = None
        if schema is not None and not any(schema is other for other in self.schemas):
            self.schemas.append(schema)

    def response(self, media_type: str) -> dict[str, Any]:
        """The Response Object (OpenAPI 3.1, section 4.8.17); without content if only the author's handlers know it."""
        shown: dict[str, Any] = {"description": " or ".join(self.meanings)}
        if self.schemas:
            schema = self.schemas[0] if len(self.schemas) == 1 else {"anyOf": self.schemas}
            shown["content"] = {media_type: {"schema": schema}}
        return {**shown, "headers": self.headers} if self.headers else shown


def answered_by_framework(kind: type[BaseException], status: int) -> bool:
    """Say of every exception that no handler of the author's answers it."""
    return False


class Failures:
    """Describes the failures of one document's operations.

    Parameters:
        form: how the application answers errors.
        is_handled: whether a handler of the author's answers an exception of a class with a status; the document does
            not promise a body then.
    """

    def __init__(
        self, form: Form, is_handled: Callable[[type[BaseException], int], bool] = answered_by_framework
    ) -> None:
        self.form: Form = form
        self.is_handled = is_handled
        self.components: dict[Any, JsonSchema] = {}
        # Each function is read once, though many operations may have the same dependency.
        self.raised: dict[int, list[Raised]] = {}

    def responses(
        self,
        operation: Operation,
        functions: Sequence[Callable[..., Any]],
        components: Components,
        documented: Collection[str],
        refusals: Mapping[str, str],
    ) -> dict[str, dict[str, Any]]:
        """Responses by status, whose schemas are filled in later; see `typeway.describe.schemas.Failures`.

        Parameters:
            documented: the statuses that the author documents.
            refusals: the statuses that refuse a request before the endpoint runs, with their meanings; see `refusals_of`.

        What the author documents takes precedence over what is read, but `raises` is documented by the author as well.
        """
        found: dict[str, Failure] = {}
        for kind in operation.raises:
            failure = found.setdefault(str(kind.status), Failure())
            failure.add(kind.title, None if self.is_handled(kind, kind.status) else self.problem(kind, components))
            failure.headers.update(described(kind.headers))
        if operation.conventions.documents_failures:
            for status, meaning, seen, raised, headers in self.seen(functions):
                if is_open(status, documented):
                    failure = found.setdefault(status, Failure())
                    if self.is_handled(raised, int(status)):
                        failure.add(meaning, None)
                    else:
                        failure.add(meaning, self.problem(seen, components) if seen else self.error(components))
                    failure.headers.update(headers)
        for policy in operation.policies:
            for refusal in policy.refusals():
                if is_open(str(refusal.status), documented):
                    failure = found.setdefault(str(refusal.status), Failure())
                    failure.add(refusal.meaning, self.error(components))
                    failure.headers.update(header_objects(refusal.headers))
        for status, meaning in refusals.items():
            if not is_open(status, documented):
                continue
            is_invalid = status == INVALID_REQUEST
            refused: type[Exception] = RequestValidationError if is_invalid else HTTPException
            is_handled = operation.conventions.documents_failures and self.is_handled(refused, int(status))
            schema = self.invalid(components, operation.conventions) if is_invalid else self.error(components)
            found.setdefault(status, Failure()).add(meaning, None if is_handled else schema)
        return {status: failure.response(MEDIA_TYPES[self.form]) for status, failure in sorted(found.items())}

    def seen(self, functions: Sequence[Callable[..., Any]]) -> Iterator[Seen]:
        """What is known of each error that the functions raise, as far as can be read."""
        for function in functions:
            guard: Any = function  # a scheme of the author's own is callable, which SecurityBase alone is not
            if isinstance(guard, SecurityBase):
                if guard.auto_error:
                    refusal = guard.make_not_authenticated_error()
                    yield str(refusal.status_code), str(refusal.detail), None, type(refusal), described(refusal.headers)
                continue
            if id(function) not in self.raised:
                self.raised[id(function)] = raised_in(function)
            for raised in self.raised[id(function)]:
                if raised.status is None:
                    continue
                kind = raised.kind if issubclass(raised.kind, Problem) else None
                meaning = kind.title if kind else raised.detail or phrase_of(raised.status)
                yield str(raised.status), meaning, kind, raised.kind, described(kind.headers if kind else None)

    # --- components -----------------------------------------------------------------------------------------------

    def component(self, key: Any, names: Sequence[str], shown: JsonSchema, components: Components) -> JsonSchema:
        """A reference to a component; its name is the first that none of the author's models has."""
        reference = self.components.get(key)
        if reference is None:
            reference = self.components[key] = {}

            def add(reference: JsonSchema = reference) -> None:
                name = next(name for name in (*names, f"typeway__{names[-1]}") if name not in components.schemas)
                components.schemas[name] = shown
                reference["$ref"] = COMPONENT + name

            components.afterwards.append(add)
        return reference

    def error(self, components: Components) -> JsonSchema:
        """The schema of an error that is not a declared problem."""
        if self.form == "problem":
            return self.component("error", ["ProblemDetails"], problem_object("ProblemDetails", {}), components)
        shown = {
            "properties": {"detail": {"title": "Detail"}}, "type": "object", "required": ["detail"],
            "title": "HTTPError",
        }  # fmt: skip
        return self.component("error", ["HTTPError"], shown, components)

    def invalid(self, components: Components, conventions: Conventions) -> JsonSchema:
        """The schema of the response to an invalid request, which may count errors that it does not list."""
        counted = {"omitted": OMITTED} if conventions.documents_failures else {}
        if self.form == "problem":
            errors = {"errors": {"type": "array", "items": INVALID_IN_PROBLEM}, **counted}
            shown = problem_object("ValidationProblem", errors, VALIDATION_TYPE, ["errors"])
            return self.component("invalid", ["ValidationProblem"], shown, components)
        error = self.component("invalid part", ["ValidationError"], INVALID, components)
        shown = {
            "properties": {"detail": {"items": error, "type": "array", "title": "Detail"}, **counted},
            "type": "object",
            "title": "HTTPValidationError",
        }
        return self.component("invalid", ["HTTPValidationError"], shown, components)

    def problem(self, kind: type[Problem], components: Components) -> JsonSchema:
        """The schema of a declared problem."""
        if kind in self.components:
            return self.components[kind]
        name = kind.__name__
        members = {
            member: components.want(schema_of(annotation, kind.__module__), "serialization", None)
            for member, annotation in members_of(kind).items()
        }
        required = [member for member in members if member not in vars(kind)]
        if self.form == "problem":
            shown = problem_object(name, members, kind.type, required)
        else:
            shown = {
                "properties": {"detail": TEXT, "type": {**REFERENCE, "const": kind.type}, **members},
                "type": "object",
                "required": ["detail", "type", *required],
                "title": name,
            }
        if kind.__doc__:
            shown["description"] = inspect.cleandoc(kind.__doc__)
        return self.component(kind, [name, f"{kind.__module__}__{name}".replace(".", "__")], shown, components)


def is_open(status: str, documented: Collection[str]) -> bool:
    """Whether the author's documentation says nothing of a status: not by itself, nor by its range or the rest."""
    return {status, f"{status[0]}XX", "default"}.isdisjoint(documented)


def described(headers: Mapping[str, str] | None) -> dict[str, Any]:
    """Header Objects (OpenAPI 3.1, section 4.8.21) for headers that are sent along with an error."""
    return {name: {"schema": TEXT} for name in headers or {}}


def header_objects(headers: Mapping[str, str]) -> dict[str, Any]:
    """Header Objects for the names of headers with their descriptions."""
    return {name: {"description": description, "schema": TEXT} for name, description in headers.items()}


def problem_object(
    title: str, members: dict[str, Any], kind: str | None = None, required: Sequence[str] | None = None
) -> JsonSchema:
    """The schema of a problem document (RFC 9457, section 3.1)."""
    required = list(members) if required is None else required
    return {
        "properties": {
            "type": REFERENCE if kind is None else {**REFERENCE, "const": kind},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "instance": REFERENCE,
            **members,
            "request_id": TEXT,
        },
        "type": "object",
        "required": ["type", "title", "status", "instance", *required, "request_id"],
        "title": title,
    }


# One validation error, as in `{"detail": [...]}` and as in a problem document.
INVALID: Final[JsonSchema] = {
    "properties": {
        "loc": {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "type": "array", "title": "Location"},
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "input": {"title": "Input"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "type": "object",
    "required": ["loc", "msg", "type"],
    "title": "ValidationError",
}
OMITTED: Final[JsonSchema] = {
    "type": "integer",
    "minimum": 1,
    "title": "Omitted",
    "description": "How many errors were found that are not listed",
}
INVALID_IN_PROBLEM: Final[JsonSchema] = {
    "type": "object",
    "properties": {
        "detail": TEXT,
        "type": TEXT,
        "in": {"type": "string", "enum": ["body", "path", "query", "header", "cookie"]},
        "pointer": {"type": "string", "format": "json-pointer"},
    },
    "required": ["detail", "type", "in", "pointer"],
}
