"""Write the OpenAPI document of an application, and compare it with a file."""

import json
from collections.abc import Mapping
from datetime import date
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

from typeway.cli.error import CommandError
from typeway.cli.load import Loaded, in_user_code
from typeway.cli.options import DocumentFormat
from typeway.compare import Change, check_shape, compare

# How many lines of a difference are shown; the rest is counted.
MOST_LINES: Final = 200


ENDINGS: Final[Mapping[str, DocumentFormat]] = {
    ".json": DocumentFormat.JSON,
    ".yaml": DocumentFormat.YAML,
    ".yml": DocumentFormat.YAML,
}


def document_of(loaded: Loaded) -> dict[str, Any]:
    """Return the application's OpenAPI document.

    Parameters:
        loaded: a Typeway application, or its factory.

    Raises:
        CommandError: the application describes itself in no OpenAPI document, or fails while it does.
    """
    application = loaded.application()
    describe = getattr(application, "openapi", None)
    if not callable(describe):
        raise CommandError(f"{type(application).__name__} has no OpenAPI document")
    described = in_user_code(describe, loaded.folder)
    try:
        # What is left are the types that JSON has: a subclass of `str`, such as an enum, would have a tag in YAML.
        document = json.loads(json.dumps(described))
    except (TypeError, ValueError, RecursionError) as error:
        raise CommandError(f"the OpenAPI document of {loaded.import_string} cannot be JSON: {error}") from error
    if not isinstance(document, dict):
        raise CommandError(f"openapi() of {loaded.import_string} returned no document, but {type(described).__name__}")
    return document


def written(document: Mapping[str, Any], kind: DocumentFormat, indent: int) -> str:
    """Return a document as text.

    Parameters:
        indent: the number of spaces per level; 0 for one line, in JSON only.
    """
    if kind is DocumentFormat.JSON:
        return json.dumps(document, indent=indent or None, ensure_ascii=False)
    import yaml

    text: str = yaml.safe_dump(document, indent=indent or 2, sort_keys=False, allow_unicode=True, width=120)
    return text.rstrip("\n")


def format_for(file: Path | None, given: DocumentFormat | None) -> DocumentFormat:
    """Return the format that is asked for, or else that of a file's ending, or else JSON."""
    return given or (ENDINGS.get(file.suffix.lower()) if file is not None else None) or DocumentFormat.JSON


def read_document(file: Path) -> dict[str, Any]:
    """Read an OpenAPI document, as JSON or YAML.

    Raises:
        CommandError: the file cannot be read, or is not such a document.
    """
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error
    try:
        document = json_value(json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text))
    except (ValueError, yaml.YAMLError) as error:
        raise CommandError(f"{file} is neither JSON nor YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise CommandError(f"{file} cannot be read: it contains itself, or its nesting is too deep") from error
    if not isinstance(document, dict) or not isinstance(document.get("openapi"), str):
        raise CommandError(f"{file} is not an OpenAPI document: it has no member `openapi` with a version")
    return document


def json_value(value: Any) -> Any:
    """Return a value of YAML as JSON would have it: there names are strings, as in `200:`, and so are dates.

    Raises:
        ValueError: JSON has no such value.
        RecursionError: the value contains itself.
    """
    if isinstance(value, dict):
        return {name_of(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"JSON has no {type(value).__name__}")


def name_of(key: Any) -> str:
    """Return a key of YAML as text, as it was written: `true` and `null` have other names in Python."""
    key = json_value(key)
    return key if isinstance(key, str) else json.dumps(key)


def changes_since(file: Path, document: Mapping[str, Any]) -> list[Change]:
    """Return the changes since the document in a file.

    Raises:
        CommandError: the file cannot be read, or one of the two does not have the shape of a document.
    """
    former = read_document(file)
    for content, name in ((former, str(file)), (document, "what the application describes itself in")):
        try:
            check_shape(content)
        except ValueError as error:
            raise CommandError(f"{name} is not an OpenAPI document: {error}") from error
    return compare(former, document)


def drift(file: Path, document: Mapping[str, Any], target: str) -> str | None:
    """Return how the document in a file differs from that of the application; None if they are equal.

    Parameters:
        file: where the document is kept.
        document: what the application says now.
        target: the application, for the command that writes the file.

    Raises:
        CommandError: the file does not exist, or cannot be read.
    """
    if not file.exists():
        raise CommandError(f"there is no {file}; to write it: typeway openapi {target} --output {file}")
    kept = read_document(file)
    if as_one_text(kept) == as_one_text(document):
        return None
    kind = format_for(file, None)
    before, after = [written(content, kind, 2).splitlines() for content in (kept, document)]
    lines = list(unified_diff(before, after, str(file), target, lineterm=""))
    shown = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {len(lines) - MOST_LINES} more lines")
    return "\n".join(shown)


def as_one_text(document: Mapping[str, Any]) -> str:
    """Return a text that is equal for equal documents: in Python `True` equals 1."""
    return json.dumps(document, sort_keys=True)
