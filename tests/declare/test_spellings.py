"""Every spelling of an annotation means the same: the same plan, and the same document."""

import typing
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Any, Literal, Optional, TypeVar, Union

import pytest
import typing_extensions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from typeway import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Response,
    Security,
    Typeway,
    UploadFile,
)
from typeway.declare import shapes
from typeway.declare.classify import Injected, Input, Needed, classify
from typeway.declare.signature import read_declaration
from typeway.security import SecurityScopes

T = TypeVar("T")
ALIAS_CLASSES = [typing_extensions.TypeAliasType, getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType)]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    legs: int


class Filter(BaseModel):
    limit: int = 10
    tags: list[str] = []


def current_user() -> str:
    return "nobody"


@dataclass(frozen=True)
class Said:
    """What an author means by one parameter, in the plainest spelling."""

    type: Any
    markers: tuple[Any, ...] = ()
    method: str = "POST"
    may_be_optional: bool = True


MEANINGS: dict[str, Said] = {
    "query number": Said(int, (Query(ge=1),)),
    "query union": Said(Union[int, str], (Query(),)),  # noqa: UP007
    "query list": Said(list[int], (Query(max_length=3),)),
    "query model": Said(Filter, (Query(),)),
    "inferred query": Said(int),
    "constrained query": Said(int, (Field(gt=0),)),
    "header": Said(str, (Header(alias="x-agent"),)),
    "headers": Said(list[str], (Header(),)),
    "cookie": Said(str, (Cookie(),)),
    "path": Said(int, (Path(gt=0),), may_be_optional=False),
    "inferred path": Said(str, may_be_optional=False),
    "body": Said(Cat),
    "body of a union": Said(Union[Cat, Dog]),  # noqa: UP007
    "body of a tagged union": Said(Union[Cat, Dog], (Field(discriminator="kind"),)),  # noqa: UP007
    "body list": Said(list[Cat]),
    "embedded body": Said(Cat, (Body(embed=True),)),
    "body number": Said(int, (Body(ge=1),)),
    "form field": Said(str, (Form(min_length=2),)),
    "form list": Said(list[str], (Form(),)),
    "form model": Said(Filter, (Form(),)),
    "file": Said(UploadFile),
    "files": Said(list[UploadFile]),
    "marked file": Said(bytes, (File(),)),
    "dependency": Said(str, (Depends(current_user),)),
    "security": Said(str, (Security(current_user, scopes=["me"]),)),
    "class as dependency": Said(Filter, (Depends(),)),
    **{kind.__name__: Said(kind) for kind in (Request, Response, BackgroundTasks, SecurityScopes, HTTPConnection)},
}


