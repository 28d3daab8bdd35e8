"""fastapi-users: people register, log in with a token or a cookie, and change what is theirs."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from fastapi_users import BaseUserManager, FastAPIUsers, InvalidPasswordException, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, CookieTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

SECRET = "a secret of more than thirty-two characters"
PASSWORD = "correct horse battery"
sent: list[tuple[str, str]] = []


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    name: Mapped[str] = mapped_column(default="")


class UserRead(schemas.BaseUser[uuid.UUID]):
    name: str


class UserCreate(schemas.BaseUserCreate):
    name: str


class UserUpdate(schemas.BaseUserUpdate):
    name: str | None = None


engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


async def database(session: AsyncSession = Depends(session)) -> AsyncIterator[Any]:
    yield SQLAlchemyUserDatabase(session, User)


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET

    async def validate_password(self, password: str, user: Any) -> None:
        if len(password) < 8:
            raise InvalidPasswordException(reason="at least eight characters")

    async def on_after_register(self, user: User, request: Request | None = None) -> None:
        sent.append(("welcome", user.email))

    async def on_after_forgot_password(self, user: User, token: str, request: Request | None = None) -> None:
        sent.append(("reset", token))

    async def on_after_request_verify(self, user: User, token: str, request: Request | None = None) -> None:
        sent.append(("verify", token))


async def manager(database: Any = Depends(database)) -> AsyncIterator[UserManager]:
    yield UserManager(database)


def strategy() -> JWTStrategy[User, uuid.UUID]:
    return JWTStrategy(secret=SECRET, lifetime_seconds=3600)


bearer = AuthenticationBackend(name="jwt", transport=BearerTransport(tokenUrl="auth/jwt/login"), get_strategy=strategy)
cookie = AuthenticationBackend(name="cookie", transport=CookieTransport(cookie_secure=False), get_strategy=strategy)
users = FastAPIUsers[User, uuid.UUID](manager, [bearer, cookie])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
app.include_router(users.get_auth_router(bearer), prefix="/auth/jwt", tags=["auth"])
app.include_router(users.get_auth_router(cookie), prefix="/auth/cookie", tags=["auth"])
app.include_router(users.get_register_router(UserRead, UserCreate), prefix="/auth", tags=["auth"])
app.include_router(users.get_reset_password_router(), prefix="/auth", tags=["auth"])
app.include_router(users.get_verify_router(UserRead), prefix="/auth", tags=["auth"])
app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users", tags=["users"])


@app.get("/greeting")
async def greeting(user: User = Depends(users.current_user(active=True))) -> str:
    return f"Hello {user.name}!"


@app.get("/verified")
async def verified(user: User = Depends(users.current_user(active=True, verified=True))) -> str:
    return user.email


@app.get("/maybe")
async def maybe(user: User | None = Depends(users.current_user(optional=True))) -> bool:
    return user is not None


async def promote(email: str) -> None:
    async with sessions() as session:
        found = await SQLAlchemyUserDatabase(session, User).get_by_email(email)
        assert found is not None
        found.is_superuser = True
        await session.commit()


def play() -> Any:
    seen: list[Any] = []

    with TestClient(app) as client:

        def ask(method: str, path: str, **options: Any) -> Any:
            response = client.request(method, path, **options)
            seen.append((method, re.sub("[0-9a-f-]{36}", "ID", path), response.status_code, hidden(response.text)))
            return response

        person = {"email": "a@example.com", "password": PASSWORD, "name": "Ada"}
        ask("POST", "/auth/register", json={**person, "password": "short"})
        ask("POST", "/auth/register", json={**person, "email": "no address"})
        user_id = ask("POST", "/auth/register", json=person).json()["id"]
        ask("POST", "/auth/register", json=person)
        ask("POST", "/auth/jwt/login", data={"username": "a@example.com", "password": "wrong"})
        ask("POST", "/auth/jwt/login", data={"username": "a@example.com"})
        login = ask("POST", "/auth/jwt/login", data={"username": "a@example.com", "password": PASSWORD})
        token = {"Authorization": f"Bearer {login.json()['access_token']}"}
        for headers in ({}, token, {"Authorization": "Bearer nonsense"}):
            for path in ("/greeting", "/verified", "/maybe", "/users/me", f"/users/{user_id}"):
                ask("GET", path, headers=headers)
        ask("PATCH", "/users/me", headers=token, json={"name": "Grace"})
        ask("GET", "/greeting", headers=token)
        ask("POST", "/auth/request-verify-token", json={"email": "a@example.com"})
        ask("POST", "/auth/verify", json={"token": sent[-1][1]})
        ask("GET", "/verified", headers=token)
        ask("POST", "/auth/forgot-password", json={"email": "a@example.com"})
        ask("POST", "/auth/reset-password", json={"token": sent[-1][1], "password": PASSWORD + "!"})
        assert client.portal is not None
        client.portal.call(promote, "a@example.com")
        ask("GET", f"/users/{user_id}", headers=token)
        ask("GET", f"/users/{uuid.uuid4()}", headers=token)
        entered = ask("POST", "/auth/cookie/login", data={"username": "a@example.com", "password": PASSWORD + "!"})
        assert "fastapiusersauth" in entered.cookies
        ask("GET", "/users/me")
        ask("POST", "/auth/cookie/logout")
        ask("GET", "/users/me")
        ask("DELETE", f"/users/{user_id}", headers=token)
        ask("GET", "/users/me", headers=token)
    assert [kind for kind, _ in sent] == ["welcome", "verify", "reset"]
    return {"seen": seen, "openapi": app.openapi()}


def hidden(text: str) -> str:
    """A body without what differs from run to run."""
    return re.sub("[0-9a-f-]{36}", "ID", re.sub('"access_token":"[^"]+"', '"access_token":"TOKEN"', text))
