"""Markers take Pydantic's options and a few of their own, refuse others by name, and never share a default."""

import warnings
from typing import Annotated

import fastapi
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field
from pydantic_core import PydanticUndefined

import typeway
from tests.frameworks import answer, application, each_framework, errors
from typeway import Body, Cookie, File, Form, Header, Path, Query
from typeway.datastructures import Default
from typeway.declare import markers
from typeway.exceptions import DeclarationError, TypewayDeprecationWarning, UnknownOptionError

MARKS = [Path, Query, Header, Cookie, Body, Form, File]


@pytest.mark.parametrize("mark", MARKS)
def test_an_unknown_option_is_refused_with_the_nearest_name(mark):
    """A misspelt option is a TypeError that says what was meant."""
    with pytest.raises(
        UnknownOptionError, match=rf"{mark.__name__}\(\) takes no option 'descripton'.*'description'"
    ) as caught:
        mark(descripton="x")
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("mark", "option"),
    [(Query, "embed"), (Query, "media_type"), (Query, "convert_underscores"), (Form, "embed"), (Header, "embed")],
)
def test_options_belong_to_their_markers(mark, option):
    """What only another marker understands is refused as well."""
    with pytest.raises(UnknownOptionError):
        mark(**{option: None})


@pytest.mark.parametrize("mark", MARKS)
def test_every_documented_option_is_taken(mark):
    """All options of a marker can be given at once, and absent ones written as `Default(...)` count as absent."""
    marker = mark(
        alias="a", alias_priority=2, validation_alias="b", serialization_alias="c", title="t", description="d",
        gt=0, ge=1, lt=9, le=8, multiple_of=1, allow_inf_nan=False, max_digits=3, decimal_places=1, min_length=1,
        max_length=2, pattern="a", strict=True, examples=[1], openapi_examples={"x": {"value": 1}}, deprecated=True,
        include_in_schema=False, json_schema_extra={"x": 1}, validate_default=True, discriminator=Default(None),
    )  # fmt: skip
    assert (marker.title, marker.include_in_schema, marker.alias, marker.discriminator) == ("t", False, "a", None)
    assert marker.is_required


def test_a_subclass_takes_what_its_marker_takes():
    """An author's own marker class has the options of the marker that it derives from."""

    class Session(markers.Cookie):
        pass

    assert Session("none", description="d").default == "none"
    with pytest.raises(UnknownOptionError, match=r"Session\(\)"):
        Session(nothing=1)


@pytest.mark.parametrize(
    ("declare", "exception"),
    [
        (lambda web: web.Path(5), AssertionError),
        (lambda web: web.Path(None), AssertionError),
        (lambda web: web.Query(5, default_factory=int), TypeError),
        (lambda web: web.Query(nothing=1), TypeError),
    ],
)
def test_a_marker_that_contradicts_itself_raises_what_fastapi_raises(declare, exception):
    """Mistakes inside one marker are found when it is made, under FastAPI's type of exception."""
    with pytest.raises(exception):
        declare(fastapi)
    with pytest.raises(exception) as caught:
        declare(typeway)
    assert isinstance(caught.value, DeclarationError)
    assert "Hint: " in str(caught.value)


@pytest.mark.parametrize(("option", "value"), [("example", 3), ("regex", "a+")])
def test_deprecated_options_warn_at_the_authors_line(option, value):
    """The old names still work and say what to write instead, at the line that uses them."""
    with pytest.warns(TypewayDeprecationWarning, match=f"`{option}` has been deprecated, please use `") as caught:
        Query(**{option: value})
    assert caught[0].filename == __file__


def test_a_deprecated_regex_is_the_pattern():
    """`regex` constrains as `pattern` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TypewayDeprecationWarning)

        @application(typeway)
        def read(q: Annotated[str, Query(regex="^a")]):
            return q

    assert answer(read, "GET /?q=ab") == (200, "ab")
    assert errors(read, "GET /?q=b") == [("string_pattern_mismatch", ["query", "q"])]


def test_markers_show_their_default():
    """The representation is the marker and its default, as FastAPI's is."""
    assert [repr(Query()), repr(Header(3)), repr(Body(None))] == [
        f"Query({PydanticUndefined})",
        "Header(3)",
        "Body(None)",
    ]


