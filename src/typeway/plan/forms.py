"""Check that a form parser is installed when a route with a form is declared."""

import importlib
from contextlib import suppress
from typing import Final

from typeway.exceptions import declaration_error

PARSER: Final = "forms and files are parsed by the package python-multipart"

# Since this version the package is imported as python_multipart; the other name belongs to another project.
FIRST_VERSION: Final = (0, 0, 13)


def require_form_parser(where: str) -> None:
    """Raise an error for a form if no parser is installed."""
    try:
        version = importlib.import_module("python_multipart").__version__
    except ImportError:
        version = "0"
    if tuple(int(part) for part in version.split(".") if part.isdigit()) >= FIRST_VERSION:
        return
    problem, hint = f"{PARSER}, which is not installed.", "pip install python-multipart"
    with suppress(ImportError):
        other = importlib.import_module("multipart")
        if hasattr(getattr(other, "multipart", None), "parse_options_header"):
            return
        problem, hint = f"{PARSER}, but the package multipart is installed.", f"pip uninstall multipart, then {hint}"
    raise declaration_error(problem, hint=hint, where=where)
