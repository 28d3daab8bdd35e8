"""Map FastAPI's public names to ours: one table, module by module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The version whose behaviour compat mode has.
PEER_VERSION: Final = "0.165.0"


def same(module: str, names: str) -> dict[str, str]:
    """Names that one of our modules has under the same name."""
    return {name: f"{module}:{name}" for name in names.split()}


def renamed(module: str, names: Mapping[str, str]) -> dict[str, str]:
    """Names that one of our modules has under another name."""
    return {name: f"{module}:{ours}" for name, ours in names.items()}


MARKS: Final = "Body Cookie Depends File Form Header Path Query Security"
CODECS: Final = same("typeway.encoders", "jsonable_encoder")
RESPONSES: Final = same(
    "typeway.responses",
    "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse "
    "Response StreamingResponse UJSONResponse",
)
REQUESTS: Final = same("typeway.requests", "HTTPConnection Request")
WEBSOCKETS: Final = same("typeway.websockets", "WebSocket WebSocketDisconnect WebSocketState")
ERRORS: Final = {
    **same(
        "typeway.exceptions",
        "DependencyScopeError HTTPException PydanticV1NotSupportedError RequestValidationError "
        "ResponseValidationError ValidationException WebSocketException WebSocketRequestValidationError",
    ),
    **renamed(
        "typeway.exceptions",
        {"FastAPIError": "TypewayError", "FastAPIDeprecationWarning": "TypewayDeprecationWarning"},
    ),
}
HANDLERS: Final = same(
    "typeway.handlers",
    "http_exception_handler request_validation_exception_handler websocket_request_validation_exception_handler",
)
PAGES: Final = same("typeway.compat.pages", "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html")
PLACEHOLDERS: Final = same("typeway.datastructures", "Default DefaultPlaceholder")
FIELDS: Final = {
    **same("typeway.compat.dependant", "ModelField create_model_field"),
    "Undefined": "pydantic_core:PydanticUndefined",
}
SMALL: Final = same(
    "typeway.compat.document",
    "deep_dict_update generate_operation_id_for_path generate_unique_id get_path_param_names get_value_or_default "
    "is_body_allowed_for_status_code",
)
DOCUMENT: Final = {
    **same(
        "typeway.compat.document",
        "METHODS_WITH_BODY generate_operation_id generate_operation_summary get_fields_from_routes get_openapi "
        "status_code_ranges validation_error_definition validation_error_response_definition",
    ),
    **same("typeway.compat.document", "REF_PREFIX deep_dict_update is_body_allowed_for_status_code"),
}
DEPENDANTS: Final = {
    **same(
        "typeway.compat.dependant",
        "Dependant get_dependant get_flat_params get_parameterless_sub_dependant get_typed_annotation "
        "get_typed_return_annotation get_typed_signature lenient_issubclass",
    ),
    **renamed(
        "typeway.compat.dependant",
        {
            "_get_body_field": "get_body_field",
            "_get_flat_body_params": "get_flat_body_params",
            "_should_embed_body_fields": "should_embed",
        },
    ),
}
SECURITY: Final[Mapping[str, str]] = {
    "api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "http": "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest",
    "oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict",
}
GUARDS: Final = {
    **same("typeway.security.base", "SecurityBase"),
    **same("typeway.exceptions", "HTTPException"),
    **REQUESTS,
    "HTTP_401_UNAUTHORIZED": "starlette.status:HTTP_401_UNAUTHORIZED",
    "get_authorization_scheme_param": "typeway.security.base:split_authorization",
}

# A target is "module:attribute", or "module" for the module itself; submodules of FastAPI's name resolve on their own.
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "fastapi": {
        **same("typeway.compat.application", "APIRouter FastAPI"),
        **same("typeway.declare.mark", MARKS),
        **same("typeway.exceptions", "HTTPException WebSocketException"),
        **same("typeway.websockets", "WebSocket WebSocketDisconnect"),
        "BackgroundTasks": "typeway.background:BackgroundTasks",
        "Request": "typeway.requests:Request",
        "Response": "typeway.responses:Response",
        "UploadFile": "typeway.datastructures:UploadFile",
        "status": "starlette.status",
        "__version__": "typeway.compat.names:PEER_VERSION",
    },
    "fastapi.applications": {
        "FastAPI": "typeway.compat.application:FastAPI",
        "Starlette": "starlette.applications:Starlette",
        **same("typeway.compat.document", "generate_unique_id get_openapi"),
        **HANDLERS,
        **PAGES,
        **PLACEHOLDERS,
        **ERRORS,
        **REQUESTS,
        **RESPONSES,
    },
    "fastapi.background": same("typeway.background", "BackgroundTasks"),
    "fastapi.concurrency": {
        **same(
            "typeway.concurrency",
            "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool run_until_first_complete",
        ),
        "asynccontextmanager": "contextlib:asynccontextmanager",
    },
    "fastapi.datastructures": {
        **same("typeway.datastructures", "Address FormData Headers QueryParams State URL UploadFile"),
        **PLACEHOLDERS,
    },
    "fastapi.dependencies": {},
    "fastapi.dependencies.models": same("typeway.compat.dependant", "Dependant"),
    "fastapi.dependencies.utils": {**DEPENDANTS, **FIELDS},
    "fastapi.encoders": {**CODECS, **same("typeway.encoders", "ENCODERS_BY_TYPE decimal_encoder isoformat")},
    "fastapi.exception_handlers": {**HANDLERS, **CODECS, **ERRORS, **REQUESTS, **RESPONSES, **WEBSOCKETS},
    "fastapi.exceptions": {
        **ERRORS,
        **same("typeway.exceptions", "EndpointContext"),
        **same("typeway.compat.errors", "RequestErrorModel WebSocketErrorModel"),
        "StarletteHTTPException": "starlette.exceptions:HTTPException",
        "StarletteWebSocketException": "starlette.exceptions:WebSocketException",
    },
    "fastapi.logger": {"logger": "typeway.compat.application:logger"},
    "fastapi.middleware": same("starlette.middleware", "Middleware"),
    "fastapi.middleware.cors": same("starlette.middleware.cors", "CORSMiddleware"),
    "fastapi.middleware.gzip": same("starlette.middleware.gzip", "GZipMiddleware"),
    "fastapi.middleware.httpsredirect": same("starlette.middleware.httpsredirect", "HTTPSRedirectMiddleware"),
    "fastapi.middleware.trustedhost": same("starlette.middleware.trustedhost", "TrustedHostMiddleware"),
    "fastapi.middleware.wsgi": same("typeway.middleware.wsgi", "WSGIMiddleware"),
    "fastapi.openapi": {},
    "fastapi.openapi.constants": same("typeway.compat.document", "METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE"),
    "fastapi.openapi.docs": {
        **PAGES,
        **CODECS,
        **same("typeway.describe.pages", "swagger_ui_default_parameters"),
        "HTMLResponse": "starlette.responses:HTMLResponse",
    },
    "fastapi.openapi.models": same(
        "typeway.compat.models",
        "APIKey APIKeyIn Components Contact Discriminator Encoding Example ExternalDocumentation HTTPBase HTTPBearer "
        "Header Info License Link MediaType OAuth2 OAuthFlow OAuthFlowAuthorizationCode OAuthFlowClientCredentials "
        "OAuthFlowImplicit OAuthFlowPassword OAuthFlows OpenAPI OpenIdConnect Operation Parameter ParameterBase "
        "ParameterInType PathItem Reference RequestBody Response Schema SchemaOrBool SchemaType SecurityBase "
        "SecurityScheme SecuritySchemeType Server ServerVariable Tag XML",
    ),
    "fastapi.openapi.utils": {**DOCUMENT, **DEPENDANTS, **FIELDS, **CODECS},
    "fastapi.param_functions": same("typeway.declare.mark", MARKS),
    "fastapi.params": {
        **same("typeway.declare.markers", "Body Cookie File Form Header Param Path Query"),
        **same("typeway.declare.depends", "Depends Security"),
        "Undefined": "pydantic_core:PydanticUndefined",
    },
    "fastapi.requests": REQUESTS,
    "fastapi.responses": RESPONSES,
    "fastapi.routing": {
        "APIRouter": "typeway.compat.application:APIRouter",
        **same("typeway.compat.routes", "APIRoute APIWebSocketRoute get_request_handler request_response"),
        **same("typeway.compat.contexts", "RouteContext iter_route_contexts"),
        **renamed(
            "typeway.compat.contexts",
            {"_EffectiveRouteContext": "EffectiveRouteContext", "_IncludedRouter": "IncludedRouter"},
        ),
        **same("starlette.routing", "BaseRoute Match Mount NoMatchFound compile_path get_name websocket_session"),
        **same("starlette.concurrency", "iterate_in_threadpool run_in_threadpool"),
        **same("typeway.types", "ASGIApp DecoratedCallable IncEx Lifespan Receive Scope Send"),
        **DEPENDANTS,
        **FIELDS,
        **SMALL,
        **PLACEHOLDERS,
        **CODECS,
        **ERRORS,
        **REQUESTS,
        **RESPONSES,
        **WEBSOCKETS,
    },
    "fastapi.security": {
        **{name: f"typeway.security:{name}" for names in SECURITY.values() for name in names.split()},
        "OpenIdConnect": "typeway.security:OpenIdConnect",
        "SecurityScopes": "typeway.declare.depends:SecurityScopes",
    },
    "fastapi.security.api_key": {
        **GUARDS,
        **same("typeway.security.api_key", f"APIKeyBase {SECURITY['api_key']}"),
        **same("typeway.security.schemes", "APIKey APIKeyIn"),
    },
    "fastapi.security.base": same("typeway.security.base", "SecurityBase"),
    "fastapi.security.http": {
        **GUARDS,
        **same("typeway.security.http", f"HTTPBase {SECURITY['http']}"),
        **renamed("typeway.security.schemes", {"HTTPBaseModel": "HTTPBase", "HTTPBearerModel": "HTTPBearer"}),
    },
    "fastapi.security.oauth2": {
        **GUARDS,
        **same("typeway.security.oauth2", SECURITY["oauth2"]),
        **renamed("typeway.security.schemes", {"OAuth2Model": "OAuth2", "OAuthFlowsModel": "OAuthFlows"}),
        "Form": "typeway.declare.mark:Form",
        "SecurityScopes": "typeway.declare.depends:SecurityScopes",
    },
    "fastapi.security.open_id_connect_url": {
        **GUARDS,
        **same("typeway.security.openid", "OpenIdConnect"),
        **renamed("typeway.security.schemes", {"OpenIdConnectModel": "OpenIdConnect"}),
    },
    "fastapi.security.utils": renamed(
        "typeway.security.base", {"get_authorization_scheme_param": "split_authorization"}
    ),
    "fastapi.sse": same("typeway.sse", "EventSourceResponse KEEPALIVE_COMMENT ServerSentEvent format_sse_event"),
    "fastapi.staticfiles": same("starlette.staticfiles", "StaticFiles"),
    "fastapi.telemetry": same("typeway.telemetry", "TelemetryConfig TelemetryData get_telemetry_data"),
    "fastapi.templating": same("starlette.templating", "Jinja2Templates"),
    "fastapi.testclient": same("starlette.testclient", "TestClient"),
    "fastapi.types": {
        **same("typeway.types", "DecoratedCallable IncEx"),
        "UnionType": "types:UnionType",
    },
    "fastapi.utils": {**SMALL, **FIELDS, **PLACEHOLDERS, **ERRORS},
    "fastapi.websockets": WEBSOCKETS,
    # Not public, but imported by plugins that many applications use, or by applications' own tests.
    "fastapi._compat": {
        **FIELDS,
        **same("typeway.compat.dependant", "PYDANTIC_VERSION_MINOR_TUPLE lenient_issubclass"),
    },
    "fastapi._form_limits": renamed("typeway.options", {"_FormLimits": "FormLimits"}),
}
