"""Register users and check their passwords."""

import re
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.exceptions import InvalidCredentialsError, UsernameTakenError
from examples.task_manager.models import User
from examples.task_manager.schemas.user import USERNAME_PATTERN, UserCreate
from examples.task_manager.services.passwords import Passwords


class AccountService:
    """The business rules of accounts."""

    def __init__(self, session: AsyncSession, passwords: Passwords) -> None:
        self._session = session
        self._passwords = passwords

    async def register(self, newcomer: UserCreate) -> User:
        """Store a new user.

        Raises:
            UsernameTakenError: another user has the name, perhaps in other letter case.
        """
        user = User(
            username=newcomer.username,
            username_key=newcomer.username.lower(),
            password_hash=await self._passwords.hash(newcomer.password),
            created_at=datetime.now(UTC),
        )
        self._session.add(user)
        try:
            await self._session.commit()
        except IntegrityError as error:
            # Only the unique constraint can refuse a new user. A check before it would be a race with other requests.
            await self._session.rollback()
            raise UsernameTakenError(newcomer.username) from error
        return user

    async def authenticate(self, username: str, password: str) -> User:
        """Return the user of a name and password.

        Raises:
            InvalidCredentialsError: there is no such user, or the password is wrong.
        """
        user = await self._find(username)
        # Releases the connection while the password is being verified, which may have to wait.
        await self._session.commit()
        matches, better_hash = await self._passwords.verify(password, user.password_hash if user else None)
        if user is None or not matches:
            raise InvalidCredentialsError
        if better_hash is not None:
            user.password_hash = better_hash
            await self._session.commit()
        return user

    async def _find(self, username: str) -> User | None:
        # A login form may contain any text, also text that no database accepts.
        if re.fullmatch(USERNAME_PATTERN, username) is None:
            return None
        return await self._session.scalar(select(User).where(User.username_key == username.lower()))
