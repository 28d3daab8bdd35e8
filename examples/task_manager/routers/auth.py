"""The endpoints to register, log in, stay logged in, and log out."""

from typing import Annotated

from examples.task_manager.dependencies import Accounts, Logins
from examples.task_manager.models import User
from examples.task_manager.routers.answers import (
    INVALID,
    LIMITED,
    UNREADABLE,
    USERNAME_TAKEN,
    WRONG_CREDENTIALS,
    WRONG_TOKEN,
)
from examples.task_manager.schemas.user import RefreshToken, TokenResponse, UserCreate, UserResponse
from examples.task_manager.services.logins import IssuedTokens
from typeway import APIRouter, Depends, Response, status
from typeway.security import OAuth2PasswordRequestForm

router = APIRouter(prefix="/auth", tags=["auth"], responses={**UNREADABLE, **INVALID})


@router.post(
    "/register",
    response_model=UserResponse,
    status_code=status.HTTP_201_CREATED,
    responses={**USERNAME_TAKEN, **LIMITED},
)
async def register(newcomer: UserCreate, accounts: Accounts) -> User:
    """Create an account."""
    return await accounts.register(newcomer)


@router.post(
    "/token",
    response_model=TokenResponse,
    responses={**WRONG_CREDENTIALS, **LIMITED},
)
async def log_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()], accounts: Accounts, logins: Logins, response: Response
) -> IssuedTokens:
    """Exchange a username and password for an access token and a refresh token."""
    user = await accounts.authenticate(form.username, form.password)
    do_not_store(response)
    return logins.tokens_for(user.id, await logins.begin(user.id))


@router.post("/refresh", response_model=TokenResponse, responses={**WRONG_TOKEN, **LIMITED})
async def refresh(sent: RefreshToken, logins: Logins, response: Response) -> IssuedTokens:
    """Exchange a refresh token for new tokens. One that is used a second time ends the login."""
    tokens = await logins.renew(sent.refresh_token)
    do_not_store(response)
    return tokens


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(sent: RefreshToken, logins: Logins) -> None:
    """End the login, with its access tokens."""
    await logins.end(sent.refresh_token)


def do_not_store(response: Response) -> None:
    """RFC 6749 5.1: caches must not store a token."""
    response.headers["Cache-Control"] = "no-store"
