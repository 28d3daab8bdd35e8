"""Read the raw values of a callable's parameters from a connection, and say where on the wire each one stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from typeway.declare import shapes
from typeway.declare.classify import Input, is_json, wires_of
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
        if rest and (followed := follow(found, rest)) is not MISSING:
            return followed
        if found and not rest:
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
    """One field of a parameter model.

    Parameters:
        wires: its names on the wire.
        name: the name that the model expects it under; None if that is the name on the wire.
        is_list: whether every value of its name counts.
        field: what the model says of it.
    """

    wires: tuple[Wire, ...]
    name: str | None
    is_list: bool
    field: FieldInfo

    @property
    def key(self) -> str:
        """The name that the model expects it under."""
        return self.name or str(self.wires[0][0])

    def read(self, values: Callable[[str], list[Any]], *, first: bool) -> tuple[str, str, Any] | None:
        """The name on the wire, the key for the model and the raw value; None if nothing was sent."""
        for name, *rest in self.wires:
            found = values(str(name))
            if found:
                return str(name), self.name or str(name), found if self.is_list or rest else found[0 if first else -1]
        return None


def fields_of(entry: Input) -> tuple[GroupField, ...]:
    """The fields of the parameter model that an input is, or of all models of a union."""
    found: dict[Any, GroupField] = {}
    converts = entry.location == "header" and entry.marker.convert_underscores
    for member in shapes.members(entry.kind):
        if not shapes.is_model(member):
            continue
        model: type[BaseModel] = shapes.plain(member)
        by_name = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
        for name, field in model.model_fields.items():
            wires, key = wires_of(field, name), None
            if converts and field.alias is None and field.validation_alias is None:
                wires, key = ((name.replace("_", "-"),),), name
            elif by_name and (name,) not in wires:
                wires = (*wires, (name,))
            is_list = shapes.is_sequence(field.annotation) and not any(is_json(part) for part in field.metadata)
            found.setdefault(wires, GroupField(wires, key, is_list, field))
    return tuple(found.values())


def wants_extras(kind: Any) -> bool:
    """Whether a parameter model looks at names that it does not declare."""
    return any(
        getattr(member, "model_config", {}).get("extra") in ("allow", "forbid") for member in shapes.members(kind)
    )


class Group:
    """Collects the raw values of a parameter model.

    Names that the model does not declare are handed to it as well: it may forbid or keep them, and its errors show
    what was sent.

    Parameters:
        entry: the input that is the model.
    """

    __slots__ = ("counts_extras", "fields", "first", "is_optional", "keys")

    def __init__(self, entry: Input) -> None:
        self.fields = fields_of(entry)
        self.first = entry.location in FIRST
        self.keys = frozenset(field.name for field in self.fields if field.name is not None)
        self.counts_extras = wants_extras(entry.kind)
        self.is_optional = not entry.is_required or NoneType in shapes.members(entry.kind)

    def collect(self, values: Callable[[str], list[Any]], names: Iterable[str], is_empty: Any = None) -> Any:
        """The model's raw values; MISSING if it is optional and the request has none of its own.

        Parameters:
            values: every value of a name.
            names: all names that were sent.
            is_empty: tells a value that counts as sent but is left out, as forms have them.
        """
        collected: dict[str, Any] = {}
        used = set(self.keys)
        for field in self.fields:
            read = field.read(values, first=self.first)
            if read is not None:
                name, key, value = read
                used.add(name)
                if is_empty is None or not is_empty(value):
                    collected[key] = value
        has_own = len(used) > len(self.keys) or bool(collected)
        for name in names:
            if name not in used:
                found = values(name)
                collected[name] = found[0] if len(found) == 1 else found
        if self.is_optional and not has_own and not (self.counts_extras and collected):
            return MISSING
        return collected


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

    def read(self, exchange: Exchange) -> dict[str, Any]:  # noqa: C901  # four loops of one kind, see below
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
    return not entry.is_group and not entry.is_list and len(entry.wires) == 1 and len(entry.wires[0]) == 1


def read_special(entry: Input) -> Callable[[Exchange], Any]:
    """A function that reads one value that takes more than one look-up."""
    view = VIEWS[entry.location]
    if entry.is_group:
        group = Group(entry)

        def read_group(exchange: Exchange) -> Any:
            return group.collect(lambda name: view.everything(exchange, name), view.names(exchange))

        return read_group
    wires, is_list, first = entry.wires, entry.is_list, entry.location in FIRST

    def read(exchange: Exchange) -> Any:
        return pick(lambda name: view.everything(exchange, name), wires, is_list=is_list, first=first)

    return read
