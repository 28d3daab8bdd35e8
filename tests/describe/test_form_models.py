"""The document says of form models what a client has to send: every field, and multipart where a file is inside."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from typeway import File, Form, Typeway, UploadFile


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
    return media_type, components[content["schema"]["$ref"].rpartition("/")[2]], components


def beside_a_file(login: Annotated[Login, Form()], file: UploadFile) -> None: ...


def beside_bytes(file: Annotated[bytes, File()], login: Annotated[Login, Form()]) -> None: ...


@pytest.mark.parametrize("endpoint", [beside_a_file, beside_bytes])
def test_a_form_model_beside_a_file_keeps_its_fields(endpoint):
    """The model's fields and the file lie side by side in the form."""
    media_type, schema, _ = body_of(endpoint)
    assert media_type == "multipart/form-data"
    assert schema["allOf"] == [{"$ref": "#/components/schemas/Login"}]
    assert schema["required"] == list(schema["properties"]) == ["file"]


def test_a_form_model_beside_a_field_keeps_its_fields():
    """The model's fields and another one lie side by side in the form."""

    def endpoint(login: Annotated[Login, Form()], note: Annotated[str, Form()]) -> None: ...

    media_type, schema, _ = body_of(endpoint)
    assert media_type == "application/x-www-form-urlencoded"
    assert (schema["allOf"], list(schema["properties"])) == ([{"$ref": "#/components/schemas/Login"}], ["note"])


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
