"""Endpoints for accounts."""

from typing import Annotated

from typeway import Depends, Router
from typeway.security import OAuth2PasswordRequestForm

from app.accounts import AccountCreate, AccountResponse, Accounts, CurrentAccount, TokenResponse

router = Router(tags=["accounts"])


@router.post("/accounts", status_code=201)
async def create_account(account: AccountCreate, accounts: Accounts) -> AccountResponse:
    """Create an account."""
    return await accounts.create(account)


@router.post("/token")
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()], accounts: Accounts) -> TokenResponse:
    """Exchange a name and password for a token."""
    return await accounts.log_in(form.username, form.password)


@router.get("/accounts/me")
async def read_own_account(account: CurrentAccount) -> AccountResponse:
    """Return the account of the token."""
    return account
