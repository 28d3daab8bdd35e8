"""Small applications, a file per area of behaviour, each with what is asked of it."""

import importlib
import pkgutil

from tests.conformance.cases import CASES

for area in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{area.name}")

__all__ = ["CASES"]
