"""The dependencies of requests: a database session, the services, the current user."""

from collections.abc import AsyncIterator
from typing import Annotated

from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.models import User
from examples.task_manager.resources import Resources
from examples.task_manager.services.accounts import AccountService
from examples.task_manager.services.tasks import TaskService
from typeway import Depends, Request
from typeway.security import OAuth2PasswordBearer

# A relative URL, so that the "Authorize" button of /docs also works behind a proxy that adds a prefix.
bearer_token = OAuth2PasswordBearer(tokenUrl="auth/token")


async def get_resources(request: Request) -> Resources:
    """Return the resources that the lifespan opened."""
    resources: Resources = request.app.state.resources
    return resources


async def get_session(resources: Annotated[Resources, Depends(get_resources)]) -> AsyncIterator[AsyncSession]:
    """Open a session for one request; changes that are not committed by the end are rolled back.

    Services commit before the response is sent: this clean-up runs after it, when it is too late to report a failure.
    """
    async with resources.sessions() as session:
        yield session


DbSession = Annotated[AsyncSession, Depends(get_session)]


async def get_accounts(session: DbSession, resources: Annotated[Resources, Depends(get_resources)]) -> AccountService:
    """Return the service of accounts."""
    return AccountService(session, resources.passwords, resources.tokens)


Accounts = Annotated[AccountService, Depends(get_accounts)]


async def get_current_user(token: Annotated[str, Depends(bearer_token)], accounts: Accounts) -> User:
    """Return the user who sent the request; without a valid token the response is 401."""
    return await accounts.user_of(token)


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_tasks(session: DbSession, user: CurrentUser) -> TaskService:
    """Return the service of the user's own tasks."""
    return TaskService(session, user.id)


Tasks = Annotated[TaskService, Depends(get_tasks)]
