"""List what a project can be made with."""

from enum import StrEnum
from typing import Final


class Database(StrEnum):
    """The databases of a project."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Auth(StrEnum):
    """The ways in which a project knows who sends a request."""

    NONE = "none"
    JWT = "jwt"
    API_KEY = "api-key"
    SESSION = "session"


class AddedAuth(StrEnum):
    """What a project without authentication can get."""

    JWT = Auth.JWT.value
    API_KEY = Auth.API_KEY.value
    SESSION = Auth.SESSION.value


# These keep users in tables.
WITH_USERS: Final = frozenset({Auth.JWT, Auth.SESSION})
