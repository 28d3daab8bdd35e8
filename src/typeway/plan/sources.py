"""Read the raw values of the parameters of a callable from a request."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import UploadFile

from typeway import texts
from typeway.declare import shapes
from typeway.declare.classify import Input, is_json, wires_of
from typeway.declare.markers import Location
from typeway.decoders import AROUND
from typeway.exceptions import HTTPException, WebSocketException
from typeway.plan.exchange import Exchange
from typeway.types import Scope

MISSING: Final = object()
Values = Callable[[str], list[Any]]  # every value of a name


def single(values: Mapping[str, Any], name: str) -> list[Any]:
    return [values[name]] if name in values else []


def header_values(exchange: Exchange, name: str) -> list[Any]:
    wanted = name.lower().encode("latin-1", "replace")
    return [value.decode("latin-1") for key, value in exchange.scope["headers"] if key == wanted]


def body_values(exchange: Exchange, name: str) -> list[Any]:
    if exchange.form is not None:
        return exchange.form.getlist(name)
    return single(exchange.body, name) if isinstance(exchange.body, dict) else []


# The functions that read all values of a name in order, by location.
VALUES: Final[Mapping[str, Callable[[Exchange, str], list[Any]]]] = {
    "path": lambda exchange, name: single(exchange.path_params, name),
    "query": lambda exchange, name: [value for key, value in exchange.pairs if key == name],
    "header": header_values,
    "cookie": lambda exchange, name: single(exchange.cookies, name),
    **dict.fromkeys(("body", "form", "file"), body_values),
}


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return all values by their names, both in the order of the request."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


# The functions that read all values by name. A group reads them once: searching n names among n pairs takes n² steps,
# and the client chooses n.
GROUPS: Final[Mapping[str, Callable[[Exchange], dict[str, list[Any]]]]] = {
    "path": lambda exchange: {name: [value] for name, value in exchange.path_params.items()},
    "query": lambda exchange: grouped(exchange.pairs),
    "header": lambda exchange: grouped(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.scope["headers"]
    ),
    "cookie": lambda exchange: {name: [value] for name, value in exchange.cookies.items()},
}

# The limits of groups: the key in `parameter_limits`, the message, and what counts the values that a request has.
GROUP_LIMITS: Final[Mapping[str, tuple[str, str, Callable[[Exchange], int]]]] = {
    "header": ("max_headers", texts.MANY_HEADERS, lambda exchange: len(exchange.scope["headers"])),
    "cookie": ("max_cookies", texts.MANY_COOKIES, lambda exchange: len(exchange.cookies)),
}
NO_LIMIT: Final[tuple[str, str, Callable[[Exchange], int]]] = ("", "", lambda exchange: 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """Selects the raw value of one parameter from all values of its name."""

    location: Location
    is_sequence: bool  # whether the parameter's type is a list or the like
    has_json: bool  # whether it comes as one string of JSON all the same

    @property
    def in_form(self) -> bool:
        """Whether an empty value is treated as missing."""
        return self.location in ("form", "file")

    def takes_all(self, leads_on: bool = False) -> bool:
        """Whether every value of the name counts; `leads_on`: the name is the first part of an alias path."""
        return self.location != "cookie" and (leads_on or (self.is_sequence and not self.has_json))

    def among(self, found: list[Any], *, leads_on: bool = False) -> Any:
        """Return the value, or all values for an alias path; MISSING if there is none, or only an empty form field."""
        # Of a repeated header the first value is used, of a repeated query parameter the last, as in Starlette.
        value = found if self.takes_all(leads_on) else found[0 if self.location == "header" else -1]
        if not self.in_form:
            return MISSING if self.is_sequence and value == "" else value
        if isinstance(value, list):
            return [item for item in value if not is_unchosen(item)] or MISSING
        return MISSING if value == "" or is_unchosen(value) else value


def choice_of(entry: Input, location: Location | None = None) -> Choice:
    """Return the selection of one input's value; an input of a JSON body may come from another location, a form."""
    is_sequence = shapes.is_sequence(entry.annotation)
    return Choice(location or entry.location, is_sequence, has_json=is_sequence and not shapes.is_sequence(entry.kind))


def is_unchosen(value: Any) -> bool:
    """Whether this is the value that a browser sends for a file field without a file."""
    return isinstance(value, UploadFile) and not value.filename and not value.size


def pick(values: Values, names: Sequence[str], choice: Choice) -> tuple[str, Any]:
    """Return the first name that has a value, and the value; the first name and MISSING if none has.

    A name with an empty value is reported as missing, except in forms, which contain all their fields.
    """
    sent = []
    for name in names:
        found = values(name)
        value = choice.among(found) if found else MISSING
        if value is not MISSING:
            return name, value
        if found and not choice.in_form:
            sent.append(name)
    return (sent or names)[0], MISSING


