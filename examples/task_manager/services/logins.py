"""Begin, renew and end logins, and find the user of one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.exceptions import InvalidTokenError
from examples.task_manager.models import Login, User
from examples.task_manager.services.tokens import AccessTokens, LoginToken


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The tokens of a login, and the seconds for which the access token is valid."""

    access_token: str
    refresh_token: str
    expires_in: int


class LoginService:
    """The business rules of logins.

    A login ends when it is ended, or when nobody has renewed it for its lifetime; its tokens end with it. A refresh
    token can be used once, for the next one. Whoever uses one again has stolen it, or was robbed of it: the login ends
    (RFC 9700, section 4.14.2).
    """

    def __init__(self, session: AsyncSession, tokens: AccessTokens, lifetime: timedelta) -> None:
        self._session = session
        self._tokens = tokens
        self._lifetime = lifetime

    async def begin(self, user_id: int) -> LoginToken:
        """Store a new login; its expired ones of the same user are forgotten."""
        token, now = LoginToken.new(), datetime.now(UTC)
        await self._session.execute(delete(Login).where(Login.user_id == user_id, Login.expires_at < now))
        self._session.add(
            Login(id=token.login_id, user_id=user_id, secret_hash=token.hash, expires_at=now + self._lifetime)
        )
        await self._session.commit()
        return token

    def tokens_for(self, user_id: int, token: LoginToken) -> IssuedTokens:
        """Return what a program gets for a login."""
        access = self._tokens.issue(user_id, token.login_id)
        return IssuedTokens(access, str(token), int(self._tokens.lifetime.total_seconds()))

    async def renew(self, refresh_token: str) -> IssuedTokens:
        """Exchange a refresh token for new tokens.

        Raises:
            InvalidTokenError: the token is not valid, or was used before, which ends its login.
        """
        old, now = LoginToken.parse(refresh_token), datetime.now(UTC)
        new = LoginToken.new(old.login_id)
        # One statement: of two requests with the same token only one can find it unused.
        user_id = await self._session.scalar(
            update(Login)
            .where(Login.id == old.login_id, Login.secret_hash == old.hash, Login.expires_at > now)
            .values(secret_hash=new.hash, expires_at=now + self._lifetime)
            .returning(Login.user_id)
        )
        if user_id is None:
            await self.end(refresh_token)
            raise InvalidTokenError
        await self._session.commit()
        return self.tokens_for(user_id, new)

    async def end(self, refresh_token: str) -> None:
        """End a login with all its tokens; one that has ended already is no error (RFC 7009, section 2.2)."""
        try:
            token = LoginToken.parse(refresh_token)
        except InvalidTokenError:
            return
        await self._session.execute(delete(Login).where(Login.id == token.login_id))
        await self._session.commit()

    async def user_of_access_token(self, access_token: str) -> User:
        """Return the user of an access token.

        Raises:
            InvalidTokenError: the token is not valid, its login has ended, or its user was deleted.
        """
        return (await self._find(self._tokens.read(access_token)))[1]

    async def user_of_cookie(self, cookie: str) -> User:
        """Return the user of a login whose token is in a cookie.

        Raises:
            InvalidTokenError: the token is not valid, its login has ended, or its user was deleted.
        """
        token = LoginToken.parse(cookie)
        login, user = await self._find(token.login_id)
        if not token.matches(login.secret_hash):
            raise InvalidTokenError
        return user

    async def _find(self, login_id: str) -> tuple[Login, User]:
        query = select(Login, User).join(User, Login.user_id == User.id)
        row = (
            await self._session.execute(query.where(Login.id == login_id, Login.expires_at > datetime.now(UTC)))
        ).one_or_none()
        if row is None:
            raise InvalidTokenError
        login, user = row
        return login, user
