"""Prove from its bytecode that a plain function cannot block, so that it needs no thread."""

import dis
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any, Final

# Instructions that push a constant.
CONSTANTS: Final = frozenset({
    "LOAD_CONST", "LOAD_CONST_IMMORTAL", "LOAD_CONST_MORTAL", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT",
})  # fmt: skip

# Instructions that push the value of a local variable.
LOCALS: Final = frozenset({
    "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW",
    "LOAD_DEREF",
})  # fmt: skip

# The allowed instructions can neither run foreign code nor wait. No calls, no attribute reads (a property may do
# anything), no operators and no truth tests of unknown objects (their methods may do anything), no loops; and no
# RETURN_GENERATOR, with which generators and coroutines begin.
ALLOWED: Final = CONSTANTS | LOCALS | frozenset({
    # bookkeeping
    "RESUME", "COPY_FREE_VARS", "MAKE_CELL", "RETURN_VALUE", "RETURN_CONST",
    # locals and the stack
    "LOAD_FAST_AND_CLEAR", "LOAD_CLOSURE", "STORE_FAST", "STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST",
    "POP_TOP", "COPY", "SWAP",
    # containers of values that are already there
    "BUILD_TUPLE", "BUILD_LIST", "BUILD_CONST_KEY_MAP",
    # decisions that look at identity only
    "IS_OP", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_NONE", "POP_JUMP_FORWARD_IF_NOT_NONE",
    "JUMP_FORWARD",
})  # fmt: skip

# A conditional jump is safe right after an identity test, because its operand is then True or False.
TESTED_JUMPS: Final = frozenset({
    "POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_FORWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE",
})  # fmt: skip

# Instructions for the members of a dict with which it is clear which value is a key.
BUILDING: Final = CONSTANTS | LOCALS | {"BUILD_TUPLE", "BUILD_LIST", "BUILD_MAP", "BUILD_CONST_KEY_MAP"}

# Instructions that change nothing.
WITHOUT_EFFECT: Final = frozenset({"NOP", "CACHE", "NOT_TAKEN"})


# What a coroutine has beside, around the code of its author: its beginning, and what turns a StopIteration into an error.
COROUTINE: Final = ALLOWED | {"RETURN_GENERATOR", "CALL_INTRINSIC_1", "RERAISE"}

# The codes of all instructions that some function may have that cannot block.
POSSIBLE: Final = frozenset(
    dis.opmap[name]
    for name in COROUTINE | TESTED_JUMPS | BUILDING | WITHOUT_EFFECT | {"STORE_ATTR", "EXTENDED_ARG"}
    if name in dis.opmap
)


def cannot_block(function: Callable[..., Any]) -> bool:
    """Whether a `def` function, or a class with a simple constructor, provably returns without waiting."""
    if not isinstance(function, type):
        return code_is_safe(function, None)
    found: Any = function  # to a type checker the special methods of every class are its own
    # Its construction must run its `__init__` and no other Python code.
    is_plain = type(function) is type and found.__new__ is object.__new__ and found.__setattr__ is object.__setattr__
    return is_plain and code_is_safe(found.__init__, function)


def cannot_wait(function: Callable[..., Any]) -> bool:
    """Whether an `async def` function provably returns at once: it neither waits nor calls anything."""
    code = getattr(function, "__code__", None)
    return (
        isinstance(code, types.CodeType)
        and bool(code.co_flags & inspect.CO_COROUTINE)
        and code_is_safe(function, None, COROUTINE)
    )


def returns_arguments(function: Callable[..., Any]) -> bool:
    """Whether a function that cannot block returns only its arguments, constants, and containers of them.

    A class returns an instance, and a closure may return an object from outside.
    """
    return isinstance(function, types.FunctionType) and function.__closure__ is None


def code_is_safe(function: Any, kind: type[Any] | None, allowed: frozenset[str] = ALLOWED) -> bool:
    """Whether every instruction is allowed; for a class, it may also set attributes of the new `self`."""
    if type(function) is not types.FunctionType or hasattr(function, "__wrapped__"):
        return False
    # PERF: most functions call something. Listing the instructions of a short one takes 90 us, this 0.3 us.
    if not POSSIBLE.issuperset(function.__code__.co_code[::2]):
        return False
    instructions = [entry for entry in dis.get_instructions(function) if entry.opname not in WITHOUT_EFFECT]

    def is_safe(position: int) -> bool:
        instruction = instructions[position]
        name = instruction.opname
        if "JUMP" in name and isinstance(instruction.argval, int) and instruction.argval <= instruction.offset:
            return False
        if name == "STORE_ATTR":
            return kind is not None and sets_fresh_self(instructions, position, function, kind)
        if name == "BUILD_MAP":
            return has_constant_keys(instructions, position)
        if name in TESTED_JUMPS:
            # The test must come directly before, however the jump is reached.
            return not instruction.is_jump_target and instructions[position - 1].opname == "IS_OP"
        return name in allowed

    return all(map(is_safe, range(len(instructions))))


def has_constant_keys(instructions: Sequence[dis.Instruction], position: int) -> bool:
    """Whether the keys of the dict that is built at a position are constants, whose hashing runs no foreign code."""
    start = position
    for number in range(2 * (instructions[position].arg or 0)):
        end, start = start, start_of_value(instructions, start)
        # In reverse, every second value is a key.
        if start < 0 or (number % 2 and (end - start > 1 or instructions[start].opname not in CONSTANTS)):
            return False
    # A jump into the middle would bring other values.
    return not any(entry.is_jump_target for entry in instructions[start + 1 : position + 1])


def start_of_value(instructions: Sequence[dis.Instruction], end: int) -> int:
    """Return where the instructions for the top of the stack before `end` begin; -1 if that is unclear."""
    missing = 1
    while missing > 0:
        end -= 1
        if end < 0 or instructions[end].opname not in BUILDING:
            return -1
        missing -= dis.stack_effect(instructions[end].opcode, instructions[end].arg)
    return end if missing == 0 else -1


def sets_fresh_self(instructions: Sequence[dis.Instruction], position: int, function: Any, kind: type[Any]) -> bool:
    """Whether an attribute assignment in `__init__` only changes the dict or the slots of the instance."""
    code = function.__code__
    own_name = code.co_varnames[0] if code.co_argcount else None
    target = names_of(instructions[position - 1])[-1:]
    if instructions[position].is_jump_target or target != (own_name,):
        return False
    if any(entry.opname.startswith("STORE_FAST") and own_name in names_of(entry) for entry in instructions):
        return False
    # getattr() would run the code of a descriptor.
    attribute = inspect.getattr_static(kind, instructions[position].argval, None)
    return isinstance(attribute, types.MemberDescriptorType) or not hasattr(type(attribute), "__set__")


def names_of(instruction: dis.Instruction) -> tuple[Any, ...]:
    """Return the local variables that an instruction loads or stores; some instructions have two."""
    names = instruction.argval
    return names if isinstance(names, tuple) else (names,)
