"""The table of names is complete: what FastAPI defines and applications import is offered, and nothing else is."""

import importlib
import inspect
import warnings
from typing import Any

import pytest

from typeway.compat.importing.names import NAMES
from typeway.compat.shapes.facade import Facade, resolve

# Public in FastAPI by their spelling only: parts of how it works inside, which Typeway does not have.
INSIDE = {
    "fastapi.applications": {"AppType"},
    "fastapi.background": {"P"},
    "fastapi.datastructures": {"DefaultType"},
    "fastapi.encoders": {"PyExtraColor", "generate_encoders_by_class_tuples"},
    "fastapi.openapi.models": {"BaseModelWithConfig"},
    "fastapi.dependencies.utils": {
        "ParamDetails", "add_non_field_param_to_dependency", "add_param_to_fields",
        "analyze_param", "ensure_multipart_is_installed", "get_stream_item_type", "get_validation_alias",
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def _without_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of FastAPI's modules warn when they are imported
        yield


@pytest.mark.parametrize("module", NAMES)
def test_each_name_is_fastapis_and_resolves(module: str) -> None:
    """Every module and name of the table exists in FastAPI, and its target exists here."""
    real = importlib.import_module(module)
    assert [name for name in NAMES[module] if not hasattr(real, name)] == []
    offered = Facade(module, NAMES)
    for name, target in NAMES[module].items():
        ours, theirs = getattr(offered, name), getattr(real, name)
        assert ours is resolve(target)
        assert inspect.isclass(ours) == inspect.isclass(theirs), name
        assert inspect.isfunction(ours) == inspect.isfunction(theirs), name


@pytest.mark.parametrize("module", [name for name in NAMES if not name.rpartition(".")[2].startswith("_")])
def test_nothing_public_is_missing(module: str) -> None:
    """What a public module of FastAPI defines is offered, unless the list above says why not."""
    real = importlib.import_module(module)
    defined = {
        name
        for name, value in vars(real).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    }
    assert defined - set(NAMES[module]) == INSIDE.get(module, set())


@pytest.mark.parametrize("module", NAMES)
def test_functions_take_what_fastapis_take(module: str) -> None:
    """What a function of FastAPI can be given, ours can be given as well: by position, or by name alone."""
    real, offered = importlib.import_module(module), Facade(module, NAMES)
    for name in NAMES[module]:
        theirs, ours = getattr(real, name), getattr(offered, name)
        if not inspect.isfunction(theirs):
            continue
        taken, asked = inspect.signature(ours).parameters.values(), inspect.signature(theirs).parameters.values()
        kinds = {parameter.kind for parameter in taken}
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            named = {parameter.name for parameter in taken if parameter.kind is not inspect.Parameter.POSITIONAL_ONLY}
            wanted = {parameter.name for parameter in asked if parameter.kind is inspect.Parameter.KEYWORD_ONLY}
            assert wanted - named - {"concurrency"} == set(), name  # a part of how FastAPI works inside
        if inspect.Parameter.VAR_POSITIONAL not in kinds:
            assert placed(asked) <= placed(taken), name


def placed(parameters: Any) -> int:
    """How many parameters have a place."""
    return len([1 for parameter in parameters if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD])
