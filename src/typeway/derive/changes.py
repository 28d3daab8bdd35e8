"""Read what a patch says, and set it on what it is a patch of."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import MISSING, BaseModel, ValidationError

from typeway.derive.absence import REMOVED
from typeway.derive.merge_patch import Members
from typeway.derive.models import BLUEPRINT
from typeway.exceptions import RequestValidationError

Change = dict[str, Any]

# Where a value was not there before.
NOTHING: Final = object()


def changes(model: BaseModel) -> Change:
    """What was sent: values by the names of their fields, without defaults.

    Of a nested partial model or merge patch it is again only what was sent; other models are values, and stay whole. A
    field that a merge patch removes has its default, a member of a mapping that it removes is None.

    Parameters:
        model: any Pydantic model; of a whole one it is what was set when it was made.

    Example:
        >>> changes(Partial[TaskCreate](title="Tidy up"))
        {'title': 'Tidy up'}
    """
    return {name: told(getattr(model, name)) for name, _ in sent(model)}


def told(value: Any) -> Any:
    """A value of a patch, as plain values tell it."""
    if is_patch(value):
        return changes(value)
    if isinstance(value, Members):
        return {name: told(member) for name, member in value.items()}
    return value


def apply(model: BaseModel, target: Any) -> Change:
    """Set what was sent on what it is about, and leave the rest as it is.

    Parameters:
        model: what was sent: a partial model, a merge patch, or any Pydantic model, of which the fields that were set
            count.
        target: a dict, a dataclass, a Pydantic model, an ORM object, or any other object with these attributes. A
            Pydantic model is validated as a whole before anything is set.

    Returns:
        What has changed: the new values by name. What was equal before is not among them; of nested partial models it
        is again only what has changed; a removed member is None.

    Raises:
        RequestValidationError: the target would not be valid, or there is nothing there that a nested patch could
            change. It is answered with 422.
        AttributeError: the target has no such attribute; nothing is set.
        TypeError: the target cannot be changed.

    Example:
        ```python
        changed = apply(patch, task)
        if "owner_id" in changed:
            notify(task)
        ```
    """
    if isinstance(target, dict):
        return apply_to_dict(model, target)
    check_target(model, target)
    # A class with its own way of setting attributes, as SQLModel's tables have one, must be asked to set them.
    if isinstance(target, BaseModel) and type(target).__setattr__ is BaseModel.__setattr__:
        return apply_to_model(model, target)
    changed: Change = {}
    for name, value in sent(model):
        current = getattr(target, name)
        new, change = patched(current, valued(model, name, value), (name,))
        if change is not NOTHING:
            changed[name] = change
            setattr(target, name, new)
    return changed


def apply_to_dict(model: BaseModel, target: dict[Any, Any]) -> Change:
    """Set what was sent on a dict; what is removed is no longer in it."""
    changed: Change = {}
    for name, value in sent(model):
        if value is REMOVED:
            if name in target:
                del target[name]
                changed[name] = None
            continue
        new, change = patched(target.get(name, NOTHING), value, (name,), as_value=as_dict)
        if change is not NOTHING:
            target[name] = new
            changed[name] = change
    return changed


def apply_to_model(model: BaseModel, target: BaseModel) -> Change:
    """Set what was sent on a Pydantic model if the whole is valid."""
    changed: Change = {}
    values = dict(vars(target))
    # Nobody validates a default, so one that a field has or gets is not given to the check either.
    defaults = {name for name in type(target).model_fields if has_default(target, name)}
    for name, value in sent(model):
        defaults = defaults | {name} if value is REMOVED else defaults - {name}
        current = values.get(name, NOTHING)
        new, change = patched(copied(current), valued(model, name, value), (name,))
        if change is not NOTHING:
            changed[name], values[name] = change, new
    checked = {name: value for name, value in values.items() if name not in defaults}
    validated(type(target), {**checked, **(target.__pydantic_extra__ or {})}, ())
    for name in changed:
        if name in type(target).model_fields:
            vars(target)[name] = values[name]
        elif target.__pydantic_extra__ is not None:
            target.__pydantic_extra__[name] = values[name]
        target.__pydantic_fields_set__.add(name)
    return changed


def has_default(target: BaseModel, name: str) -> bool:
    """Whether nobody has given a field a value."""
    info = type(target).model_fields[name]
    if name in target.model_fields_set or info.is_required():
        return False
    return bool(vars(target).get(name) == info.get_default(call_default_factory=True, validated_data={}))


def copied(value: Any) -> Any:
    """A model of its own, so that nothing of it is changed if the whole turns out to be invalid."""
    return value.model_copy() if isinstance(value, BaseModel) else value


def is_patch(value: Any) -> bool:
    blueprint = getattr(type(value), BLUEPRINT, None)
    return blueprint is not None and blueprint.is_patch


def sent(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """What was sent, as the model keeps it, in the order of the fields."""
    held = vars(model)
    for name in type(model).model_fields:
        if name in model.model_fields_set and held.get(name, MISSING) is not MISSING:
            yield name, held[name]
    yield from (model.__pydantic_extra__ or {}).items()


def valued(model: BaseModel, name: str, value: Any) -> Any:
    """The value itself, or the default of what is removed."""
    return getattr(model, name) if value is REMOVED else value


def patched(
    current: Any, value: Any, place: tuple[Any, ...], as_value: Callable[[BaseModel], Any] | None = None
) -> tuple[Any, Any]:
    """What a value becomes by what was sent for it, and what has changed by that; NOTHING if nothing has.

    Parameters:
        place: where it stands, for errors.
        as_value: what a dict holds instead of a model.
    """
    if isinstance(value, Members):
        return merged_members(current, value, place)
    if not is_patch(value):
        is_same = current is not NOTHING and type(current) is type(value) and bool(current == value)
        return value, NOTHING if is_same else value
    if current is NOTHING or current is None:
        whole = completed(value, place)
        return as_value(whole) if as_value is not None else whole, changes(value)
    target = dict(current) if isinstance(current, dict) else current
    try:
        change = apply(value, target)
    except RequestValidationError as error:
        raise moved(error, place) from None
    return target, change or NOTHING


def merged_members(current: Any, members: Mapping[Any, Any], place: tuple[Any, ...]) -> tuple[Any, Any]:
    """A mapping with its members patched (RFC 7396, section 2): a new one, so that ORMs notice."""
    target = dict(current) if isinstance(current, Mapping) else {}
    changed: dict[Any, Any] = {}
    for name, value in members.items():
        if value is None:
            if target.pop(name, NOTHING) is not NOTHING:
                changed[name] = None
            continue
        nested = Members(value) if type(value) is dict else value
        new, change = patched(target.get(name, NOTHING), nested, (*place, name), as_dict)
        if change is not NOTHING:
            target[name], changed[name] = new, change
    is_new = not isinstance(current, Mapping)
    return target, changed if changed or is_new else NOTHING


def as_dict(model: BaseModel) -> Any:
    return model.model_dump()


def completed(patch: BaseModel, place: tuple[Any, ...]) -> BaseModel:
    """The whole model that a patch is one of, where there was none before.

    Raises:
        RequestValidationError: something is missing.
    """
    root: type[BaseModel] = getattr(type(patch), BLUEPRINT).root
    values = {name: valued(patch, name, value) for name, value in sent(patch)}
    whole = {
        name: completed(value, (*place, name)) if is_patch(value) else patched(NOTHING, value, (*place, name))[0]
        for name, value in values.items()
    }
    return validated(root, whole, place)


def validated(kind: type[BaseModel], values: Mapping[str, Any], place: tuple[Any, ...]) -> BaseModel:
    try:
        return kind.model_validate(dict(values), by_name=True, by_alias=False)
    except ValidationError as error:
        found = [{**entry, "loc": ("body", *place, *entry["loc"])} for entry in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def moved(error: RequestValidationError, place: tuple[Any, ...]) -> RequestValidationError:
    """The same errors of a part, as those of the whole."""
    return RequestValidationError([{**each, "loc": ("body", *place, *each["loc"][1:])} for each in error.errors()])


def check_target(model: BaseModel, target: Any) -> None:
    """Refuse a target that cannot take what was sent, before anything is set.

    Raises:
        AttributeError: it has no attribute of that name; the closest one is named.
        TypeError: it is frozen.
    """
    kind = type(target)
    parameters = getattr(kind, "__dataclass_params__", None)
    if getattr(parameters, "frozen", False) or getattr(kind, "model_config", {}).get("frozen"):
        replacement = "model_copy(update=...)" if isinstance(target, BaseModel) else "dataclasses.replace()"
        raise TypeError(f"{kind.__name__} is frozen: make a changed one with {replacement} of what changes() gives.")
    takes_extra = isinstance(target, BaseModel) and target.model_config.get("extra") == "allow"
    known = list(kind.model_fields) if isinstance(target, BaseModel) else dir(target)
    for name, _ in sent(model):
        is_known = name in known if isinstance(target, BaseModel) else hasattr(target, name)
        if not is_known and not takes_extra:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise AttributeError(f"{kind.__name__} has no {name!r} that could be changed.{hint}", name=name, obj=target)
