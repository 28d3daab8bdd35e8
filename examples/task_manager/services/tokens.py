"""Create and verify the signed tokens of logged-in users."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from examples.task_manager.exceptions import InvalidTokenError

ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and the seconds for which it is valid."""

    access_token: str
    expires_in: int


class AccessTokens:
    """JSON Web Tokens (RFC 7519) with one key and one lifetime."""

    def __init__(self, key: str, lifetime: timedelta) -> None:
        self._key = key
        self._lifetime = lifetime

    def issue(self, user_id: int) -> IssuedToken:
        """Sign a token for a user, valid for the lifetime from now on."""
        now = datetime.now(UTC)
        # RFC 7519 4.1.2: the subject is a string.
        claims = {"sub": str(user_id), "iat": now, "exp": now + self._lifetime}
        token = jwt.encode(claims, self._key, algorithm=ALGORITHM)
        return IssuedToken(token, int(self._lifetime.total_seconds()))

    def read(self, token: str) -> int:
        """Return the user of a token.

        Raises:
            InvalidTokenError: the text is not a token, has another signature, or has expired.
        """
        try:
            # RFC 8725 3.1: the application chooses the algorithm, never the token.
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM], options={"require": ["sub", "exp"]})
            return int(claims["sub"])
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidTokenError from error
