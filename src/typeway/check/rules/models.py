"""Find models that show more, or accept more, than they should."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel, PlainSerializer, WrapSerializer
from pydantic.fields import FieldInfo

from typeway.check.rules.audience import is_for_staff
from typeway.check.rules.protection import is_protected
from typeway.declare import shapes
from typeway.derive.blueprint import Blueprint
from typeway.derive.models import BLUEPRINT
from typeway.evidence.finding import Finding
from typeway.evidence.shapes import body_models, models_in, response_models, texts_in
from typeway.evidence.subject import Endpoint, Subject
from typeway.source.asking import safely
from typeway.source.index import last_name
from typeway.source.program import Function
from typeway.source.values import Known, as_instance, dotted
from typeway.source.words import has_phrase, phrases, words_of

SECRET: Final = re.compile(
    r"(?P<password>(hashed_|encrypted_|plain_|raw_)?(password|passwd|passphrase)(_hash|_digest|_salt)?|pwd_hash|hashed_pw)"
    r"|(\w+_)?(secret(_key)?|private_key)|(api_|auth_|reset_|verification_)token|token"
)
# What a response is called whose purpose is to give out a secret: nobody gives out a password but to reset it.
HANDS_OUT: Final = phrases(
    "token,tokens,login,log in,signin,sign in,auth,authentication,authenticate,authorize,oauth,session,sessions,secret,secrets",
    "credential,credentials,key,keys,invite,invites,invitation,invitations,register,registration,registrations,refresh",
)
HANDS_OUT_PASSWORD: Final = phrases("password,passwords,credential,credentials")
# What is said of a password that nobody can read, and what a model is about or has that is about a person.
HASHED: Final = frozenset({"hash", "hashed", "digest", "salt", "encrypted"})
PERSONS: Final = frozenset({"user", "users", "account", "accounts", "member", "members"})
NAMES_OF_PERSONS: Final = frozenset({"username", "email", "login"})
# What makes a secret that nobody has seen before.
RANDOM: Final = frozenset({"secrets.token_hex", "secrets.token_urlsafe", "uuid.uuid4"})
# What the path of an endpoint says that shows things to their owner.
OWNERS: Final = frozenset(
    {"me", "my", "mine", "own", "current", "config", "configuration", "settings", "webhook", "webhooks"}
)
SET_BY_SERVER: Final = frozenset({
    "created_at", "updated_at", "modified_at", "deleted_at", "created_on", "updated_on", "date_created", "date_updated",
    "created_by", "updated_by",
})  # fmt: skip
# Of these, what says who did something: to choose it is to act in the name of others.
AUTHORS: Final = frozenset({"created_by", "updated_by"})
IDENTITY: Final = frozenset({"id", "uuid", "pk"})
# What only looks for the thing that has an id, and through how many calls a body is followed to it.
LOOKS_UP: Final = frozenset({
    "get", "get_one", "get_or_404", "get_or_none", "get_by_id", "find", "find_one", "find_by_id", "filter_by", "fetch", "load",
    "exists",
})  # fmt: skip
CONVERTS: Final = frozenset({"str", "int", "UUID", "ObjectId", "PydanticObjectId"})
MOST_CALLS: Final = 4
# What makes an object of another, with some values replaced.
COPIES: Final = frozenset({"replace", "model_copy", "copy"})


def leaking_fields(subject: Subject) -> Iterator[Finding]:
    """TW008: a response with a field that is named like a secret."""
    seen: set[tuple[type[BaseModel], str]] = set()
    for endpoint in subject.own:
        for model in response_models(endpoint):
            for holder, name, field in shown_fields(model, endpoint):
                about = [
                    word
                    for text in (model.__name__, holder.__name__, endpoint.path, endpoint.operation.name)
                    for word in words_of(text)
                ]
                if (
                    (holder, name) in seen
                    or not is_secret(holder, name, field, about)
                    or is_made(subject, holder, name, endpoint)
                ):
                    continue
                if is_masked(holder, name, field):
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
                        "low" if not is_for_nobody(holder, name) and is_for_some(subject, endpoint, about) else "high",
                        endpoint.title,
                    )


def named_secret(name: str) -> re.Match[str] | None:
    """What kind of secret a field is called like, in whatever style: `apiSecret`, `STRIPE_PRIVATE_KEY`."""
    return SECRET.fullmatch("_".join(words_of(name)))


def is_for_nobody(model: type[BaseModel], name: str) -> bool:
    """Whether a secret is a hash, or a person's password: that of a thing may be shown to those who are to open it."""
    match = named_secret(name)
    is_about_person = bool(NAMES_OF_PERSONS & {*model.model_fields} or PERSONS & {*words_of(model.__name__)})
    return bool(HASHED & {*words_of(name)}) or (match is not None and bool(match["password"]) and is_about_person)


