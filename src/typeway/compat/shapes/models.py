"""Model the objects of an OpenAPI 3.1 document; the order of their fields is the order of the document's keys."""

# ruff: noqa: N815  the specification's spelling

from typing import Annotated, Any, Literal, TypeAlias, Union

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from typeway.declare.markers import ParameterInType
from typeway.security.schemes import (
    APIKey,
    APIKeyIn,
    Extensible,
    HTTPBase,
    HTTPBearer,
    OAuth2,
    OAuthFlow,
    OAuthFlowAuthorizationCode,
    OAuthFlowClientCredentials,
    OAuthFlowImplicit,
    OAuthFlowPassword,
    OAuthFlows,
    OpenIdConnect,
    SecurityBase,
    SecuritySchemeType,
)

__all__ = [
    "XML",
    "APIKey",
    "APIKeyIn",
    "Components",
    "Contact",
    "Discriminator",
    "Encoding",
    "Example",
    "ExternalDocumentation",
    "HTTPBase",
    "HTTPBearer",
    "Header",
    "Info",
    "License",
    "Link",
    "MediaType",
    "OAuth2",
    "OAuthFlow",
    "OAuthFlowAuthorizationCode",
    "OAuthFlowClientCredentials",
    "OAuthFlowImplicit",
    "OAuthFlowPassword",
    "OAuthFlows",
    "OpenAPI",
    "OpenIdConnect",
    "Operation",
    "Parameter",
    "ParameterBase",
    "ParameterInType",
    "PathItem",
    "Reference",
    "RequestBody",
    "Response",
    "Schema",
    "SchemaOrBool",
    "SchemaType",
    "SecurityBase",
    "SecurityScheme",
    "SecuritySchemeType",
    "Server",
    "ServerVariable",
    "Tag",
]


SecurityScheme: TypeAlias = APIKey | HTTPBase | OAuth2 | OpenIdConnect | HTTPBearer
"""Any security scheme (section 4.8.27)."""

# JSON Schema 2020-12, validation, section 6: lengths and counts are not negative.
_Count: TypeAlias = Annotated[int, Field(ge=0)]


class Contact(Extensible):
    """Whom to ask (section 4.8.3)."""

    name: str | None = None
    url: AnyUrl | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class License(Extensible):
    """Under which terms the API may be used (section 4.8.4)."""

    name: str
    identifier: str | None = None
    url: AnyUrl | None = None


class Info(Extensible):
    """What the API is (section 4.8.2)."""

    title: str
    summary: str | None = None
    description: str | None = None
    termsOfService: str | None = None
    contact: Contact | None = None
    license: License | None = None
    version: str


class ServerVariable(Extensible):
    """A variable in a server's URL (section 4.8.6)."""

    enum: Annotated[list[str] | None, Field(min_length=1)] = None
    default: str
    description: str | None = None


class Server(Extensible):
    """Where the API is (section 4.8.5)."""

    url: AnyUrl | str
    description: str | None = None
    variables: dict[str, ServerVariable] | None = None


class Reference(BaseModel):
    """A reference to another object of the document (section 4.8.23)."""

    ref: str = Field(alias="$ref")


class Discriminator(BaseModel):
    """Which property tells the alternatives apart (section 4.8.25)."""

    propertyName: str
    mapping: dict[str, str] | None = None


class XML(Extensible):
    """How a property looks in XML (section 4.8.26)."""

    name: str | None = None
    namespace: str | None = None
    prefix: str | None = None
    attribute: bool | None = None
    wrapped: bool | None = None


class ExternalDocumentation(Extensible):
    """Where to read more (section 4.8.11)."""

    description: str | None = None
    url: AnyUrl


SchemaType: TypeAlias = Literal["array", "boolean", "integer", "null", "number", "object", "string"]
"""The primitive types of JSON Schema."""


