"""Say what the value of each option must be, and refuse any other."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from typeway.declare.conventions import Conventions
from typeway.exceptions import Also, calling_line, declaration_error


@dataclass(frozen=True, slots=True)
class Demand:
    """What an option's value must be."""

    is_met: Callable[[Any], bool]
    problem: str  # about `{name}` and what was `{given!r}`
    hint: str
    also: Also = ValueError  # what FastAPI raises for it, here or later
    in_compat: bool = False  # whether FastAPI refuses it as well, in words that say less


def verify_options(owner: str, given: Mapping[str, Any], conventions: Conventions) -> None:
    """Refuse the options of an owner, as of `Typeway()` or a route, whose values could not work."""
    for name, value in given.items():
        demand = DEMANDS.get(name)
        if demand is None or value is None or not (conventions.checks_options or demand.in_compat):
            continue
        if not demand.is_met(value):
            said = {"name": name, "given": value, "text": str(value)}
            raise declaration_error(
                demand.problem.format(**said),
                hint=demand.hint.format(**said),
                where=calling_line(),
                chain=(owner,),
                also=demand.also,
            )


def is_list(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Whether a value is a collection of such members; what may be iterated once only is left alone."""

    def is_met(value: Any) -> bool:
        if isinstance(value, (list, tuple, set, frozenset)):
            return all(map(of, value))
        return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))

    return is_met


def is_kind(*kinds: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def is_class(of: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, type) and issubclass(value, of)


def is_status(code: Any) -> bool:
    """Whether a value is a status code: three digits (RFC 9110 section 15)."""
    is_number = isinstance(code, int) and not isinstance(code, bool)
    return 100 <= int(code) <= 999 if is_number or (isinstance(code, str) and code.isdigit()) else False


def is_url_path(value: Any) -> bool:
    return not value or (isinstance(value, str) and value.startswith("/"))


def is_dependency(value: Any) -> bool:
    # A Depends: this module lies below the one that defines it.
    return hasattr(value, "dependency") and not isinstance(value, type)


TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

TEXT: Final = Demand(is_kind(str), "{name} must be a string, not {given!r}.", "Write {name}={text!r}.")
FLAG: Final = Demand(
    is_kind(bool, int),
    "{name} must be True or False, not {given!r}.",
    "A non-empty string counts as true, whatever it says: compare it, as in value == 'true'.",
)
OBJECT: Final = Demand(is_kind(Mapping), "{name} must be a dict, not {given!r}.", "Write {name}={{...}}.")
OBJECTS: Final = Demand(
    is_list(is_kind(Mapping)), "{name} must be a list of dicts, not {given!r}.", "Write {name}=[{{...}}]."
)
RESPONSE_CLASS: Final = Demand(
    is_class(Response),
    "{name} must be a class of responses, not {given!r}.",
    "Give the class itself, such as HTMLResponse; return an instance from the endpoint.",
    TypeError,
)
EVENTS: Final = Demand(
    is_list(callable), "{name} must be a list of functions, not {given!r}.", "Write {name}=[function].", TypeError
)
URL_PATH: Final = Demand(
    is_url_path,
    "Routed paths must start with '/': {name} is {given!r}.",
    "Write a path such as '/docs', or None to switch it off.",
    (AssertionError, AttributeError),
    in_compat=True,
)

DEMANDS: Final[Mapping[str, Demand]] = {
    **dict.fromkeys(("title", "version", "summary", "description", "terms_of_service", "operation_id", "name"), TEXT),
    "response_description": TEXT,
    **dict.fromkeys(("debug", "deprecated", "include_in_schema", "redirect_slashes", "strict_content_type"), FLAG),
    **dict.fromkeys(("root_path_in_servers", "separate_input_output_schemas", "response_model_by_alias"), FLAG),
    **{f"response_model_exclude_{name}": FLAG for name in ("unset", "defaults", "none")},
    **dict.fromkeys(("contact", "license_info", "openapi_external_docs", "openapi_extra"), OBJECT),
    **dict.fromkeys(("swagger_ui_init_oauth", "swagger_ui_parameters"), OBJECT),
    "exception_handlers": replace(OBJECT, also=TypeError, in_compat=True),
    **dict.fromkeys(("servers", "openapi_tags"), OBJECTS),
    **dict.fromkeys(("response_class", "default_response_class"), RESPONSE_CLASS),
    **dict.fromkeys(("on_startup", "on_shutdown"), EVENTS),
    **dict.fromkeys(("openapi_url", "docs_url", "redoc_url", "swagger_ui_oauth2_redirect_url"), URL_PATH),
    **{
        f"response_model_{name}": Demand(
            lambda value: not isinstance(value, str),
            "{name} must be a set of names, not {given!r}, whose letters would count.",
            "Write {name}={{{given!r}}}.",
        )
        for name in ("include", "exclude")
    },
    "tags": Demand(
        is_list(is_kind(str, Enum)), "{name} must be a list of strings, not {given!r}.", "Write {name}=['items']."
    ),
    "dependencies": Demand(
        is_list(is_dependency),
        "{name} must be a list of Depends(...), not {given!r}.",
        "Write {name}=[Depends(function)].",
        (AttributeError, TypeError),
        in_compat=True,
    ),
    "callbacks": Demand(
        is_list(is_kind(BaseRoute)),
        "{name} must be a list of routes, not {given!r}.",
        "Write {name}=router.routes.",
        TypeError,
    ),
    "responses": Demand(
        is_kind(Mapping),
        "{name} must be a dict by status codes, not {given!r}.",
        'The keys are codes like 404, ranges like "4XX", or "default": {name}={{404: {{"model": Error}}}}.',
        TypeError,
    ),
    "methods": Demand(
        is_list(lambda method: isinstance(method, str) and bool(TOKEN.fullmatch(method))),
        "{name} must be a list of HTTP methods, not {given!r}.",
        "Write {name}=['POST'].",
        AttributeError,
    ),
    "status_code": Demand(
        is_status,
        "{name} must be an integer from 100 to 999, not {given!r}.",
        "Use one of typeway.status, such as status.HTTP_201_CREATED.",
    ),
    "generate_unique_id_function": Demand(
        callable,
        "{name} must be a function, not {given!r}.",
        "It takes the route and returns a string.",
        TypeError,
        in_compat=True,
    ),
    "route_class": Demand(
        is_class(BaseRoute),
        "{name} must be a class of routes, not {given!r}.",
        "Derive a class from typeway.application.routes.APIRoute.",
        TypeError,
    ),
    "default": Demand(
        callable, "{name} must be an ASGI application, not {given!r}.", "It answers what no route matches.", TypeError
    ),
    "routes": Demand(
        is_list(is_kind(BaseRoute)),
        "{name} must be a list of routes, not {given!r}.",
        "Include a router with include_router(), and add functions with @app.get() and the other decorators.",
        AttributeError,
    ),
    "webhooks": Demand(
        lambda value: hasattr(value, "routes") and not isinstance(value, type),
        "{name} must be a router, not {given!r}.",
        "Write {name}=Router(), and declare its routes with @app.webhooks.post(name).",
        AttributeError,
    ),
    "root_path": Demand(
        is_url_path, "{name} must start with a slash, not be {given!r}.", "Write a path such as '/api'."
    ),
}
