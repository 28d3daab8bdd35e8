"""A form is refused at its declaration where nothing could parse it."""

import sys
from types import ModuleType
from typing import Annotated

import fastapi
import pytest

import typeway
from typeway import Form, Typeway, UploadFile
from typeway.exceptions import DeclarationError


def without_parser(monkeypatch: pytest.MonkeyPatch, other: ModuleType | None = None) -> None:
    """Let python-multipart not be installed, and perhaps another package of the old name be."""
    monkeypatch.setitem(sys.modules, "python_multipart", None)
    monkeypatch.setitem(sys.modules, "multipart", other)


def form(name: Annotated[str, Form()]): ...


def file(upload: UploadFile): ...


@pytest.mark.parametrize("endpoint", [form, file])
def test_a_missing_parser_is_named_with_the_remedy(monkeypatch, endpoint):
    """Without python-multipart a form or file is refused with what to install, as a RuntimeError like FastAPI's."""
    without_parser(monkeypatch)
    with pytest.raises(RuntimeError):
        fastapi.FastAPI().post("/")(lambda name=fastapi.Form(): name)
    with pytest.raises(DeclarationError, match=r"python-multipart, which is not installed.* pip install") as caught:
        Typeway().post("/")(endpoint)
    assert caught.value.where == f"{__file__}:{endpoint.__code__.co_firstlineno}"


def test_the_wrong_package_is_named_with_the_remedy(monkeypatch):
    """The package `multipart` is another project: it is named, and how to replace it."""
    without_parser(monkeypatch, ModuleType("multipart"))
    with pytest.raises(DeclarationError, match=r"but the package multipart is installed.* pip uninstall multipart"):
        Typeway().post("/")(form)


def test_an_old_python_multipart_is_good_enough(monkeypatch):
    """Before it was renamed the parser was imported as `multipart`; that one is accepted."""
    old = ModuleType("multipart")
    old.multipart = ModuleType("multipart.multipart")
    old.multipart.parse_options_header = lambda header: header
    without_parser(monkeypatch, old)
    Typeway().post("/")(form)


def test_a_too_old_version_counts_as_missing(monkeypatch):
    """A python_multipart from before its first sound version is not trusted."""
    ancient = ModuleType("python_multipart")
    ancient.__version__ = "0.0.12"
    without_parser(monkeypatch)
    monkeypatch.setitem(sys.modules, "python_multipart", ancient)
    with pytest.raises(DeclarationError, match="not installed"):
        Typeway().post("/")(form)


def test_json_needs_no_parser(monkeypatch):
    """Applications without forms work without python-multipart."""
    without_parser(monkeypatch)
    app = Typeway()
    app.post("/")(lambda name=typeway.Body(): name)
