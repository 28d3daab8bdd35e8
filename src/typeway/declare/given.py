"""Check the options that an author has passed: their names, and the type and range of each value."""

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
from typeway.declare.options import ErrorLimits, FormLimits, JSONLimits, ParameterLimits
from typeway.declare.policy import Policy
from typeway.declare.problem import Problem
from typeway.exceptions import Also, UnknownOptionError, calling_line, declaration_error

# The options that are mappings of limits.
LIMITS: Final[Mapping[str, Any]] = {
    "form_limits": FormLimits, "json_limits": JSONLimits, "parameter_limits": ParameterLimits,
    "error_limits": ErrorLimits,
}  # fmt: skip


def check_names(owner: str, options: Mapping[str, Any], known: type[Any]) -> None:
    """Refuse options whose names are not keys of a TypedDict; the owner is what takes them, as `app.get()`."""
    for name in options:
        if name not in known.__annotations__:
            names = sorted(known.__annotations__)
            nearest = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {nearest[0]!r}?" if nearest else f"It takes {', '.join(names)}."
            raise UnknownOptionError(f"{owner} takes no option {name!r}.", hint=hint, where=calling_line())


def given_options(
    owner: str,
    options: Mapping[str, Any],
    known: type[Any],
    conventions: Conventions | None = None,
) -> dict[str, Any]:
    """Return the options that were passed, after checking their names and their values.

    Parameters:
        owner: what takes the options, as `app.get()`.
        options: the options.
        known: the TypedDict that lists them.
        conventions: decides whether every value is checked; None to check only what FastAPI refuses as well.

    Raises:
        UnknownOptionError: an option does not exist.
        DeclarationError: a value has the wrong type or is out of range.
    """
    check_names(owner, options, known)
    given = {name: value for name, value in options.items() if not isinstance(value, DefaultPlaceholder)}
    check_values(owner, given, conventions)
    for name in LIMITS:
        if given.get(name) is not None:
            check_limits(owner, name, given[name], conventions)
    return given


def check_limits(owner: str, name: str, given: Any, conventions: Conventions | None) -> None:
    """Refuse limits that do not exist, and values that are none."""
    known = LIMITS[name]
    try:
        TypeAdapter(known).validate_python(given)
    except ValidationError as error:
        if name == "form_limits" and (conventions is None or not conventions.checks_options):
            raise  # as FastAPI does
        if isinstance(given, Mapping):
            check_names(f"{owner}: {name}", given, known)
        first = error.errors()[0]
        problem = f"{name}{list(first['loc']) or ''} is {first['input']!r}. {first['msg']}."
        hint = f"It takes {', '.join(known.__annotations__)}."
        raise declaration_error(problem, hint=hint, where=calling_line(), chain=(owner,), also=ValueError) from None


def check_values(owner: str, given: Mapping[str, Any], conventions: Conventions | None) -> None:
    """Refuse option values that cannot work; the owner is what takes them, as `Typeway()` or a route."""
    checks_all = conventions is not None and conventions.checks_options
    for name, value in given.items():
        if value is None:
            continue
        for requirement in REQUIREMENTS.get(name, ()):
            if (requirement.always or checks_all) and not requirement.is_met(value):
                values = {"name": name, "given": value, "text": str(value)}
                problem, hint = requirement.problem.format(**values), requirement.hint.format(**values)
                raise declaration_error(problem, hint=hint, where=calling_line(), chain=(owner,), also=requirement.also)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the value of an option must be."""

    is_met: Callable[[Any], bool]
    problem: str  # the message, with `{name}` and `{given!r}`
    hint: str
    also: Also = ValueError  # the exception that FastAPI raises for such a value, at once or later
    always: bool = False  # whether FastAPI refuses such a value too, so that compat mode checks it


def list_of(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check for a collection of such members; the members of a one-time iterator are not checked."""

    def is_met(value: Any) -> bool:
        if isinstance(value, (list, tuple, set, frozenset)):
            return all(map(of, value))
        return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))

    return is_met


