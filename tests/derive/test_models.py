"""Derived models are real models: fields fewer, optional or required, and all else as its author wrote it."""

import copy
import gc
import pickle
import sys
import threading
import weakref
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
    validator,
)

from tests.frameworks import answer, errors
from tests.patience import PATIENCE
from typeway import AllRequired, MergePatch, Omit, Partial, Pick, Query, Typeway, changes
from typeway.derive.absence import NotSentError
from typeway.exceptions import DeclarationError


class Owner(BaseModel):
    name: str = Field(min_length=2)
    mail: str | None = None


class Base(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    def described(self) -> str:
        return f"{type(self).__name__}"


class TaskCreate(Base):
    """What a task begins with."""

    title: str = Field(min_length=1, max_length=20, description="What is to be done.")
    priority: int = Field(default=1, ge=1, le=5, alias="prio")
    begin: int | None = None
    end: int | None = None
    owner: Owner | None = None
    tags: list[str] = Field(default_factory=list)
    seen: list[str] = Field(default=[], exclude=True)
    _secret: str = PrivateAttr(default="kept")

    @field_validator("title", mode="before")
    @classmethod
    def no_bytes(cls, value: Any) -> Any:
        if isinstance(value, bytes):
            raise ValueError("no bytes")
        return value

    @field_validator("end")
    @classmethod
    def end_comes_last(cls, value: int | None, info: Any) -> int | None:
        if value is not None and info.data["begin"] is not None and value < info.data["begin"]:
            raise ValueError("it ends before it begins")
        return value

    @field_validator("tags", mode="wrap")
    @classmethod
    def split(cls, value: Any, handler: Any) -> Any:
        return handler(value.split(",") if isinstance(value, str) else value)

    @model_validator(mode="before")
    @classmethod
    def old_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and "name" in data:
            return {**data, "title": data["name"]}
        return data

    @model_validator(mode="after")
    def urgent_ones_have_an_owner(self) -> Any:
        if self.priority == 5 and self.owner is None:
            raise ValueError("who does it?")
        return self

    @model_validator(mode="wrap")
    @classmethod
    def not_twice(cls, data: Any, handler: Any) -> Any:
        made = handler(data)
        if made.title == "twice" and len(made.tags) == 2:
            raise ValueError("twice is twice")
        return made

    @computed_field(description="In capitals.")
    @property
    def shout(self) -> str:
        return self.title.upper()

    @field_serializer("begin", when_used="json")
    def begin_in_words(self, value: int | None) -> str:
        return f"at {value}"

    def described(self) -> str:
        return super().described() + " " + self.title

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    @staticmethod
    def unit() -> str:
        return "hours"

    @property
    def short(self) -> str:
        return self.title[:3]

    @cached_property
    def length(self) -> int:
        return len(self.title)


def problems(annotation: Any, value: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """Kind and place of what is wrong with a value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(value)
    return [(error["type"], error["loc"]) for error in caught.value.errors()]


# --- Partial ------------------------------------------------------------------------------------------------------


def test_a_partial_holds_what_was_sent():
    """What was not sent is not there, for every way of looking at a model."""
    patch = Partial[TaskCreate].model_validate({"prio": 3, "owner": {"mail": "x@y"}})
    assert (patch.priority, patch.owner.mail) == (3, "x@y")
    assert not hasattr(patch, "title")
    assert getattr(patch, "title", "none") == "none"
    assert not hasattr(patch.owner, "name")
    assert patch.model_dump() == {"priority": 3, "owner": {"mail": "x@y"}}
    assert patch.model_dump_json(by_alias=True) == '{"prio":3,"owner":{"mail":"x@y"}}'
    assert dict(patch) == {"priority": 3, "owner": patch.owner}
    assert repr(patch.owner) == "OwnerPartial(mail='x@y')"
    assert "title" not in repr(patch)
    assert patch.model_fields_set == {"priority", "owner"}
    with pytest.raises(NotSentError, match="TaskCreatePartial has no value for 'title': it was not sent"):
        _ = patch.title
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = patch.nonsense
    assert Partial[TaskCreate](title="made by hand").title == "made by hand"


def test_a_partial_can_be_changed():
    """What is set by hand is there."""
    patch = Partial[TaskCreate]()
    patch.title = "x"
    assert (patch.title, changes(patch)) == ("x", {"title": "x"})
    assert patch.model_copy(update={"title": "y"}).title == "y"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"title": ""}, [("string_too_short", ("title",))]),
        ({"title": None}, [("string_type", ("title",))]),
        ({"title": b"x"}, [("value_error", ("title",))]),
        ({"name": "x" * 21}, [("string_too_long", ("title",))]),
        ({"prio": 6}, [("less_than_equal", ("prio",))]),
        ({"end": 1, "begin": 2}, [("value_error", ("end",))]),
        ({"prio": 5, "owner": None}, [("value_error", ())]),
        ({"title": "twice", "tags": "a,b"}, [("value_error", ())]),
        ({"owner": {"name": "x"}}, [("string_too_short", ("owner", "name"))]),
        ({"tags": [1]}, [("string_type", ("tags", 0))]),
    ],
)
def test_what_is_sent_is_validated(value, expected):
    """Constraints and validators hold for what is sent."""
    assert problems(Partial[TaskCreate], value) == expected


@pytest.mark.parametrize(
    "value",
    [{}, {"end": 1}, {"prio": 5}, {"title": "twice"}, {"begin": 2}, {"owner": {}}, {"title": "x", "prio": 5}],
)
def test_what_is_not_sent_is_not_judged(value):
    """A validator that reads a field which was not sent has nothing to say."""
    assert Partial[TaskCreate].model_validate(value)


def test_methods_come_along():
    """Methods, properties and private attributes are the model's own; `super()` finds the base."""
    patch = Partial[TaskCreate](title=" abcdef ")
    assert patch.described() == "TaskCreatePartial abcdef"
    assert (patch.kind(), patch.unit(), patch.short, patch.length) == ("TaskCreatePartial", "hours", "abc", 6)
    assert patch._secret == "kept"
    assert isinstance(patch, Base)
    assert not isinstance(patch, TaskCreate)


def test_computed_fields_follow_what_they_read():
    """A computed field is there if what it is computed from was sent; serializers see what was sent."""
    assert Partial[TaskCreate](title="ab", begin=2).model_dump_json() == '{"title":"ab","begin":"at 2","shout":"AB"}'
    assert Partial[TaskCreate](end=2).model_dump() == {"end": 2}


def test_partials_are_copied_and_pickled():
    """An instance can be copied and pickled, although its class cannot be imported from a module."""
    for kind in (Partial[TaskCreate], Partial[Annotated[TaskCreate, Omit("tags")]], MergePatch[TaskCreate]):
        patch = kind.model_validate({"title": "x", "owner": None})
        for other in (copy.copy(patch), copy.deepcopy(patch), pickle.loads(pickle.dumps(patch))):
            assert type(other) is kind
            assert (other, changes(other)) == (patch, changes(patch))


class Hooks(BaseModel):
    a: int
    b: int = 0
    log: list[str] = []

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        self.log.append(f"{self.a}")

    @model_serializer(mode="wrap")
    def serialize(self, handler: Any) -> Any:
        return {"all": handler(self)}

    @model_validator(mode="after")
    def compare(self, info: Any) -> Any:
        assert info.mode == "python"
        if self.b > self.a:
            raise ValueError("order")
        return self

    @field_validator("b", mode="plain")
    @staticmethod
    def plain(value: Any) -> Any:
        return int(value)

    @field_validator("a", mode="wrap")
    @classmethod
    def around(cls, value: Any, handler: Any, info: Any) -> Any:
        assert info.field_name == "a"
        return handler(value)


def test_hooks_of_every_kind_come_along():
    """After-initialization, serializers, and validators with and without information."""
    kind = Partial[Hooks]
    assert kind(a=1, log=[]).model_dump() == {"all": {"a": 1, "log": ["1"]}}
    assert kind(b="2").model_dump() == {"all": {"b": 2}}
    assert problems(kind, {"a": 1, "b": 2, "log": []}) == [("value_error", ())]


class Node(BaseModel):
    value: int
    parent: "Node | None" = None
    children: list["Node"] = []


class Left(BaseModel):
    number: int
    right: "Right | None" = None


class Right(BaseModel):
    text: str
    left: Left | None = None


Left.model_rebuild()


def test_models_may_contain_themselves_and_each_other():
    """A recursive model is partial all the way down; items of lists are whole."""
    patch = Partial[Node].model_validate({"parent": {"parent": {"value": 1}}})
    assert changes(patch) == {"parent": {"parent": {"value": 1}}}
    assert problems(Partial[Node], {"children": [{}]}) == [("missing", ("children", 0, "value"))]
    other = Partial[Right].model_validate({"left": {"right": {"left": {}}}})
    assert changes(other) == {"left": {"right": {"left": {}}}}
    assert type(other.left) is Partial[Left]


class Cat(BaseModel):
    kind: str
    lives: int


class Mixed(BaseModel):
    either: Cat | Owner | None = None
    whole: Annotated[Owner, AfterValidator(lambda owner: owner)]
    names: RootModel[list[str]] = RootModel(["a"])
    picked: Annotated[TaskCreate, Pick("title", "priority")] | None = None
    given: Partial[Owner] | None = None


def test_what_must_be_whole_stays_whole():
    """Larger unions, types with validators of their own and root models are not taken apart."""
    kind = Partial[Mixed]
    assert problems(kind, {"whole": {}}) == [("missing", ("whole", "name"))]
    assert problems(kind, {"either": {"lives": 1}})
    assert kind.model_validate({"names": ["b"]}).names.root == ["b"]
    assert changes(kind.model_validate({"given": {}})) == {"given": {}}
    assert problems(Mixed, {"whole": {"name": "ab"}, "picked": {"prio": 1}}) == [("missing", ("picked", "title"))]


# --- the others -----------------------------------------------------------------------------------------------------


def test_all_required_has_no_defaults():
    """Every field must be sent, those of nested models too; what may be null still may."""
    kind = AllRequired[TaskCreate]
    assert [place for _, (place,) in problems(kind, {})] == ["title", "prio", "begin", "end", "owner", "tags", "seen"]
    whole = {"title": "x", "prio": 1, "begin": None, "end": None, "owner": {"name": "ab"}, "tags": [], "seen": []}
    assert problems(kind, whole) == [("missing", ("owner", "mail"))]
    assert kind.model_validate({**whole, "owner": None}).title == "x"


def test_pick_and_omit_choose_fields():
    """Only some fields are there, each as it was; validators that read another are passed over."""
    picked = TypeAdapter(Annotated[TaskCreate, Pick("end", "priority")])
    assert picked.validate_python({"end": 1, "prio": 5}).model_dump() == {"priority": 5, "end": 1}
    assert problems(Annotated[TaskCreate, Pick("end", "priority")], {"prio": 9}) == [("less_than_equal", ("prio",))]
    omitted = TypeAdapter(Annotated[TaskCreate, Omit("shout", "owner", "seen")])
    made = omitted.validate_python({"title": "x", "prio": 5})
    assert made.model_dump() == {"title": "x", "priority": 5, "begin": None, "end": None, "tags": []}
    with pytest.raises(NotSentError, match="it was left out of TaskCreate"):
        _ = made.owner
    assert problems(Annotated[TaskCreate, Omit("owner")], {"title": "x", "begin": 2, "end": 1}) == [
        ("value_error", ("end",))
    ]


def test_recipes_can_be_combined():
    """One recipe may follow another, in `Annotated` or around it."""
    for annotation in (
        Partial[Annotated[TaskCreate, Omit("owner"), Pick("title", "end")]],
        Annotated[Partial[TaskCreate], Pick("title", "end")],
    ):
        adapter = TypeAdapter(annotation)
        assert list(adapter.json_schema()["properties"]) == ["title", "end"]
        assert changes(adapter.validate_python({"end": 3})) == {"end": 3}
    assert Partial[Partial[TaskCreate]] is Partial[TaskCreate]
    assert "owner" not in AllRequired[Annotated[TaskCreate, Omit("owner")]].model_fields


def test_instances_of_the_model_are_shown_in_part():
    """A whole model given where a part is expected loses the rest."""
    whole = TaskCreate(title="x", tags=["a"])
    adapter = TypeAdapter(list[Annotated[TaskCreate, Pick("title", "shout")]])
    assert adapter.dump_json(adapter.validate_python([whole], from_attributes=True)) == b'[{"title":"x","shout":"X"}]'


# --- one class per question ---------------------------------------------------------------------------------------


def test_the_same_question_has_the_same_answer():
    """One model and one recipe make one class, whatever the order of the fields."""
    assert Partial[TaskCreate] is Partial[TaskCreate]
    first, second = Pick("title", "end"), Pick("end", "title")
    assert first == second
    assert hash(first) == hash(second)
    assert first.derived_type(TaskCreate) is second.derived_type(TaskCreate)
    assert Pick("title").derived_type(TaskCreate) is not Omit("title").derived_type(TaskCreate)
    assert Pick("title", name="T").derived_type(TaskCreate) is not Pick("title").derived_type(TaskCreate)

    class Child(TaskCreate):
        more: int

    assert "more" in Partial[Child].model_fields
    assert Partial[Child] is not Partial[TaskCreate]


def test_threads_get_the_same_class():
    """However many ask at once, one class is made."""

    class Fresh(BaseModel):
        value: int
        owner: Owner

    together, found = threading.Barrier(8), set()

    def ask() -> None:
        together.wait(PATIENCE)
        found.add(Partial[Fresh])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 1


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="counts references")
def test_derived_models_end_with_their_model():
    """A derived model is garbage-collected together with its model."""

    def make() -> list[weakref.ref[Any]]:
        class Passing(BaseModel):
            value: int

        kinds = [Passing, Partial[Passing], MergePatch[Passing], Pick("value").derived_type(Passing)]
        return [weakref.ref(kind) for kind in kinds]

    kept = make()
    gc.collect()
    assert [reference() for reference in kept] == [None] * 4


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    total: int = 0


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (lambda: Partial[TaskCreate], "TaskCreatePartial"),
        (lambda: AllRequired[TaskCreate], "TaskCreateAllRequired"),
        (lambda: MergePatch[TaskCreate], "TaskCreateMergePatch"),
        (lambda: Pick("title", "priority").derived_type(TaskCreate), "TaskCreatePickTitlePriority"),
        (lambda: Omit("priority").derived_type(TaskCreate), "TaskCreateOmitPriority"),
        (lambda: Omit("priority", name="Simple").derived_type(TaskCreate), "Simple"),
        (lambda: Partial[Annotated[TaskCreate, Omit("tags")]], "TaskCreateOmitTagsPartial"),
        (lambda: Partial[Page[int]], "Page[int]Partial"),
    ],
)
def test_names_are_stable(kind, name):
    """A derived model is called after the model and what was done to it."""
    assert kind().__name__ == name
    assert kind().__module__ == __name__


