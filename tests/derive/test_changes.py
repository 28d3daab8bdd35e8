"""`changes()` returns what was sent, `apply()` sets it and returns what has changed."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import JSON, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tests.frameworks import answer, ask
from typeway import Depends, Partial, Typeway, apply, changes
from typeway.exceptions import RequestValidationError


class Owner(BaseModel):
    name: str
    mail: str | None = None


class Task(BaseModel):
    title: str = Field(min_length=1)
    begin: int = 0
    end: int | None = Field(default=None, alias="until")
    owner: Owner | None = None
    tags: list[str] = []

    @model_validator(mode="after")
    def ends_last(self) -> Any:
        if self.end is not None and self.end < self.begin:
            raise ValueError("it ends before it begins")
        return self


def patch(**values: Any) -> Any:
    return Partial[Task].model_validate(values)


def test_changes_are_what_was_sent():
    """Names are those of the fields; nested partial models become dicts, and a null that was sent is included."""
    assert changes(patch(until=3, owner={"mail": None})) == {"end": 3, "owner": {"mail": None}}
    assert changes(patch(owner=None)) == {"owner": None}
    assert changes(patch()) == {}


def test_changes_of_a_whole_model():
    """Of any model it is what was set; models in it are values."""
    owner = Owner(name="a")
    assert changes(Task(title="x", owner=owner)) == {"title": "x", "owner": owner}


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: int = 0


def test_extra_values_are_changes_too():
    """Extra fields of a model that allows them are returned and set."""
    sent = Partial[Open].model_validate({"known": 1, "more": "x"})
    assert changes(sent) == {"known": 1, "more": "x"}
    target = Open(other=2)
    assert apply(sent, target) == {"known": 1, "more": "x"}
    assert target.model_dump() == {"known": 1, "other": 2, "more": "x"}


def test_a_dict_takes_what_was_sent():
    """Members are set by name; nested dicts are changed in the same way, and what is equal has not changed."""
    target = {"title": "old", "end": None, "owner": {"name": "a", "mail": "m"}, "extra": 1}
    assert apply(patch(title="old", until=4, owner={"mail": "n"}), target) == {"end": 4, "owner": {"mail": "n"}}
    assert target == {"title": "old", "end": 4, "owner": {"name": "a", "mail": "n"}, "extra": 1}
    assert apply(patch(until=4), target) == {}
    bare: dict[str, Any] = {}
    assert apply(patch(owner={"name": "a"}), bare) == {"owner": {"name": "a"}}
    assert bare == {"owner": {"name": "a", "mail": None}}


@dataclass
class OwnerData:
    name: str
    mail: str | None = None


@dataclass
class TaskData:
    title: str
    end: int | None = None
    owner: OwnerData | None = None
    tags: list[str] = field(default_factory=list)


def test_a_dataclass_takes_what_was_sent():
    """Attributes are set, those of nested objects too."""
    target = TaskData("old", owner=OwnerData("a", "m"))
    owner = target.owner
    assert apply(patch(tags=["x"], owner={"name": "b"}), target) == {"owner": {"name": "b"}, "tags": ["x"]}
    assert target == TaskData("old", owner=OwnerData("b", "m"), tags=["x"])
    assert target.owner is owner
    assert apply(patch(owner=None), target) == {"owner": None}


def test_a_model_takes_what_was_sent_if_the_whole_is_valid():
    """Validators of the whole model are asked before anything is set."""
    target = Task(title="old", begin=2, owner=Owner(name="a"))
    assert apply(patch(until=5, owner={"mail": "m"}), target) == {"end": 5, "owner": {"mail": "m"}}
    assert (target.end, target.owner) == (5, Owner(name="a", mail="m"))
    assert target.model_fields_set == {"title", "begin", "owner", "end"}
    before = target.model_copy(deep=True)
    with pytest.raises(RequestValidationError) as caught:
        apply(patch(until=1, title="new", owner={"name": "c"}), target)
    assert [(error["type"], error["loc"]) for error in caught.value.errors()] == [("value_error", ("body",))]
    assert target == before


def test_what_is_nested_may_be_new():
    """Where nothing was, a nested partial model must be whole."""
    target = Task(title="x")
    assert apply(patch(owner={"name": "a"}), target) == {"owner": {"name": "a"}}
    assert target.owner == Owner(name="a")
    with pytest.raises(RequestValidationError) as caught:
        apply(patch(owner={"mail": "m"}), Task(title="x"))
    assert [(error["type"], error["loc"]) for error in caught.value.errors()] == [
        ("missing", ("body", "owner", "name"))
    ]


class Hashing(BaseModel):
    secret: str
    name: str = "x"

    @field_validator("secret")
    @classmethod
    def hashed(cls, value: str) -> str:
        return f"h({value})"


def test_validators_do_not_act_twice():
    """Checking the whole changes nothing but what was sent, however its validators change values."""
    target = Hashing(secret="a")
    assert apply(Partial[Hashing](name="y"), target) == {"name": "y"}
    assert target.secret == "h(a)"
    apply(Partial[Hashing](secret="b"), target)
    assert target.secret == "h(b)"


class TableBase(DeclarativeBase):
    pass


class OwnerRow(TableBase):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    mail: Mapped[str | None]


class TaskRow(TableBase):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    end: Mapped[int | None]
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped[OwnerRow | None] = relationship()


def test_an_orm_object_takes_what_was_sent():
    """Attributes of the row and of its relations are set, and the session notices just these."""
    engine = create_engine("sqlite://")
    TableBase.metadata.create_all(engine)
    with Session(engine) as session:
        row = TaskRow(title="old", owner=OwnerRow(name="a"))
        session.add(row)
        session.commit()
        assert apply(patch(title="old", tags=["x"], owner={"mail": "m"}), row) == {
            "owner": {"mail": "m"}, "tags": ["x"],
        }  # fmt: skip
        session.commit()
        session.expire_all()
        assert (row.title, row.tags, row.owner.mail, row.owner.name) == ("old", ["x"], "m", "a")
        assert apply(patch(title="old"), row) == {}
        assert not session.dirty
    engine.dispose()


class Asks(BaseModel):
    """A model with its own way of setting attributes, as SQLModel's tables are."""

    title: str = "a"
    begin: int = 0
    log: list[str] = []

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.log.append(name)