class Schema(Extensible):
    """A JSON Schema (2020-12), with the additions of OpenAPI (section 4.8.24)."""

    # Core, section 8.
    schema_: str | None = Field(default=None, alias="$schema")
    vocabulary: str | None = Field(default=None, alias="$vocabulary")
    id: str | None = Field(default=None, alias="$id")
    anchor: str | None = Field(default=None, alias="$anchor")
    dynamicAnchor: str | None = Field(default=None, alias="$dynamicAnchor")
    ref: str | None = Field(default=None, alias="$ref")
    dynamicRef: str | None = Field(default=None, alias="$dynamicRef")
    defs: dict[str, "SchemaOrBool"] | None = Field(default=None, alias="$defs")
    comment: str | None = Field(default=None, alias="$comment")
    # Core, section 10.2: subschemas in place.
    allOf: list["SchemaOrBool"] | None = None
    anyOf: list["SchemaOrBool"] | None = None
    oneOf: list["SchemaOrBool"] | None = None
    not_: Union["SchemaOrBool", None] = Field(default=None, alias="not")
    if_: Union["SchemaOrBool", None] = Field(default=None, alias="if")
    then: Union["SchemaOrBool", None] = None
    else_: Union["SchemaOrBool", None] = Field(default=None, alias="else")
    dependentSchemas: dict[str, "SchemaOrBool"] | None = None
    # Core, section 10.3: subschemas of members.
    prefixItems: list["SchemaOrBool"] | None = None
    items: Union["SchemaOrBool", None] = None
    contains: Union["SchemaOrBool", None] = None
    properties: dict[str, "SchemaOrBool"] | None = None
    patternProperties: dict[str, "SchemaOrBool"] | None = None
    additionalProperties: Union["SchemaOrBool", None] = None
    propertyNames: Union["SchemaOrBool", None] = None
    # Core, section 11: what is left over.
    unevaluatedItems: Union["SchemaOrBool", None] = None
    unevaluatedProperties: Union["SchemaOrBool", None] = None
    # Validation, section 6.
    type: SchemaType | list[SchemaType] | None = None
    enum: list[Any] | None = None
    const: Any | None = None
    multipleOf: Annotated[float, Field(gt=0)] | None = None
    maximum: float | None = None
    exclusiveMaximum: float | None = None
    minimum: float | None = None
    exclusiveMinimum: float | None = None
    maxLength: _Count | None = None
    minLength: _Count | None = None
    pattern: str | None = None
    maxItems: _Count | None = None
    minItems: _Count | None = None
    uniqueItems: bool | None = None
    maxContains: _Count | None = None
    minContains: _Count | None = None
    maxProperties: _Count | None = None
    minProperties: _Count | None = None
    required: list[str] | None = None
    dependentRequired: dict[str, set[str]] | None = None
    # Validation, sections 7 and 8.
    format: str | None = None
    contentEncoding: str | None = None
    contentMediaType: str | None = None
    contentSchema: Union["SchemaOrBool", None] = None
    # Validation, section 9.
    title: str | None = None
    description: str | None = None
    default: Any | None = None
    deprecated: bool | None = None
    readOnly: bool | None = None
    writeOnly: bool | None = None
    examples: list[Any] | None = None
    # OpenAPI.
    discriminator: Discriminator | None = None
    xml: XML | None = None
    externalDocs: ExternalDocumentation | None = None
    example: Any | None = None


SchemaOrBool: TypeAlias = Schema | bool
"""A schema, or what every value fits (true) or none does (false)."""


@with_config(ConfigDict(extra="allow"))
class Example(TypedDict, total=False):
    """An example with a name (section 4.8.19); a mapping, so that authors write it as one."""

    summary: str | None
    description: str | None
    value: Any | None
    externalValue: AnyUrl | None


class Encoding(Extensible):
    """How a property of a form is encoded (section 4.8.15)."""

    contentType: str | None = None
    headers: dict[str, Union["Header", Reference]] | None = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None


class MediaType(Extensible):
    """What is sent under one media type (section 4.8.14)."""

    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    encoding: dict[str, Encoding] | None = None


