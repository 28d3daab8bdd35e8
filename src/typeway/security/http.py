"""Read credentials from the `Authorization` header: Basic, Bearer, Digest or a scheme of your own."""

import binascii
from base64 import b64decode

from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from typeway.security import schemes
from typeway.security.base import SecurityBase, split_authorization

__all__ = [
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
]


class HTTPBasicCredentials(BaseModel):
    """What HTTPBasic yields.

    Compare both with `secrets.compare_digest`, so that the time it takes tells nothing. The password is left out of
    `repr()`, so that it does not end up in logs.
    """

    username: str
    password: str = Field(repr=False)


class HTTPAuthorizationCredentials(BaseModel):
    """What the other dependencies on the `Authorization` header yield; `repr()` leaves the credentials out."""

    scheme: str
    credentials: str = Field(repr=False)


class HTTPBase(SecurityBase):
    """Read the `Authorization` header, whatever its scheme; the base for a scheme of your own.

    Parameters:
        scheme: the scheme's name, for the document and for the 401.
        scheme_name: the name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether missing credentials are answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security.http import HTTPAuthorizationCredentials, HTTPBase

        app = Typeway()
        signature = HTTPBase(scheme="signature")

        @app.get("/reports")
        async def reports(signature: Annotated[HTTPAuthorizationCredentials, Depends(signature)]) -> str:
            return signature.scheme
        ```
    """

    def __init__(
        self, *, scheme: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        self.model = schemes.HTTPBase(scheme=scheme, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error
        self._challenge = scheme.title()

    def make_authenticate_headers(self) -> dict[str, str]:
        """Challenge with this scheme."""
        return {"WWW-Authenticate": self._challenge}

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | HTTPBasicCredentials | None:
        """Return scheme and credentials, as they were sent."""
        return self._read(request)

    def _read(self, request: HTTPConnection, *accepted: str) -> HTTPAuthorizationCredentials | None:
        scheme, credentials = split_authorization(request.headers.get("authorization"))
        # RFC 9110 section 11.1: the scheme's name is case-insensitive.
        if not (scheme and credentials) or (accepted and scheme.lower() not in accepted):
            return self.require(None)
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)


class HTTPBearer(HTTPBase):
    """Read a bearer token (RFC 6750).

    Parameters:
        bearerFormat: what the token is, for the document: "JWT", say.
        scheme_name: the name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether a missing token is answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import HTTPAuthorizationCredentials, HTTPBearer

        app = Typeway()
        bearer = HTTPBearer(bearerFormat="JWT")

        @app.get("/reports")
        async def reports(token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> int:
            return len(token.credentials)
        ```
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,  # noqa: N803  the specification's spelling
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="bearer", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.model = schemes.HTTPBearer(bearerFormat=bearerFormat, description=description)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Return the token as `credentials`."""
        return self._read(request, "bearer")


class HTTPDigest(HTTPBase):
    """Read the parameters of Digest authentication (RFC 7616); checking them is the application's task.

    Parameters:
        scheme_name: the name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether missing credentials are answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import HTTPAuthorizationCredentials, HTTPDigest

        app = Typeway()
        digest = HTTPDigest()

        @app.get("/reports")
        async def reports(digest: Annotated[HTTPAuthorizationCredentials, Depends(digest)]) -> int:
            return len(digest.credentials)
        ```
    """

    def __init__(
        self, *, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Return the parameters as `credentials`."""
        return self._read(request, "digest")


class HTTPBasic(HTTPBase):
    """Read a user name and a password (RFC 7617).

    Malformed credentials are answered with 401 even where `auto_error` is off: they were sent, and are wrong.

    Parameters:
        scheme_name: the name in the document; the class's name where it is None.
        realm: what the password is for; browsers show it.
        description: what the document says about it.
        auto_error: whether missing credentials are answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import HTTPBasic, HTTPBasicCredentials

        app = Typeway()
        basic = HTTPBasic(realm="reports")

        @app.get("/reports")
        async def reports(user: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
            return user.username
        ```
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        """Challenge with the realm, where there is one."""
        return {"WWW-Authenticate": f'Basic realm="{self.realm}"' if self.realm else "Basic"}

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        """Return user name and password."""
        scheme, encoded = split_authorization(request.headers.get("authorization"))
        if scheme.lower() != "basic":
            return self.require(None)
        try:
            username, separator, password = b64decode(encoded).decode("ascii").partition(":")
        except (ValueError, binascii.Error):
            # Without its cause, which would hold what was sent.
            raise self.make_not_authenticated_error() from None
        if not separator:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)
