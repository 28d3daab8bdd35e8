"""What an update takes by the names of fields and columns, and by properties and methods of its model."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

MODEL = (
    """
import dataclasses, logging
from sqlalchemy import inspect, insert, update
rows: dict[int, Any] = {1: {}}
NAMES = ("name", "size")
class Stored(Base):
    __tablename__ = "stored"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    size: Mapped[int | None]
    created_by: Mapped[str | None]
    @classmethod
    def of(cls, change: Any) -> dict: return {each.key: getattr(change, each.key, None) for each in cls.__table__.columns}
class Sized(BaseModel):
    def asked(self) -> list: return [*self.model_fields_set]
    @property
    def every(self) -> dict: return {name: getattr(self, name) for name in type(self).model_fields}
    @property
    def dumped(self) -> dict: return self.model_dump()
    @property
    def known(self) -> dict: return {name: getattr(self, name) for name in self.model_fields_set}
    def listed(self) -> dict: return dict((name, getattr(self, name)) for name in self.__class__.model_fields)
    def whole(self) -> dict:
        values = self.model_dump()
        return values
class Change(Sized):
    name: str | None = None
    size: int | None = None
@app.patch("/x/{n}")
def change(n: int, item: Change, db: Annotated[Session, Depends(make_session)]) -> None:
    """
    '"""Change a thing."""\n    row: Any = rows[n]\n    '
)

FOUND = {
    "a property": "row.update(item.every)",
    "a property under a name": "values = item.every\n    row.update(values)",
    "a property of a dump": "row.update(item.dumped)",
    "a method": "row.update(item.listed())",
    "a method with a name": "row.update(item.whole())",
    "the fields of the class": "row.update({name: getattr(item, name) for name in Change.model_fields})",
    "the fields with what they are": "row.update({name: getattr(item, name) for name, field in Change.model_fields.items()})",
    "the names of the fields": "row.update({name: getattr(item, name) for name in sorted(Change.model_fields.keys())})",
    "the annotations": "row.update({name: getattr(item, name) for name in Change.__annotations__})",
    "names of a module": "row.update({name: getattr(item, name) for name in NAMES})",
    "names in place": "row.update({name: getattr(item, name) for name in ('name', 'size')})",
    "a local name": "names = Change.model_fields\n    row.update({name: getattr(item, name) for name in names})",
    "but one that is no field": "row.update({name: getattr(item, name) for name in Change.model_fields if name != 'id'})",
    "setattr": "for name in Change.model_fields: setattr(row, name, getattr(item, name))",
    "setattr by a name": "for name in Change.model_fields:\n        value = getattr(item, name)\n        setattr(row, name, value)",
    "items": "for name in Change.model_fields: row[name] = getattr(item, name)",
    "pairs": "row.update({name: value for name, value in item})",
    "the columns": "row.update({each.key: getattr(item, each.key, None) for each in Stored.__table__.columns if not each.primary_key})",
    "the columns, asked for": (
        "row.update({each.name: getattr(item, each.name) for each in Stored.__table__.columns if hasattr(item, each.name)})"
    ),
    "inspected": "row.update({each.key: getattr(item, each.key) for each in inspect(Stored).attrs if each.key not in ('id', 'created_by')})",
    "a class method": "db.execute(update(Stored).values(Stored.of(item)))",
}  # fmt: skip
LEFT_ALONE = {
    "what was sent": "row.update({name: getattr(item, name) for name in item.model_fields_set})",
    "a property of what was sent": "row.update(item.known)",
    "asked for what was sent": "row.update({name: getattr(item, name) for name in Change.model_fields if name in item.model_fields_set})",
    "asked for by a method": "row.update({name: getattr(item, name) for name in Change.model_fields if name in item.asked()})",
    "what is not None": "row.update({name: getattr(item, name) for name in Change.model_fields if getattr(item, name) is not None})",
    "what is not None, in a loop": (
        "for name in Change.model_fields:\n        value = getattr(item, name)\n        if value is not None: setattr(row, name, value)"
    ),
    "sorted out later": "values = {name: getattr(item, name) for name in NAMES}\n    row.update({k: v for k, v in values.items() if v is not None})",
    "a property that is sorted out": "row.update({k: v for k, v in item.every.items() if v is not None})",
    "a method that is sorted out": "for k, v in item.listed().items():\n        if v is not None: row[k] = v",
    "a loop that is sorted out": (
        "values = {}\n    for name in NAMES: values[name] = getattr(item, name)\n    row.update({k: v for k, v in values.items() if v})"
    ),
    "a property that is logged": "logging.info('%s', item.every)",
    "a property that is answered": "return item.every",
    "what is stored, where nothing was sent": "row.update({name: getattr(item, name) or row[name] for name in NAMES})",
    "names that are made of themselves": "names = ['name']\n    names = sorted(names)\n    row.update({name: getattr(item, name) for name in names})",
    "a name that is only made of itself": "names = sorted(names)\n    row.update({name: getattr(item, name) for name in names})",
    "one field": "row.update({name: getattr(item, name) for name in ('name',)})",
    "all but those that may be left out": "row.update({name: getattr(item, name) for name in Change.model_fields if name not in NAMES})",
    "of what is stored": "stored = db.get(Stored, n)\n    row.update({each.key: getattr(stored, each.key) for each in Stored.__table__.columns})",
    "a property of what is stored": "row.update(Change(**row).every)",
}  # fmt: skip


@pytest.mark.parametrize("body", FOUND.values(), ids=list(FOUND))
def test_fields_are_taken_by_their_names(check: Check, body: str) -> None:
    """TW006: whoever goes over all fields takes the defaults too."""
    found = check(HEAD + MODEL + body, "--select", "TW006")
    assert found.codes == ["TW006"], found.out


@pytest.mark.parametrize("body", LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_was_sent_may_be_taken_by_its_names(check: Check, body: str) -> None:
    """TW006: only what was sent is written, or nothing is."""
    found = check(HEAD + MODEL + body, "--all", "--select", "TW006")
    assert found.codes == [], found.out


WRITTEN = "db.execute(update(Stored).values({values}))"
EMPTIED = {
    "columns": ("", WRITTEN, "{each.key: getattr(item, each.key, None) for each in Stored.__table__.columns if not each.primary_key}", 1),
    "columns by name": ("", WRITTEN, "{each.name: getattr(item, each.name, None) for each in Stored.__table__.c if each.name != 'id'}", 1),
    "keys": ("", WRITTEN, "{each: getattr(item, each, None) for each in Stored.__table__.columns.keys()}", 1),
    "a local name": ("", "names = Stored.__table__.c\n    " + WRITTEN, "{each.key: getattr(item, each.key, None) for each in names}", 1),
    "a class method": ("", WRITTEN, "Stored.of(item)", 1),
    "a loop": ("", "stored = db.get(Stored, n)\n    for each in inspect(Stored).attrs: setattr(stored, each.key, getattr(item, each.key, None))", "", 1),
    "the body has all of them": ("created_by: str | None = None", WRITTEN, "Stored.of(item)", 0),
    "the column is left out": (
        "", WRITTEN, "{each.key: getattr(item, each.key, None) for each in Stored.__table__.columns if each.key not in ('id', 'created_by')}", 0,
    ),
    "only those of the body": (
        "", WRITTEN, "{each.key: getattr(item, each.key, None) for each in Stored.__table__.columns if hasattr(item, each.key)}", 0,
    ),
    "only those that were sent": (
        "", WRITTEN, "{each.key: getattr(item, each.key, None) for each in Stored.__table__.columns if each.key in item.model_fields_set}", 0,
    ),
    "the fields of the body": ("", WRITTEN, "{each: getattr(item, each, None) for each in Whole.model_fields}", 0),
    "without a default": ("", WRITTEN, "{each.key: getattr(item, each.key) for each in Stored.__table__.columns}", 0),
    "a new row": ("", "db.add(Stored(**Stored.of(item)))", "", 0),
    "an insert": ("", "db.execute(insert(Stored).values(Stored.of(item)))", "", 0),
    "an answer": ("", "return Stored.of(item)", "", 0),
    "of what is stored": ("", WRITTEN, "Stored.of(db.get(Stored, n))", 0),
}  # fmt: skip


@pytest.mark.parametrize(("more", "body", "values", "count"), EMPTIED.values(), ids=list(EMPTIED))
def test_a_put_keeps_the_columns_of_which_the_body_says_nothing(
    check: Check, more: str, body: str, values: str, count: int
) -> None:
    """TW006: a column that no client can send is no part of what is replaced."""
    source = MODEL.partition("@app.patch")[0] + (
        f"class Whole(BaseModel):\n    name: str\n    size: int | None = None\n    {more}\n"
        "@app.put('/x/{n}')\ndef put(n: int, item: Whole, db: Annotated[Session, Depends(make_session)]) -> Any:\n    "
    )
    found = check(HEAD + source + body.replace("{values}", values), "--all", "--select", "TW006")
    assert found.codes == ["TW006"] * count, found.out
    assert all("created_by" in str(each["message"]) for each in found.findings)
