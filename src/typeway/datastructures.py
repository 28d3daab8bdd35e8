"""Offer the data structures of requests, with uploads that Pydantic understands."""

from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.datastructures import URL as URL
from starlette.datastructures import Address as Address
from starlette.datastructures import FormData as FormData
from starlette.datastructures import Headers as Headers
from starlette.datastructures import MutableHeaders as MutableHeaders
from starlette.datastructures import QueryParams as QueryParams
from starlette.datastructures import State as State
from starlette.datastructures import UploadFile as StarletteUploadFile

_Value = TypeVar("_Value")


class UploadFile(StarletteUploadFile):
    """A file that a client uploads in a multipart form; small ones stay in memory, others are spooled to disk.

    It is read and written with `await`, and closed after the response and its background tasks.

    Attributes:
        file: the file itself, for code that reads it without `await`.
        filename: the name that the client gives the file. Never use it as a path.
        size: its size in bytes.
        headers: the headers of its part of the form.
        content_type: the media type that the client gives it.

    Example:
        ```python
        @app.post("/photos")
        async def store(photo: UploadFile) -> int:
            return len(await photo.read())
        ```
    """

    @classmethod
    def _validate(cls, value: Any, _: Any) -> StarletteUploadFile:
        # The form parser creates Starlette's class, so a parameter of this class must accept it.
        if not isinstance(value, StarletteUploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")  # noqa: TRY004  Pydantic reports ValueErrors
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class DefaultPlaceholder:
    """A value that nobody gave, so that "not given" can be told from "given as the default".

    Typeway's own options do not need it: an option that was not given is absent. Code that is written for FastAPI may pass
    a placeholder, which counts as absent.
    """

    # No dataclass, because `dataclasses.asdict` of what holds one would make a dict of it.
    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and bool(other.value == self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return f"Default({self.value!r})"


def Default(value: _Value) -> _Value:  # noqa: N802  named like the class it makes
    """Mark a value as one that nobody gave; type checkers see the value itself."""
    placeholder: Any = DefaultPlaceholder(value)
    seen: _Value = placeholder
    return seen
