"""The errors of the domain, independent of HTTP."""


class TaskManagerError(Exception):
    """The base class of all errors that a caller can cause; the message may be shown to the caller."""


class TaskNotFoundError(TaskManagerError):
    """The owner has no task with this id."""

    def __init__(self, task_id: int) -> None:
        super().__init__(f"Task {task_id} not found")
        self.task_id = task_id


class DuplicateTaskError(TaskManagerError):
    """The owner already has a task with this title."""

    def __init__(self, title: str) -> None:
        super().__init__(f"You already have a task called {title!r}")
        self.title = title


class UsernameTakenError(TaskManagerError):
    """Another user has this name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"The username {username!r} is taken")
        self.username = username


class InvalidCredentialsError(TaskManagerError):
    """The user name or the password is wrong; the error does not say which of the two."""

    def __init__(self) -> None:
        super().__init__("Incorrect username or password")


class InvalidTokenError(TaskManagerError):
    """The access token is forged, damaged, expired, or belongs to a deleted user."""

    def __init__(self) -> None:
        super().__init__("The access token is invalid or has expired")


class DatabaseUnavailableError(TaskManagerError):
    """The database does not respond."""

    def __init__(self) -> None:
        super().__init__("The database does not answer")
