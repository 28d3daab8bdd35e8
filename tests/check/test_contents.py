"""Rows that go past a response model: in responses that helpers make, and in fields whose type says nothing."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

ROWS = """
import json
from collections.abc import Sequence
from typing import Generic, Literal, TypeVar
from sqlalchemy.orm import registry
from sqlmodel import Field as Column, SQLModel
from typeway import Response
from typeway.encoders import jsonable_encoder
T = TypeVar("T")
class PersonOut(BaseModel):
    id: int
Bound = TypeVar("Bound", bound=PersonOut)
class Rows(SQLModel, registry=registry()): ...
class Person(Rows, table=True):
    id: int | None = Column(default=None, primary_key=True)
    iban: str
class Page(BaseModel, Generic[T]):
    items: Sequence[T]
    total: int = 0
class Answer(BaseModel, Generic[T]):
    data: T | None = None
class Named(BaseModel, Generic[Bound]):
    items: list[Bound]
class Loose(BaseModel):
    items: list[Any]
    meta: dict[str, int] = {}
class Plain(BaseModel):
    items: list
class Odd(BaseModel):
    kind: Literal["a"]
    call: Callable[..., int]
    pair: tuple[int, ...]
    made: Annotated[int, Field(gt=1)]
class Tagged(JSONResponse):
    media_type = "application/json"
class Secretive(JSONResponse):
    def render(self, content: Any) -> bytes: return b"{}"
def tagged(row: Person) -> JSONResponse: return JSONResponse(jsonable_encoder(row), headers={"ETag": "1"})
def named(row: Person) -> JSONResponse:
    response = JSONResponse(jsonable_encoder(row))
    response.headers["ETag"] = "1"
    return response
def reply(data: Any, status: int = 200) -> JSONResponse: return JSONResponse(jsonable_encoder(data), status_code=status)
def again(data: Any) -> JSONResponse: return reply(data)
def wrap(data: Any) -> JSONResponse: return JSONResponse({"data": jsonable_encoder(data)})
async def later(row: Person) -> JSONResponse: return JSONResponse(row.model_dump())
def either(row: Person | None) -> JSONResponse: return JSONResponse({}) if row is None else JSONResponse(row.model_dump())
def shown(data: Any) -> JSONResponse: return JSONResponse(PersonOut.model_validate(data).model_dump())
def chosen(data: Any) -> JSONResponse: return JSONResponse(jsonable_encoder(data, include={"id"}))
def counted(data: Any) -> JSONResponse: return JSONResponse({"n": len(data)})
def failed(data: Any) -> JSONResponse: return JSONResponse({"error": "no"}, status_code=404)
def paged(rows: Any) -> dict: return {"items": rows, "total": len(rows)}
class Replies:
    def of(self, row: Person) -> Any: return Tagged(row.model_dump())
class Pager:
    def of(self, session: Session, model: type[SQLModel]) -> dict[str, object]: return {"items": session.exec(select(model).limit(9)).all()}
