"""Read tokens of OAuth 2 and OpenID Connect, and the form that asks for one (RFC 6749, RFC 6750)."""

# ruff: noqa: N803  the specification's spelling

from typing import Annotated, Any

from starlette.requests import HTTPConnection
from typing_extensions import Unpack

from typeway.declare.depends import SecurityScopes as SecurityScopes
from typeway.declare.mark import Form
from typeway.security import schemes
from typeway.security.base import SchemeOptions, SecurityBase, shows_scheme_options, split_authorization


class OAuth2PasswordRequestForm:
    """The form of the password grant (RFC 6749 section 4.3.2), as a dependency.

    Attributes:
        grant_type: "password", or None: the specification requires it, this class does not.
        username: the user's name.
        password: the user's password.
        scopes: the scopes that the client asks for; in the form they are one string, separated by spaces (section 3.3).
        client_id: the client's id, where it is sent in the form.
        client_secret: the client's secret, where it is sent in the form.

    Example:
        ```python
        @app.post("/token")
        async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
            return {"access_token": form.username, "token_type": "bearer"}
        ```
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes: list[str] = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The form of the password grant with a required `grant_type`, as the specification has it."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class _WholeHeader(SecurityBase):
    """A scheme that leaves the `Authorization` header to the application."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the whole header."""
        return self.require(request.headers.get("authorization") or None)


class OAuth2(_WholeHeader):
    """Declare OAuth 2 flows, and read the `Authorization` header; the base class of the two below.

    Parameters:
        flows: the flows, as a model or as a mapping.

    Example:
        ```python
        login = OAuth2(flows={"clientCredentials": {"tokenUrl": "token", "scopes": {"read": "Read reports"}}})

        @app.get("/reports")
        async def reports(authorization: Annotated[str, Security(login, scopes=["read"])]) -> int:
            return len(authorization)
        ```
    """

    @shows_scheme_options
    def __init__(
        self, *, flows: schemes.OAuthFlows | dict[str, dict[str, Any]] | None = None, **options: Unpack[SchemeOptions]
    ) -> None:
        self._declare(schemes.OAuth2.model_validate({"flows": flows or {}}), **options)


class OpenIdConnect(_WholeHeader):
    """Declare that clients authenticate by OpenID Connect; the application must check the token.

    Parameters:
        openIdConnectUrl: the address of the discovery document, for example `"/.well-known/openid-configuration"`.
    """

    @shows_scheme_options
    def __init__(self, *, openIdConnectUrl: str, **options: Unpack[SchemeOptions]) -> None:
        self._declare(schemes.OpenIdConnect(openIdConnectUrl=openIdConnectUrl), **options)


class _BearerToken(OAuth2):
    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the token."""
        scheme, token = split_authorization(request.headers.get("authorization"))
        return self.require(token if scheme.lower() == "bearer" else None)


class OAuth2PasswordBearer(_BearerToken):
    """Read a bearer token that clients get for a user name and a password.

    Parameters:
        tokenUrl: the address where clients get it, relative to the application's root.
        scopes: the scopes that a token may have, each with a description.
        refreshUrl: the address where clients renew it.
        scheme_name: see `typeway.security.base.SchemeOptions`.
        description: see `typeway.security.base.SchemeOptions`.
        auto_error: see `typeway.security.base.SchemeOptions`.

    Example:
        ```python
        bearer = OAuth2PasswordBearer(tokenUrl="token")

        @app.get("/reports")
        async def reports(token: Annotated[str, Depends(bearer)]) -> int:
            return len(token)
        ```
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        flows = {"password": flow}
        super().__init__(flows=flows, scheme_name=scheme_name, description=description, auto_error=auto_error)


class OAuth2AuthorizationCodeBearer(_BearerToken):
    """Read a bearer token that clients get for an authorization code.

    Parameters:
        authorizationUrl: the address where users grant it.
        tokenUrl: see `OAuth2PasswordBearer`.
        refreshUrl: see `OAuth2PasswordBearer`.
        scopes: see `OAuth2PasswordBearer`.
        scheme_name: see `typeway.security.base.SchemeOptions`.
        description: see `typeway.security.base.SchemeOptions`.
        auto_error: see `typeway.security.base.SchemeOptions`.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {"authorizationUrl": authorizationUrl, "tokenUrl": tokenUrl, "refreshUrl": refreshUrl}
        flows = {"authorizationCode": {**flow, "scopes": scopes or {}}}
        super().__init__(flows=flows, scheme_name=scheme_name, description=description, auto_error=auto_error)
