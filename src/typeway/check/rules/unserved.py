"""Find declarations that are imported in silence and never answer a request."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from typeway.application.router import Router
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Application, Subject
from typeway.source.asking import attributes_of, is_exactly
from typeway.source.bindings import bindings_in
from typeway.source.files import SourceFile
from typeway.source.modules import imported
from typeway.source.values import Known, short


def unserved_routers(subject: Subject) -> Iterator[Finding]:
    """TW028: a router whose endpoints no application serves, because nothing includes it."""
    served = {id(endpoint.operation.endpoint) for endpoint in subject.endpoints}
    served |= {id(endpoint) for application in subject.applications for endpoint in endpoints_of(application)}
    seen: set[int] = set()
    for names, file in modules_of(subject):
        for name, router in [*names.items(), *held_routers(subject, names)]:
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


def held_routers(subject: Subject, names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The routers that the own objects of a module have as attributes, each with both names: `cameras.router`."""
    for name, thing in [*names.items()]:
        kind = type(thing)
        if not issubclass(kind, type | ModuleType | FunctionType) and subject.program.owns(kind):
            yield from ((f"{name}.{held}", router) for held, router in attributes_of(thing).items())


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
    own = {str(names.get("__name__")): (names, file) for names, file in subject.program.files.modules()}
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
        yield f"{short(endpoint)}()"


def line_of(name: str, file: SourceFile) -> int | None:
    """Where a module makes what has a name, or the object whose attribute it is; None where it imports it."""
    name = name.partition(".")[0]
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
        isinstance(node, ast.Attribute) and node.attr == "routes" and meant(node.value, names) is router
        for names, node in nodes_of(subject)
    )


def is_included_somewhere(subject: Subject, name: str, router: Router) -> bool:
    """Whether some code may include a router, or gives it to something that may: a setting may decide whether it runs."""
    tables: dict[ast.AST, ast.expr] = {}
    for names, node in nodes_of(subject):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            inside = [part for each in node.body for part in ast.walk(each) if isinstance(part, ast.Name)]
            tables |= {part: node.iter for part in inside if part.id == node.target.id}
        given = [*getattr(node, "args", ())] if isinstance(node, ast.Call) else [*getattr(node, "elts", ())]
        given += [keyword.value for keyword in getattr(node, "keywords", ())]
        is_inclusion = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "include_router"
        if is_inclusion and any(
            may_be(each, name, router, names, tables.get(getattr(each, "value", each))) for each in given
        ):
            return True
        given += node.values if isinstance(node, ast.Dict | ast.BoolOp) else ()
        given += [node.body, node.orelse] if isinstance(node, ast.IfExp) else ()
        given += [node.value] if isinstance(node, ast.Return | ast.Yield) and node.value is not None else ()
        if any(meant(part, names) is router for part in given):
            return True
    return False


def nodes_of(subject: Subject) -> Iterator[tuple[Mapping[str, Any], ast.AST]]:
    """Every part of the own modules, each with what names mean there: those that functions import, too."""
    for names, file in subject.program.files.modules():
        place, local = subject.program.module(file, names), dict[str, Any]()
        for name, binding in (entry for node in file.statements for entry in bindings_in(node) if entry[1].imported):
            value = imported(binding.imported or "", place)
            if isinstance(value, Known):
                local[name] = value.thing
        every = {**local, **names}
        yield from ((every, node) for node in ast.walk(file.tree))


def meant(node: ast.AST | None, names: Mapping[str, Any]) -> Any:
    """What a name, or an attribute of a module, stands for; None where that is unknown."""
    match node:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=held, attr=name):
            return attributes_of(meant(held, names)).get(name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [meant(part, names) for part in parts]
    return None


def may_be(
    argument: ast.expr, name: str, router: Router, names: Mapping[str, Any], over: ast.expr | None = None
) -> bool:
    """Whether an expression may be a router that has a name; `users.router` of a module is known to be one or not.

    Parameters:
        argument: the expression.
        name: the name of the router.
        router: the router.
        names: what names mean in the module of the expression.
        over: what the loop goes over whose variable the expression is, or begins with.
    """
    items = meant(over, names)
    if is_exactly(items, list, tuple, set, frozenset) and not any(each is None for each in items):
        attribute = argument.attr if isinstance(argument, ast.Attribute) else None
        return any((each if attribute is None else attributes_of(each).get(attribute)) is router for each in items)
    found = meant(argument, names)
    # A name may be another one inside of a function, where it is a parameter.
    is_known = found is not None and isinstance(argument, ast.Attribute) and over is None
    return found is router or (not is_known and name.rpartition(".")[2] in ast.unparse(argument))