def test_long_names_are_cut():
    """A name that would contain many fields contains a digest of them instead, always the same one."""
    fields = {f"a_field_of_some_length_{number}": (int, 1) for number in range(9)}
    wide = type("Wide", (BaseModel,), {"__annotations__": dict.fromkeys(fields, int), "__module__": __name__})
    name = Pick(*list(fields)[:8]).derived_type(wide).__name__
    assert name == "WidePick" + name[8:]
    assert len(name) == 16
    assert name == Pick(*list(fields)[:8][::-1]).derived_type(wide).__name__


# --- mistakes -------------------------------------------------------------------------------------------------------


class Broken(BaseModel):
    later: "Nowhere"  # noqa: F821


@pytest.mark.parametrize(
    ("derive", "message"),
    [
        (lambda: Partial[int], r"Partial applies to Pydantic models, and int is not one"),
        (lambda: Partial["TaskCreate"], "and 'TaskCreate' is not one"),
        (lambda: Partial[RootModel[int]], r"and RootModel\[int\] is not one"),
        (lambda: Pick("titel").derived_type(TaskCreate), "TaskCreate has no field 'titel'. Hint: Did you mean 'title'"),
        (lambda: Omit("zzz").derived_type(Owner), "Owner has no field 'zzz'. Hint: It has name, mail"),
        (lambda: Pick().derived_type(Owner), "leaves no field of Owner"),
        (lambda: Omit("name", "mail").derived_type(Owner), "leaves no field of Owner"),
        (lambda: Partial[Broken], "Broken uses a name that is not defined yet"),
        (lambda: TypeAdapter(Annotated[int, Pick("a")]), r"applies to Pydantic models, and int is not one"),
    ],
)
def test_mistakes_are_reported(derive, message):
    """What cannot be derived is refused with what may have been meant."""
    with pytest.raises(DeclarationError, match=message):
        derive()


