"""Bound what one body can make a validator do: errors without number, and unions that are tried again and again."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Any, Final

from pydantic_core import (
    CoreSchema,
    PydanticCustomError,
    PydanticOmit,
    PydanticUseDefault,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from typeway import texts
from typeway.exceptions import HTTPException
from typeway.plan import spread
from typeway.plan.fields import validator_of

# The size of a body from which its validation stops early, in bytes. A smaller one has at most half as many errors.
LARGE: Final = 64 << 10

# How many items of one list or object are looked at for further errors, and how many in all.
MORE_OF_ONE: Final = 100
MORE_IN_ALL: Final = 1_000

# How many members of an object are validated at once, so that at most as many of them can fail.
STEP: Final = 100

# How often values may be validated again because several members of a union contain that union: 50 ms.
MOST_RETRIES: Final = 5_000

# The schemas of functions that call no validator.
FUNCTIONS: Final = frozenset({"function-plain", "function-before", "function-after"})

LISTS: Final = frozenset({"list", "set", "frozenset", "tuple"})

# Members of a core schema that are no core schemas.
OTHERS: Final = frozenset(
    {"metadata", "serialization", "default", "custom_error_context", "expected", "members", "config"}
)

# Returns the schema in the place of another, given that one with changed parts, and as it was.
Change = Callable[[dict[str, Any], dict[str, Any]], Any]


class Progress(threading.local):
    """What the validators below know of the validation that runs in this thread."""

    # The values that unions have been tried for, by the ids of both, and whether the union has refused them. The values
    # are kept, so that no other object gets such an id.
    tried: dict[tuple[int, int], tuple[Any, bool]] | None = None
    retries: int = 0
    first: Mapping[int, Any] = {}  # the first index or key that fails, by the id of the list or object
    left: int = 0  # how many further items may be looked at


progress: Final = Progress()


def rewritten(schema: CoreSchema, change: Change) -> CoreSchema:
    """Return a core schema with every schema in it changed, the inner ones first."""
    whole: Any = schema
    definitions: list[Any] = whole.get("definitions", [])

    def visit(node: Any) -> Any:
        if isinstance(node, (list, tuple)):
            return type(node)([visit(item) for item in node])
        if not isinstance(node, dict):
            return node
        is_schema = isinstance(node.get("type"), str)  # else the fields of a model, by name
        copied = {key: item if is_schema and key in OTHERS else visit(item) for key, item in node.items()}
        if is_schema and node["type"] == "union":
            copied["choices"] = [labelled(*pair) for pair in zip(node["choices"], copied["choices"], strict=True)]
        if not is_schema:
            return copied
        # What takes the place of a schema takes its name too: a type alias that contains itself names a union or a list.
        name = {"ref": copied.pop("ref")} if "ref" in copied else {}
        return {**change(copied, node), **name}

    def labelled(choice: Any, changed: Any) -> Any:
        """Return a member of a union with its label in the locations of errors, which would name the functions here."""
        if isinstance(choice, tuple):
            return changed
        return changed, SchemaValidator(core_schema.definitions_schema(choice, definitions)).title

    return narrowed(visit(whole))


def parts_of(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema in a core schema."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from parts_of(item)
    elif isinstance(node, dict):
        is_schema = isinstance(node.get("type"), str)
        if is_schema:
            yield node
        for key, item in node.items():
            if not (is_schema and key in OTHERS):
                yield from parts_of(item)


# --- unions of models that contain the union ---------------------------------------------------------------------


def build_validator(schema: CoreSchema, *, prebuilt: bool) -> SchemaValidator:
    """Return the validator of a schema, with what bounds its work.

    Parameters:
        prebuilt: see `validator_of`; not where there are bounds, because the validators of the models have none.
    """
    guarded = with_guards(schema)
    return validator_of(guarded, prebuilt=prebuilt and guarded is schema)


def with_guards(schema: CoreSchema) -> CoreSchema:
    """Return a schema that bounds what values can make it do.

    It counts how often unions that contain themselves are tried, times sets and dicts, refuses what makes a function that is not the
    author's raise another exception than a ValueError, and validates the items of iterables before the endpoint runs.
    """
    parts = list(parts_of(schema))
    unions = recursive_unions(parts)
    strict = {id(part) for outer in parts if (outer.get("config") or {}).get("strict") for part in parts_of(outer)}
    # A strict validator takes no list for a set.
    sets = {
        id(part) for part in parts if spread.needs_guard(part) and id(part) not in strict and not part.get("strict")
    }
    functions = {id(part) for part in parts if is_foreign(part)}
    lazy = {id(part) for part in parts if part["type"] == "generator"}
    if not (unions or sets or functions or lazy):
        return schema
    whole: Any = schema
    definitions: list[Any] = whole.get("definitions", [])

    def guard(part: dict[str, Any], original: dict[str, Any]) -> Any:
        if id(original) in sets:
            return spread.guarded(part, definitions)
        if id(original) in lazy:
            return at_once(part)
        if id(original) in functions:
            function = part["function"]
            return {**part, "function": {**function, "function": partial(call_foreign, function["function"])}}
        if id(original) not in unions:
            return part
        return core_schema.no_info_wrap_validator_function(partial(try_union, id(part)), narrowed(part))

    found = rewritten(schema, guard)
    return spread.beginning(found) if sets else found


def at_once(part: dict[str, Any]) -> Any:
    """Return a schema that validates all items of an iterable, instead of each when the author's function reads it."""
    named = {key: part[key] for key in ("metadata", "serialization") if key in part}
    whole: Any = {**{key: value for key, value in part.items() if key not in named}, "type": "list"}
    return {**core_schema.no_info_after_validator_function(iter, whole), **named}


