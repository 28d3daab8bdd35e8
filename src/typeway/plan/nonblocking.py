"""Prove from its bytecode that a plain function cannot block, so that it needs no thread."""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Callable
from typing import Any, Final

# Default deny: only what can neither run foreign code nor wait. No calls, no attribute reads (a property may do
# anything), no operators and no truth tests of unknown objects (their methods may do anything), no loops.
ALLOWED: Final = frozenset({
    # bookkeeping
    "RESUME", "NOP", "CACHE", "EXTENDED_ARG", "NOT_TAKEN", "COPY_FREE_VARS", "MAKE_CELL", "PRECALL",
    # locals, constants and the stack
    "LOAD_CONST", "LOAD_CONST_IMMORTAL", "LOAD_CONST_MORTAL", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT",
    "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_AND_CLEAR",
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST", "STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST",
    "LOAD_DEREF", "LOAD_CLOSURE", "POP_TOP", "COPY", "SWAP", "DUP_TOP",
    # containers of values that are already there
    "BUILD_TUPLE", "BUILD_LIST", "BUILD_CONST_KEY_MAP",
    # decisions that look at identity only
    "IS_OP", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_NONE",
    "POP_JUMP_FORWARD_IF_NOT_NONE", "JUMP_FORWARD",
    "RETURN_VALUE", "RETURN_CONST",
})  # fmt: skip

# A conditional jump is safe right after an identity test: what it looks at is then True or False itself.
TESTED_JUMPS: Final = frozenset({
    "POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE",
})  # fmt: skip


# Generators, coroutines, iterable coroutines and asynchronous generators (inspect's CO_* flags).
NOT_PLAIN: Final = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR


def cannot_block(function: Callable[..., Any]) -> bool:
    """Whether a `def` function, or a class with a plain constructor, provably returns without waiting.

    Example:
        >>> def page(offset: int = 0, limit: int = 20) -> dict[str, int]:
        ...     return {"offset": offset, "limit": limit}
        >>> cannot_block(page)
        True
    """
    if isinstance(function, type):
        constructor = plain_constructor(function)
        return constructor is not None and code_is_safe(constructor, function)
    return type(function) is types.FunctionType and code_is_safe(function, None)


def plain_constructor(kind: type[Any]) -> types.FunctionType | None:
    """The class's own `__init__`, if constructing it runs that and nothing else of anybody's."""
    found: Any = kind  # to a type checker the special methods of every class are its own
    if type(kind) is not type or found.__new__ is not object.__new__ or found.__setattr__ is not object.__setattr__:
        return None
    constructor = found.__init__
    return constructor if isinstance(constructor, types.FunctionType) else None


def code_is_safe(function: Any, kind: type[Any] | None) -> bool:
    """Whether every instruction is allowed; with a class, setting attributes on a fresh `self` is too."""
    code = function.__code__
    if code.co_flags & NOT_PLAIN or hasattr(function, "__wrapped__"):
        return False
    previous: dis.Instruction | None = None
    before: dis.Instruction | None = None
    for instruction in dis.get_instructions(function):
        name = instruction.opname
        if name == "STORE_ATTR":
            if kind is None or not sets_fresh_self(previous, instruction, function, kind):
                return False
        elif name == "BUILD_MAP":
            if not has_constant_keys(function):
                return False
        elif name in TESTED_JUMPS:
            test = before if previous is not None and previous.opname == "TO_BOOL" else previous
            if test is None or test.opname != "IS_OP" or jumps_back(instruction):
                return False
        elif name not in ALLOWED or jumps_back(instruction):
            return False
        if name not in ("CACHE", "EXTENDED_ARG", "NOT_TAKEN"):
            before, previous = previous, instruction
    return True


def jumps_back(instruction: dis.Instruction) -> bool:
    return "JUMP" in instruction.opname and isinstance(instruction.argval, int) and instruction.argval <= instruction.offset


def has_constant_keys(function: Any) -> bool:
    """Whether every dict that a function builds has strings as keys, whose hashing runs no foreign code."""
    stack_of_loads = [
        instruction for instruction in dis.get_instructions(function) if instruction.opname not in ("CACHE", "EXTENDED_ARG")
    ]
    for position, instruction in enumerate(stack_of_loads):
        if instruction.opname == "BUILD_MAP" and instruction.arg:
            loads = stack_of_loads[max(0, position - 2 * instruction.arg) : position]
            keys = loads[::2]
            if len(loads) != 2 * instruction.arg or not all(
                key.opname.startswith("LOAD_CONST") and isinstance(key.argval, str) for key in keys
            ):
                return False
    return True


def sets_fresh_self(
    previous: dis.Instruction | None, instruction: dis.Instruction, function: Any, kind: type[Any]
) -> bool:
    """Whether an attribute assignment in `__init__` only fills the instance's own dict or slots."""
    own_name = function.__code__.co_varnames[0] if function.__code__.co_argcount else None
    loaded = previous.argval if previous is not None else None
    target = loaded[-1] if isinstance(loaded, tuple) else loaded
    stores_self = any(
        entry.opname.startswith("STORE_FAST") and own_name in (entry.argval if isinstance(entry.argval, tuple) else (entry.argval,))
        for entry in dis.get_instructions(function)
    )
    attribute = getattr(kind, instruction.argval, None)
    is_plain = attribute is None or isinstance(attribute, types.MemberDescriptorType) or not hasattr(attribute, "__set__")
    return target == own_name and not stores_self and is_plain

