"""The document of an application is FastAPI's document of the same application."""

import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.describe.applications import APPLICATIONS, framework


def differences(document: Any, expected: Any, place: str = "") -> Iterator[str]:
    """Every place in which two JSON values differ."""
    if isinstance(document, dict) and isinstance(expected, dict):
        for key in dict.fromkeys([*document, *expected]):
            inner = f"{place}/{key}"
            if key not in expected:
                yield f"{inner}: only here: {document[key]!r}"
            elif key not in document:
                yield f"{inner}: missing: {expected[key]!r}"
            else:
                yield from differences(document[key], expected[key], inner)
    elif isinstance(document, list) and isinstance(expected, list) and len(document) == len(expected):
        for index, (item, other) in enumerate(zip(document, expected, strict=True)):
            yield from differences(item, other, f"{place}/{index}")
    elif document != expected or isinstance(document, bool) != isinstance(expected, bool):
        yield f"{place}: {document!r} instead of {expected!r}"


@pytest.mark.parametrize("build", APPLICATIONS, ids=lambda build: build.__name__)
def test_documents_are_equal(build: Callable[[Any], Any]) -> None:
    """Whatever an application declares, clients read the same of it as they would from FastAPI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = build(framework("fastapi")).openapi()
    document = build(framework("typeway")).openapi()
    assert list(differences(json.loads(json.dumps(document)), json.loads(json.dumps(expected)))) == []
