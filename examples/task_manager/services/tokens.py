"""Create and verify the tokens of logged-in users."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Self

import jwt

from examples.task_manager.exceptions import InvalidTokenError

ALGORITHM = "HS256"
LOGIN_ID = re.compile(r"[0-9a-f]{32}")


class AccessTokens:
    """JSON Web Tokens (RFC 7519) with one key and one lifetime; each belongs to a login."""

    def __init__(self, key: str, lifetime: timedelta) -> None:
        self._key = key
        self.lifetime = lifetime

    def issue(self, user_id: int, login_id: str) -> str:
        """Sign a token for a user, valid for the lifetime from now on."""
        now = datetime.now(UTC)
        # RFC 7519 4.1.2: the subject is a string.
        claims = {"sub": str(user_id), "sid": login_id, "iat": now, "exp": now + self.lifetime}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def read(self, token: str) -> str:
        """Return the login of a token.

        Raises:
            InvalidTokenError: the text is not a token, has another signature, or has expired.
        """
        try:
            # RFC 8725 3.1: the application chooses the algorithm, never the token.
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM], options={"require": ["sub", "sid", "exp"]})
        except jwt.InvalidTokenError as error:
            raise InvalidTokenError from error
        login_id = claims["sid"]
        if not isinstance(login_id, str) or LOGIN_ID.fullmatch(login_id) is None:
            raise InvalidTokenError
        return login_id


@dataclass(frozen=True, slots=True)
class LoginToken:
    """What proves a login for a long time: a refresh token, or the content of a cookie. Only its hash is stored."""

    login_id: str
    secret: str

    @classmethod
    def new(cls, login_id: str | None = None) -> Self:
        """Make a token for a new login, or the next one of a login."""
        return cls(login_id or secrets.token_hex(16), secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token.

        Raises:
            InvalidTokenError: the text is no such token.
        """
        login_id, _, secret = text.partition(".")
        if LOGIN_ID.fullmatch(login_id) is None or not secret.isascii() or not secret:
            raise InvalidTokenError
        return cls(login_id, secret)

    @property
    def hash(self) -> str:
        """What is stored of the secret."""
        return sha256(self.secret.encode()).hexdigest()

    def matches(self, stored: str) -> bool:
        """Whether this is the token of a stored hash."""
        return hmac.compare_digest(self.hash, stored)

    def __str__(self) -> str:
        return f"{self.login_id}.{self.secret}"
