"""Check the options that an author has given: their names, and what each value must be."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute

from typeway.datastructures import DefaultPlaceholder
from typeway.declare.conventions import Conventions
from typeway.declare.options import FormLimits
from typeway.declare.problem import Problem
from typeway.exceptions import Also, UnknownOptionError, calling_line, declaration_error


def check_names(
    owner: str, options: Mapping[str, Any], known: type[Any], where: Callable[[], str | None] = lambda: None
) -> None:
    """Refuse options of the owner, as in `app.get()`, whose names are not keys of a TypedDict."""
    for name in options:
        if name not in known.__annotations__:
            names = sorted(known.__annotations__)
            nearest = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {nearest[0]!r}?" if nearest else f"It takes {', '.join(names)}."
            raise UnknownOptionError(f"{owner} takes no option {name!r}.", hint=hint, where=where())


def given_options(
    owner: str,
    options: Mapping[str, Any],
    known: type[Any],
    where: Callable[[], str | None] = lambda: None,
    conventions: Conventions | None = None,
) -> dict[str, Any]:
    """Return the options that were really given, their names checked against a TypedDict, and their values.

    Parameters:
        owner: what takes them, as `app.get()`.
        where: finds the place that an error names, as `calling_line` does.
        conventions: whether every value is checked, or without any only what FastAPI refuses too.
    """
    check_names(owner, options, known, where)
    given = {name: value for name, value in options.items() if not isinstance(value, DefaultPlaceholder)}
    check_values(owner, given, conventions, where)
    for kind in given.get("raises") or ():
        if not (isinstance(kind, type) and issubclass(kind, Problem)):
            problem = f"raises= takes classes derived from Problem, not {kind!r}."
            hint = "Derive the error from typeway.Problem, or describe the answer in responses=."
            raise declaration_error(problem, hint=hint, where=where(), chain=(owner,))
    if given.get("form_limits") is not None:
        try:
            # Its own error is what FastAPI raises too.
            TypeAdapter(FormLimits).validate_python(given["form_limits"])
        except ValidationError as error:
            error.add_note(f"{owner}: form_limits takes {', '.join(FormLimits.__annotations__)}, each 0 or more.")
            raise
    return given


def check_values(
    owner: str,
    given: Mapping[str, Any],
    conventions: Conventions | None,
    where: Callable[[], str | None] = calling_line,
) -> None:
    """Refuse options of the owner, as of `Typeway()` or a route, whose values could not work."""
    checks_all = conventions is not None and conventions.checks_options
    for name, value in given.items():
        if value is None:
            continue
        for demand in DEMANDS.get(name, ()):
            if (demand.always or checks_all) and not demand.is_met(value):
                said = {"name": name, "given": value, "text": str(value)}
                problem, hint = demand.problem.format(**said), demand.hint.format(**said)
                raise declaration_error(problem, hint=hint, where=where(), chain=(owner,), also=demand.also)


@dataclass(frozen=True, slots=True)
class Demand:
    """What an option's value must be."""

    is_met: Callable[[Any], bool]
    problem: str  # about `{name}` and what was `{given!r}`
    hint: str
    also: Also = ValueError  # what FastAPI raises for it, here or later
    always: bool = False  # whether FastAPI refuses it as well, in words that say less


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


def is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


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
    always=True,
)

# Of one option each demand in turn, the first being what FastAPI demands too.
STATUS_HINT: Final = "Use one of typeway.status, such as status.HTTP_201_CREATED."

DEMANDS: Final[Mapping[str, tuple[Demand, ...]]] = {
    name: demand if isinstance(demand, tuple) else (demand,)
    for name, demand in {
        **dict.fromkeys(
            ("title", "version", "summary", "description", "terms_of_service", "operation_id", "name"), TEXT
        ),
        "response_description": TEXT,
        **dict.fromkeys(("debug", "deprecated", "include_in_schema", "redirect_slashes", "strict_content_type"), FLAG),
        **dict.fromkeys(("root_path_in_servers", "separate_input_output_schemas", "response_model_by_alias"), FLAG),
        **{f"response_model_exclude_{name}": FLAG for name in ("unset", "defaults", "none")},
        **dict.fromkeys(("contact", "license_info", "openapi_external_docs", "openapi_extra"), OBJECT),
        **dict.fromkeys(("swagger_ui_init_oauth", "swagger_ui_parameters"), OBJECT),
        "exception_handlers": replace(OBJECT, also=TypeError, always=True),
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
            always=True,
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
        "status_code": (
            Demand(
                lambda code: isinstance(code, (int, float)) or str(code).isdigit(),
                "{name} must be an integer, not {given!r}.",
                STATUS_HINT,
                always=True,
            ),
            Demand(is_status, "{name} must be an integer from 100 to 999, not {given!r}.", STATUS_HINT),
        ),
        "max_body_size": Demand(
            lambda size: is_whole(size, 0),
            "{name} must be a non-negative integer or None",
            "It is {given!r}: give a number of bytes; 0 allows no body at all, None leaves it to the outer levels.",
            always=True,
        ),
        "errors": Demand(
            lambda errors: errors in ("detail", "problem"),
            "{name}={given!r} is no form of errors.",
            'Use "detail" or "problem".',
            always=True,
        ),
        "watchdog": Demand(
            lambda limit: isinstance(limit, (int, float)) and 0 <= limit < float("inf"),
            "{name} must be a number of seconds or a bool, not {given!r}.",
            "0.1 reports what blocks the event loop for a tenth of a second; False switches the watchdog off.",
            always=True,
        ),
        "thread_pool_size": Demand(
            lambda size: is_whole(size, 1),
            "{name} must be a positive integer or None, not {given!r}.",
            "Say how many threads may run `def` functions at once; anyio's default is 40.",
            always=True,
        ),
        "generate_unique_id_function": Demand(
            callable,
            "{name} must be a function, not {given!r}.",
            "It takes the route and returns a string.",
            TypeError,
            always=True,
        ),
        "route_class": Demand(
            is_class(BaseRoute),
            "{name} must be a class of routes, not {given!r}.",
            "Derive a class from typeway.routing.APIRoute.",
            TypeError,
        ),
        "default": Demand(
            callable,
            "{name} must be an ASGI application, not {given!r}.",
            "It answers what no route matches.",
            TypeError,
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
    }.items()
}