def test_a_model_that_sets_its_own_attributes_is_asked():
    """Who overrides `__setattr__` learns of every change."""
    target = Asks(log=[])
    assert apply(patch(title="b", begin=0), target) == {"title": "b"}
    assert target.log == ["title"]


@dataclass(frozen=True)
class Frozen:
    title: str = "a"


class FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True)
    title: str = "a"


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (Frozen(), TypeError, r"Frozen is frozen. Create a changed copy with dataclasses.replace\(\)"),
        (FrozenModel(), TypeError, r"FrozenModel is frozen. Create a changed copy with model_copy\(update=...\)"),
        (SimpleNamespace(titles=1, until=2), AttributeError, "has no attribute 'title' .* Did you mean 'titles'"),
        (Owner(name="a"), AttributeError, "Owner has no attribute 'title' to set"),
    ],
)
def test_targets_that_cannot_take_it_are_refused(target, error, message):
    """Nothing is set where something could not be."""
    before = repr(target)
    with pytest.raises(error, match=message):
        apply(patch(until=3, title="b") if not isinstance(target, Frozen | FrozenModel) else patch(title="b"), target)
    assert repr(target) == before


@pytest.mark.parametrize(
    ("target", "sent", "error"),
    [
        (TaskData("old"), {"owner": {"mail": "m"}}, RequestValidationError),
        (TaskData("old", owner=SimpleNamespace(name="a")), {"owner": {"mail": "m"}}, AttributeError),
        ({"title": "old", "owner": Frozen()}, {"owner": {"name": "b"}}, TypeError),
        (SimpleNamespace(title="old", owner=TaskData("old")), {"owner": {"name": "b"}}, AttributeError),
        ({"title": "old", "owner": None}, {"owner": {"mail": "m"}}, RequestValidationError),
    ],
)
def test_a_nested_error_leaves_the_target_as_it_is(target, sent, error):
    """A change is made as a whole or not at all, also where the error is in a nested object (RFC 5789, section 2)."""
    before = repr(target)
    with pytest.raises(error):
        apply(patch(title="new", **sent), target)
    assert repr(target) == before


def test_patching_over_http():
    """A PATCH changes what it names, and an impossible whole is the client's mistake."""
    app = Typeway()
    stored = Task(title="old", begin=3)

    def get_task() -> Task:
        return stored

    @app.patch("/task")
    def update(patch: Partial[Task], task: Annotated[Task, Depends(get_task)]) -> dict[str, Any]:
        return apply(patch, task)

    assert answer(app, "PATCH /task", json={"title": "new"}) == (200, {"title": "new"})
    assert (stored.title, stored.begin) == ("new", 3)
    response = ask(app, "PATCH /task", json={"until": 1})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body"]
    assert stored.end is None


@pytest.mark.parametrize("given", [{"title": "x"}, None, Task], ids=["a dict", "None", "a class"])
@pytest.mark.parametrize("act", [changes, lambda given: apply(given, {})], ids=["changes", "apply"])
def test_what_is_no_model_is_refused(act, given):
    """The error says what is taken instead, and nothing has changed."""
    with pytest.raises(TypeError, match=r"take a Pydantic model, such as a Partial\[Task\], not "):
        act(given)
