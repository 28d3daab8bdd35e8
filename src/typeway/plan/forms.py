"""Make sure that forms can be parsed before a route promises to."""

from __future__ import annotations

import importlib
from typing import Final

from typeway.exceptions import declaration_error

NOT_INSTALLED: Final = "forms and files are parsed by the package python-multipart, which is not installed."
WRONG_PACKAGE: Final = (
    "forms and files are parsed by the package python-multipart, but the package multipart is installed."
)

# From this version on the package is imported as python_multipart; the other name belongs to another project.
FIRST_VERSION: Final = (0, 0, 13)


def require_form_parser(where: str) -> None:
    """Refuse a form where no parser is installed."""
    try:
        version = importlib.import_module("python_multipart").__version__
    except ImportError:
        version = "0"
    if parsed(version) >= FIRST_VERSION:
        return
    try:
        other = importlib.import_module("multipart")
    except ImportError:
        raise declaration_error(
            NOT_INSTALLED, hint="pip install python-multipart", where=where, also=RuntimeError
        ) from None
    if not hasattr(getattr(other, "multipart", None), "parse_options_header"):
        raise declaration_error(
            WRONG_PACKAGE,
            hint="pip uninstall multipart, then pip install python-multipart",
            where=where,
            also=RuntimeError,
        )


def parsed(version: str) -> tuple[int, ...]:
    """The leading numbers of a version."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
