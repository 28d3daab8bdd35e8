"""Authentication: accounts with passwords, and tokens."""

import hashlib
import secrets
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from typeway import Depends, HTTPException
from typeway.concurrency import run_in_threadpool
from typeway.security import OAuth2PasswordBearer

from app.database import Base, Session


class Account(Base):
    """The table of accounts; it has only the hashes of passwords."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    salt: Mapped[bytes]
    password_hash: Mapped[bytes]


class Token(Base):
    """The table of tokens; it has only their hashes, so a stolen table is useless."""

    __tablename__ = "tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class AccountCreate(BaseModel):
    """A new account."""

    name: str = Field(pattern=r"^[a-z0-9]{2,30}$")
    password: str = Field(min_length=8, max_length=100)


class AccountResponse(BaseModel):
    """An account as the API returns it."""

    id: int
    name: str


class TokenResponse(BaseModel):
    """A token, in the format that OAuth2 requires."""

    access_token: str
    token_type: str = "bearer"


async def hash_password(password: str, salt: bytes) -> bytes:
    """Hash a password, in a thread because the hash is slow on purpose."""
    return await run_in_threadpool(hashlib.scrypt, password.encode(), salt=salt, n=2**14, r=8, p=1)


def hash_token(token: str) -> str:
    """Hash a token; it is long and random, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class AccountStore:
    """All accounts and their tokens, in one database session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def create(self, new: AccountCreate) -> AccountResponse:
        """Store a new account."""
        salt = secrets.token_bytes(16)
        row = Account(name=new.name, salt=salt, password_hash=await hash_password(new.password, salt))
        self.session.add(row)
        try:
            await self.session.commit()
        except IntegrityError:
            raise HTTPException(409, f"The name {new.name} is taken.") from None
        return AccountResponse(id=row.id, name=row.name)

    async def log_in(self, name: str, password: str) -> TokenResponse:
        """Exchange a name and password for a new token."""
        account = await self.session.scalar(select(Account).where(Account.name == name))
        # An unknown name takes as long as a wrong password, and has the same response.
        salt, expected = (account.salt, account.password_hash) if account else (b"nobody's salt", b"")
        is_right = secrets.compare_digest(await hash_password(password, salt), expected)
        if account is None or not is_right:
            raise HTTPException(401, "The name or the password is wrong.", {"WWW-Authenticate": "Bearer"})
        token = secrets.token_urlsafe(32)
        self.session.add(Token(token_hash=hash_token(token), account_id=account.id))
        await self.session.commit()
        return TokenResponse(access_token=token)

    async def find(self, token: str) -> AccountResponse:
        """Return the account of a token."""
        query = select(Account).join(Token).where(Token.token_hash == hash_token(token))
        account = await self.session.scalar(query)
        if account is None:
            raise HTTPException(401, "The token is not valid.", {"WWW-Authenticate": "Bearer"})
        return AccountResponse(id=account.id, name=account.name)


Accounts = Annotated[AccountStore, Depends()]

bearer = OAuth2PasswordBearer(tokenUrl="token")


async def current_account(token: Annotated[str, Depends(bearer)], accounts: Accounts) -> AccountResponse:
    """Return the account of the request's token, or refuse the request."""
    return await accounts.find(token)


CurrentAccount = Annotated[AccountResponse, Depends(current_account)]