def is_foreign(part: Mapping[str, Any]) -> bool:
    """Whether a schema calls a function of Pydantic's or of Python's, such as `str.strip`, and nothing inside of it."""
    if part["type"] not in FUNCTIONS:
        return False
    function = part["function"]["function"]
    while isinstance(function, partial):
        function = function.func
    return is_of_library(function) and all(map(is_of_library, enclosed(function)))


def is_of_library(function: Any) -> bool:
    """Whether a function is Pydantic's or Python's."""
    module = str(getattr(function, "__module__", None) or "builtins").partition(".")[0]
    return module.startswith("pydantic") or module in sys.stdlib_module_names


def enclosed(function: Any) -> Iterator[Any]:
    """Yield the functions in the closure of another one: Pydantic wraps those of `@validator` and of `Predicate`."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            content = cell.cell_contents
        except ValueError:
            continue  # it is empty
        function = getattr(content, "func", content)
        if callable(function) and not isinstance(function, type):
            yield function


def call_foreign(function: Callable[..., Any], *values: Any) -> Any:
    """Call a validator; whatever it raises, the value is to blame, such as `x{99999999999}` for a pattern."""
    try:
        return function(*values)
    except (ValueError, AssertionError, PydanticOmit, PydanticUseDefault, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - libraries raise many kinds
        kind, message = texts.UNUSABLE
        raise PydanticCustomError(kind, message, {"error": type(error).__name__}) from None


def narrowed(part: dict[str, Any]) -> CoreSchema:
    schema: Any = part
    found: CoreSchema = schema
    return found


def recursive_unions(parts: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return the ids of unions of which several members contain the union: each level of a value doubles the work."""
    # PERF: few schemas have both; for all others the search would be most of the time that it takes to build their validators.
    if not {"union", "definition-ref"} <= {part["type"] for part in parts}:
        return set()
    definitions = {part["ref"]: part for part in parts if "ref" in part}
    within = {ref: refs_in(part) for ref, part in definitions.items()}
    found: set[int] = set()
    for ref, definition in definitions.items():
        for union in parts_of(definition):
            if union["type"] == "union":
                inside = [ref in reachable(refs_in(choice), within) for choice in union["choices"]]
                if sum(inside) > 1:
                    found.add(id(union))
    return found


def refs_in(node: Any) -> set[str]:
    own = {part["schema_ref"] for part in parts_of(node) if part["type"] == "definition-ref"}
    return own | {part["ref"] for part in parts_of(node) if "ref" in part}


