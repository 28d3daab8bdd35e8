"""Read the fields that a patch contains, and set them on an object."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from pydantic import MISSING, BaseModel, ValidationError

from typeway.derive.absence import REMOVED
from typeway.derive.merge_patch import Members
from typeway.derive.models import BLUEPRINT
from typeway.exceptions import RequestValidationError

Change = dict[str, Any]
Assignments = list[Callable[[], object]]

# The current value of a field or member that does not exist yet, and the change of a value that stays as it is.
NOTHING: Final = object()


def changes(model: BaseModel) -> Change:
    """Return the fields that were sent: values by field name, without defaults.

    A nested partial model or merge patch becomes a dict of what was sent for it; any other model stays one value. A
    field that a merge patch removes has its default, and a member of a mapping that it removes is None.

    Parameters:
        model: a partial model, a merge patch, or any other Pydantic model, which has the fields that were set when it
            was created.

    Example:
        ```python
        assert changes(Partial[TaskCreate](title="Tidy up")) == {"title": "Tidy up"}
        ```
    """
    return {name: plain_changes(getattr(model, name)) for name, _ in sent_fields(model)}


def plain_changes(value: Any) -> Any:
    """Return a value of a patch, with nested patches as dicts."""
    if is_patch(value):
        return changes(value)
    if isinstance(value, Members):
        return {name: plain_changes(member) for name, member in value.items()}
    return value


def apply(model: BaseModel, target: Any) -> Change:
    """Set the fields that were sent on an object, and leave its other attributes as they are.

    Parameters:
        model: a partial model, a merge patch, or any other Pydantic model, of which the fields are set that were set
            when it was created.
        target: a dict, a dataclass, a Pydantic model, an ORM object, or any other object with these attributes. A
            Pydantic model is validated as a whole before anything is set.

    Returns:
        The new values by name, of the fields whose value has changed. A nested patch becomes a dict of what has
        changed in it; a removed member is None.

    Raises:
        RequestValidationError: the changed target would not be valid, or a nested patch has nothing to change and is
            not a complete model itself. It is answered with 422.
        AttributeError: the target, or an object in it, has no such attribute.
        TypeError: the target, or an object in it, is frozen.

    Nothing is set if one of them is raised.

    Example:
        ```python
        changed = apply(patch, task)
        if "owner_id" in changed:
            notify(task)
        ```
    """
    assignments: Assignments = []
    changed = plan_changes(model, target, assignments)
    for assign in assignments:
        assign()
    return changed


def plan_changes(model: BaseModel, target: Any, assignments: Assignments) -> Change:
    """Return what will change in a target, and add the assignments that change it.

    Nothing is assigned before all of them are known: a PATCH is applied as a whole or not at all (RFC 5789, section 2).
    """
    if isinstance(target, dict):
        return plan_dict(model, target, assignments)
    check_target(model, target)
    # A class with its own __setattr__ (SQLModel's tables have one) relies on being called for every attribute.
    if isinstance(target, BaseModel) and type(target).__setattr__ is BaseModel.__setattr__:
        return plan_model(model, target, assignments)
    changed: Change = {}
    for name, value in sent_fields(model):
        current = getattr(target, name)
        new, change = patch_value(current, value_or_default(model, name, value), (name,), assignments)
        if change is not NOTHING:
            changed[name] = change
            assignments.append(partial(setattr, target, name, new))
    return changed


def plan_dict(model: BaseModel, target: dict[Any, Any], assignments: Assignments) -> Change:
    """Return what will change in a dict; removed fields are deleted from it."""
    changed: Change = {}
    for name, value in sent_fields(model):
        if value is REMOVED:
            if name in target:
                assignments.append(partial(target.pop, name))
                changed[name] = None
            continue
        new, change = patch_value(target.get(name, NOTHING), value, (name,), assignments, as_value=as_dict)
        if change is not NOTHING:
            assignments.append(partial(target.__setitem__, name, new))
            changed[name] = change
    return changed


def plan_model(model: BaseModel, target: BaseModel, assignments: Assignments) -> Change:
    """Return what will change in a Pydantic model, if the result is valid."""
    changed: Change = {}
    values = dict(vars(target))
    in_copies: Assignments = []
    # Pydantic does not validate defaults, so this check leaves them out too.
    defaults = {name for name in type(target).model_fields if has_default(target, name)}
    for name, value in sent_fields(model):
        defaults = defaults | {name} if value is REMOVED else defaults - {name}
        current = values.get(name, NOTHING)
        new, change = patch_value(copy_of(current), value_or_default(model, name, value), (name,), in_copies)
        if change is not NOTHING:
            changed[name], values[name] = change, new
    for assign in in_copies:
        assign()
    checked = {name: value for name, value in values.items() if name not in defaults}
    validate_whole(type(target), {**checked, **(target.__pydantic_extra__ or {})}, ())
    assignments.append(partial(store, target, {name: values[name] for name in changed}))
    return changed


def store(target: BaseModel, values: Mapping[str, Any]) -> None:
    """Set validated values on a model without validating each of them again."""
    for name, value in values.items():
        if name in type(target).model_fields:
            vars(target)[name] = value
        elif target.__pydantic_extra__ is not None:
            target.__pydantic_extra__[name] = value
        target.__pydantic_fields_set__.add(name)


def has_default(target: BaseModel, name: str) -> bool:
    """Whether a field was never set and still has its default."""
    info = type(target).model_fields[name]
    if name in target.model_fields_set or info.is_required():
        return False
    return bool(vars(target).get(name) == info.get_default(call_default_factory=True, validated_data={}))


def copy_of(value: Any) -> Any:
    """Return a copy of a model, so that the original does not change if the whole turns out to be invalid."""
    return value.model_copy() if isinstance(value, BaseModel) else value


def is_patch(value: Any) -> bool:
    blueprint = getattr(type(value), BLUEPRINT, None)
    return blueprint is not None and blueprint.is_patch


def sent_fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield the fields that were sent, in the order of the model, as the instance stores them (REMOVED included)."""
    given: Any = model
    if not isinstance(given, BaseModel):
        raise TypeError(f"changes() and apply() take a Pydantic model, such as a Partial[Task], not {given!r}.")
    held = vars(model)
    for name in type(model).model_fields:
        if name in model.model_fields_set and held.get(name, MISSING) is not MISSING:
            yield name, held[name]
    yield from (model.__pydantic_extra__ or {}).items()


