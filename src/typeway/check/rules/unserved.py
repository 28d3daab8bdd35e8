"""Find declarations that are imported in silence and never answer a request."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from typeway.application.router import Router
from typeway.check.finding import Finding
from typeway.check.read.files import SourceFile
from typeway.check.subject import Application, Subject


def unserved_routers(subject: Subject) -> Iterator[Finding]:
    """TW028: a router whose endpoints no application serves, because nothing includes it."""
    served = {id(endpoint.operation.endpoint) for endpoint in subject.endpoints}
    served |= {id(endpoint) for application in subject.applications for endpoint in endpoints_of(application)}
    seen: set[int] = set()
    for names, file in modules_of(subject):
        for name, router in [*names.items()]:
            # By its type: the class of a proxy is not asked for, because it may raise.
            if not issubclass(type(router), Router) or id(router) in seen or is_part_of_application(subject, router):
                continue
            endpoints = [
                endpoint for route in router.routes if (endpoint := getattr(route, "endpoint", None)) is not None
            ]
            line = line_of(name, file)
            if not endpoints or line is None:
                continue
            seen.add(id(router))
            if not any(id(endpoint) in served for endpoint in endpoints) and not is_taken_apart(subject, router):
                yield Finding(
                    "TW028",
                    str(file.path),
                    line,
                    f"nothing includes {name}, so its {len(endpoints)} endpoint{'s' * (len(endpoints) != 1)} "
                    f"({', '.join(names_of(endpoints[:3]))}{', …' * (len(endpoints) > 3)}) never answer.",
                    f"write `app.include_router({name})`, or remove it.",
                    "low" if is_included_somewhere(subject, name, router) else "high",
                )


def endpoints_of(application: Application) -> Iterator[Any]:
    """The endpoints that an application serves, and those that it documents as its calls to others."""
    described = [route for called in application.routes for route in getattr(called, "callbacks", None) or ()]
    webhooks = getattr(application.app, "webhooks", None)
    for route in [*application.routes, *described, *getattr(webhooks, "routes", ())]:
        endpoint = getattr(route, "endpoint", None)
        if endpoint is not None:
            yield endpoint


def modules_of(subject: Subject) -> Iterator[tuple[Mapping[str, Any], SourceFile]]:
    """The own modules that the application imports: in this process there may be others, for example tests."""
    own = {str(names.get("__name__")): (names, file) for names, file in subject.inference.index.modules()}
    apps = [application.app for application in subject.applications]
    waiting = [subject.program.files.package]
    waiting += [
        name for name, (names, _) in own.items() if any(thing is app for thing in names.values() for app in apps)
    ]
    waiting += [
        str(endpoint.function.names.get("__name__")) for endpoint in subject.own if endpoint.function is not None
    ]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in own and name not in seen:
            seen.add(name)
            names, file = own[name]
            yield names, file
            waiting += imports_of(file, str(names.get("__package__") or ""))


def imports_of(file: SourceFile, package: str) -> Iterator[str]:
    """The names of the modules that a file may import."""
    for node in file.statements:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if node.level else []
            above = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_part_of_application(subject: Subject, router: Router) -> bool:
    return any(getattr(application.app, "router", None) is router for application in subject.applications)


def names_of(endpoints: list[Any]) -> Iterator[str]:
    for endpoint in endpoints:
        yield f"{getattr(endpoint, '__name__', type(endpoint).__name__)}()"


def line_of(name: str, file: SourceFile) -> int | None:
    """Where a module makes what has a name; None where it imports it."""
    for statement in ast.walk(file.tree):
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return statement.lineno if isinstance(statement, ast.stmt) else None
    return None


def is_taken_apart(subject: Subject, router: Router) -> bool:
    """Whether some code looks into a router, as to call an endpoint of another package: `login.routes[0].endpoint(…)`."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "routes" and is_router(node.value, router, names)
        for names, file in subject.inference.index.modules()
        for node in ast.walk(file.tree)
    )


def is_included_somewhere(subject: Subject, name: str, router: Router) -> bool:
    """Whether some code may include a router, or gives it to something that may: a setting may decide whether it runs."""
    for names, file in subject.inference.index.modules():
        for node in ast.walk(file.tree):
            given = node.args if isinstance(node, ast.Call) else getattr(node, "elts", ())
            if any(is_router(part, router, names) for part in given):
                return True
            is_inclusion = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "include_router"
            if is_inclusion and any(may_be(argument, name, router, names) for argument in given):
                return True
    return False


def is_router(node: ast.AST, router: Router, names: Mapping[str, Any]) -> bool:
    """Whether an expression is a router, by a name of the module that it is in or of another one."""
    match node:
        case ast.Name(id=name):
            return names.get(name) is router
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if issubclass(type(names.get(owner)), ModuleType):
            return vars(names[owner]).get(name) is router
    return False


def may_be(argument: ast.expr, name: str, router: Router, names: Mapping[str, Any]) -> bool:
    """Whether an expression may be a router that has a name; `users.router` of a module is known to be one or not."""
    if name not in ast.unparse(argument):
        return False
    match argument:
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if issubclass(type(names.get(owner)), ModuleType):
            return vars(names[owner]).get(attribute, router) is router
    return True
