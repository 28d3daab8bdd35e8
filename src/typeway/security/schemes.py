"""Model the Security Scheme Objects of OpenAPI 3.1 (section 4.8.27)."""

# ruff: noqa: N815  the specification's spelling

from enum import Enum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Extensible(BaseModel):
    """An object of the document that may have `x-` extensions, and members that later versions add."""

    # The model is built when it is first used, so that importing the package builds none: a sixth of the time.
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=True)


class SecuritySchemeType(Enum):
    """The kinds of security schemes."""

    apiKey = "apiKey"
    http = "http"
    oauth2 = "oauth2"
    openIdConnect = "openIdConnect"


class SecurityBase(Extensible):
    """The members that all security schemes have."""

    type_: SecuritySchemeType = Field(alias="type")
    description: str | None = None


class APIKeyIn(Enum):
    """The locations of an API key."""

    query = "query"
    header = "header"
    cookie = "cookie"


class APIKey(SecurityBase):
    """A key in a query parameter, a header or a cookie."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.apiKey, alias="type")
    in_: APIKeyIn = Field(alias="in")
    name: str


class HTTPBase(SecurityBase):
    """A scheme of the `Authorization` header (RFC 9110 section 11.6.2)."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.http, alias="type")
    scheme: str


class HTTPBearer(HTTPBase):
    """A bearer token (RFC 6750)."""

    scheme: str = Field(default="bearer", pattern="^bearer$")
    bearerFormat: str | None = None


class OAuthFlow(Extensible):
    """The members that all OAuth 2 flows have."""

    refreshUrl: str | None = None
    scopes: dict[str, str] = {}


class OAuthFlowImplicit(OAuthFlow):
    """The implicit grant (RFC 6749 section 4.2)."""

    authorizationUrl: str


class OAuthFlowPassword(OAuthFlow):
    """The password grant (RFC 6749 section 4.3)."""

    tokenUrl: str


class OAuthFlowClientCredentials(OAuthFlow):
    """The client credentials grant (RFC 6749 section 4.4)."""

    tokenUrl: str


class OAuthFlowAuthorizationCode(OAuthFlow):
    """The authorization code grant (RFC 6749 section 4.1)."""

    authorizationUrl: str
    tokenUrl: str


class OAuthFlows(Extensible):
    """The flows that a server supports."""

    implicit: OAuthFlowImplicit | None = None
    password: OAuthFlowPassword | None = None
    clientCredentials: OAuthFlowClientCredentials | None = None
    authorizationCode: OAuthFlowAuthorizationCode | None = None


class OAuth2(SecurityBase):
    """OAuth 2 with its flows."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.oauth2, alias="type")
    flows: OAuthFlows


class OpenIdConnect(SecurityBase):
    """OpenID Connect, described by its discovery document."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.openIdConnect, alias="type")
    openIdConnectUrl: str
