"""The dependencies of requests: a database session, the services, the current user."""

from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.exceptions import DatabaseUnavailableError, InvalidTokenError, NotAuthenticatedError
from examples.task_manager.feed.opening import Feed
from examples.task_manager.models import User
from examples.task_manager.resources import Resources
from examples.task_manager.services.accounts import AccountService
from examples.task_manager.services.attachments import AttachmentService
from examples.task_manager.services.logins import LoginService
from examples.task_manager.services.tasks import TaskService
from typeway import Depends, WebSocket, WebSocketException, status
from typeway.requests import HTTPConnection
from typeway.security import APIKeyCookie, OAuth2PasswordBearer

# Programs send a token. A relative URL, so that the "Authorize" button of /docs also works behind a proxy that adds a prefix.
bearer_token = OAuth2PasswordBearer(tokenUrl="auth/token", auto_error=False)
# The web page has a cookie. Only `main.py` sets it, and protects against requests of other sites, which would carry it too.
COOKIE = "__Host-session"
session_cookie = APIKeyCookie(name=COOKIE, auto_error=False)


async def get_resources(connection: HTTPConnection) -> Resources:
    """Return the resources that the lifespan opened."""
    resources: Resources = connection.app.state.resources
    return resources


SharedResources = Annotated[Resources, Depends(get_resources)]


async def get_feed(resources: SharedResources) -> Feed:
    """Return what tells clients of changes."""
    return resources.feed


CurrentFeed = Annotated[Feed, Depends(get_feed)]


async def get_session(resources: SharedResources) -> AsyncIterator[AsyncSession]:
    """Open a session for one request; changes that are not committed by the end are rolled back.

    Services commit before the response is sent: this clean-up runs after it, when it is too late to report a failure.
    """
    async with resources.sessions() as session:
        yield session


DbSession = Annotated[AsyncSession, Depends(get_session)]


async def get_accounts(session: DbSession, resources: SharedResources) -> AccountService:
    """Return the service of accounts."""
    return AccountService(session, resources.passwords)


Accounts = Annotated[AccountService, Depends(get_accounts)]


def logins_of(session: AsyncSession, resources: Resources) -> LoginService:
    """Return the service of logins in a session."""
    return LoginService(session, resources.tokens, resources.login_lifetime)


async def get_logins(session: DbSession, resources: SharedResources) -> LoginService:
    """Return the service of logins."""
    return logins_of(session, resources)


Logins = Annotated[LoginService, Depends(get_logins)]


async def user_of(logins: LoginService, token: str | None, cookie: str | None) -> User:
    """Return the user whom a token or a cookie belongs to; a token that is not valid is no reason to try the cookie."""
    if token is not None:
        return await logins.user_of_access_token(token)
    if cookie is not None:
        return await logins.user_of_cookie(cookie)
    raise NotAuthenticatedError


async def get_current_user(
    token: Annotated[str | None, Depends(bearer_token)],
    cookie: Annotated[str | None, Depends(session_cookie)],
    logins: Logins,
) -> User:
    """Return the user who sent the request; without valid credentials the response is 401."""
    return await user_of(logins, token, cookie)


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_listening_user(
    token: Annotated[str | None, Depends(bearer_token)],
    cookie: Annotated[str | None, Depends(session_cookie)],
    resources: SharedResources,
) -> int:
    """Return the id of the user who sent the request, for a stream: its session ends here, not with the stream."""
    async with resources.sessions() as session:
        return (await user_of(logins_of(session, resources), token, cookie)).id


ListeningUser = Annotated[int, Depends(get_listening_user)]


async def get_tasks(session: DbSession, user: CurrentUser, feed: CurrentFeed) -> TaskService:
    """Return the service of the user's own tasks."""
    return TaskService(session, user.id, feed.publish)


Tasks = Annotated[TaskService, Depends(get_tasks)]


async def get_attachments(session: DbSession, user: CurrentUser, resources: SharedResources) -> AttachmentService:
    """Return the service of the attachments of the user's own tasks."""
    return AttachmentService(session, user.id, resources.files, resources.feed.publish)


Attachments = Annotated[AttachmentService, Depends(get_attachments)]


async def get_socket_user(socket: WebSocket, resources: SharedResources) -> int:
    """Return the id of the user who opens a WebSocket; without valid credentials it is refused."""
    scheme, _, token = socket.headers.get("Authorization", "").partition(" ")
    sent = token if scheme.lower() == "bearer" else None
    async with resources.sessions() as session:
        try:
            return (await user_of(logins_of(session, resources), sent, socket.cookies.get(COOKIE))).id
        except (NotAuthenticatedError, InvalidTokenError) as error:
            raise WebSocketException(status.WS_1008_POLICY_VIOLATION, str(error)) from error
        except DatabaseUnavailableError as error:
            raise WebSocketException(status.WS_1013_TRY_AGAIN_LATER, str(error)) from error


SocketUser = Annotated[int, Depends(get_socket_user)]
