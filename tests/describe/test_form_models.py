"""The document says of form models what a client has to send: every field, and multipart where a file is inside."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from tests.frameworks import client
from typeway import File, Form, Header, Query, Typeway, UploadFile


class Login(BaseModel):
    user: str


class Picture(BaseModel):
    name: str
    file: UploadFile


class Album(BaseModel):
    files: list[UploadFile] = []


def body_of(endpoint: Any) -> tuple[str, Any, Any]:
    """The media type of an endpoint's form, its schema, and the document's components."""
    app = Typeway()
    app.post("/")(endpoint)
    document = app.openapi()
    ((media_type, content),) = document["paths"]["/"]["post"]["requestBody"]["content"].items()
    components = document["components"]["schemas"]
    # What a form demands more than its model stands beside the reference.
    schema = content["schema"].get("allOf", [content["schema"]])[0]
    return media_type, components[schema["$ref"].rpartition("/")[2]], components


def beside_a_file(login: Annotated[Login, Form()], file: UploadFile) -> None: ...


def beside_bytes(file: Annotated[bytes, File()], login: Annotated[Login, Form()]) -> None: ...


@pytest.mark.parametrize("endpoint", [beside_a_file, beside_bytes])
def test_a_form_model_beside_a_file_keeps_its_fields(endpoint):
    """The model's fields and the file lie side by side in the form."""
    media_type, schema, _ = body_of(endpoint)
    assert media_type == "multipart/form-data"
    assert schema["allOf"][0] == {"$ref": "#/components/schemas/Login"}
    assert schema["required"] == list(schema["properties"]) == ["file"]


def test_a_form_model_beside_a_field_keeps_its_fields():
    """The model's fields and another one lie side by side in the form."""

    def endpoint(login: Annotated[Login, Form()], note: Annotated[str, Form()]) -> None: ...

    media_type, schema, _ = body_of(endpoint)
    assert media_type == "application/x-www-form-urlencoded"
    assert (schema["allOf"][0], list(schema["properties"])) == ({"$ref": "#/components/schemas/Login"}, ["note"])


def with_file(picture: Annotated[Picture, Form()]) -> None: ...
def with_files(album: Annotated[Album, Form()]) -> None: ...
def with_optional(picture: Annotated[Picture | None, Form()] = None) -> None: ...
def with_two(login: Annotated[Login, Form()], album: Annotated[Album, Form()]) -> None: ...


@pytest.mark.parametrize("endpoint", [with_file, with_files, with_optional, with_two])
def test_a_form_model_with_a_file_inside_is_multipart(endpoint):
    """No other encoding of a form can carry a file (RFC 7578)."""
    assert body_of(endpoint)[0] == "multipart/form-data"


def test_what_the_author_says_of_the_media_type_counts():
    """A media type that is written down is documented."""

    def endpoint(picture: Annotated[Picture, Form(media_type="multipart/x-own")]) -> None: ...

    assert body_of(endpoint)[0] == "multipart/x-own"


def wire() -> Typeway:
    """An application with optional, required and repeated values in every place that carries texts."""
    app = Typeway()

    class Model(BaseModel):
        text: str
        many: list[int]
        maybe: int | None = None

    @app.get("/")
    def read(
        maybe: int | None = None,
        several: Annotated[list[int] | None, Query()] = None,
        many: list[int] = Query(),
        x_maybe: Annotated[str | int | None, Header()] = None,
    ) -> None: ...

    @app.post("/fields")
    def fields(text: Annotated[str, Form()], many: list[int] = Form(), maybe: int | None = Form(None)) -> None: ...

    @app.post("/model")
    def model(model: Annotated[Model, Form()]) -> None: ...

    @app.post("/beside")
    def beside(model: Annotated[Model, Form()], note: Annotated[str, Form()]) -> None: ...

    return app


def test_a_document_asks_for_nothing_that_cannot_be_sent() -> None:
    """Texts carry no null and no empty list, and an empty field of a form counts as missing; the document says so."""
    document = wire().openapi()
    schemas = {each["name"]: each["schema"] for each in document["paths"]["/"]["get"]["parameters"]}
    assert schemas == {
        "maybe": {"type": "integer", "title": "Maybe"},
        "several": {"type": "array", "items": {"type": "integer"}, "title": "Several"},
        "many": {"type": "array", "items": {"type": "integer"}, "title": "Many", "minItems": 1},
        "x-maybe": {"anyOf": [{"type": "string"}, {"type": "integer"}], "title": "X-Maybe"},
    }
    components = document["components"]["schemas"]
    fields = components["Body_fields_fields_post"]["properties"]
    assert (fields["text"]["minLength"], fields["many"]["minItems"], fields["maybe"]["type"]) == (1, 1, "integer")
    form = document["paths"]["/model"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    demanded = {"properties": {"text": {"minLength": 1}, "many": {"minItems": 1}}}
    assert form == {"allOf": [{"$ref": "#/components/schemas/Model"}, demanded]}
    beside = components["Body_beside_beside_post"]
    assert beside["properties"]["note"]["minLength"] == 1
    assert beside["allOf"] == [{"$ref": "#/components/schemas/Model"}, demanded]
    http = client(wire())
    for url, data in {"/fields": {"text": "", "many": "1"}, "/model": {"text": "x"}, "/?several=1": {}}.items():
        assert (http.post(url, data=data) if data else http.get(url)).status_code == 422


def test_a_file_may_be_empty() -> None:
    """An empty file is a file: only an empty text counts as missing."""

    def endpoint(file: UploadFile, text: Annotated[str, Form()]) -> None: ...

    _, schema, _ = body_of(endpoint)
    assert "minLength" not in schema["properties"]["file"]
    assert schema["properties"]["text"]["minLength"] == 1