def is_for_some(subject: Subject, endpoint: Endpoint, about: list[str]) -> bool:
    """Whether only those read a secret who may: its owner, or users with the credentials that the endpoint requires."""
    return bool(OWNERS & set(about)) or is_protected(subject, endpoint, {})


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


def is_masked(model: type[BaseModel], name: str, field: FieldInfo) -> bool:
    """Whether a serializer of the author's own decides what is shown of a field."""
    decorators = model.__pydantic_decorators__
    if decorators.model_serializers or any(
        isinstance(entry, PlainSerializer | WrapSerializer) for entry in field.metadata
    ):
        return True
    return any(name in entry.info.fields or "*" in entry.info.fields for entry in decorators.field_serializers.values())


def is_secret(model: type[BaseModel], name: str, field: FieldInfo, about: list[str]) -> bool:
    """Whether a field is text with the name of a secret; a plain `hash` is one only in a model about a person."""
    match = named_secret(name)
    if not {str, bytes, Any} & set(shapes.members(field.annotation)):
        return False
    if name.lower() in ("hash", "salt"):
        return bool(NAMES_OF_PERSONS & {*model.model_fields})
    if match is None:
        return False
    return not has_phrase(about, HANDS_OUT_PASSWORD if match["password"] else HANDS_OUT)


def is_made(subject: Subject, model: type[BaseModel], name: str, endpoint: Endpoint) -> bool:
    """Whether a response may show what the request has created and shows once: a token or key, not a password."""
    match = named_secret(name)
    if match is None or match["password"] or endpoint.function is None:
        return False
    return endpoint.methods == ("POST",) or any(
        is_random(subject, value, reached.function)
        for reached in subject.graph.reach([(endpoint.function, endpoint.title)])
        for value in values_of(model, name, reached.function)
    )


def values_of(model: type[BaseModel], name: str, function: Function) -> list[ast.expr]:
    """What a function makes a field of: `Claim(token=value)` or `{"token": value}`, or what has been assigned to that name."""
    given = [
        entry.value
        for call in function.of(ast.Call)
        for entry in (call.keywords if last_name(call.func) == model.__name__ else ())
        if entry.arg == name
    ]
    given += [
        value
        for node in function.of(ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == name
    ]
    names = {value.id for value in given if isinstance(value, ast.Name)}
    return [*given, *(value for name in sorted(names) for value in function.values.get(name, ()))]


def is_random(subject: Subject, value: ast.expr, function: Function) -> bool:
    """Whether a value comes from what makes secrets, called here or in an own function that is called here."""
    called = [subject.inference.value(node.func, function) for node in ast.walk(value) if isinstance(node, ast.Call)]
    called += [
        subject.inference.value(node.func, target)
        for each in called
        for target in subject.graph.targets(each)
        for node in target.of(ast.Call)
    ]
    return any(isinstance(each, Known) and dotted(each.thing) in RANDOM for each in called)


def one_model_for_both(subject: Subject) -> Iterator[Finding]:
    """TW009: a model that clients send and receive, with fields that only the server should set."""
    returned = {model: endpoint for endpoint in subject.endpoints for model in response_models(endpoint)}
    seen: set[type[BaseModel]] = set()
    for endpoint in subject.own:
        for model in body_models(endpoint):
            names = [*server_fields(model)] if model in returned and model not in seen else []
            names = [name for name in names if not is_left_out(subject, endpoint, model, name)]
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
                    # A time that is wrong harms hardly anybody but the client that sends it, and who runs the application
                    # may choose an id.
                    "high" if {*names} & (IDENTITY | AUTHORS) and not is_for_staff(subject, endpoint) else "low",
                    endpoint.title,
                )


