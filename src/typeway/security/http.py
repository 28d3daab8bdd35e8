"""Read credentials from the `Authorization` header: Basic, Bearer, Digest or a scheme of your own."""

# ruff: noqa: N803  the specification's spelling

from base64 import b64decode

from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection
from typing_extensions import Unpack

from typeway.security import schemes
from typeway.security.base import SchemeOptions, SecurityBase, shows_scheme_options, split_authorization


class HTTPBasicCredentials(BaseModel):
    """The result of HTTPBasic; `repr()` leaves the password out, so that it does not end up in logs.

    Compare both with `secrets.compare_digest`, so that the time that it takes reveals nothing.
    """

    username: str
    password: str = Field(repr=False)


class HTTPAuthorizationCredentials(BaseModel):
    """The result of the other dependencies on the `Authorization` header; `repr()` leaves the credentials out."""

    scheme: str
    credentials: str = Field(repr=False)


class HTTPBase(SecurityBase):
    """Read the `Authorization` header with any scheme; the base class for a scheme of your own.

    Parameters:
        scheme: the scheme's name, for the document and for the 401.

    Example:
        ```python
        bearer = HTTPBearer(bearerFormat="JWT")

        @app.get("/reports")
        async def reports(token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> int:
            return len(token.credentials)
        ```
    """

    @shows_scheme_options
    def __init__(self, *, scheme: str, **options: Unpack[SchemeOptions]) -> None:
        self._declare(schemes.HTTPBase(scheme=scheme), **options)
        self.challenge: str = scheme.title()

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | HTTPBasicCredentials | None:
        """Return the scheme and the credentials as the client sent them."""
        return self._read(request)

    def _read(self, request: HTTPConnection, accepted: str | None = None) -> HTTPAuthorizationCredentials | None:
        scheme, credentials = split_authorization(request.headers.get("authorization"))
        if not (scheme and credentials) or accepted not in (None, scheme.lower()):
            return self.require(None)
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)


class HTTPBearer(HTTPBase):
    """Read a bearer token (RFC 6750).

    Parameters:
        bearerFormat: the format of the token, for the document, for example "JWT".
    """

    @shows_scheme_options
    def __init__(self, *, bearerFormat: str | None = None, **options: Unpack[SchemeOptions]) -> None:
        self._declare(schemes.HTTPBearer(bearerFormat=bearerFormat), **options)
        self.challenge = "Bearer"

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Return the token as `credentials`."""
        return self._read(request, "bearer")


class HTTPDigest(HTTPBase):
    """Read the parameters of Digest authentication (RFC 7616); the application must check them."""

    @shows_scheme_options
    def __init__(self, **options: Unpack[SchemeOptions]) -> None:
        super().__init__(scheme="digest", **options)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Return the parameters as `credentials`."""
        return self._read(request, "digest")


class HTTPBasic(HTTPBase):
    """Read a user name and a password (RFC 7617).

    Malformed credentials are answered with 401 even if `auto_error` is off: the client sent some, and they are wrong.

    Parameters:
        realm: what the password is for; browsers show it.
    """

    @shows_scheme_options
    def __init__(self, *, realm: str | None = None, **options: Unpack[SchemeOptions]) -> None:
        super().__init__(scheme="basic", **options)
        self.realm = realm
        if realm:
            self.challenge: str = f'Basic realm="{realm}"'

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        """Return the user name and the password."""
        scheme, encoded = split_authorization(request.headers.get("authorization"))
        if scheme.lower() != "basic":
            return self.require(None)
        try:
            username, password = b64decode(encoded).decode("ascii").split(":", 1)
        except ValueError:
            # Without its cause, which would contain what the client sent.
            raise self.make_not_authenticated_error() from None
        return HTTPBasicCredentials(username=username, password=password)