def of_type(*kinds: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def subclass_of(of: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, type) and issubclass(value, of)


def is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_status(code: Any) -> bool:
    """Whether a value is a status code: three digits (RFC 9110 section 15)."""
    is_number = isinstance(code, int) and not isinstance(code, bool)
    return 100 <= int(code) <= 999 if is_number or (isinstance(code, str) and code.isdigit()) else False


def is_url_path(value: Any) -> bool:
    return not value or (isinstance(value, str) and value.startswith("/"))


def is_host(host: Any) -> bool:
    """Whether a value is "example.com", "*.example.com" or "*"; an IPv6 address stands in brackets."""
    if not isinstance(host, str) or not host or "/" in host or " " in host:
        return False
    rest = host.removeprefix("*.")
    return host == "*" or ("*" not in rest and (":" not in rest or (rest.startswith("[") and rest.endswith("]"))))


def is_dependency(value: Any) -> bool:
    # Depends cannot be imported here: its module imports this one.
    return hasattr(value, "dependency") and not isinstance(value, type)


TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

TEXT: Final = Requirement(of_type(str), "{name} must be a string, not {given!r}.", "Write {name}={text!r}.")
FLAG: Final = Requirement(
    of_type(bool, int),
    "{name} must be True or False, not {given!r}.",
    "A non-empty string is always true. Compare it, as in value == 'true'.",
)
DICT: Final = Requirement(of_type(Mapping), "{name} must be a dict, not {given!r}.", "Write {name}={{...}}.")
DICTS: Final = Requirement(
    list_of(of_type(Mapping)), "{name} must be a list of dicts, not {given!r}.", "Write {name}=[{{...}}]."
)
RESPONSE_CLASS: Final = Requirement(
    subclass_of(Response),
    "{name} must be a class of responses, not {given!r}.",
    "Pass the class itself, such as HTMLResponse; an instance can be returned from the endpoint.",
    TypeError,
)
FUNCTIONS: Final = Requirement(
    list_of(callable), "{name} must be a list of functions, not {given!r}.", "Write {name}=[function].", TypeError
)
URL_PATH: Final = Requirement(
    is_url_path,
    "Routed paths must start with '/': {name} is {given!r}.",
    "Write a path such as '/docs', or None to switch it off.",
    (AssertionError, AttributeError),
    always=True,
)

STATUS_HINT: Final = "Use one of typeway.status, such as status.HTTP_201_CREATED."

# Where an option has two requirements, FastAPI has the first one too.
REQUIREMENTS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    name: requirement if isinstance(requirement, tuple) else (requirement,)
    for name, requirement in {
        **dict.fromkeys(
            ("title", "version", "summary", "description", "terms_of_service", "operation_id", "name"), TEXT
        ),
        "response_description": TEXT,
        **dict.fromkeys(("debug", "deprecated", "include_in_schema", "redirect_slashes", "strict_content_type"), FLAG),
        **dict.fromkeys(("root_path_in_servers", "separate_input_output_schemas", "response_model_by_alias"), FLAG),
        **{f"response_model_exclude_{name}": FLAG for name in ("unset", "defaults", "none")},
        **dict.fromkeys(("contact", "license_info", "openapi_external_docs", "openapi_extra"), DICT),
        **dict.fromkeys(("swagger_ui_init_oauth", "swagger_ui_parameters"), DICT),
        "exception_handlers": replace(DICT, also=TypeError, always=True),
        **dict.fromkeys(("servers", "openapi_tags"), DICTS),
        **dict.fromkeys(("response_class", "default_response_class"), RESPONSE_CLASS),
        **dict.fromkeys(("on_startup", "on_shutdown"), FUNCTIONS),
        **dict.fromkeys(("openapi_url", "docs_url", "redoc_url", "swagger_ui_oauth2_redirect_url"), URL_PATH),
        **{
            f"response_model_{name}": Requirement(
                lambda value: not isinstance(value, str),
                "{name} must be a set of names, not {given!r}, whose letters would be used as names.",
                "Write {name}={{{given!r}}}.",
            )
            for name in ("include", "exclude")
        },
        "tags": Requirement(
            list_of(of_type(str, Enum)), "{name} must be a list of strings, not {given!r}.", "Write {name}=['items']."
        ),
        "dependencies": Requirement(
            list_of(is_dependency),
            "{name} must be a list of Depends(...), not {given!r}.",
            "Write {name}=[Depends(function)].",
            (AttributeError, TypeError),
            always=True,
        ),
        "policies": Requirement(
            list_of(of_type(Policy)),
            "{name} must be a list of policies, not {given!r}.",
            'Write {name}=[RateLimit("100/minute")], with the classes of typeway.policies.',
            TypeError,
            always=True,
        ),
        "raises": Requirement(
            list_of(subclass_of(Problem)),
            "{name} must be a list of classes derived from Problem, not {given!r}.",
            "Derive the error from typeway.Problem, or describe the response in responses=.",
            always=True,
        ),
        "callbacks": Requirement(
            list_of(of_type(BaseRoute)),
            "{name} must be a list of routes, not {given!r}.",
            "Write {name}=router.routes.",
            TypeError,
        ),
        "responses": Requirement(
            of_type(Mapping),
            "{name} must be a dict with status codes as keys, not {given!r}.",
            'The keys are codes like 404, ranges like "4XX", or "default": {name}={{404: {{"model": Error}}}}.',
            TypeError,
        ),
        "methods": Requirement(
            list_of(lambda method: isinstance(method, str) and bool(TOKEN.fullmatch(method))),
            "{name} must be a list of HTTP methods, not {given!r}.",
            "Write {name}=['POST'].",
            AttributeError,
        ),
        "status_code": (
            Requirement(
                lambda code: isinstance(code, (int, float)) or str(code).isdigit(),
                "{name} must be an integer, not {given!r}.",
                STATUS_HINT,
                always=True,
            ),
            Requirement(is_status, "{name} must be an integer from 100 to 999, not {given!r}.", STATUS_HINT),
        ),
        "max_body_size": Requirement(
            lambda size: is_whole(size, 0),
            "{name} must be a non-negative integer or None",
            "It is {given!r}: pass a number of bytes; 0 allows no body, None uses the limit of the outer level.",
            always=True,
        ),
        "trusted_hosts": Requirement(
            lambda hosts: not isinstance(hosts, str) and all(map(is_host, hosts)),
            "{name} must be a list of hosts, not {given!r}.",
            "Write {name}=['example.com', '*.example.com'], without schemes, ports and paths.",
            always=True,
        ),
        "cancel_on_disconnect": Requirement(
            lambda seconds: isinstance(seconds, (int, float)) and 0 <= seconds < float("inf"),
            "{name} must be a number of seconds, a bool or None, not {given!r}.",
            "True cancels an endpoint as soon as its client has left, False never does.",
            always=True,
        ),
        "errors": Requirement(
            lambda errors: errors in ("detail", "problem"),
            '{name} must be "detail" or "problem", not {given!r}.',
            'Use "problem" for problem documents (RFC 9457), or "detail" for {{"detail": …}}.',
            always=True,
        ),
        "watchdog": Requirement(
            lambda limit: isinstance(limit, (int, float)) and 0 <= limit < float("inf"),
            "{name} must be a number of seconds or a bool, not {given!r}.",
            "0.1 reports code that blocks the event loop for 0.1 seconds or longer; False switches the watchdog off.",
            always=True,
        ),
        "thread_pool_size": Requirement(
            lambda size: is_whole(size, 1),
            "{name} must be a positive integer or None, not {given!r}.",
            "Pass the number of threads that may run `def` functions at once; the default of anyio is 40.",
            always=True,
        ),
        "generate_unique_id_function": Requirement(
            callable,
            "{name} must be a function, not {given!r}.",
            "It takes the route and returns a string.",
            TypeError,
            always=True,
        ),
        "route_class": Requirement(
            subclass_of(BaseRoute),
            "{name} must be a route class, not {given!r}.",
            "Derive a class from typeway.routing.APIRoute.",
            TypeError,
        ),
        "default": Requirement(
            callable,
            "{name} must be an ASGI application, not {given!r}.",
            "It serves requests that no route matches.",
            TypeError,
        ),
        "routes": Requirement(
            list_of(of_type(BaseRoute)),
            "{name} must be a list of routes, not {given!r}.",
            "Include a router with include_router(), and add functions with @app.get() and the other decorators.",
            AttributeError,
        ),
        "webhooks": Requirement(
            lambda value: hasattr(value, "routes") and not isinstance(value, type),
            "{name} must be a router, not {given!r}.",
            "Write {name}=Router(), and declare its routes with @app.webhooks.post(name).",
            AttributeError,
        ),
        "root_path": Requirement(
            is_url_path, "{name} must start with a slash, not be {given!r}.", "Write a path such as '/api'."
        ),
    }.items()
}
