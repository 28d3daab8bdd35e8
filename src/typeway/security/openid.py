"""Describe OpenID Connect, and read the `Authorization` header for it."""

# ruff: noqa: N803  the specification's spelling

from typing_extensions import Unpack

from typeway.security import schemes
from typeway.security.base import SchemeOptions, WholeHeader


class OpenIdConnect(WholeHeader):
    """Declare that clients authenticate by OpenID Connect; checking the token is the application's task.

    Parameters:
        openIdConnectUrl: where the discovery document is: `"/.well-known/openid-configuration"`, say.
    """

    def __init__(self, *, openIdConnectUrl: str, **options: Unpack[SchemeOptions]) -> None:
        self._declare(schemes.OpenIdConnect(openIdConnectUrl=openIdConnectUrl), **options)
