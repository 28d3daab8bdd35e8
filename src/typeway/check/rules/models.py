"""Find models that show more, or accept more, than they should."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from typeway.check.finding import Finding
from typeway.check.read.program import Function
from typeway.check.subject import Endpoint, Subject
from typeway.declare import shapes
from typeway.declare.annotation import unaliased
from typeway.declare.classify import Input
from typeway.derive.blueprint import Blueprint
from typeway.derive.models import BLUEPRINT, Recipe, is_derivable

# The arguments that leave the fields that the client did not send out of `model_dump()`.
ONLY_SENT: Final = frozenset({"exclude_unset", "exclude_none", "exclude_defaults", "include"})
SECRET: Final = re.compile(
    r"(?P<password>(hashed_|encrypted_|plain_|raw_)?(password|passwd|passphrase)(_hash|_digest|_salt)?|pwd_hash|hashed_pw)"
    r"|(client_|shared_|webhook_|app_|signing_)?secret(_key)?|private_key|(api_|auth_|reset_|verification_)token|token",
    re.IGNORECASE,
)
# What a response is called whose purpose is to give out a secret: nobody gives out a password but to reset it.
HANDS_OUT: Final = re.compile(r"token|log_?in|sign_?in|auth|session|secret|credential|key|invit|regist", re.IGNORECASE)
HANDS_OUT_PASSWORD: Final = re.compile(r"password|credential", re.IGNORECASE)
SET_BY_SERVER: Final = frozenset({
    "created_at", "updated_at", "modified_at", "deleted_at", "created_on", "updated_on", "date_created", "date_updated",
    "created_by", "updated_by",
})  # fmt: skip
IDENTITY: Final = frozenset({"id", "uuid", "pk"})


def overwriting_updates(subject: Subject) -> Iterator[Finding]:
    """TW006: a partial update that writes defaults over everything that the client did not send."""
    seen: set[ast.AST] = set()
    for endpoint in subject.own:
        bodies = [model for model in body_models(endpoint) if is_partial(model, endpoint)]
        if endpoint.function is None or not bodies:
            continue
        for reached in subject.graph.reach([(endpoint.function, endpoint.title)]):
            function = reached.function
            for call, method in dumps_of(function):
                dumped = subject.inference.instance(method.value, function)
                if dumped is None or dumped.kind not in bodies or call in seen or is_only_shown(call, function):
                    continue
                seen.add(call)
                path, line = subject.place(function, call)
                model = getattr(dumped.kind, "__name__", "the model")
                yield Finding(
                    "TW006",
                    path,
                    line,
                    f"{endpoint.title} takes every field of {model}, so defaults overwrite what the client left out.",
                    f"write `.{method.attr}(exclude_unset=True)`.",
                )


def dumps_of(function: Function) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """The calls that turn a model into a dict with everything in it."""
    for node in function.body:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = {keyword.arg for keyword in node.keywords}
            if node.func.attr in ("model_dump", "dict") and not node.args and not given & (ONLY_SENT | {None}):
                yield node, node.func


def is_only_shown(call: ast.Call, function: Function) -> bool:
    """Whether what is dumped is only logged or part of an error, or stored together with `model_fields_set`."""
    for part in function.around(call):
        if isinstance(part, ast.Raise):
            return True
        if isinstance(part, ast.Call) and re.search(
            r"\b(log|logger|logging|print|json|hash)\b", ast.unparse(part.func)
        ):
            return True
    return any(isinstance(node, ast.Attribute) and "fields_set" in node.attr for node in function.body)


def is_partial(model: type[BaseModel], endpoint: Endpoint) -> bool:
    """Whether fields may be left out of a model in an update of parts.

    PUT replaces the whole (RFC 9110 section 9.3.4), so there only a model counts whose fields are all optional and None.
    The dump of a derived partial model only has what the client sent, so it overwrites nothing.
    """
    blueprint: Blueprint | None = getattr(model, BLUEPRINT, None)
    if blueprint is not None and blueprint.is_patch:
        return False
    fields = model.model_fields.values()
    if "PATCH" in endpoint.methods:
        return any(not field.is_required() for field in fields)
    is_optional = bool(fields) and all(not field.is_required() and field.default is None for field in fields)
    return "PUT" in endpoint.methods and is_optional and any("{" in part for part in endpoint.path.split("/"))


def body_models(endpoint: Endpoint) -> Iterator[type[BaseModel]]:
    for node in endpoint.tree.walk():
        for source in node.sources:
            if isinstance(source, Input) and source.location == "body":
                yield from models_in(source.kind)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, in lists and unions too; where it derives one, the derived one."""
    annotation = unaliased(annotation)
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        for entry in metadata:
            annotation = entry.derived_type(annotation) if recipe_applies(entry, annotation) else annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        if argument is not annotation:
            yield from models_in(argument)


