"""Read an API key from a query parameter, a header or a cookie."""

from starlette.requests import HTTPConnection

from typeway.security.base import SecurityBase
from typeway.security.schemes import APIKey, APIKeyIn

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


class APIKeyBase(SecurityBase):
    """What the three API key dependencies have in common."""

    def __init__(
        self, location: APIKeyIn, name: str, description: str | None, scheme_name: str | None, auto_error: bool
    ) -> None:
        self.model = APIKey.model_validate({"in": location, "name": name, "description": description})
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error
        self._name = name

    def make_authenticate_headers(self) -> dict[str, str]:
        """Name a challenge of our own: RFC 9110 demands one, and no scheme is registered for API keys."""
        return {"WWW-Authenticate": "APIKey"}

    def check_api_key(self, api_key: str | None) -> str | None:
        """Return the key; an empty one counts as missing.

        Raises:
            HTTPException: 401, where the key is missing and `auto_error` is on.
        """
        return self.require(api_key or None)


class APIKeyQuery(APIKeyBase):
    """Read an API key from the query string. It ends up in logs and browser histories: prefer a header.

    Parameters:
        name: the query parameter's name.
        scheme_name: the scheme's name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether a missing key is answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import APIKeyQuery

        app = Typeway()
        key = APIKeyQuery(name="key")

        @app.get("/reports")
        async def reports(key: Annotated[str, Depends(key)]) -> list[str]:
            return []
        ```
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.query, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key."""
        return self.check_api_key(request.query_params.get(self._name))


class APIKeyHeader(APIKeyBase):
    """Read an API key from a header.

    Parameters:
        name: the header's name, in any case.
        scheme_name: the scheme's name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether a missing key is answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import APIKeyHeader

        app = Typeway()
        key = APIKeyHeader(name="X-Key")

        @app.get("/reports")
        async def reports(key: Annotated[str, Depends(key)]) -> list[str]:
            return []
        ```
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.header, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key."""
        return self.check_api_key(request.headers.get(self._name))


class APIKeyCookie(APIKeyBase):
    """Read an API key from a cookie.

    Parameters:
        name: the cookie's name.
        scheme_name: the scheme's name in the document; the class's name where it is None.
        description: what the document says about it.
        auto_error: whether a missing key is answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typing import Annotated

        from typeway import Depends, Typeway
        from typeway.security import APIKeyCookie

        app = Typeway()
        session = APIKeyCookie(name="session")

        @app.get("/reports")
        async def reports(session: Annotated[str, Depends(session)]) -> list[str]:
            return []
        ```
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.cookie, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key."""
        return self.check_api_key(request.cookies.get(self._name))
