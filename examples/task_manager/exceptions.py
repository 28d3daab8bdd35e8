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


class TaskChangedError(TaskManagerError):
    """The task is not what the caller has seen: another change came first."""

    def __init__(self, task_id: int) -> None:
        super().__init__(f"Task {task_id} was changed meanwhile: read it again before you change it")
        self.task_id = task_id


class AttachmentNotFoundError(TaskManagerError):
    """The owner has no attachment with this id."""

    def __init__(self, attachment_id: int) -> None:
        super().__init__(f"Attachment {attachment_id} not found")
        self.attachment_id = attachment_id


class AttachmentTooLargeError(TaskManagerError):
    """A file is larger than the settings allow."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A file may have at most {limit:,} bytes")


class TooManyAttachmentsError(TaskManagerError):
    """A task has as many files as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A task may have at most {limit} files")


class UnsupportedAttachmentError(TaskManagerError):
    """A file is of a type that is not accepted, or is not what its type says."""

    def __init__(self, content_type: str, accepted: str) -> None:
        super().__init__(f"This is no acceptable {content_type or 'file without a type'}; accepted are {accepted}")


class UsernameTakenError(TaskManagerError):
    """Another user has this name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"The username {username!r} is taken")
        self.username = username


class InvalidCredentialsError(TaskManagerError):
    """The user name or the password is wrong; the error does not say which of the two."""

    def __init__(self) -> None:
        super().__init__("Incorrect username or password")


class NotAuthenticatedError(TaskManagerError):
    """The caller has sent no credentials."""

    def __init__(self) -> None:
        super().__init__("Not authenticated")


class InvalidTokenError(TaskManagerError):
    """The token is forged, damaged, expired, used twice, or its login has ended."""

    def __init__(self) -> None:
        super().__init__("The token is invalid or has expired")


class DatabaseUnavailableError(TaskManagerError):
    """The database does not respond."""

    def __init__(self) -> None:
        super().__init__("The database does not answer")


def reason_of(error: BaseException) -> str:
    """Return why a server could not be reached, in one line: what has caused an error, or the error itself."""
    cause = error.__cause__ or error
    return " ".join(f"{type(cause).__name__}: {cause}".split())
