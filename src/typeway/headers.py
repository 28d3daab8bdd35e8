"""Refuse response headers that would end early, or smuggle another header or a second response."""

from collections.abc import Iterable, Mapping
from inspect import unwrap
from itertools import chain
from typing import Any, Final

# RFC 9110 section 5.5: a value has no control character but the tab.
CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])

# RFC 9110 section 5.6.2: a name is a token, which has none of these.
NO_TOKEN: Final = bytes([*range(33), 127, *range(128, 256)]) + b'"(),/:;<=>?@[\\]{}'


class UnsafeHeaderError(ValueError):
    """A response header that would end early, or smuggle another header or a second response.

    Raised:
        When a response is created or sent whose header has a control character in its value, or no token as its name
        (RFC 9110 section 5).

    Fix:
        Encode or remove what came from a client before it becomes a header: `urllib.parse.quote()`, for example.
    """


def verify_headers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse headers that no server should send, before anything is sent.

    Raises:
        UnsafeHeaderError: a name is no token, or a value has CR, LF, NUL or another control character.
    """
    try:
        # PERF: two passes over everything, where a search in each value would be one call for each.
        text = b"".join(chain.from_iterable(headers))
        names = [name for name, _ in headers]
        joined = b"".join(names)
    except TypeError:
        return  # an application has written messages of its own, and its server judges them
    if len(text.translate(None, CONTROLS)) != len(text):
        refuse_values(headers)
    if len(joined.translate(None, NO_TOKEN)) != len(joined) or b"" in names:
        refuse_names(headers)


def refuse_values(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise the error for the first header with a control character."""
    for name, value in headers:
        if (name + value).translate(None, CONTROLS) != name + value:
            raise UnsafeHeaderError(
                f"the response header {name!r} has a control character: {value[:100]!r}. CR and LF would end it early."
            )


def refuse_names(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise the error for the first header whose name is no token."""
    for name, _ in headers:
        if not name or name.translate(None, NO_TOKEN) != name:
            raise UnsafeHeaderError(
                f"the name of the response header {name!r} is empty or has a character that is not allowed"
            )


def name_place(error: BaseException, scope: Mapping[str, Any]) -> None:
    """Add to the error about a header the endpoint whose response it is; the traceback shows only who was to send it."""
    endpoint = scope.get("endpoint")
    if isinstance(error, UnsafeHeaderError) and endpoint is not None and not hasattr(error, "__notes__"):
        code = getattr(unwrap(endpoint), "__code__", None)
        place = "" if code is None else f", {code.co_filename}:{code.co_firstlineno}"
        error.add_note(f"It is a header of the response of {getattr(endpoint, '__name__', repr(endpoint))}(){place}")