@each_framework
def test_constraints_of_every_kind_hold(web):
    """Numbers, strings, lists and decimals are held to their bounds."""

    @application(web)
    def read(
        whole: Annotated[float | None, web.Query(multiple_of=0.5, allow_inf_nan=False)] = None,
        price: Annotated[str | None, web.Query(max_length=3)] = None,
        many: Annotated[list[int] | None, web.Query(min_length=1, max_length=2)] = None,
        strict: Annotated[int | None, web.Query(strict=True)] = None,
    ):
        return [whole, price, many, strict]

    assert answer(read, "GET /?whole=1.5&price=abc&many=1") == (200, [1.5, "abc", [1], None])
    assert errors(read, "GET /?whole=1.7&price=abcd&many=1&many=2&many=3&strict=1") == [
        ("multiple_of", ["query", "whole"]),
        ("string_too_long", ["query", "price"]),
        ("too_long", ["query", "many"]),
        ("int_type", ["query", "strict"]),
    ]
    assert errors(read, "GET /?whole=nan") == [("finite_number", ["query", "whole"])]


@each_framework
def test_what_several_fields_add_to_the_schema_is_joined(web):
    """Each `json_schema_extra` may set some keys; the last one takes precedence for each key."""

    @application(web)
    def read(
        n: Annotated[int, Field(json_schema_extra={"x-a": 1, "x-b": 1}), web.Query(json_schema_extra={"x-b": 2})],
    ):
        return n

    schema = answer(read, "GET /openapi.json")[1]["paths"]["/"]["get"]["parameters"][0]["schema"]
    assert {name: value for name, value in schema.items() if name.startswith("x-")} == {"x-a": 1, "x-b": 2}


@each_framework
def test_defaults_are_not_validated_unless_asked_for(web):
    """A default that its own type refuses passes, but for `validate_default=True`."""

    @application(web)
    def lax(limit: Annotated[int, web.Query()] = "many"):
        return limit

    @application(web)
    def strict(limit: Annotated[int, web.Query(validate_default=True)] = "many"):
        return limit

    assert answer(lax, "GET /") == (200, "many")
    assert answer(strict, "GET /")[0] == 422


@each_framework
def test_a_mutable_default_is_copied_for_every_request(web):
    """What one request does to its default, another never sees."""

    class Settings(BaseModel):
        words: list[str] = []

    @application(web, method="POST")
    def read(
        words: Annotated[list[str], web.Query()] = ["a"],  # noqa: B006
        settings: Settings = Settings(words=["b"]),
    ):
        words.append("x")
        settings.words.append("y")
        return [words, settings.words]

    assert [answer(read, "POST /") for _ in range(2)] == [(200, [["a", "x"], ["b", "y"]])] * 2


@each_framework
@pytest.mark.parametrize("location", ["Query", "Header", "Cookie"])
def test_the_first_alias_that_is_present_counts(web, location):
    """AliasChoices are tried in order; errors name the first."""

    @application(web)
    def read(value: Annotated[int, getattr(web, location)(validation_alias=AliasChoices("one", "two"))]):
        return value

    def send(**values):
        if location == "Query":
            return answer(read, "GET /?" + "&".join(f"{name}={value}" for name, value in values.items()))
        if location == "Cookie":
            values = {"cookie": "; ".join(f"{name}={value}" for name, value in values.items())}
        return answer(read, "GET /", headers=values)

    assert send(two="2", one="1") == (200, 1)
    assert send(two="2") == (200, 2)
    assert send()[1]["detail"][0]["loc"] == [location.lower(), "one"]
    assert send(value="3")[0] == 422


@each_framework
def test_an_alias_path_is_for_models_only(web):
    """A parameter is one value, so an AliasPath has no effect on it: its own name is used, as in FastAPI."""

    @application(web, method="POST")
    def read(
        second: Annotated[int, web.Query(validation_alias=AliasPath("n", 1))] = 0,
        either: Annotated[int, web.Query(validation_alias=AliasChoices(AliasPath("n", 2), "m"))] = 0,
        deep: Annotated[int, web.Body(embed=True, validation_alias=AliasPath("a", "b", 1))] = 0,
    ):
        return [second, either, deep]

    assert answer(read, "POST /?n=1&n=2&n=3&m=9", json={"a": {"b": [4, 5]}}) == (200, [0, 0, 0])
    assert answer(read, "POST /?second=1&either=2", json={"deep": 3}) == (200, [1, 2, 3])


@each_framework
def test_a_path_parameter_may_have_alias_choices(web):
    """Of a path parameter's alias choices the one that is in the path is used."""

    @application(web, path="/{item_id}")
    def read(value: Annotated[int, web.Path(validation_alias=AliasChoices("id", "item_id"))]):
        return value

    assert answer(read, "GET /3") == (200, 3)