def reachable(refs: set[str], within: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    while refs:
        found |= refs
        refs = {inner for ref in refs for inner in within.get(ref, ())} - found
    return found


def try_union(union: int, value: Any, handler: Callable[[Any], Any]) -> Any:
    """Validate a value by a union: at most once if it fails, and else not so often that all attempts take long.

    Raises:
        PydanticCustomError: the union has refused this value already.
        HTTPException: 400, values that the union accepts have been validated again too often.
    """
    if type(value) not in (dict, list):
        # It contains nothing, and equal ones are often one object: a parser keeps short texts.
        return handler(value)
    tried = progress.tried
    if tried is None:
        progress.tried, progress.retries = {}, 0
        try:
            return handler(value)
        finally:
            progress.tried = None
    key = (union, id(value))
    if key in tried:
        if tried[key][1]:
            raise PydanticCustomError(*texts.REFUSED_BEFORE)
        progress.retries += 1
        if progress.retries > MOST_RETRIES:
            raise HTTPException(400, f"{texts.BODY_PARSE_ERROR}: it is nested too deeply for a union of its type")
    tried[key] = (value, False)
    try:
        return handler(value)
    except ValidationError:
        tried[key] = (value, True)
        raise


# --- the errors of large bodies ----------------------------------------------------------------------------------


class Bounded:
    """Validates large bodies: as the validator of the schema does, but with few errors, however many there are."""

    def __init__(self, schema: CoreSchema) -> None:
        self.schema = schema

    @cached_property
    def early(self) -> SchemaValidator:
        """Accepts what the schema accepts; stops at the first error of a list."""
        return self.build(stop_early)

    @cached_property
    def listing(self) -> SchemaValidator:
        """Finds errors in the beginning of each list, and after its first error."""
        return self.build(look_on)

    def build(self, change: Change) -> SchemaValidator:
        return SchemaValidator(rewritten(with_guards(self.schema), change), _use_prebuilt=False)

    def validate(self, raw: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Return the validated values and no errors, or errors: some of them, but at least one."""
        try:
            return self.early.validate_python(raw, from_attributes=True), []
        except ValidationError as error:
            found: list[Any] = list(error.errors(include_url=False))
        progress.first, progress.left = first_failures(raw, found), MORE_IN_ALL
        try:
            self.listing.validate_python(raw, from_attributes=True)
        except ValidationError as error:
            known = {(entry["loc"], entry["type"]) for entry in found}
            more = [entry for entry in error.errors(include_url=False) if (entry["loc"], entry["type"]) not in known]
            # The error of a list or object may come from what has been left out of it.
            found += [entry for entry in more if not isinstance(entry["input"], (list, dict))]
        finally:
            progress.first = {}
        return {}, found


def first_failures(raw: Any, errors: list[Any]) -> dict[int, Any]:
    """Return the first index or key that fails of each list and object on the way to an error, by its id."""
    found: dict[int, Any] = {}
    for error in errors:
        value = raw
        for part in error["loc"]:  # some parts are labels, for example of unions
            is_index = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if is_index or (isinstance(value, dict) and part in value):
                found.setdefault(id(value), part)
                value = value[part]
    return found


def is_list(part: dict[str, Any]) -> bool:
    """Whether this is the schema of a collection of any length."""
    return part["type"] in LISTS and (part["type"] != "tuple" or part.get("variadic_item_index") is not None)


def stop_early(part: dict[str, Any], original: dict[str, Any]) -> Any:
    if is_list(part):
        return {**part, "fail_fast": True}
    if part["type"] == "dict" and part.get("max_length") is None and (part.get("min_length") or 0) <= 1:
        return core_schema.no_info_wrap_validator_function(in_steps, narrowed(part))
    return with_few_extras(part)


def in_steps(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Validate the members of an object in steps, so that it fails with the errors of one step."""
    if type(value) is not dict or len(value) <= STEP:
        return handler(value)
    result: dict[Any, Any] = {}
    items = iter(value.items())
    while step := dict(islice(items, STEP)):
        result.update(handler(step))
    return result


def look_on(part: dict[str, Any], original: dict[str, Any]) -> Any:
    if is_list(part) or part["type"] == "dict":
        function = partial(cut, part.get("min_length") or 0)
        return core_schema.no_info_before_validator_function(function, narrowed(part))
    return with_few_extras(part)


def cut(least: int, value: Any) -> Any:
    """Return the items of a long list or object that are looked at: up to the first one that fails, and some more."""
    if type(value) not in (list, dict) or len(value) <= MORE_OF_ONE:
        return value
    count = min(MORE_OF_ONE, progress.left)
    progress.left -= count
    first = progress.first.get(id(value))
    if isinstance(value, list):
        return value[: max(count + (0 if first is None else first + 1), least)]
    kept = dict(islice(value.items(), max(count, least)))
    return kept if first is None else {**kept, first: value[first]}


def with_few_extras(part: dict[str, Any]) -> Any:
    """Return the schema of a model that forbids other names, such that it sees some of those, however many there are."""
    inner = part.get("schema") if part["type"] == "model" else part
    forbids = "forbid" in (part.get("extra_behavior"), (part.get("config") or {}).get("extra_fields_behavior"))
    if not forbids or not isinstance(inner, dict):
        return part
    known = frozenset(names_in([fields for one in parts_of(inner) for fields in [one.get("fields")] if fields]))

    def prune(value: Any) -> Any:
        if type(value) is not dict or len(value) <= len(known) + STEP:
            return value
        others = islice((name for name in value if name not in known), STEP)
        return {name: value[name] for name in (*(name for name in known if name in value), *others)}

    return core_schema.no_info_before_validator_function(prune, narrowed(part))


def names_in(node: Any) -> Iterator[str]:
    """Yield the keys and texts in the fields of a model: among them all names that a field has."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, item in node.items():
            yield from (key,) if isinstance(key, str) else ()
            if key != "schema":
                yield from names_in(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from names_in(item)
