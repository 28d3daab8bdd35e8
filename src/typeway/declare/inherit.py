"""Compute the options of a route from its own and those of the application, inclusions and routers around it."""

from collections.abc import Callable, Mapping
from typing import Any, Final


def innermost(outer: Any, inner: Any) -> Any:
    return outer if inner is None else inner


JOIN: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **dict.fromkeys(
        ("tags", "dependencies", "callbacks", "raises", "policies"),
        lambda outer, inner: [*(outer or ()), *(inner or ())],
    ),
    **dict.fromkeys(
        ("responses", "form_limits", "json_limits", "parameter_limits", "error_limits"),
        lambda outer, inner: {**(outer or {}), **(inner or {})},
    ),
    "deprecated": lambda outer, inner: outer or inner,
    "include_in_schema": lambda outer, inner: outer and inner,
    **dict.fromkeys(
        (
            "response_class",
            "generate_unique_id_function",
            "strict_content_type",
            "max_body_size",
            "cancel_on_disconnect",
        ),
        innermost,
    ),
}

# Options that have another name on an application or router than on its routes.
RENAMED: Final[Mapping[str, str]] = {"default_response_class": "response_class"}


def inherit(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of `inner`, with those that it inherits from `outer`.

    Example:
        >>> inherit({"tags": ["a"], "deprecated": True}, {"tags": ["b"], "name": "x"})
        {'tags': ['a', 'b'], 'name': 'x', 'deprecated': True}
    """
    joined = {RENAMED.get(name, name): value for name, value in inner.items()}
    for given_name, value in outer.items():
        name = RENAMED.get(given_name, given_name)
        if name in JOIN:
            joined[name] = JOIN[name](value, joined[name]) if name in joined else value
    return joined
