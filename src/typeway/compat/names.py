"""Map FastAPI's public names to ours: one table, module by module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def same(module: str, names: str) -> dict[str, str]:
    """Names that one of our modules has under the same name."""
    return {name: f"{module}:{name}" for name in names.split()}


MARKS: Final = "Body Cookie Depends File Form Header Path Query Security"
RESPONSES: Final = (
    "FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse Response "
    "StreamingResponse UJSONResponse EventSourceResponse"
)
SECURITY: Final[Mapping[str, str]] = {
    "api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "base": "SecurityBase",
    "http": "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest HTTPBase",
    "oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict",
}
SCHEMES: Final = (
    "APIKey APIKeyIn HTTPBearer OAuth2 OAuthFlow OAuthFlowAuthorizationCode OAuthFlowClientCredentials "
    "OAuthFlowImplicit OAuthFlowPassword OAuthFlows OpenIdConnect SecurityBase SecuritySchemeType HTTPBase"
)
DOCUMENT: Final = (
    "Components Contact Discriminator Encoding Example ExternalDocumentation Header Info License Link MediaType OpenAPI "
    "Operation Parameter ParameterBase ParameterInType PathItem Reference RequestBody Response Schema Server "
    "ServerVariable Tag XML SchemaType"
)

# A target is "module:attribute", or "module" for the module itself; submodules of FastAPI's name resolve on their own.
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "fastapi": {
        "FastAPI": "typeway.compat.application:FastAPI",
        "APIRouter": "typeway.compat.application:APIRouter",
        **same("typeway.declare.mark", MARKS),
        **same("typeway.exceptions", "HTTPException WebSocketException"),
        "BackgroundTasks": "typeway.background:BackgroundTasks",
        "Request": "typeway.requests:Request",
        "Response": "typeway.responses:Response",
        "UploadFile": "typeway.datastructures:UploadFile",
        **same("typeway.websockets", "WebSocket WebSocketDisconnect"),
        "status": "starlette.status",
        "__version__": "typeway.compat.application:PEER_VERSION",
    },
    "fastapi.applications": {"FastAPI": "typeway.compat.application:FastAPI"},
    "fastapi.background": same("typeway.background", "BackgroundTasks"),
    "fastapi.concurrency": same(
        "typeway.concurrency",
        "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool run_until_first_complete",
    ),
    "fastapi.datastructures": same(
        "typeway.datastructures",
        "Address Default DefaultPlaceholder FormData Headers QueryParams State URL UploadFile",
    ),
    "fastapi.encoders": same("typeway.encoders", "ENCODERS_BY_TYPE decimal_encoder isoformat jsonable_encoder"),
    "fastapi.exception_handlers": same(
        "typeway.handlers",
        "http_exception_handler request_validation_exception_handler websocket_request_validation_exception_handler",
    ),
    "fastapi.exceptions": {
        **same(
            "typeway.exceptions",
            "DependencyScopeError HTTPException PydanticV1NotSupportedError RequestValidationError "
            "ResponseValidationError ValidationException WebSocketException WebSocketRequestValidationError",
        ),
        "FastAPIError": "typeway.exceptions:TypewayError",
        "FastAPIDeprecationWarning": "typeway.exceptions:TypewayDeprecationWarning",
        "StarletteHTTPException": "starlette.exceptions:HTTPException",
    },
    "fastapi.logger": {"logger": "typeway.compat.application:logger"},
    "fastapi.middleware": {"Middleware": "starlette.middleware:Middleware"},
    "fastapi.middleware.cors": {"CORSMiddleware": "starlette.middleware.cors:CORSMiddleware"},
    "fastapi.middleware.gzip": {"GZipMiddleware": "starlette.middleware.gzip:GZipMiddleware"},
    "fastapi.middleware.httpsredirect": {
        "HTTPSRedirectMiddleware": "starlette.middleware.httpsredirect:HTTPSRedirectMiddleware"
    },
    "fastapi.middleware.trustedhost": {
        "TrustedHostMiddleware": "starlette.middleware.trustedhost:TrustedHostMiddleware"
    },
    "fastapi.middleware.wsgi": {"WSGIMiddleware": "typeway.middleware.wsgi:WSGIMiddleware"},
    "fastapi.openapi": {},
    "fastapi.openapi.docs": same(
        "typeway.describe.pages",
        "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html swagger_ui_default_parameters",
    ),
    "fastapi.openapi.models": {
        **same("typeway.describe.models", DOCUMENT),
        **same("typeway.security.schemes", SCHEMES),
    },
    "fastapi.openapi.utils": same("typeway.compat.document", "get_openapi"),
    "fastapi.param_functions": same("typeway.declare.mark", MARKS),
    "fastapi.params": {
        **same("typeway.declare.markers", "Body Cookie File Form Header Param Path Query"),
        **same("typeway.declare.depends", "Depends Security"),
    },
    "fastapi.requests": same("typeway.requests", "HTTPConnection Request"),
    "fastapi.responses": same("typeway.responses", RESPONSES),
    "fastapi.routing": {
        "APIRouter": "typeway.compat.application:APIRouter",
        **same("typeway.routes", "APIRoute APIWebSocketRoute"),
        **same("starlette.routing", "BaseRoute Match Mount NoMatchFound compile_path get_name"),
        **same("typeway.requests", "Request"),
        **same("typeway.responses", "JSONResponse Response StreamingResponse"),
        **same("starlette.concurrency", "run_in_threadpool iterate_in_threadpool"),
    },
    "fastapi.security": {
        **{name: f"typeway.security:{name}" for names in SECURITY.values() for name in names.split()},
        "OpenIdConnect": "typeway.security:OpenIdConnect",
        "SecurityScopes": "typeway.declare.depends:SecurityScopes",
    },
    **{f"fastapi.security.{module}": same(f"typeway.security.{module}", names) for module, names in SECURITY.items()},
    "fastapi.security.open_id_connect_url": same("typeway.security.openid", "OpenIdConnect"),
    "fastapi.sse": {**same("typeway.sse", "EventSourceResponse ServerSentEvent KEEPALIVE_COMMENT format_sse_event")},
    "fastapi.staticfiles": same("starlette.staticfiles", "StaticFiles"),
    "fastapi.templating": same("starlette.templating", "Jinja2Templates"),
    "fastapi.testclient": same("starlette.testclient", "TestClient"),
    "fastapi.types": same("typeway.types", "DecoratedCallable IncEx"),
    "fastapi.utils": same("typeway.compat.document", "generate_unique_id is_body_allowed_for_status_code"),
    "fastapi.websockets": same("typeway.websockets", "WebSocket WebSocketDisconnect WebSocketState"),
}