def recipe_applies(entry: Any, annotation: Any) -> bool:
    return isinstance(entry, Recipe) and is_derivable(annotation)


def response_models(endpoint: Endpoint) -> Iterator[type[BaseModel]]:
    returns = endpoint.operation.returns
    yield from models_in(returns.model)
    yield from models_in(returns.item)


def leaking_fields(subject: Subject) -> Iterator[Finding]:
    """TW008: a response with a field that is named like a secret."""
    seen: set[tuple[type[BaseModel], str]] = set()
    for endpoint in subject.own:
        for model in response_models(endpoint):
            for holder, name, field in shown_fields(model, endpoint):
                about = f"{model.__name__} {holder.__name__} {endpoint.path} {endpoint.operation.name}"
                if (holder, name) in seen or not is_secret(holder, name, field, about) or is_made(name, endpoint):
                    continue
                seen.add((holder, name))
                path, line = place_of(subject, holder, name)
                if path:
                    yield Finding(
                        "TW008",
                        path,
                        line,
                        f"{endpoint.title} returns {holder.__name__}.{name}, which is named like a secret.",
                        "declare a response model without it, or `Field(exclude=True)`, if clients must not see it.",
                    )


def shown_fields(model: type[BaseModel], endpoint: Endpoint) -> Iterator[tuple[type[BaseModel], str, FieldInfo]]:
    """The fields of a response, those of the models in it too."""
    hidden = endpoint.operation.response_model_exclude or ()
    waiting, seen = [model], {model}
    while waiting:
        holder = waiting.pop()
        for name, field in holder.model_fields.items():
            if not field.exclude and not (holder is model and name in hidden):
                yield holder, name, field
                fresh = [inner for inner in models_in(field.annotation) if inner not in seen]
                seen.update(fresh)
                waiting += fresh


def is_secret(model: type[BaseModel], name: str, field: FieldInfo, about: str) -> bool:
    """Whether a field is text with the name of a secret; a plain `hash` is one only in a model about a person."""
    match = SECRET.fullmatch(name)
    if not {str, bytes, Any} & set(shapes.members(field.annotation)):
        return False
    if name.lower() in ("hash", "salt"):
        return bool({"username", "email", "login"} & set(model.model_fields))
    if match is None:
        return False
    return (HANDS_OUT_PASSWORD if match["password"] else HANDS_OUT).search(about) is None


def is_made(name: str, endpoint: Endpoint) -> bool:
    """Whether a response may show what the request has created and shows once: a token or key, not a password."""
    match = SECRET.fullmatch(name)
    return endpoint.methods == ("POST",) and match is not None and not match["password"]


def one_model_for_both(subject: Subject) -> Iterator[Finding]:
    """TW009: a model that clients send and receive, with fields that only the server should set."""
    returned = {model: endpoint for endpoint in subject.endpoints for model in response_models(endpoint)}
    seen: set[type[BaseModel]] = set()
    for endpoint in subject.own:
        for model in body_models(endpoint):
            names = [*server_fields(model)] if model in returned and model not in seen else []
            seen.add(model)
            path, line = place_of(subject, model, names[0]) if names else ("", 0)
            if path:
                fields = ", ".join(names)
                yield Finding(
                    "TW009",
                    path,
                    line,
                    f"{model.__name__} is what clients send to {endpoint.title} and what {returned[model].title} returns, "
                    f"so they can set {fields} themselves.",
                    f"use a separate model for the request, without {fields}.",
                )


def server_fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        is_left_out = not field.is_required() and (field.default is None or field.default_factory is not None)
        if name in SET_BY_SERVER or (name in IDENTITY and is_left_out):
            yield name


def place_of(subject: Subject, model: type[BaseModel], name: str) -> tuple[str, int]:
    """Where a field of an own model is declared, or of the one that it is derived from; nowhere for another's model."""
    blueprint: Blueprint | None = getattr(model, BLUEPRINT, None)
    for kind in (blueprint.root if blueprint is not None else model).__mro__:
        module = inspect.getmodule(kind)
        file = subject.program.files.file(getattr(module, "__file__", None) or "") if name in fields_of(kind) else None
        for node in ast.walk(file.tree) if file is not None else ():
            if isinstance(node, ast.ClassDef) and node.name == kind.__name__.partition("[")[0]:
                for statement in node.body:
                    if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == name:
                        return str(file.path) if file is not None else "", statement.lineno
    return "", 0


def fields_of(kind: type[Any]) -> Any:
    return vars(kind).get("__annotations__") or getattr(kind, "__annotations__", {})
