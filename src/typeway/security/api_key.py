"""Read an API key from a query parameter, a header or a cookie."""

from typing import ClassVar, Final

from starlette.requests import HTTPConnection
from typing_extensions import Unpack

from typeway.security.base import SchemeOptions, SecurityBase, shows_scheme_options
from typeway.security.schemes import APIKey, APIKeyIn

# The attribute of a request that holds the values of each location.
_HOLDER: Final = {APIKeyIn.query: "query_params", APIKeyIn.header: "headers", APIKeyIn.cookie: "cookies"}


class APIKeyBase(SecurityBase):
    """The base of the dependencies that read an API key.

    Parameters:
        name: the name of the query parameter, of the header (in any case) or of the cookie.

    Example:
        ```python
        key = APIKeyHeader(name="X-Key")

        @app.get("/reports")
        async def reports(key: Annotated[str, Depends(key)]) -> list[str]:
            return []
        ```
    """

    location: ClassVar[APIKeyIn]
    # Typeway's own name: RFC 9110 demands a challenge, and no scheme is registered for API keys.
    challenge = "APIKey"

    @shows_scheme_options
    def __init__(self, *, name: str, **options: Unpack[SchemeOptions]) -> None:
        self._declare(APIKey.model_validate({"in": self.location, "name": name}), **options)
        self._name = name

    def check_api_key(self, api_key: str | None) -> str | None:
        """Return the key; an empty key counts as missing, see `require`."""
        return self.require(api_key or None)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the key."""
        return self.check_api_key(getattr(request, _HOLDER[self.location]).get(self._name))


class APIKeyQuery(APIKeyBase):
    """Read an API key from the query string. It ends up in logs and browser histories: prefer a header."""

    location = APIKeyIn.query


class APIKeyHeader(APIKeyBase):
    """Read an API key from a header."""

    location = APIKeyIn.header


class APIKeyCookie(APIKeyBase):
    """Read an API key from a cookie."""

    location = APIKeyIn.cookie