@dataclass(frozen=True, slots=True)
class GroupField:
    """One field of a parameter model."""

    wires: tuple[tuple[str | int, ...], ...]  # names on the wire, each with the way into its values
    keys: Mapping[str, str]  # the names that the model expects it under, by those on the wire that are others
    choice: Choice  # chooses its value among those of its name
    field: FieldInfo  # what the model says of it


def wants_extras(kind: Any) -> bool:
    """Whether a parameter model forbids or keeps names that it does not declare."""
    return any(
        getattr(member, "model_config", {}).get("extra") in ("allow", "forbid") for member in shapes.members(kind)
    )


class Shape:
    """Converts raw values to the form that one parameter model expects.

    The model also gets names that it does not declare: it may forbid or keep them, and its errors show the input.
    """

    __slots__ = ("fields", "folds", "keys")

    def __init__(self, model: type[BaseModel], entry: Input) -> None:
        self.fields: list[GroupField] = []
        self.folds: bool = entry.location == "header"  # whether names are compared without case (RFC 9110, section 5.1)
        converts = self.folds and entry.marker.convert_underscores
        config = model.model_config
        by_alias = config.get("validate_by_alias") is not False
        by_name = config.get("populate_by_name") or config.get("validate_by_name")
        for name, field in model.model_fields.items():
            own = name.replace("_", "-") if converts else name
            wires = wires_of(field, own) if by_alias else ((own,),)
            if by_name and (own,) not in wires:
                wires = (*wires, (own,))
            keys = {own: name} if (own,) in wires and own != name else {}
            choice = Choice(entry.location, shapes.is_sequence(field.annotation), any(map(is_json, field.metadata)))
            self.fields.append(GroupField(wires, keys, choice, field))
        self.keys: frozenset[str] = frozenset(key for part in self.fields for key in part.keys.values())

    def take(self, sent: Mapping[str, list[Any]]) -> tuple[dict[str, Any], bool]:
        """Return the raw values of the model, and whether the request has a value for one of its fields.

        Parameters:
            sent: all values in the location of the model, by name.
        """
        collected: dict[str, Any] = {}
        used = set(self.keys)
        for field in self.fields:
            for wire, *rest in field.wires:
                name = str(wire)
                sent_name = name.lower() if self.folds else name
                found = sent.get(sent_name)
                if found:
                    used.add(sent_name)
                    value = field.choice.among(found, leads_on=bool(rest))
                    if value is not MISSING:
                        collected[field.keys.get(name, name)] = value
                        break
        has_own = len(used) > len(self.keys) or bool(collected)
        for name, found in sent.items():
            if name not in used:
                collected[name] = one_or_all(found)
        return collected, has_own

    def reshape(self, raw: Any) -> Any:
        """Return the values in the form that this model expects; the result of an earlier validator is not changed."""
        if not isinstance(raw, dict):
            return raw
        return self.take({name: value if isinstance(value, list) else [value] for name, value in raw.items()})[0]


def one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def shapes_of(entry: Input) -> dict[type[BaseModel], Shape]:
    """Return the shapes of a parameter model, or of all models of a union."""
    return {kind: Shape(kind, entry) for kind in shapes.members(entry.kind) if shapes.is_model(kind)}


def fields_of(entry: Input) -> list[GroupField]:
    """Return the fields of a parameter model, or of all models of a union."""
    found: dict[Any, GroupField] = {}
    for shape in shapes_of(entry).values():
        for field in shape.fields:
            found.setdefault(field.wires, field)
    return list(found.values())


def names_read_once(entry: Input) -> set[str]:
    """Return the names of which one input of a form reads a single value, so that others would be ignored."""
    if not entry.is_group:
        return set() if choice_of(entry, "form").takes_all() else set(entry.wires)
    once, often = set[str](), set[str]()
    for shape in shapes_of(entry).values():
        for field in shape.fields:
            for name, *rest in field.wires:
                (often if field.choice.takes_all(bool(rest)) else once).add(str(name))
    return once - often  # one model of a union may read all values of a name


def group_collector(entry: Input) -> Callable[[Mapping[str, list[Any]]], Any]:
    """Return the function that reads the raw values of a parameter model; MISSING for an optional model without values.

    The models of a union may need the same values in different forms, as a single value or as a list. They all get the
    values of the request, and each converts them when it is tried.
    """
    members = tuple(shapes_of(entry).values())
    counts_extras = wants_extras(entry.kind)
    # A default is used only if the type allows None; otherwise the defaults of the model's fields are used.
    is_optional = NoneType in shapes.members(entry.kind)

    def collect(sent: Mapping[str, list[Any]]) -> Any:
        taken = [shape.take(sent) for shape in members]
        collected = {name: one_or_all(found) for name, found in sent.items()} if len(taken) > 1 else taken[0][0]
        has_own = any(own for _, own in taken) or (counts_extras and collected)
        return MISSING if is_optional and not has_own else collected

    return collect