def value_or_default(model: BaseModel, name: str, value: Any) -> Any:
    """Return the value, or the default of a field that is removed."""
    return getattr(model, name) if value is REMOVED else value


def patch_value(
    current: Any,
    value: Any,
    location: tuple[Any, ...],
    assignments: Assignments,
    as_value: Callable[[BaseModel], Any] | None = None,
) -> tuple[Any, Any]:
    """Return what a value becomes, and what has changed in it; NOTHING if it stays the same.

    Parameters:
        current: the value that the target has.
        value: the value that was sent.
        location: where the value is in the body, for errors.
        assignments: receives the assignments that change the present value, if it is an object that stays.
        as_value: converts a new model to what a dict stores.
    """
    if isinstance(value, Members):
        return patch_members(current, value, location, assignments)
    if not is_patch(value):
        is_same = current is not NOTHING and type(current) is type(value) and bool(current == value)
        return value, NOTHING if is_same else value
    if current is NOTHING or current is None:
        whole = build_whole(value, location)
        return as_value(whole) if as_value is not None else whole, changes(value)
    target = dict(current) if isinstance(current, dict) else current
    try:
        change = plan_changes(value, target, assignments)
    except RequestValidationError as error:
        raise relocated(error, location) from None
    return target, change or NOTHING


def patch_members(
    current: Any, members: Mapping[Any, Any], location: tuple[Any, ...], assignments: Assignments
) -> tuple[Any, Any]:
    """Patch a mapping (RFC 7396, section 2) and return a new one, because ORMs do not notice a change in place."""
    target = dict(current) if isinstance(current, Mapping) else {}
    changed: dict[Any, Any] = {}
    for name, value in members.items():
        if value is None:
            if target.pop(name, NOTHING) is not NOTHING:
                changed[name] = None
            continue
        nested = Members(value) if type(value) is dict else value
        new, change = patch_value(target.get(name, NOTHING), nested, (*location, name), assignments, as_dict)
        if change is not NOTHING:
            target[name], changed[name] = new, change
    is_new = not isinstance(current, Mapping)
    return target, changed if changed or is_new else NOTHING


def as_dict(model: BaseModel) -> Any:
    return model.model_dump()


def build_whole(patch: BaseModel, location: tuple[Any, ...]) -> BaseModel:
    """Build the model that a patch was derived from, where the target has no value yet.

    Raises:
        RequestValidationError: a required field is missing.
    """
    root: type[BaseModel] = getattr(type(patch), BLUEPRINT).root
    values = {name: value_or_default(patch, name, value) for name, value in sent_fields(patch)}
    whole = {
        name: build_whole(value, (*location, name))
        if is_patch(value)
        else patch_value(NOTHING, value, (*location, name), [])[0]
        for name, value in values.items()
    }
    return validate_whole(root, whole, location)


def validate_whole(kind: type[BaseModel], values: Mapping[str, Any], location: tuple[Any, ...]) -> BaseModel:
    try:
        return kind.model_validate(dict(values), by_name=True, by_alias=False)
    except ValidationError as error:
        found = [{**entry, "loc": ("body", *location, *entry["loc"])} for entry in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def relocated(error: RequestValidationError, location: tuple[Any, ...]) -> RequestValidationError:
    """Return the errors of a nested value with the location that they have in the whole body."""
    return RequestValidationError([{**each, "loc": ("body", *location, *each["loc"][1:])} for each in error.errors()])


def check_target(model: BaseModel, target: Any) -> None:
    """Check that a target has the fields that were sent, before anything is set.

    Raises:
        AttributeError: it has no attribute of that name; the message names the closest one.
        TypeError: it is frozen.
    """
    kind = type(target)
    parameters = getattr(kind, "__dataclass_params__", None)
    if getattr(parameters, "frozen", False) or getattr(kind, "model_config", {}).get("frozen"):
        replacement = "model_copy(update=...)" if isinstance(target, BaseModel) else "dataclasses.replace()"
        raise TypeError(f"{kind.__name__} is frozen. Create a changed copy with {replacement} and changes().")
    takes_extra = isinstance(target, BaseModel) and target.model_config.get("extra") == "allow"
    known = list(kind.model_fields) if isinstance(target, BaseModel) else dir(target)
    for name, _ in sent_fields(model):
        is_known = name in known if isinstance(target, BaseModel) else hasattr(target, name)
        if not is_known and not takes_extra:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise AttributeError(f"{kind.__name__} has no attribute {name!r} to set.{hint}", name=name, obj=target)
