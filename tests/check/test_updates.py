"""What a partial update dumps: what the client sent, or what is stored or answered."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

STORED = (
    "from typeway.encoders import jsonable_encoder\nclass Item(BaseModel):\n    name: str | None = None\n    size: int = 1\n"
    "class Whole(BaseModel):\n    name: str\n    size: int\nitems: dict[int, Any] = {}\n"
    "class Items:\n    def get(self, n: int) -> Item: return items[n]\n    def put(self, n: int, item: Item) -> None: items[n] = item.model_dump()\n"
    "repository = Items()\ndef merged(old: Item, change: Item) -> dict: return {**old.model_dump(), **change.model_dump(exclude_unset=True)}\n"
    "def stored(n: int) -> Item: return items[n]\ndef trimmed(item: Item) -> Item: return item\n"
)
FOUND = {
    "what is stored": "items[n] = item.model_dump()",
    "what is stored under a name": "change = item\n    items[n] = change.model_dump()",
    "a copy": "change = item.model_copy()\n    items[n] = change.model_dump()",
    "a method that stores it": "repository.put(n, item)",
    "a method that gets all of it": "items[n].update(item.model_dump())",
    "what is stored and answered": "items[n] = item.model_dump()\n    return item.model_dump()",
    "what a call stores that is answered": "return items.setdefault(n, item.model_dump())",
    "an encoded one": "items[n] = jsonable_encoder(item)",
    "a new one": "items[n] = Item(**item.model_dump())",
    "what a dependency has read": "items[n] = clean.model_dump()",
}
LEFT_ALONE = {
    "the row that was": "old = repository.get(n).model_dump()\n    items[n] = old | item.model_dump(exclude_unset=True)",
    "the row under a name": "old = repository.get(n)\n    items[n] = {**old.model_dump(), **item.model_dump(exclude_unset=True)}",
    "the row of a dict": "old: Item = items[n]\n    items[n] = {**old.model_dump(), **item.model_dump(exclude_unset=True)}",
    "the row that a function is given": "items[n] = merged(repository.get(n), item)",
    "the row that a method stores": "old = repository.get(n)\n    old.size = 2\n    repository.put(n, old)",
    "the row that a dependency has loaded": "items[n] = {**row.model_dump(), **item.model_dump(exclude_unset=True)}",
    "a changed row": "new = repository.get(n).model_copy(update=item.model_dump(exclude_unset=True))\n    items[n] = new.model_dump()",
    "a changed row that is encoded": (
        "old = Item(**items[n])\n    items[n] = jsonable_encoder(old.model_copy(update=item.model_dump(exclude_unset=True)))"
    ),
    "a row that is made of both": "new = Item(**{**items[n], **item.model_dump(exclude_unset=True)})\n    items[n] = new.model_dump()",
    "the answer": "return item.model_dump()",
    "a part of the answer": "return {'n': n, 'item': item.model_dump()}",
    "a response": "return JSONResponse({'n': n, **item.model_dump()})",
}
SHOW = "@app.patch('/x/{n}')\ndef show(n: int, item: Item, row: Annotated[Item, Depends(stored)], clean: Annotated[Item, Depends(trimmed)]) -> Any:\n    "


@pytest.mark.parametrize("body", FOUND.values(), ids=list(FOUND))
def test_what_the_client_sent_is_written_as_a_whole(check: Check, body: str) -> None:
    """TW006: defaults overwrite what the client left out."""
    found = check(HEAD + STORED + SHOW + body, "--select", "TW006")
    assert found.codes == ["TW006"], found.out


@pytest.mark.parametrize("body", LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_is_stored_or_answered_may_be_dumped(check: Check, body: str) -> None:
    """TW006: a row has its own values, and an answer overwrites nothing."""
    assert check(HEAD + STORED + SHOW + body, "--all", "--select", "TW006").codes == []


TAGS = "class Tags(BaseModel):\n    tags: list[str] = []\n"
MEANT = {
    "a docstring that says replace": ("/x/{n}", "Item", '"""Replace the item."""', "low"),
    "a docstring that says overwritten": ("/x/{n}", "Item", '"""Existing values will be overwritten."""', "low"),
    "a field that is the whole": ("/x/{n}/tags", "Tags", "", "low"),
    "a docstring that says update": ("/x/{n}", "Item", '"""Update the item."""', "high"),
    "a docstring that says not": ("/x/{n}", "Item", '"""Does not overwrite what was left out."""', "high"),
    "a docstring that says only": ("/x/{n}", "Item", '"""Replaces only what was sent."""', "high"),
    "a field of something else": ("/x/{n}", "Tags", "", "high"),
}


@pytest.mark.parametrize(("path", "model", "said", "confidence"), MEANT.values(), ids=list(MEANT))
def test_an_endpoint_may_say_that_it_replaces(check: Check, path: str, model: str, said: str, confidence: str) -> None:
    """TW006: who says that everything is replaced means it."""
    source = f"{HEAD}{STORED}{TAGS}@app.patch({path!r})\ndef show(n: int, item: {model}) -> None:\n    {said}\n    items[n] = item.model_dump()"
    found = check(source, "--all", "--select", "TW006").findings
    assert [each["confidence"] for each in found] == [confidence]


@pytest.mark.parametrize(("said", "confidence"), [("summary='Replace it'", "low"), ("description='Change it'", "high")])
def test_the_documentation_may_say_it_too(check: Check, said: str, confidence: str) -> None:
    """TW006: summary and description are what clients read."""
    source = f"{HEAD}{STORED}@app.patch('/x/{{n}}', {said})\ndef show(n: int, item: Item) -> None: items[n] = item.model_dump()"
    assert [each["confidence"] for each in check(source, "--all", "--select", "TW006").findings] == [confidence]


@pytest.mark.parametrize("model", ["Whole", "Item"])
def test_a_put_replaces_the_whole(check: Check, model: str) -> None:
    """TW006: a client that leaves out a field of a PUT leaves it out of the thing, if there are fields that have to be sent."""
    source = f"@app.put('/x/{{n}}')\ndef show(n: int, item: {model}) -> None: items[n] = item.model_dump()"
    assert check(HEAD + STORED + source, "--all", "--select", "TW006").codes == []
