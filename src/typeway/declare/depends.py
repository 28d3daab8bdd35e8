"""Say that a parameter is computed by another function: Depends, Security and SecurityScopes."""

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
    """How many may hold something at a time in one event loop; it is told apart by identity."""

    limit: int

    def semaphore(self) -> Semaphore:
        """The running event loop's semaphore, an asynchronous context manager: whoever waits for it is served in turn."""
        semaphores = SEMAPHORES.get(None)
        if semaphores is None:
            semaphores = WeakKeyDictionary[Capacity, Semaphore]()
            SEMAPHORES.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.limit, max_value=self.limit)
        return semaphore


# Each event loop has its own, and only the thread that runs the loop reads and writes it. What nobody declares any
# more is forgotten.
SEMAPHORES: Final[RunVar[WeakKeyDictionary[Capacity, Semaphore]]] = RunVar("typeway.declare.depends")


@dataclass(frozen=True)
class Depends:
    """A request for the result of another callable.

    Parameters:
        dependency: the callable; None means the parameter's own annotation.
        use_cache: whether one result serves all who ask within a request.
        scope: when a generator is resumed: `"function"`, before the response is sent, or `"request"`, after it.
        max_concurrency: how many calls may run at a time in one event loop; a generator runs until its clean-up has
            ended. Others wait, without a thread. The limit belongs to this object: whoever uses it shares the limit,
            and an equal one has a limit of its own.
        concurrent: whether it may be resolved at the same time as others of which this is said. What comes out is what
            would have come out one after the other. A generator cannot be.

    Raises:
        DeclarationError: the limit is not a positive integer.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Lifetime | None = None
    max_concurrency: int | None = None
    capacity: Capacity | None = field(default=None, repr=False)
    concurrent: bool = field(default=False, repr=False)

    # Types with a marker inside, such as `CurrentUser | None`, are keys of Python's own caches; scopes may be a list.
    def __hash__(self) -> int:
        return hash((type(self), id(self.dependency), self.use_cache, self.scope))

    def __post_init__(self) -> None:
        limit: Any = self.max_concurrency
        if limit is not None and not is_whole(limit, 1):
            problem = f"max_concurrency must be a positive integer or None, not {limit!r}."
            hint = "Say how many requests may hold the dependency at once, for example 10."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=ValueError)
        if limit is None or self.capacity is None or self.capacity.limit != limit:
            object.__setattr__(self, "capacity", Capacity(limit) if limit is not None else None)


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also demands OAuth2 scopes of everything below it.

    Parameters:
        scopes: names that reach `SecurityScopes` parameters of the dependency and its own dependencies.
    """

    scopes: Sequence[str] | None = field(default=None)

    __hash__ = Depends.__hash__


class SecurityScopes:
    """The scopes that the dependants of a function demand; injected by type.

    Example:
        >>> SecurityScopes(["items", "me"]).scope_str
        'items me'

    Source: RFC 6749, section 3.3 (scopes as a space-delimited list).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
