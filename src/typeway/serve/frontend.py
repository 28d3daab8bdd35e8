"""Serve the files of a built frontend, and its page for client-side routes, where no other route matches."""

import copy
import errno
import os
import re
import stat
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from typeway.concurrency import run_in_threadpool
from typeway.declare.conventions import Conventions
from typeway.declare.inherit import inherit
from typeway.declare.operation import Operation
from typeway.declare.policy import Policy, dependencies_of, effective
from typeway.declare.returns import Returns
from typeway.declare.signature import read_declaration
from typeway.errors.handlers import http_error
from typeway.exceptions import calling_line, declaration_error
from typeway.plan.build import build_tree
from typeway.policies.guard import Guard, guard_of
from typeway.serve.asgi import path_of, relative_url
from typeway.serve.handle import handle_request, serve_handler
from typeway.serve.limits import LimitedApp, refuse_declared
from typeway.serve.plans import PlanCache
from typeway.types import Receive, Scope, Send

Fallback = Literal["auto", "index.html", "404.html"] | None

# The files that answer a path without a file of its own, in this order, and their status.
FALLBACKS: Final[Mapping[Fallback, tuple[str, ...]]] = {
    "auto": ("404.html", "index.html"), "index.html": ("index.html",), "404.html": ("404.html",), None: (),
}  # fmt: skip
STATUS: Final = {"index.html": 200, "404.html": 404}

METHODS: Final = ("GET", "HEAD")
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
# The weight of a media type that is not acceptable (RFC 9110 section 12.4.2).
ZERO: Final = re.compile(r"0(\.0*)?")

# A parameter of a media type, whose value may be a quoted string (RFC 9110 section 5.6.6).
parameter: Final = re.compile(r';\s*([^=;"\s]*)\s*(?:=\s*("(?:[^"\\]|\\.)*+"|[^;]*))?')

# `typeway dev` sets the first; the second is what FastAPI's own command sets.
ENVIRONMENTS: Final = ("TYPEWAY_ENV", "FASTAPI_ENV")

# The options of routers and inclusions that apply to a frontend.
INHERITED: Final = (
    "dependencies", "max_body_size", "form_limits", "json_limits", "parameter_limits", "error_limits",
    "strict_content_type", "policies",
)  # fmt: skip


class Build(StaticFiles):
    """The directory with the files of a built frontend."""

    def __init__(self, directory: str | os.PathLike[str], fallback: Fallback, conventions: Conventions) -> None:
        self.source: str = os.fspath(directory)
        self.fallback: Fallback = fallback
        self.conventions = conventions
        super().__init__(directory=self.source, check_dir=False)

    def answer(self, path: str, scope: Scope) -> Response:
        """Return the response to GET or HEAD for a path below the frontend's prefix. It may block."""
        found = self.find(path)
        if found is None:
            return self.fall_back(scope)
        full_path, status, is_index = found
        if is_index and not scope["path"].endswith("/"):
            # Without the slash, relative links in the page would point to the parent directory.
            if self.conventions.relative_redirects:
                raw = scope.get("raw_path") or quote(scope["path"]).encode()
                return RedirectResponse(relative_url({**scope, "raw_path": raw + b"/"}))
            url = URL(scope=scope)
            return RedirectResponse(url.replace(path=url.path + "/"))
        return self.file_response(full_path, status, scope)

    def find(self, path: str) -> tuple[str, os.stat_result, bool] | None:
        """Return the file of a path, and whether it is the index of a directory."""
        if not (self.config_checked or self.is_there):
            raise RuntimeError(self.no_directory())
        self.config_checked = True
        relative = os.path.normpath(path.lstrip("/"))
        try:
            for name in (relative, f"{relative}/index.html"):
                page = self.page(name)
                if page is not None:
                    return (*page, name != relative)
        except PermissionError:
            raise StarletteHTTPException(401) from None
        except (OSError, ValueError) as error:
            # A ValueError means a null character, or another drive.
            if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
                raise
            raise http_error(self.conventions, 404) from None
        return None

    def page(self, name: str) -> tuple[str, os.stat_result] | None:
        """Return one file of the build; None if it does not exist."""
        full_path, status = self.lookup_path(name)
        return (full_path, status) if status is not None and stat.S_ISREG(status.st_mode) else None

    def fall_back(self, scope: Scope) -> Response:
        """Return the page for a path without a file."""
        for name in FALLBACKS[self.fallback]:
            if name == "index.html" and not accepts_html(scope):
                continue
            page = self.page(name)
            if page is not None:
                return self.file_response(*page, scope, status_code=STATUS[name])
            if name == self.fallback:
                raise RuntimeError(self.no_page(name))
        raise http_error(self.conventions, 404)

    def check(self) -> None:
        """Raise an error now for what would fail at the first request."""
        if not self.is_there:
            hint = "Build the frontend first, correct the path, or pass check_dir=False."
            raise declaration_error(self.no_directory(), hint=hint, where=calling_line())
        if self.fallback in STATUS and self.page(self.fallback) is None:
            hint = "Let the build write that file, choose another fallback, or pass check_dir=False."
            raise declaration_error(self.no_page(self.fallback), hint=hint, where=calling_line())

    @property
    def is_there(self) -> bool:
        # An empty path, for example of an unset variable, would be the working directory.
        return bool(self.source) and Path(self.source).is_dir()

    def no_directory(self) -> str:
        absolute = str(Path(self.source).resolve())
        return f"Frontend directory {self.source!r} does not exist. Resolved absolute path: {absolute!r}"

    def no_page(self, name: str) -> str:
        problem = f"Frontend fallback file {name!r} does not exist in directory {self.source!r}."
        return f"{problem} Resolved absolute directory: {str(Path(self.source).resolve())!r}"


