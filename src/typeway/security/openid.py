"""Describe OpenID Connect, and read the `Authorization` header for it."""

from starlette.requests import HTTPConnection

from typeway.security import schemes
from typeway.security.base import SecurityBase

__all__ = ["OpenIdConnect"]


class OpenIdConnect(SecurityBase):
    """Declare that clients authenticate by OpenID Connect; checking the token is the application's task.

    Parameters:
        openIdConnectUrl: where the discovery document is.
        scheme_name: the name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether a missing header is answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import OpenIdConnect

        app = Typeway()
        login = OpenIdConnect(openIdConnectUrl="/.well-known/openid-configuration")

        @app.get("/reports")
        async def reports(authorization: Annotated[str, Depends(login)]) -> int:
            return len(authorization)
        ```
    """

    def __init__(
        self,
        *,
        openIdConnectUrl: str,  # noqa: N803  the specification's spelling
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = schemes.OpenIdConnect(openIdConnectUrl=openIdConnectUrl, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the whole header."""
        return self.require(request.headers.get("authorization") or None)