def test_validators_of_pydantic_1_are_refused():
    """What cannot be carried over is not dropped in silence."""
    with pytest.warns(DeprecationWarning, match="V1 style `@validator`"):
        check = validator("value")(lambda cls, value: value)

    class Old(BaseModel):
        value: int
        checked = check

    with pytest.raises(DeclarationError, match="Old has Pydantic 1 validators"):
        Partial[Old]


# --- in applications ------------------------------------------------------------------------------------------------


class Filters(BaseModel):
    title: str | None = None
    owner: int | None = None
    limit: int = Field(default=10, le=100)


def application() -> Typeway:
    app = Typeway()

    @app.patch("/partial")
    def partial(patch: Partial[TaskCreate]) -> Partial[TaskCreate]:
        return patch

    @app.post("/omit")
    def omit(task: Annotated[TaskCreate, Omit("owner", "seen")]) -> Annotated[TaskCreate, Pick("title", "shout")]:
        return TaskCreate(title=task.title)

    @app.get("/list")
    def many() -> list[Annotated[TaskCreate, Pick("title")]]:
        return [TaskCreate(title="a")]

    @app.get("/union")
    def union(full: bool = False) -> Partial[Owner] | Partial[Cat] | None:
        return Partial[Owner](mail="x") if full else Partial[Cat](lives=3)

    @app.get("/filters")
    def filters(filters: Annotated[Filters, Omit("owner"), Query()]) -> dict[str, Any]:
        return filters.model_dump()

    @app.get("/loose")
    def loose(filters: Annotated[Partial[Filters], Query()]) -> dict[str, Any]:
        return changes(filters)

    return app


