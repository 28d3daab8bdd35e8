"""Describe OpenID Connect, and read the `Authorization` header for it."""

from typeway.security import schemes
from typeway.security.base import WholeHeader


class OpenIdConnect(WholeHeader):
    """Declare that clients authenticate by OpenID Connect; checking the token is the application's task.

    Parameters:
        openIdConnectUrl: where the discovery document is: `"/.well-known/openid-configuration"`, say.
        scheme_name, description, auto_error: see `SecurityBase`.
    """

    def __init__(
        self,
        *,
        openIdConnectUrl: str,  # noqa: N803  the specification's spelling
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = schemes.OpenIdConnect(openIdConnectUrl=openIdConnectUrl, description=description)
        self._declare(model, scheme_name, auto_error)