class ParameterBase(Extensible):
    """What parameters and headers have in common."""

    description: str | None = None
    required: bool | None = None
    deprecated: bool | None = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None
    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    content: dict[str, MediaType] | None = None


class Parameter(ParameterBase):
    """A parameter of an operation (section 4.8.12)."""

    name: str
    in_: ParameterInType = Field(alias="in")


class Header(ParameterBase):
    """A header of a response or of a part (section 4.8.21)."""


class RequestBody(Extensible):
    """What a request carries (section 4.8.13)."""

    description: str | None = None
    content: dict[str, MediaType]
    required: bool | None = None


class Link(Extensible):
    """What can be done next (section 4.8.20)."""

    operationRef: str | None = None
    operationId: str | None = None
    parameters: dict[str, Any] | None = None
    requestBody: Any | None = None
    description: str | None = None
    server: Server | None = None


class Response(Extensible):
    """What may come back (section 4.8.17)."""

    description: str
    headers: dict[str, Header | Reference] | None = None
    content: dict[str, MediaType] | None = None
    links: dict[str, Link | Reference] | None = None


class Operation(Extensible):
    """What one method on one path does (section 4.8.10)."""

    tags: list[str] | None = None
    summary: str | None = None
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None
    operationId: str | None = None
    parameters: list[Parameter | Reference] | None = None
    requestBody: RequestBody | Reference | None = None
    # Any: members that begin with `x-`.
    responses: dict[str, Response | Any] | None = None
    callbacks: dict[str, dict[str, "PathItem"] | Reference] | None = None
    deprecated: bool | None = None
    security: list[dict[str, list[str]]] | None = None
    servers: list[Server] | None = None


class PathItem(Extensible):
    """What can be done on one path (section 4.8.9)."""

    ref: str | None = Field(default=None, alias="$ref")
    summary: str | None = None
    description: str | None = None
    get: Operation | None = None
    put: Operation | None = None
    post: Operation | None = None
    delete: Operation | None = None
    options: Operation | None = None
    head: Operation | None = None
    patch: Operation | None = None
    trace: Operation | None = None
    servers: list[Server] | None = None
    parameters: list[Parameter | Reference] | None = None


class Components(Extensible):
    """What the rest of the document refers to (section 4.8.7)."""

    schemas: dict[str, Schema | Reference] | None = None
    responses: dict[str, Response | Reference] | None = None
    parameters: dict[str, Parameter | Reference] | None = None
    examples: dict[str, Example | Reference] | None = None
    requestBodies: dict[str, RequestBody | Reference] | None = None
    headers: dict[str, Header | Reference] | None = None
    securitySchemes: dict[str, SecurityScheme | Reference] | None = None
    links: dict[str, Link | Reference] | None = None
    # Any: members that begin with `x-`.
    callbacks: dict[str, dict[str, PathItem] | Reference | Any] | None = None
    pathItems: dict[str, PathItem | Reference] | None = None


class Tag(Extensible):
    """What a tag means (section 4.8.22)."""

    name: str
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None


class OpenAPI(Extensible):
    """A whole document (section 4.8.1).

    Example:
        ```python
        document = OpenAPI.model_validate({"openapi": "3.1.0", "info": {"title": "Tasks", "version": "1"}})
        document.model_dump(mode="json", by_alias=True, exclude_none=True)
        ```
    """

    openapi: str
    info: Info
    jsonSchemaDialect: str | None = None
    servers: list[Server] | None = None
    # Any: members that begin with `x-`.
    paths: dict[str, PathItem | Any] | None = None
    webhooks: dict[str, PathItem | Reference] | None = None
    components: Components | None = None
    security: list[dict[str, list[str]]] | None = None
    tags: list[Tag] | None = None
    externalDocs: ExternalDocumentation | None = None


for _model in (Schema, Encoding, Operation):
    # They refer to what stands below them.
    _model.model_rebuild()