def test_derived_models_are_bodies_parameters_and_answers():
    """They go wherever a model goes, and hold there what they hold anywhere."""
    app = application()
    assert answer(app, "PATCH /partial", json={"prio": 2}) == (200, {"prio": 2})
    assert answer(app, "PATCH /partial", json={}) == (200, {})
    assert errors(app, "PATCH /partial", json={"owner": {"name": "x"}}) == [
        ("string_too_short", ["body", "owner", "name"])
    ]
    assert answer(app, "POST /omit", json={"title": "x"}) == (200, {"title": "x", "shout": "X"})
    assert answer(app, "GET /list") == (200, [{"title": "a"}])
    assert answer(app, "GET /union?full=1") == (200, {"mail": "x"})
    assert answer(app, "GET /union") == (200, {"lives": 3})
    assert answer(app, "GET /filters?owner=3&title=x") == (200, {"title": "x", "limit": 10})
    assert errors(app, "GET /loose?limit=101") == [("less_than_equal", ["query", "limit"])]
    assert answer(app, "GET /loose?limit=5") == (200, {"limit": 5})


def test_derived_models_are_documented():
    """Each has a component of its own, with the constraints, and nothing of a partial model is required."""
    document = application().openapi()
    schemas = document["components"]["schemas"]
    assert {name for name in schemas if "Error" not in name} == {
        "CatPartial", "OwnerPartial", "TaskCreateOmitOwnerSeen", "TaskCreatePartial-Input", "TaskCreatePartial-Output",
        "TaskCreatePickTitle", "TaskCreatePickTitleShout",
    }  # fmt: skip
    # Like the model itself it sends a computed field that it does not accept.
    partial = schemas["TaskCreatePartial-Input"]
    assert "required" not in schemas["TaskCreatePartial-Output"]
    assert "required" not in partial
    assert partial["properties"]["title"] == {
        "type": "string", "minLength": 1, "maxLength": 20, "title": "Title", "description": "What is to be done.",
    }  # fmt: skip
    assert partial["description"] == "What a task begins with."
    assert partial["properties"]["owner"]["anyOf"][0] == {"$ref": "#/components/schemas/OwnerPartial"}
    assert "default" not in partial["properties"]["prio"]
    assert schemas["TaskCreateOmitOwnerSeen"]["required"] == ["title"]
    names = [parameter["name"] for parameter in document["paths"]["/filters"]["get"]["parameters"]]
    assert names == ["title", "limit"]


def test_names_do_not_clash_with_the_authors():
    """A model that its author has given such a name keeps a component of its own."""

    class OwnerPartial(BaseModel):
        other: int

    app = Typeway()

    @app.post("/")
    def endpoint(a: OwnerPartial, b: Partial[Owner]) -> None: ...

    schemas = app.openapi()["components"]["schemas"]
    shown = [sorted(schema["properties"]) for name, schema in schemas.items() if "OwnerPartial" in name]
    assert sorted(shown) == [["mail", "name"], ["other"]]