replies, pager = Replies(), Pager()
"""
SHOW = (
    "@app.get('/x', response_model={model})\nasync def show() -> Any:\n"
    "    row = make_session().get(Person, 1)\n    rows = make_session().scalars(select(Person).limit(9)).all()\n    {body}\n"
)
FOUND = {
    "a helper": ("PersonOut", "return tagged(row)"),
    "a helper with a name for it": ("PersonOut", "return named(row)"),
    "a helper for everything": ("PersonOut", "return reply(row)"),
    "for everything, by name": ("PersonOut", "return reply(data=row, status=201)"),
    "a helper of a helper": ("PersonOut", "return again(row)"),
    "an envelope": ("PersonOut", "return wrap(row)"),
    "an asynchronous one": ("PersonOut", "return await later(row)"),
    "one of two": ("PersonOut", "return either(row)"),
    "a method, and a class of one's own": ("PersonOut", "return replies.of(row)"),
    "no helper, but a name": ("PersonOut", "made = JSONResponse(jsonable_encoder(row))\n    return made"),
    "text": ("PersonOut", "return Response(row.model_dump_json(), media_type='application/json')"),
    "no model": ("None", "return reply(row)"),
    "a page of anything": ("Page", "return {'items': rows, 'total': 1}"),
    "a page under a name": ("Page", "page = {'items': rows, 'total': 1}\n    return page"),
    "a page that a function makes": ("Page", "return paged(rows)"),
    "a page that an object makes": ("Page", "return pager.of(make_session(), Person)"),
    "a page as a model": ("Page", "return Page(items=rows)"),
    "a page as a dict by names": ("Page", "return dict(items=rows)"),
    "an envelope for anything": ("Answer", "return Answer(data=row)"),
    "a page of Any": ("Page[Any]", "return {'items': rows}"),
    "a list of Any": ("Loose", "return {'items': rows}"),
    "a plain list": ("Plain", "return {'items': rows}"),
    "rows as dicts": ("Loose", "return {'items': [each.model_dump() for each in rows]}"),
}
LEFT_ALONE = {
    "the row, for the model": ("PersonOut", "return row"),
    "a helper that shows some": ("PersonOut", "return shown(row)"),
    "a helper that chooses": ("PersonOut", "return chosen(row)"),
    "a helper that counts": ("PersonOut", "return counted(rows)"),
    "a helper that says no": ("PersonOut", "return failed(row)"),
    "what is shown to a helper": ("PersonOut", "return reply(PersonOut.model_validate(row))"),
    "chosen for a helper": ("PersonOut", "return reply({'id': row.id})"),
    "a response of a class that renders": ("PersonOut", "return Secretive(row.model_dump())"),
    "bytes": ("None", "return Response(b'1')"),
    "a page of models": ("Page[PersonOut]", "return {'items': rows, 'total': 1}"),
    "an envelope for a model": ("Answer[PersonOut]", "return {'data': row}"),
    "a page of what is bound": ("Named", "return {'items': rows}"),
    "a page of what is shown": ("Page", "return {'items': [PersonOut.model_validate(each) for each in rows]}"),
    "a page that is filled later": ("Page", "page = {'items': rows}\n    page['items'] = [{'id': 1}]\n    return page"),
    "another field": ("Loose", "return {'items': [1], 'meta': {'n': len(rows)}, 'other': rows}"),
    "another list of anything": ("Loose", "return {'items': [each.id for each in rows]}"),
    "fields of other types": ("Odd", "return {'kind': rows, 'call': rows, 'pair': rows, 'made': rows}"),
    # Pydantic cannot show it: the answer is an error, and no leak.
    "an object that is no model": ("Answer", "return {'data': make_session().get(User, 1)}"),
}


@pytest.mark.parametrize(("model", "body"), FOUND.values(), ids=list(FOUND))
def test_a_row_goes_past_the_response_model(check: Check, model: str, body: str) -> None:
    """TW007: a response that is made is sent as it is, and a field for anything shows everything."""
    found = check(HEAD + ROWS + SHOW.format(model=model, body=body), "--select", "TW007")
    assert found.codes == ["TW007"], found.out + found.err


@pytest.mark.parametrize(("model", "body"), LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_is_chosen_of_a_row_is_left_alone(check: Check, model: str, body: str) -> None:
    """TW007: somebody has said what clients see."""
    found = check(HEAD + ROWS + SHOW.format(model=model, body=body), "--all", "--select", "TW007")
    assert found.codes == [], found.out


def test_a_finding_says_what_is_missing(check: Check) -> None:
    """TW007: the response model does not help where a response is made by hand, and the field of a model has no type."""
    [made] = check(
        HEAD + ROWS + SHOW.format(model="PersonOut", body="return tagged(row)"), "--select", "TW007"
    ).findings
    assert "sent as it is" in str(made["fix"])
    [loose] = check(HEAD + ROWS + SHOW.format(model="Page", body="return paged(rows)"), "--select", "TW007").findings
    assert "no type in Page" in str(loose["message"])
