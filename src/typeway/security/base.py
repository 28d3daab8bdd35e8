"""Say what every ready-made security dependency is and how it refuses."""

from typing import TypeVar

from starlette.status import HTTP_401_UNAUTHORIZED

from typeway import texts
from typeway.exceptions import HTTPException
from typeway.security import schemes

_Credentials = TypeVar("_Credentials")


class SecurityBase:
    """A dependency that reads credentials and describes itself in the OpenAPI document.

    A scheme of your own derives from it, sets `model` and `scheme_name`, and is callable.

    Attributes:
        model: the scheme as the document shows it.
        scheme_name: its name in the document.
        auto_error: whether missing credentials are answered with 401; otherwise the dependency yields None.

    Example:
        ```python
        from typeway import Request
        from typeway.security.base import SecurityBase
        from typeway.security.schemes import APIKey, APIKeyIn

        class SignedUrl(SecurityBase):
            def __init__(self) -> None:
                self.model = APIKey(**{"in": APIKeyIn.query}, name="signature")
                self.scheme_name = "SignedUrl"

            async def __call__(self, request: Request) -> str | None:
                return request.query_params.get("signature")
        ```
    """

    model: schemes.SecurityBase
    scheme_name: str
    auto_error: bool = True

    def make_authenticate_headers(self) -> dict[str, str]:
        """Return the headers of the 401, which must tell how to authenticate (RFC 9110 section 11.6.1)."""
        return {"WWW-Authenticate": "Bearer"}

    def make_not_authenticated_error(self) -> HTTPException:
        """Return what is raised where credentials are missing or unusable; override it for another answer."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail=texts.NOT_AUTHENTICATED,
            headers=self.make_authenticate_headers(),
        )

    def require(self, credentials: _Credentials | None) -> _Credentials | None:
        """Return what was found, or treat None as the absence of credentials.

        Raises:
            HTTPException: 401, where they are absent and `auto_error` is on.
        """
        if credentials is None and self.auto_error:
            raise self.make_not_authenticated_error()
        return credentials


def split_authorization(value: str | None) -> tuple[str, str]:
    """Split an `Authorization` header into scheme and credentials (RFC 9110 section 11.4); empty where absent.

    Example:
        ```python
        assert split_authorization("Bearer abc") == ("Bearer", "abc")
        assert split_authorization(None) == ("", "")
        ```
    """
    scheme, _, credentials = (value or "").partition(" ")
    return scheme, credentials.strip()