def is_left_out(subject: Subject, endpoint: Endpoint, model: type[BaseModel], name: str) -> bool:
    """Whether an endpoint takes care of a field that clients should not set: it names it, sets it, or takes only others."""
    if endpoint.function is None:
        return False
    if takes_only_others(subject, endpoint.function, model, name):
        return True
    if name in IDENTITY and not keeps(
        subject, endpoint.function, parameters_of(subject, endpoint.function, model), model, name
    ):
        return True
    for reached in subject.graph.reach([(endpoint.function, endpoint.title)]):
        for node in reached.function.body:
            if name in texts_in(subject, node, reached.function):
                return True
            if isinstance(node, ast.Attribute) and node.attr == name and sets_anyway(node, reached.function):
                return True
            keywords = node.keywords if isinstance(node, ast.Call) and last_name(node.func) in COPIES else []
            if any(keyword.arg == name for keyword in keywords):
                return True
    return False


def sets_anyway(node: ast.Attribute, function: Function) -> bool:
    """Whether a function sets an attribute whatever it was: `article.id = article.id or n` keeps what the client has sent."""
    around = [*function.around(node)]
    decides: list[ast.AST] = [part.test for part in around if isinstance(part, ast.If)]
    decides += [part.value for part in around[:1] if isinstance(part, ast.Assign)]
    read = [part for each in decides for part in ast.walk(each) if isinstance(part, ast.Attribute)]
    return isinstance(node.ctx, ast.Store) and not any(ast.unparse(part) == ast.unparse(node) for part in read)


def takes_only_others(subject: Subject, function: Function, model: type[BaseModel], name: str) -> bool:
    """Whether a function reads single fields of a body, and neither one of a name nor the body as a whole."""
    bodies = parameters_of(subject, function, model)
    uses = [node for node in function.body if isinstance(node, ast.Name) and node.id in bodies]
    around = [function.parents.get(use) for use in uses]
    return bool(uses) and all(isinstance(part, ast.Attribute) and part.attr in model.model_fields and part.attr != name
                              for part in around)  # fmt: skip


def parameters_of(subject: Subject, function: Function, model: type[BaseModel]) -> frozenset[str]:
    """The parameters of a function that are a model."""
    return frozenset(
        parameter
        for parameter, (argument, _) in function.parameters.items()
        if (held := as_instance(subject.inference.value(argument, function))) is not None and held.kind is model
    )


def keeps(
    subject: Subject,
    function: Function,
    bodies: frozenset[str],
    model: type[BaseModel],
    name: str,
    depth: int = MOST_CALLS,
) -> bool:
    """Whether the id in a body may be kept: the body is used as a whole, or the id for more than to look something up."""
    for use in function.body:
        if not (isinstance(use, ast.Name) and use.id in bodies):
            continue
        parent = function.parents.get(use)
        if isinstance(parent, ast.Attribute):
            if parent.attr == name and not is_question(function, parent):
                return True
            if parent.attr in model.model_fields:
                continue
        given = [(called, frozenset({parameter})) for called, parameter in subject.graph.receivers(function, use)]
        if not given or depth == 0 or any(keeps(subject, *each, model, name, depth - 1) for each in given):
            return True
    return not bodies


def is_question(function: Function, node: ast.AST) -> bool:
    """Whether a value is only compared, looked up, or part of an error."""
    inside = node
    for part in function.around(node):
        match part:
            case ast.Compare() | ast.Raise():
                return True
            case ast.Subscript(slice=key, ctx=ast.Load()):
                return key is inside
            case ast.Call(func=called) if last_name(called) not in CONVERTS:
                return last_name(called) in LOOKS_UP
            case ast.Await() | ast.Tuple() | ast.Dict() | ast.keyword() | ast.Call():
                inside = part
            case _:
                return any(isinstance(each, ast.Raise) for each in function.around(part))
    return False


def server_fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        is_left_out = not field.is_required() and (field.default is None or field.default_factory is not None)
        if name in SET_BY_SERVER or (name in IDENTITY and is_left_out):
            yield name


def place_of(subject: Subject, model: type[BaseModel], name: str) -> tuple[str, int]:
    """Where a field of an own model is declared, or of the one that it is derived from; nowhere for another's model."""
    blueprint: Blueprint | None = getattr(model, BLUEPRINT, None)
    for kind in (blueprint.root if blueprint is not None else model).__mro__:
        file = subject.program.home(kind) if name in fields_of(kind) else None
        for node in ast.walk(file.tree) if file is not None else ():
            if isinstance(node, ast.ClassDef) and node.name == kind.__name__.partition("[")[0]:
                for statement in node.body:
                    if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == name:
                        return str(file.path) if file is not None else "", statement.lineno
    return "", 0


def fields_of(kind: type[Any]) -> Any:
    found = vars(kind).get("__annotations__") or safely(getattr, kind, "__annotations__")
    return found if isinstance(found, dict) else {}