class Speller:
    """Spells one meaning in ways that hypothesis draws."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.names: dict[str, Any] = {}  # what quoted names stand for
        self.is_quoted = False
        self.aliases = count()

    def spell(self, said: Said, *, is_optional: bool) -> Any:
        annotation, left, optional_left = self.members(said.type), list(said.markers), is_optional
        for _ in range(8):
            steps = ["note", "note", "quote"] + ["mark"] * 3 * bool(left) + ["optional"] * 2 * optional_left
            if not self.is_quoted:
                # An alias is read in its own module, where the names of the endpoint's are not known.
                steps += ["alias", "alias", "generic"]
            step = self.draw(st.sampled_from([*steps, "end"]))
            if step == "end":
                break
            if step == "mark":
                annotation = Annotated[annotation, left.pop(0)]
            elif step == "optional":
                annotation, optional_left = self.optional(annotation), False
            else:
                annotation = getattr(self, step)(annotation)
        for marker in left:
            annotation = Annotated[annotation, marker]
        return self.optional(annotation) if optional_left else annotation

    def members(self, kind: Any) -> Any:
        """A union or a list, whose members may be spelled in their own ways."""
        arguments = typing.get_args(kind)
        if not arguments:
            return kind
        spelled = tuple(self.spell(Said(argument), is_optional=False) for argument in arguments)
        return list[spelled[0]] if typing.get_origin(kind) is list else Union[spelled]  # noqa: UP007

    def note(self, annotation: Any) -> Any:
        return Annotated[annotation, self.draw(st.sampled_from(["note", 7, ("a", "b")]))]

    def quote(self, annotation: Any) -> str:
        name = f"Name{len(self.names)}"
        self.names[name] = annotation
        self.is_quoted = True
        return name

    def alias(self, annotation: Any) -> Any:
        return self.draw(st.sampled_from(ALIAS_CLASSES))(f"Alias{next(self.aliases)}", annotation)

    def generic(self, annotation: Any) -> Any:
        make = self.draw(st.sampled_from(ALIAS_CLASSES))
        value = self.draw(st.sampled_from([T, Annotated[T, "note"]]))
        return make(f"Generic{next(self.aliases)}", value, type_params=(T,))[annotation]

    def optional(self, annotation: Any) -> Any:
        ways = [lambda: Optional[annotation], lambda: Union[None, annotation], lambda: Union[annotation, None]]  # noqa: UP007
        return self.draw(st.sampled_from(ways))()


def declared(annotation: Any, names: dict[str, Any], default: Any) -> Any:
    """An endpoint with one parameter of this type, whose module knows the names."""
    namespace = dict(names)
    exec("def endpoint(value): return None" if default is ... else "def endpoint(value=None): return None", namespace)
    endpoint = namespace["endpoint"]
    endpoint.__annotations__ = {"value": annotation}
    return endpoint


def plan_of(endpoint: Any, path_names: tuple[str, ...]) -> Any:
    """What is planned for the parameter, without what only spellings differ in."""
    (source,) = classify(read_declaration(endpoint), path_names)
    if isinstance(source, Input):
        kinds = [str(kind) if typing.get_args(kind) else kind for kind in shapes.members(source.kind)]
        shape = (shapes.is_sequence(source.kind), shapes.is_complex(source.kind))
        marker = (type(source.marker), source.marker.embed, source.marker.media_type)
        return source.location, source.wires, source.is_group, source.is_required, len(kinds), shape, marker
    return source


def document_of(endpoint: Any, path: str, method: str) -> Any:
    """The operation as the document has it, with aliases spelled out."""
    app = Typeway()
    app.add_api_route(path, endpoint, methods=[method])
    document = app.openapi()
    operation = document["paths"][path][method.lower()]
    return spelled_out(operation, document.get("components", {}).get("schemas", {}))


def spelled_out(schema: Any, components: dict[str, Any]) -> Any:
    """A schema in which references are replaced, nested unions are one, and titles are gone, which aliases lack."""
    if isinstance(schema, list):
        return [spelled_out(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return spelled_out({**components[schema["$ref"].rpartition("/")[2]], **beside}, components)
    if "mapping" in schema:
        schema = {**schema, "mapping": {tag: {"$ref": reference} for tag, reference in schema["mapping"].items()}}
    found = {key: spelled_out(value, components) for key, value in schema.items() if key != "title"}
    if "anyOf" in found:
        members: list[Any] = []
        for member in found["anyOf"]:
            members += member["anyOf"] if list(member) == ["anyOf"] else [member]
        found["anyOf"] = sorted(members, key=repr)
    return found


@pytest.mark.parametrize("name", MEANINGS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spellings_of_one_meaning_are_planned_and_documented_alike(name, data):
    """Aliases, generic aliases, nested Annotated, quoted names, unions in unions: every spelling has the same meaning."""
    said = MEANINGS[name]
    is_optional = said.may_be_optional and data.draw(st.booleans(), label="optional")
    speller = Speller(data.draw)
    spelled = speller.spell(said, is_optional=is_optional)
    plain = said.type if not said.markers else Annotated[(said.type, *said.markers)]
    if is_optional:
        plain = Annotated[(Optional[said.type], *said.markers)] if said.markers else Optional[said.type]
    path, path_names = ("/{value}", ("value",)) if "path" in name else ("/", ())
    default = None if is_optional else ...
    expected = declared(plain, {}, default)
    found = declared(spelled, speller.names, default)
    assert plan_of(found, path_names) == plan_of(expected, path_names), spelled
    assert document_of(found, path, said.method) == document_of(expected, path, said.method), spelled


def test_the_meanings_cover_every_kind_of_source():
    """The table above has parameters of every location, dependencies, and objects of the request."""
    found = [
        plan_of(
            declared(Annotated[(said.type, *said.markers)] if said.markers else said.type, {}, ...),
            ("value",) * ("path" in name),
        )
        for name, said in MEANINGS.items()
    ]
    assert {each[0] for each in found if isinstance(each, tuple)} == {
        "path", "query", "header", "cookie", "body", "form", "file",
    }  # fmt: skip
    assert {type(each) for each in found if not isinstance(each, tuple)} == {Needed, Injected}
