"""Generate applications as text: one endpoint with random parameters, dependencies and a body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests.conformance.generate.types import KINDS, NAMESPACE, Kind

# Few names, so that several callables often mean the same one.
NAMES: Final = ("a", "b_c", "x_token", "item", "u", "q", "user_agent")
ALIASES: Final = ("q", "A-b", "x-token", "item", "B c", "é")
MARKERS: Final = {
    "path": "Path", "query": "Query", "header": "Header", "cookie": "Cookie",
    "body": "Body", "form": "Form", "file": "File",
}  # fmt: skip
TEXTS: Final = (
    'title="T"', 'description="D"', "deprecated=True", "include_in_schema=False", "examples=[1]",
    'openapi_examples={"o": {"value": 1}}', 'json_schema_extra={"x-y": 1}', "validate_default=True",
)  # fmt: skip
OWN: Final = {
    "header": ("convert_underscores=False",),
    "body": ("embed=True", "embed=False", 'media_type="text/x"'),
    "form": ('media_type="multipart/form-data"',),
    "file": (),
}
GROUPS: Final = {
    "path": ("scalar", "scalar", "scalar", "model", "list"),
    "query": ("scalar", "scalar", "list", "model", "data"),
    "header": ("scalar", "scalar", "list", "model", "data"),
    "cookie": ("scalar", "scalar", "list", "model", "data"),
    "body": ("scalar", "list", "model", "model", "data", "union", "row", "file"),
    "form": ("scalar", "scalar", "list", "model", "data", "union", "file"),
    "file": ("file", "file", "file", "scalar", "model"),
    "inferred": ("scalar", "scalar", "list", "model", "data", "union", "file"),
}
KINDS_OF: Final = {
    group: tuple(kind for kind in KINDS if kind.group == group) for group in {kind.group for kind in KINDS}
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One generated parameter.

    Parameters:
        name: its name in the signature.
        text: how it is written.
        location: where its value is said to stand; "inferred" where nothing says it.
        wires: the names under which a request may send it.
        kind: its type.
    """

    name: str
    text: str
    location: str
    wires: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Application:
    """One generated application.

    Parameters:
        source: its text, which needs `web` and the names of `types.NAMESPACE`.
        parameters: what requests may send.
        method: the method of its one route.
        path: the path of its one route.
    """

    source: str
    parameters: tuple[Parameter, ...]
    method: str
    path: str

    def build(self, web: Any) -> Any:
        """The application on a framework."""
        names = {**NAMESPACE, "web": web, "__name__": "generated"}
        exec(compile(self.source, "<generated>", "exec", dont_inherit=True), names)  # the text is this file's own
        return names["app"]


@st.composite
def aliases(draw: st.DrawFn) -> tuple[list[str], tuple[str, ...]]:
    """Options that rename a parameter, and the names that they allow."""
    first, second = draw(st.sampled_from(ALIASES)), draw(st.sampled_from(ALIASES))
    return draw(
        st.sampled_from(
            [
                ([f'alias="{first}"'], (first,)),
                ([f'validation_alias="{first}"'], (first,)),
                ([f'alias="{first}"', f'validation_alias="{second}"'], (first, second)),
                ([f'validation_alias=AliasChoices("{first}", "{second}")'], (first, second)),
                ([f'validation_alias=AliasPath("{first}", 0)'], (first,)),
                ([f'serialization_alias="{first}"'], ()),
            ]
        )
    )


@st.composite
def parameters(draw: st.DrawFn, name: str, locations: Sequence[str], in_path: bool = False) -> Parameter:
    """A parameter of this name in one of these locations."""
    location = draw(st.sampled_from(locations))
    kind = draw(st.sampled_from(KINDS_OF[draw(st.sampled_from(GROUPS[location]))]))
    default = draw(st.none() | st.sampled_from(kind.defaults)) if not in_path or draw(st.integers(0, 9)) == 0 else None
    if location == "inferred":
        return Parameter(name, f"{name}: {kind.text}" + (f" = {default}" if default else ""), location, (name,), kind)
    options = draw(st.lists(st.sampled_from(kind.constraints), max_size=2, unique=True)) if kind.constraints else []
    options += draw(st.lists(st.sampled_from(TEXTS), max_size=1))
    if OWN.get(location):
        options += draw(st.lists(st.sampled_from(OWN[location]), max_size=1))
    wires: tuple[str, ...] = ()
    if not in_path and draw(st.integers(0, 3)) == 0:
        renaming, wires = draw(aliases())
        options += renaming
    options = list({option.partition("=")[0]: option for option in options}.values())
    text = written(draw, name, kind, location, options, default)
    return Parameter(name, text, location, wires or (name, name.replace("_", "-")), kind)


