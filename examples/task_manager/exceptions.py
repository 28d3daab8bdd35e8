"""Name what can go wrong in the domain, without a word about HTTP."""


class TaskManagerError(Exception):
    """The base of all errors that a caller can bring about; its text may be shown to the caller."""


class TaskNotFoundError(TaskManagerError):
    """The owner has no task of this number."""

    def __init__(self, task_id: int) -> None:
        super().__init__(f"Task {task_id} not found")
        self.task_id = task_id


class DuplicateTaskError(TaskManagerError):
    """The owner already has a task of this title."""

    def __init__(self, title: str) -> None:
        super().__init__(f"You already have a task called {title!r}")
        self.title = title


class UsernameTakenError(TaskManagerError):
    """Somebody else registered this name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"The username {username!r} is taken")
        self.username = username


class InvalidCredentialsError(TaskManagerError):
    """User name and password do not belong together; which of the two is wrong stays unsaid."""

    def __init__(self) -> None:
        super().__init__("Incorrect username or password")


class InvalidTokenError(TaskManagerError):
    """The access token is forged, damaged, expired, or of a user who is gone."""

    def __init__(self) -> None:
        super().__init__("The access token is invalid or has expired")


class DatabaseUnavailableError(TaskManagerError):
    """The database does not answer."""

    def __init__(self) -> None:
        super().__init__("The database does not answer")
