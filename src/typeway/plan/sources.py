"""Read the raw values of a callable's parameters from a connection, and say where on the wire each one stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from typeway.declare import shapes
from typeway.declare.classify import Input, wires_of
from typeway.plan.exchange import Exchange

MISSING: Final = object()
Wire = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One location of a request, however it is stored: every value of a name, and all names.

    Parameters:
        everything: all values of a name, in order.
        names: all names that are present.
    """

    everything: Callable[[Exchange, str], list[Any]]
    names: Callable[[Exchange], Iterable[str]]


def path_values(exchange: Exchange, name: str) -> list[Any]:
    return [exchange.path_params[name]] if name in exchange.path_params else []


def query_values(exchange: Exchange, name: str) -> list[Any]:
    return [value for key, value in exchange.pairs if key == name]


def header_values(exchange: Exchange, name: str) -> list[Any]:
    wanted = name.lower().encode("latin-1", "replace")
    return [value.decode("latin-1") for key, value in exchange.scope["headers"] if key == wanted]


def cookie_values(exchange: Exchange, name: str) -> list[Any]:
    return [exchange.cookies[name]] if name in exchange.cookies else []


def header_names(exchange: Exchange) -> Iterable[str]:
    return dict.fromkeys(key.decode("latin-1") for key, _ in exchange.scope["headers"])


VIEWS: Final[Mapping[str, View]] = {
    "path": View(path_values, lambda exchange: exchange.path_params),
    "query": View(query_values, lambda exchange: exchange.query),
    "header": View(header_values, header_names),
    "cookie": View(cookie_values, lambda exchange: exchange.cookies),
}

# Of a header sent twice the first counts, of a query parameter the last: what Starlette's mappings do as well.
FIRST: Final = frozenset({"header"})


def pick(values: Callable[[str], list[Any]], wires: Sequence[Wire], *, is_list: bool, first: bool = False) -> Any:
    """The raw value under the first wire name that is present, or MISSING."""
    for name, *rest in wires:
        found = values(str(name))
        if not found:
            continue
        if rest:
            found = follow(found, rest)
            if found is MISSING:
                continue
            return found
        return found if is_list else found[0 if first else -1]
    return MISSING


def follow(value: Any, path: Sequence[str | int]) -> Any:
    """What an alias path leads to, or MISSING."""
    for key in path:
        try:
            value = value[key]
        except (LookupError, TypeError):
            return MISSING
    return value


@dataclass(frozen=True, slots=True)
class GroupField:
    """One field of a parameter model: its names on the wire, and the key under which the model expects it."""

    key: str
    wires: tuple[Wire, ...]
    is_list: bool
    field: FieldInfo


def group_fields(kind: Any, location: str, *, convert_underscores: bool) -> tuple[GroupField, ...]:
    """The fields of a parameter model, or of all models of a union."""
    found: dict[str, GroupField] = {}
    for member in shapes.members(kind):
        if not shapes.is_model(member):
            continue
        model: type[BaseModel] = member
        for name, field in model.model_fields.items():
            wires = wires_of(field, name)
            key = str(wires[0][0])
            if location == "header" and convert_underscores and field.alias is None and field.validation_alias is None:
                wires = ((name.replace("_", "-"),),)
            populates = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
            if populates and (name,) not in wires:
                wires = (*wires, (name,))
            found[key] = GroupField(key, wires, shapes.is_sequence(field.annotation), field)
    return tuple(found.values())


def wants_extras(kind: Any) -> bool:
    """Whether a parameter model looks at names that it does not declare."""
    return any(
        getattr(member, "model_config", {}).get("extra") in ("allow", "forbid") for member in shapes.members(kind)
    )


def read_group(view: View, entry: Input) -> Callable[[Exchange], Any]:
    """A function that collects a parameter model's raw values; MISSING if an optional model has none of its own.

    Names that the model does not declare are handed to it as well: it may forbid or keep them, and its errors show
    what was sent.
    """
    fields = fields_of(entry)
    first = entry.location in FIRST
    declared = {str(name) for field in fields for name, *_ in field.wires}
    counts_extras = wants_extras(entry.kind)

    def read(exchange: Exchange) -> Any:
        values: dict[str, Any] = {}
        for field in fields:
            value = pick(lambda name: view.everything(exchange, name), field.wires, is_list=field.is_list, first=first)
            if value is not MISSING:
                values[field.key] = value
        has_own = bool(values)
        for name in view.names(exchange):
            if name not in declared:
                found = view.everything(exchange, name)
                values[name] = found[0] if len(found) == 1 else found
        if entry.is_required or has_own or (counts_extras and values):
            return values
        return MISSING

    return read


class Reader:
    """Collects the raw values of one callable's parameters into one flat mapping.

    Parameters:
        inputs: the callable's path, query, header and cookie parameters.
    """

    __slots__ = ("cookies", "headers", "others", "path", "query")

    def __init__(self, inputs: Sequence[Input]) -> None:
        simple = [entry for entry in inputs if is_simple(entry)]
        self.path = tuple((i.name, i.wire) for i in simple if i.location == "path")
        self.query = tuple((i.name, i.wire) for i in simple if i.location == "query")
        self.headers = tuple((i.name, i.wire.lower().encode("latin-1")) for i in simple if i.location == "header")
        self.cookies = tuple((i.name, i.wire) for i in simple if i.location == "cookie")
        self.others = tuple((i.name, read_special(i)) for i in inputs if not is_simple(i))

    def read(self, exchange: Exchange) -> dict[str, Any]:
        """The values that the request has, by parameter name."""
        values: dict[str, Any] = {}
        # PERF: four plain loops over prepared pairs, 0.5 us for three parameters; one loop over readers costs 1.1 us.
        if self.path:
            path_params = exchange.path_params
            for name, key in self.path:
                if key in path_params:
                    values[name] = path_params[key]
        if self.query:
            query = exchange.query
            for name, key in self.query:
                if key in query:
                    values[name] = query[key]
        if self.headers:
            headers = exchange.headers
            for name, raw_key in self.headers:
                if raw_key in headers:
                    values[name] = headers[raw_key].decode("latin-1")
        if self.cookies:
            cookies = exchange.cookies
            for name, key in self.cookies:
                if key in cookies:
                    values[name] = cookies[key]
        for name, read in self.others:
            value = read(exchange)
            if value is not MISSING:
                values[name] = value
        return values


def is_simple(entry: Input) -> bool:
    """Whether one look-up by one name finds the value."""
    return (
        not entry.is_group
        and not shapes.is_sequence(entry.kind)
        and len(entry.wires) == 1
        and len(entry.wires[0]) == 1
    )


def read_special(entry: Input) -> Callable[[Exchange], Any]:
    """A function that reads one value that takes more than one look-up."""
    view = VIEWS[entry.location]
    first = entry.location in FIRST
    if entry.is_group:
        return read_group(view, entry)
    wires, is_list = entry.wires, shapes.is_sequence(entry.kind)

    def read(exchange: Exchange) -> Any:
        return pick(lambda name: view.everything(exchange, name), wires, is_list=is_list, first=first)

    return read


def fields_of(entry: Input) -> tuple[GroupField, ...]:
    """The fields of the parameter model that an input is."""
    return group_fields(entry.kind, entry.location, convert_underscores=entry.marker.convert_underscores)