def written(draw: Any, name: str, kind: Kind, location: str, options: list[str], default: str | None) -> str:
    """A marked parameter in one of the ways in which people write them."""
    marker = f"web.{MARKERS[location]}"
    if draw(st.booleans()):
        return f"{name}: Annotated[{kind.text}, {marker}({', '.join(options)})]" + (f" = {default}" if default else "")
    if default and location != "path" and draw(st.integers(0, 5)) == 0:
        options = [f"default_factory=lambda: {default}", *options]
    elif default:
        options = [default, *options]
    return f"{name}: {kind.text} = {marker}({', '.join(options)})"


BESIDE_BODY: Final = ("inferred", "query", "query", "header", "cookie")
BODIES: Final = {
    "none": BESIDE_BODY,
    "json": (*BESIDE_BODY, "body", "body", "body"),
    "form": (*BESIDE_BODY, "form", "form", "form"),
    "files": (*BESIDE_BODY, "form", "file", "file"),
    "mixed": (*BESIDE_BODY, "body", "form", "file"),
}


@st.composite
def signatures(draw: st.DrawFn, locations: Sequence[str], path_names: Sequence[str], most: int) -> list[Parameter]:
    """The parameters of one callable."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=most, unique=True))
    found = [draw(parameters(name, locations)) for name in names]
    if path_names and draw(st.booleans()):
        found += [draw(parameters(name, ("path", "inferred", "path"), in_path=True)) for name in path_names[:1]]
    return found


DEPENDENCIES: Final = (
    "def {name}({parameters}):\n    return shown(locals())",
    "async def {name}({parameters}):\n    return shown(locals())",
    "async def {name}({parameters}):\n    yield shown(locals())",
    "def {name}({parameters}):\n    yield shown(locals())",
    (
        "class {name}:\n    def __init__(self, {parameters}):\n        self.text = shown(locals())\n"
        "    def __repr__(self):\n        return self.text"
    ),
)


def listed(texts: Sequence[str]) -> str:
    """Parameters as keyword-only, so that their order with and without defaults is free."""
    return f"*, {', '.join(texts)}" if texts else ""


def needing(draw: Any, name: str, dependency: str) -> str:
    """A parameter that takes a dependency's result."""
    depends = f"web.Depends({dependency}{draw(st.sampled_from(['', '', ', use_cache=False']))})"
    return draw(
        st.sampled_from([f"{name}: Annotated[Any, {depends}]", f"{name}=" + depends, f"{name}: str = {depends}"])
    )


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """An application with one route."""
    locations = BODIES[draw(st.sampled_from(sorted(BODIES)))]
    path_names = ["p"] if draw(st.booleans()) else []
    path = "/x/{p}" if path_names else "/x"
    is_form = not {"form", "file"}.isdisjoint(locations)
    lines = ["from __future__ import annotations"] if draw(st.booleans()) else []
    lines.append(f"app = web.FastAPI({draw(st.sampled_from(['', '', 'separate_input_output_schemas=False']))})")
    found: list[Parameter] = []
    made: list[str] = []
    free: list[str] = []

    def some() -> list[str]:
        """Dependencies to use here; of a form each once, for FastAPI repeats the fields of others in the document."""
        chosen: list[str] = draw(subset(free))
        if is_form:
            free[:] = [name for name in free if name not in chosen]
        return chosen

    for number in range(draw(st.integers(0, 2))):
        own = draw(signatures(locations, path_names, 2))
        found += own
        texts = [parameter.text for parameter in own]
        texts += [needing(draw, f"d{made.index(other)}", other) for other in some()]
        form = draw(st.sampled_from(DEPENDENCIES))
        made.append(f"dependency{number}")
        free.append(made[-1])
        lines.append(form.format(name=made[-1], parameters=listed(texts)).replace("self, )", "self)"))
    own = draw(signatures(locations, path_names, 4))
    texts = [parameter.text for parameter in own]
    texts += [needing(draw, f"d{made.index(other)}", other) for other in some()]
    method = draw(st.sampled_from(["post", "post", "get", "delete"]))
    around = some()
    options = f", dependencies=[{', '.join(f'web.Depends({name})' for name in around)}]" if around else ""
    start = draw(st.sampled_from(["def", "async def"]))
    lines.append(f'@app.{method}("{path}"{options})\n{start} endpoint({listed(texts)}):\n    return shown(locals())')
    return Application("\n".join(lines) + "\n", (*found, *own), method.upper(), path)


def subset(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Some of some names."""
    return st.lists(st.sampled_from(names), unique=True) if names else st.just([])
