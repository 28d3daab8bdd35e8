"""Make sure that forms can be parsed before a route promises to."""

import importlib
from typing import Final

from typeway.exceptions import declaration_error

PARSER: Final = "forms and files are parsed by the package python-multipart"

# From this version on the package is imported as python_multipart; the other name belongs to another project.
FIRST_VERSION: Final = (0, 0, 13)


def require_form_parser(where: str) -> None:
    """Refuse a form where no parser is installed."""
    try:
        version = importlib.import_module("python_multipart").__version__
    except ImportError:
        version = "0"
    if tuple(int(part) for part in version.split(".") if part.isdigit()) >= FIRST_VERSION:
        return
    try:
        other = importlib.import_module("multipart")
    except ImportError:
        problem, hint = f"{PARSER}, which is not installed.", "pip install python-multipart"
        raise declaration_error(problem, hint=hint, where=where) from None
    if not hasattr(getattr(other, "multipart", None), "parse_options_header"):
        problem = f"{PARSER}, but the package multipart is installed."
        hint = "pip uninstall multipart, then pip install python-multipart"
        raise declaration_error(problem, hint=hint, where=where)
