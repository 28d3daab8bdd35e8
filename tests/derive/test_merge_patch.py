"""Merge patches (RFC 7396): what is absent stays, null removes, lists are replaced."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, field_validator

from tests.frameworks import answer, ask
from typeway import Body, MergePatch, Typeway, apply, changes
from typeway.compat.shapes.application import FastAPI

MERGE = {"content-type": "application/merge-patch+json"}


class Author(BaseModel):
    given: str
    family: str | None = None
    links: dict[str, str] = {}


class Article(BaseModel):
    title: str = Field(min_length=1)
    phone: str | None = None
    stars: int = Field(default=3, ge=1, le=5)
    author: Author | None = None
    editor: Author = Field(default_factory=lambda: Author(given="Eve"))
    tags: list[str] = []
    must: int | None
    people: dict[str, Author] = {}

    @field_validator("phone", mode="before")
    @classmethod
    def without_blanks(cls, value: str) -> str:
        return value.replace(" ", "")

    @field_validator("stars")
    @classmethod
    def not_two(cls, value: int) -> int:
        if value == 2:
            raise ValueError("two is none")
        return value

    @field_validator("tags", mode="plain")
    @classmethod
    def as_list(cls, value: Any) -> list[str]:
        return [str(each) for each in value]

    @field_validator("author", mode="wrap")
    @classmethod
    def with_family(cls, value: Any, handler: Any) -> Any:
        made = handler(value)
        made.family = made.family or "none"
        return made


def merge(target: dict[str, Any], **patch: Any) -> dict[str, Any]:
    apply(MergePatch[Article].model_validate(patch), target)
    return target


def test_null_removes():
    """Of a dict the member goes; of an object the field takes its default."""
    patch = MergePatch[Article].model_validate(
        {"phone": None, "stars": None, "editor": None, "tags": None, "must": None}
    )
    target: dict[str, Any] = {"title": "a", "phone": "1", "stars": 5, "must": 1}
    assert apply(patch, target) == {"phone": None, "stars": None, "must": None}
    assert target == {"title": "a", "must": None}
    article = Article(title="a", phone="1", stars=5, must=1, editor=Author(given="Ann"), tags=["x"])
    assert apply(patch, article) == {
        "phone": None, "stars": 3, "editor": Author(given="Eve"), "tags": [], "must": None,
    }  # fmt: skip
    assert article == Article(title="a", must=None)
    assert (patch.stars, patch.phone, patch.tags) == (3, None, [])
    assert changes(patch)["stars"] == 3
    assert patch.model_dump_json(exclude={"tags"}) == '{"phone":null,"stars":null,"editor":null,"must":null}'


def test_models_and_mappings_are_merged():
    """A patch goes down into models and mappings, to any depth."""
    target = {
        "author": {"given": "a", "family": "b", "links": {"x": "1", "y": "2"}},
        "people": {"p": {"given": "p", "family": "q"}, "r": {"given": "r"}},
    }
    patch = {
        "author": {"family": None, "links": {"x": None, "z": "3"}},
        "people": {"p": {"family": None}, "r": None, "s": {"given": "new"}},
    }
    assert merge(target, **patch) == {
        "author": {"given": "a", "links": {"y": "2", "z": "3"}, "family": "none"},
        "people": {"p": {"given": "p"}, "s": {"given": "new", "family": None, "links": {}}},
    }
    article = Article(title="a", must=1, author=Author(given="a", links={"x": "1"}), people={"p": Author(given="p")})
    assert apply(MergePatch[Article].model_validate({"author": {"links": {"x": None, "y": "2"}}}), article) == {
        "author": {"links": {"x": None, "y": "2"}}
    }
    assert article.author == Author(given="a", links={"y": "2"}, family="none")


class Document(BaseModel):
    target: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_cases_of_the_rfc(original, patch, result):
    """What RFC 7396 appendix A expects of objects comes out, for JSON of any shape in a field."""
    for target in ({"target": original}, Document(target=original)):
        apply(MergePatch[Document].model_validate({"target": patch}), target)
        assert (target if isinstance(target, dict) else target.model_dump()) == {"target": result}


@pytest.mark.parametrize(
    ("patch", "place"),
    [
        ({"title": None}, ["body", "title"]),
        ({"title": ""}, ["body", "title"]),
        ({"stars": 2}, ["body", "stars"]),
        ({"stars": 9}, ["body", "stars"]),
        ({"editor": {"given": None}}, ["body", "editor", "given"]),
        ({"people": {"p": {"given": 1}}}, ["body", "people", "p", "given"]),
    ],
)
def test_what_must_be_there_cannot_be_removed(patch, place):
    """A field without a default must keep a value, and values must fit."""
    status, body = answer(application(), "PATCH /article", json=patch, headers=MERGE)
    assert (status, body["detail"][0]["loc"]) == (422, place)


def application(web: Any = Typeway, **options: Any) -> Any:
    app = web(**options)

    @app.patch("/article")
    def update(patch: MergePatch[Article]) -> dict[str, Any]:
        return changes(patch)

    @app.patch("/maybe")
    def maybe(patch: Annotated[MergePatch[Article] | None, Body()] = None) -> bool:
        return patch is None

    return app


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/merge-patch+json", 200),
        ("Application/Merge-Patch+JSON; charset=utf-8", 200),
        ("application/json", 415),
        ("application/json-patch+json", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_only_merge_patches_are_read(content_type, status):
    """Another media type means something else, and the answer says what is accepted (RFC 5789, section 2.2)."""
    response = ask(application(), "PATCH /article", content=b'{"phone": "1 2"}', headers={"content-type": content_type})
    assert response.status_code == status
    if status == 200:
        assert response.json() == {"phone": "12"}
    else:
        assert response.headers["accept-patch"] == response.headers["accept"] == "application/merge-patch+json"
        assert "application/merge-patch+json" in response.json()["detail"]


def test_a_missing_media_type_may_be_allowed():
    """Where the content type is not demanded, a body without one is read."""
    app = application(strict_content_type=False)
    assert ask(app, "PATCH /article", content=b"{}", headers={"content-type": ""}).status_code == 200


def test_a_patch_may_be_left_out():
    """An optional patch has its default where there is no body, and its media type all the same."""
    app = application()
    assert answer(app, "PATCH /maybe") == (200, True)
    assert answer(app, "PATCH /maybe", json={}, headers=MERGE) == (200, False)
    assert ask(app, "PATCH /maybe", json={}).status_code == 415


def test_compat_mode_reads_any_json():
    """FastAPI knows no 415: what is JSON is read."""
    assert answer(application(FastAPI), "PATCH /article", json={"stars": 1}) == (200, {"stars": 1})


def test_merge_patches_are_documented():
    """The document names the media type, and what may be null."""
    document = application().openapi()
    body = document["paths"]["/article"]["patch"]["requestBody"]
    assert body["content"] == {
        "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/ArticleMergePatch"}}
    }
    schema = document["components"]["schemas"]["ArticleMergePatch"]
    assert "required" not in schema
    assert schema["properties"]["title"]["type"] == "string"
    assert schema["properties"]["stars"]["anyOf"] == [
        {"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"},
    ]  # fmt: skip
    assert schema["properties"]["editor"]["anyOf"][0] == {"$ref": "#/components/schemas/AuthorMergePatch"}
