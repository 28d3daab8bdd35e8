"""What kind of type an annotation is decides where its value may come from."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar

import pytest
import typing_extensions
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from typeway import UploadFile
from typeway.declare import shapes

Content = TypeVar("Content")


class Item(BaseModel):
    name: str


class Page(BaseModel, Generic[Content]):
    content: Content


@dataclass
class Point:
    x: int


class Old(TypedDict):
    a: int


class New(typing_extensions.TypedDict):
    a: int


class Pair(NamedTuple):
    a: int


Alias = TypeAliasType("Alias", Annotated[list[int], "x"])


@pytest.mark.parametrize("annotation", [int, str, bytes, Any, object, None, int | str | None, Annotated[int, "x"]])
def test_scalars(annotation):
    """A single string can hold a scalar."""
    assert (shapes.is_complex(annotation), shapes.is_sequence(annotation)) == (False, False)


@pytest.mark.parametrize(
    "annotation",
    [Item, Page[int], Point, Old, New, dict, dict[str, int], Mapping[str, int], Item | None, int | Item, UploadFile],
)
def test_complex_types(annotation):
    """Models, mappings, dataclasses, TypedDicts and files are more than a string."""
    assert (shapes.is_complex(annotation), shapes.is_scalar_sequence(annotation)) == (True, False)


@pytest.mark.parametrize(
    "annotation",
    [
        list,
        list[int],
        tuple[int, ...],
        set[str],
        frozenset[str],
        deque[int],
        Sequence[int],
        list[int] | None,
        list[int] | int,
        Alias,
        Pair,
    ],
)
def test_sequences_of_scalars(annotation):
    """A repeated parameter can hold a list of scalars, perhaps beside None or a scalar."""
    assert (shapes.is_sequence(annotation), shapes.is_scalar_sequence(annotation)) == (True, True)


@pytest.mark.parametrize("annotation", [list[Item], list[list[int]], list[int] | Item, tuple[Item, int]])
def test_sequences_of_more_than_scalars(annotation):
    """A list of models or of lists is more than a repeated parameter can hold."""
    assert (shapes.is_sequence(annotation), shapes.is_scalar_sequence(annotation)) == (True, False)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Item, True),
        (Item | None, True),
        (Item | Page[int], True),
        (Item | int, False),
        (None, False),
        (list[Item], False),
    ],
)
def test_a_group_is_a_model_or_several(annotation, expected):
    """The fields of a model, or of a union of models, can be separate parameters."""
    assert shapes.is_model_group(annotation) is expected


@pytest.mark.parametrize(
    ("annotation", "is_upload", "is_bytes_or_file"),
    [
        (UploadFile, True, True),
        (UploadFile | None, True, True),
        (list[UploadFile], True, True),
        (list[UploadFile] | None, True, True),
        (bytes, False, True),
        (list[bytes], False, True),
        (str, False, False),
        (Annotated[UploadFile, "x"], True, True),
    ],
)
def test_uploads(annotation, is_upload, is_bytes_or_file):
    """Files are known by their type; bytes only where they are asked for."""
    assert shapes.is_one_or_several(annotation, UploadFile) is is_upload
    assert shapes.is_one_or_several(annotation, (UploadFile, bytes)) is is_bytes_or_file
