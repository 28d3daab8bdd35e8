"""Uploads are a type that Pydantic knows; a placeholder tells "not given" from "given as the default"."""

import io

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

from typeway.datastructures import Default, DefaultPlaceholder, UploadFile


class Form(BaseModel):
    photo: UploadFile


@pytest.mark.anyio
async def test_an_upload_is_read_written_and_closed():
    """An upload behaves like a file whose methods are awaited."""
    upload = UploadFile(io.BytesIO(b"data"), filename="a.txt", size=4, headers=Headers({"content-type": "text/plain"}))
    assert (upload.filename, upload.content_type, upload.size) == ("a.txt", "text/plain", 4)
    assert await upload.read(2) == b"da"
    await upload.seek(4)
    await upload.write(b"!")
    await upload.seek(0)
    assert await upload.read() == b"data!"
    assert upload.size == 5
    await upload.close()
    assert upload.file.closed


@pytest.mark.parametrize("kind", [UploadFile, StarletteUploadFile])
def test_an_upload_is_accepted_as_it_is(kind):
    """Our class and the form parser's are accepted without a copy."""
    upload = kind(io.BytesIO(), filename="x")
    assert Form(photo=upload).photo is upload
    assert Form(photo=upload).model_dump() == {"photo": upload}


@pytest.mark.parametrize("value", ["text", b"bytes", None])
def test_what_is_no_upload_is_refused(value):
    """Text in the place of a file is an error that names the type that came."""
    with pytest.raises(ValidationError, match=f"Expected UploadFile, received: {type(value)}"):
        Form(photo=value)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_an_upload_is_binary_content_in_the_schema(mode):
    """JSON Schema 2020-12 says binary content by its media type, not by a format."""
    schema = TypeAdapter(UploadFile).json_schema(mode=mode)
    assert schema == {"type": "string", "contentMediaType": "application/octet-stream"}


def test_a_placeholder_compares_and_tests_as_its_value():
    """Placeholders are equal where their values are, as true as their values, and never equal to a value."""
    given, other = Default("a"), Default("a")
    assert isinstance(given, DefaultPlaceholder)
    assert given.value == "a"
    assert given == other
    assert given != Default("b")
    assert given != "a"
    assert given
    assert not Default("")
    assert repr(given) == "Default('a')"