class Frontend(BaseRoute):
    """A build and the prefix of its paths.

    It is not in `app.routes`: it is tried only if no route matches, not even with another method or trailing slash.
    """

    original_route: BaseRoute | None = None

    def __init__(self, prefix: str, build: Build, options: Mapping[str, Any]) -> None:
        self.build = build
        self.place(prefix, options)
        build_tree(self.to_operation())  # raises errors of dependencies now

    def place(self, prefix: str, options: Mapping[str, Any]) -> None:
        self.prefix = prefix
        self.path: str = prefix + "/{path:path}"
        self.options: dict[str, Any] = {name: options[name] for name in INHERITED if options.get(name) is not None}
        self.plans: PlanCache = PlanCache(self.to_operation)
        self.methods: frozenset[Literal["GET", "HEAD"]] = frozenset(METHODS)
        self.guard: Guard | None = guard_of(effective(self.policies, self))

    @property
    def policies(self) -> Sequence[Policy]:
        """The policies of its levels, whether or not they are for it."""
        policies: Sequence[Policy] = self.options.get("policies", ())
        return policies

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "plans"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.plans = PlanCache(self.to_operation)

    def inside(self, prefix: str, outer: Mapping[str, Any]) -> Self:
        """Return this frontend as part of a router that includes its own router."""
        view = copy.copy(self)
        view.original_route = self.original_route or self
        view.place(prefix + self.prefix, inherit(outer, self.options))
        return view

    def to_operation(self) -> Operation:
        """Return an operation whose endpoint finds a file, so that dependencies run before it."""
        dependencies = [*dependencies_of(effective(self.policies, self)), *self.options.get("dependencies", ())]
        return Operation(
            **{**self.options, "dependencies": dependencies, "policies": ()},
            path=self.path,
            path_format=self.path,
            path_names=frozenset(),
            methods=METHODS,
            name="frontend",
            declaration=read_declaration(self.respond),
            returns=Returns(),
            route=self,
            conventions=self.build.conventions,
            include_in_schema=False,
        )

    def covers(self, path: str) -> bool:
        """Whether a path is the frontend's prefix or below it."""
        return not self.prefix or path == self.prefix or path.startswith(self.prefix + "/")

    def below(self, scope: Scope) -> str:
        return path_of(scope)[len(self.prefix) :]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matches no route, within the limit of its inclusion."""
        most = self.options.get("max_body_size")
        serve = self.serve if most is None else LimitedApp(self.serve, most, self.build.conventions)
        await serve(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        refuse_declared(scope, self.build.conventions)
        if scope["method"] in METHODS:
            await serve_handler(handle_request(self.plans), self.plans, scope, receive, send)
            return
        conventions = self.build.conventions
        # As for the 405 of a route, no dependency runs for a method that is not allowed.
        if await run_in_threadpool(self.build.find, self.below(scope)) is None:
            raise http_error(conventions, 404)
        allow = ", ".join([*METHODS, "OPTIONS"] if conventions.answers_options else METHODS)
        if scope["method"] != "OPTIONS" or not conventions.answers_options:
            # RFC 9110 section 15.5.6: a 405 names the methods that are allowed.
            raise http_error(conventions, 405, {"Allow": allow} if conventions.union_allow else None)
        await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)

    def respond(self, request: Request, injected: Response) -> Response:
        """Return the file with the headers that dependencies have set; this is the endpoint."""
        response = self.build.answer(self.below(request.scope), request.scope)
        response.raw_headers.extend(injected.raw_headers)
        return response


def read_build(
    path: str,
    directory: str | os.PathLike[str],
    fallback: Fallback,
    check_dir: bool | Literal["auto"],
    conventions: Conventions,
) -> Build:
    """Return the build for the arguments of `frontend()`, checked as they demand."""
    if path != "/" and not path.strip("/"):
        hint = 'Write "/" to serve the frontend at the root.'
        raise declaration_error(
            "A frontend path cannot be empty.", hint=hint, where=calling_line(), also=AssertionError
        )
    if not path.startswith("/"):
        hint = f"Write {'/' + path!r}."
        raise declaration_error(
            "A frontend path must start with '/'.", hint=hint, where=calling_line(), also=AssertionError
        )
    if fallback not in FALLBACKS:
        raise declaration_error(
            "fallback must be 'auto', 'index.html', '404.html', or None.",
            hint=f"It is {fallback!r}: leave it out for 'auto'.",
            where=calling_line(),
            also=AssertionError,
        )
    build = Build(directory, fallback, conventions)
    if check_dir == "auto" and any(os.environ.get(name) == "development" for name in ENVIRONMENTS):
        if not build.is_there:
            warnings.warn(build.no_directory(), UserWarning, stacklevel=3)
    elif check_dir:
        build.check()
    return build


def is_refused(parameters: str) -> bool:
    """Whether the weight of a media type, among its parameters, is zero; the first weight counts."""
    weights = (found[2] for found in parameter.finditer(parameters) if found[1].lower() == "q")
    return ZERO.fullmatch((next(weights, None) or "").strip().strip('"')) is not None


def accepts_html(scope: Scope) -> bool:
    """Whether a request accepts HTML explicitly, as browsers do when they navigate (RFC 9110 section 12.5.1).

    A wildcard does not count: browsers send one for scripts and images, and a page in their place would hide an error.
    """
    accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    for entry in accept.split(","):
        kind, semicolon, parameters = entry.partition(";")
        if kind.strip().lower() in HTML and not is_refused(semicolon + parameters):
            return True
    return False
