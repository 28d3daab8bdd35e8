"""Define the base class of security dependencies: how they describe themselves and how they refuse a request."""

from typing import Final, TypeVar

from starlette.status import HTTP_401_UNAUTHORIZED
from typing_extensions import TypedDict, Unpack

from typeway import texts
from typeway.declare.given import given_options
from typeway.declare.shown import shows_options
from typeway.exceptions import HTTPException
from typeway.security import schemes

_Credentials = TypeVar("_Credentials")


class SchemeOptions(TypedDict, total=False, closed=True):
    """The options of every ready-made scheme."""

    scheme_name: str | None
    """The scheme's name in the document; the class's name unless given. Example: `scheme_name="ServiceKey"`."""
    description: str | None
    """The scheme's description in the document. Example: `description="Ask the team for a key."`."""
    auto_error: bool
    """Whether missing credentials are answered with 401; otherwise the dependency yields None. Example: `auto_error=False`."""


shows_scheme_options: Final = shows_options(SchemeOptions, {"auto_error": True})


class SecurityBase:
    """A dependency that reads credentials and describes itself in the OpenAPI document.

    To write a scheme of your own, derive a class from it, set `model` (the scheme as the document shows it), `scheme_name`
    and, if it is not "Bearer", the `challenge` of its 401, and define `__call__`. The ready-made schemes take
    `SchemeOptions` beside their own options.

    Example:
        ```python
        class SignedUrl(SecurityBase):
            model = APIKey(**{"in": APIKeyIn.query}, name="signature")
            scheme_name = "SignedUrl"

            async def __call__(self, request: Request) -> str | None:
                return self.require(request.query_params.get("signature"))
        ```
    """

    model: schemes.SecurityBase
    scheme_name: str
    auto_error: bool = True
    challenge: str = "Bearer"

    def _declare(self, model: schemes.SecurityBase, **options: Unpack[SchemeOptions]) -> None:
        given = given_options(f"{type(self).__name__}()", options, SchemeOptions)
        self.model = model
        model.description = given.get("description")
        self.scheme_name = given.get("scheme_name") or type(self).__name__
        self.auto_error = given.get("auto_error", True)

    def make_authenticate_headers(self) -> dict[str, str]:
        """Return the headers of the 401, which must tell how to authenticate (RFC 9110 section 11.6.1)."""
        return {"WWW-Authenticate": self.challenge}

    def make_not_authenticated_error(self) -> HTTPException:
        """Return the exception for credentials that are missing or malformed; override it for another response."""
        return HTTPException(HTTP_401_UNAUTHORIZED, texts.NOT_AUTHENTICATED, self.make_authenticate_headers())

    def require(self, credentials: _Credentials | None) -> _Credentials | None:
        """Return the credentials that were found; None means that there are none.

        Raises:
            HTTPException: 401, if there are none and `auto_error` is on.
        """
        if credentials is None and self.auto_error:
            raise self.make_not_authenticated_error()
        return credentials


def split_authorization(value: str | None) -> tuple[str, str]:
    """Split an `Authorization` header into scheme and credentials (RFC 9110 sections 11.1 and 11.4)."""
    scheme, _, credentials = (value or "").partition(" ")
    return scheme, credentials.strip()
