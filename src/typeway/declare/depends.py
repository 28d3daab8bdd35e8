"""Declare that another function computes the value of a parameter: Depends, Security and SecurityScopes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from anyio import Semaphore
from anyio.lowlevel import RunVar

from typeway.declare.given import is_whole
from typeway.exceptions import calling_line, declaration_error

# When a generator is resumed: before the response is sent, or after it.
Lifetime = Literal["function", "request"]


@dataclass(slots=True, eq=False, weakref_slot=True)
class Capacity:
    """How many calls of a dependency may run at a time in one event loop; two objects are two limits, even if equal."""

    limit: int

    def semaphore(self) -> Semaphore:
        """Return the semaphore of the running event loop, which serves waiting tasks in order."""
        semaphores = SEMAPHORES.get(None)
        if semaphores is None:
            semaphores = WeakKeyDictionary[Capacity, Semaphore]()
            SEMAPHORES.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.limit, max_value=self.limit)
        return semaphore


# Each event loop has its own mapping, which only the thread of that loop reads and writes. The weak keys drop a limit
# together with the dependency that declares it.
SEMAPHORES: Final[RunVar[WeakKeyDictionary[Capacity, Semaphore]]] = RunVar("typeway.declare.depends")


@dataclass(frozen=True)
class Depends:
    """A dependency: the parameter receives the result of another callable.

    Parameters:
        dependency: the callable; None means the annotation of the parameter.
        use_cache: whether one call per request serves every function that has this dependency.
        scope: when the code after `yield` runs: `"function"`, before the response is sent, or `"request"`, after it.
        max_concurrency: how many calls may run at a time in one event loop; the call of a generator lasts until its
            clean-up has ended. Further calls wait, without using a thread. The limit belongs to this object: every
            function that uses the object shares the limit, and an equal object has a limit of its own.
        concurrent: whether the dependency may run at the same time as others that allow it. The results are the same
            as if they ran one after the other. A generator cannot be concurrent.

    Raises:
        DeclarationError: the limit is not a positive integer.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Lifetime | None = None
    max_concurrency: int | None = None
    capacity: Capacity | None = field(default=None, repr=False)
    concurrent: bool = field(default=False, repr=False)

    # Types that contain a marker, such as `CurrentUser | None`, are keys in caches of `typing`; scopes may be a list.
    def __hash__(self) -> int:
        return hash((type(self), id(self.dependency), self.use_cache, self.scope))

    def __post_init__(self) -> None:
        limit: Any = self.max_concurrency
        if limit is not None and not is_whole(limit, 1):
            problem = f"max_concurrency must be a positive integer or None, not {limit!r}."
            hint = "Set the number of requests that may use the dependency at once, for example 10."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=ValueError)
        if limit is None or self.capacity is None or self.capacity.limit != limit:
            object.__setattr__(self, "capacity", Capacity(limit) if limit is not None else None)


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also declares OAuth2 scopes.

    Parameters:
        scopes: the names of the scopes, which `SecurityScopes` parameters of the dependency and of its own
            dependencies receive.
    """

    scopes: Sequence[str] | None = field(default=None)

    def __hash__(self) -> int:
        return Depends.__hash__(self)


class SecurityScopes:
    """The scopes that the functions which use a dependency declare; injected by type.

    Example:
        ```python
        assert SecurityScopes(["items", "me"]).scope_str == "items me"
        ```

    Source: RFC 6749, section 3.3 (scopes as a space-delimited list).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