@dataclass(frozen=True, slots=True)
class ParameterBounds:
    """The limits of the parameters of one operation, by the keys of `ParameterLimits`."""

    given: Mapping[str, int]  # those that the operation has
    default: Mapping[str, int]  # those that count where nobody has set one

    def most(self, key: str, scope: Scope) -> int | None:
        """Return a limit: the operation's own, that of an application around its own, or else the default."""
        if key in self.given:
            return self.given[key]
        found: int | None = scope.get(AROUND, {}).get("parameter_limits", self.default).get(key, self.default.get(key))
        return found


class Reader:
    """Reads the raw values of the path, query, header and cookie parameters of a callable into one flat mapping."""

    __slots__ = ("bounds", "cookies", "headers", "most", "others", "path", "query", "reads_query")

    def __init__(self, inputs: Sequence[Input], bounds: ParameterBounds) -> None:
        simple = [entry for entry in inputs if is_simple(entry)]
        self.path: tuple[tuple[str, str], ...] = tuple((i.name, i.wire) for i in simple if i.location == "path")
        self.query: tuple[tuple[str, str], ...] = tuple((i.name, i.wire) for i in simple if i.location == "query")
        self.headers: tuple[tuple[str, bytes], ...] = tuple(
            (i.name, i.wire.lower().encode("latin-1")) for i in simple if i.location == "header"
        )
        self.cookies: tuple[tuple[str, str], ...] = tuple((i.name, i.wire) for i in simple if i.location == "cookie")
        self.others: tuple[tuple[str, Callable[[Exchange], Any]], ...] = tuple(
            (i.name, read_special(i, bounds)) for i in inputs if not is_simple(i)
        )
        self.reads_query: bool = any(entry.location == "query" for entry in inputs)
        self.bounds: ParameterBounds = bounds
        self.most: int | None = bounds.most("max_query", {})

    def read(self, exchange: Exchange) -> dict[str, Any]:  # noqa: C901  # four loops of one kind, see below
        """Return the values that the request has, by parameter name."""
        values: dict[str, Any] = {}
        if self.reads_query:
            scope = exchange.scope
            most = self.bounds.most("max_query", scope) if AROUND in scope else self.most
            # A query has at least as many bytes as separators.
            if most is not None and len(scope.get("query_string", b"")) >= most:
                refuse_many(exchange, most)
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
        if len(self.headers) == 1:
            # PERF: the search for one header takes 0.2 us, a mapping of all headers 0.6 us.
            name, raw_key = self.headers[0]
            for sent, value in exchange.scope["headers"]:
                if sent == raw_key:
                    values[name] = value.decode("latin-1")
                    break
        elif self.headers:
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
    """Whether the value is found by one look-up of one name."""
    return not entry.is_group and not shapes.is_sequence(entry.annotation) and len(entry.wires) == 1


def refuse_many(exchange: Exchange, most: int) -> None:
    """Raise an error for more query parameters than so many, each of which is named or has a value."""
    query: bytes = exchange.scope.get("query_string", b"")
    if query.count(b"&") >= most and sum(map(bool, query.split(b"&"))) > most:
        raise excess(exchange, texts.MANY_PARAMETERS.format(most), 400)


def excess(exchange: Exchange, detail: str, status: int) -> Exception:
    """Return the exception for more values than a limit allows; the handshake of a WebSocket is closed with 1008."""
    if exchange.scope["type"] == "websocket":
        return WebSocketException(1008, detail)
    return HTTPException(status, detail)


def read_special(entry: Input, bounds: ParameterBounds) -> Callable[[Exchange], Any]:
    """Return a function that reads a value that needs more than one look-up."""
    if entry.is_group:
        group, collect = GROUPS[entry.location], group_collector(entry)
        key, detail, count = GROUP_LIMITS.get(entry.location, NO_LIMIT)
        if not key:
            return lambda exchange: collect(group(exchange))

        def read(exchange: Exchange) -> Any:
            most = bounds.most(key, exchange.scope)
            if most is not None and count(exchange) > most:
                # RFC 6585, section 5: the fields of the head are too large, here in number.
                raise excess(exchange, detail.format(most), 431)
            return collect(group(exchange))

        return read
    values = VALUES[entry.location]
    wires, choice = entry.wires, choice_of(entry)
    return lambda exchange: pick(functools.partial(values, exchange), wires, choice)[1]
