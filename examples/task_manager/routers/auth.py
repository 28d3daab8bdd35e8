"""The endpoints to register and log in."""

from typing import Annotated

from examples.task_manager.dependencies import Accounts
from examples.task_manager.models import User
from examples.task_manager.routers.answers import INVALID, UNREADABLE, USERNAME_TAKEN, WRONG_CREDENTIALS
from examples.task_manager.schemas.user import TokenResponse, UserCreate, UserResponse
from examples.task_manager.services.tokens import IssuedToken
from typeway import APIRouter, Depends, Response, status
from typeway.security import OAuth2PasswordRequestForm

router = APIRouter(prefix="/auth", tags=["auth"], responses={**UNREADABLE, **INVALID})


@router.post(
    "/register",
    response_model=UserResponse,
    status_code=status.HTTP_201_CREATED,
    responses=USERNAME_TAKEN,
)
async def register(newcomer: UserCreate, accounts: Accounts) -> User:
    """Create an account."""
    return await accounts.register(newcomer)


@router.post(
    "/token",
    response_model=TokenResponse,
    responses=WRONG_CREDENTIALS,
)
async def log_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()], accounts: Accounts, response: Response
) -> IssuedToken:
    """Exchange a username and password for an access token."""
    token = await accounts.log_in(form.username, form.password)
    # RFC 6749 5.1: caches must not store a token.
    response.headers["Cache-Control"] = "no-store"
    return token
