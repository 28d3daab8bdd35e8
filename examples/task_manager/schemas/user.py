"""The models of users and tokens."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

USERNAME_PATTERN = r"^[A-Za-z0-9_.@+-]{1,64}$"


class UserCreate(BaseModel):
    """The request body to register."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(
        pattern=USERNAME_PATTERN,
        description="1 to 64 letters, digits and `_ . @ + -`; upper and lower case are the same name",
        examples=["alice"],
    )
    # Longer passwords add no security, but cost the server time.
    password: str = Field(min_length=8, max_length=128, examples=["correct horse battery staple"])


class UserResponse(BaseModel):
    """A user in a response: without the password and its hash."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str
    created_at: datetime


class RefreshToken(BaseModel):
    """The request body to renew or end a login."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(max_length=200)


class TokenResponse(BaseModel):
    """The tokens of a login, in the format of RFC 6749 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds until the access token expires")
    refresh_token: str = Field(description="Can be exchanged once for new tokens, also after the access token expired")
