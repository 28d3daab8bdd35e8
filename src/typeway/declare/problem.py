"""Define Problem, an error of the application that declares its own response, so that services need not know HTTP."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from typeway.exceptions import HTTPException, calling_line, declaration_error

# Between a lower-case letter or digit and a capital, and before the last capital of an abbreviation.
WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

# Names that members cannot have: RFC 9457 section 3.1 defines them, or Typeway adds them.
RESERVED: Final = frozenset({"instance", "request_id", "status_code"})


class Problem(HTTPException):
    """An error that declares its own response; derive a class for each kind of error.

    The client receives `{"detail": …, "type": …}`, or with `Typeway(errors="problem")` a problem document (RFC 9457).
    The option `raises=` documents it.

    Class attributes:
        status: the status code, from 400 to 599 (RFC 9110, sections 15.5 and 15.6); 400 unless given.
        title: the kind of error in words, the same for every occurrence; made from the class's name unless given.
        type: a URI reference that identifies the kind; "/problems/" and the class's name unless given.
        headers: headers of every response.

    Parameters:
        detail: what is wrong this time; the title unless given.
        headers: headers of this response, instead of those of the class.
        members: additional members of the response; they are attributes of the error as well. Members that are
            annotated in the class are documented.

    Raises:
        DeclarationError: a class declares a status that is not an error.
        TypeError: the name of a member is reserved.

    Example:
        ```python
        class TaskNotFound(Problem):
            status = 404
            title = "Task not found"
            task_id: int


        raise TaskNotFound(f"There is no task {task_id}.", task_id=task_id)
        ```
    """

    status_code: int

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Problem"
    type: ClassVar[str] = "about:blank"
    detail: Any = "Problem"
    headers: Mapping[str, str] | None = None
    members: Mapping[str, Any] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        status: Any = cls.status
        if isinstance(status, bool) or not isinstance(status, int) or not 400 <= status <= 599:
            raise declaration_error(
                f"{cls.__qualname__} declares the status {status!r}, which is not an error.",
                hint="Use one from 400 to 599, for example `status = 404`.",
                where=calling_line(),
            )
        words = WORDS.split(cls.__name__)
        if "title" not in vars(cls):
            cls.title = " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])
        if "type" not in vars(cls):
            cls.type = "/problems/" + "-".join(words).lower()
        # Class attributes, for a subclass whose own __init__ does not call this one's.
        cls.status_code, cls.detail = cls.status, cls.title

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        for name in members:
            if name in RESERVED or hasattr(Problem, name):
                raise TypeError(f"{type(self).__name__}() cannot have a member {name!r}: the name is reserved.")
        super().__init__(self.status, detail or self.title, headers or self.headers)
        vars(self).update(members, members=members)

    def content(self) -> dict[str, Any]:
        """Return the body of the response where errors are answered as `{"detail": …}`."""
        return {"detail": self.detail, "type": self.type, **self.members}
