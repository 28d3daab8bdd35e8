"""Map FastAPI's public names to ours: one table, module by module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The package that compat mode stands for, and the version whose behaviour it reproduces.
PEER: Final = "fastapi"
PEER_VERSION: Final = "0.165.0"


def same(module: str, names: str) -> dict[str, str]:
    """Return targets for names that one of our modules offers under the same name."""
    return {name: f"{module}:{name}" for name in names.split()}


def renamed(module: str, **names: str) -> dict[str, str]:
    """Return targets for names that one of our modules offers under another name."""
    return {name: f"{module}:{ours}" for name, ours in names.items()}


# Names that several of FastAPI's modules offer and that mean the same in each.
SHARED: Final[Mapping[str, str]] = {
    **same("typeway.compat.shapes.application", "APIRouter FastAPI"),
    **same(
        "typeway.compat.shapes.dependant",
        "Dependant get_dependant get_flat_params get_parameterless_sub_dependant get_typed_annotation "
        "get_typed_return_annotation get_typed_signature lenient_issubclass",
    ),
    **same("typeway.compat.shapes.fields", "ModelField create_model_field"),
    **same(
        "typeway.compat.shapes.document",
        "METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE deep_dict_update generate_operation_id "
        "generate_operation_id_for_path generate_operation_summary generate_unique_id get_fields_from_routes "
        "get_openapi get_path_param_names get_value_or_default is_body_allowed_for_status_code status_code_ranges "
        "validation_error_definition validation_error_response_definition",
    ),
    **same("typeway.compat.shapes.pages", "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html"),
    **same("typeway.datastructures", "Default DefaultPlaceholder UploadFile"),
    **same("typeway.declare.depends", "SecurityScopes"),
    **same("typeway.encoders", "jsonable_encoder"),
    **same(
        "typeway.exceptions",
        "PydanticV1NotSupportedError RequestValidationError ResponseValidationError WebSocketException "
        "WebSocketRequestValidationError",
    ),
    **renamed("typeway.exceptions", FastAPIError="TypewayError", FastAPIDeprecationWarning="TypewayDeprecationWarning"),
    **same(
        "typeway.errors.detail",
        "http_exception_handler request_validation_exception_handler websocket_request_validation_exception_handler",
    ),
    **same("typeway.requests", "HTTPConnection Request"),
    **same(
        "typeway.responses",
        "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse "
        "Response StreamingResponse UJSONResponse",
    ),
    **same("typeway.security.base", "SecurityBase"),
    **same("typeway.types", "ASGIApp DecoratedCallable IncEx Lifespan Receive Scope Send"),
    **same("typeway.websockets", "WebSocket WebSocketDisconnect WebSocketState"),
    **same("starlette.concurrency", "iterate_in_threadpool run_in_threadpool"),
    **same("starlette.status", "HTTP_401_UNAUTHORIZED"),
    "Starlette": "starlette.applications:Starlette",
    "Undefined": "pydantic_core:PydanticUndefined",
    "get_authorization_scheme_param": "typeway.security.base:split_authorization",
}


def shared(names: str) -> dict[str, str]:
    """Return the targets of names that several modules offer."""
    return {name: SHARED[name] for name in names.split()}


MARKS: Final = same("typeway.declare.mark", "Body Cookie Depends File Form Header Path Query Security")
HTTP_EXCEPTION: Final = same("typeway.exceptions", "HTTPException")
# In some of its modules this name means Starlette's class.
STARLETTE_EXCEPTION: Final = same("starlette.exceptions", "HTTPException")
HANDLERS: Final = (
    "http_exception_handler request_validation_exception_handler websocket_request_validation_exception_handler"
)
PAGES: Final = "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html"
GUARD: Final = "SecurityBase HTTPConnection HTTP_401_UNAUTHORIZED"

API_KEYS: Final = "APIKeyCookie APIKeyHeader APIKeyQuery"
HTTP: Final = "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest"
OAUTH2: Final = (
    "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict"
)

# A target is "module:attribute", or "module" for the module itself. Submodules need no entry in their package.
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "fastapi": {
        **shared("APIRouter FastAPI Request Response UploadFile WebSocket WebSocketDisconnect WebSocketException"),
        **MARKS,
        **HTTP_EXCEPTION,
        **same("typeway.background", "BackgroundTasks"),
        "status": "starlette.status",
        "__version__": "typeway.compat.importing.names:PEER_VERSION",
    },
    "fastapi.applications": {
        **shared(
            "Default DefaultPlaceholder FastAPI FastAPIDeprecationWarning HTMLResponse JSONResponse Request "
            f"RequestValidationError Response Starlette WebSocketRequestValidationError generate_unique_id get_openapi "
            f"{HANDLERS} {PAGES}"
        ),
        **STARLETTE_EXCEPTION,
    },
    "fastapi.background": same("typeway.background", "BackgroundTasks"),
    "fastapi.cli": same("typeway.compat.shapes.command", "main"),
    "fastapi.concurrency": {
        **same(
            "typeway.concurrency",
            "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool run_until_first_complete",
        ),
        **same("contextlib", "asynccontextmanager"),
    },
    "fastapi.datastructures": {
        **shared("Default DefaultPlaceholder UploadFile"),
        **same("typeway.datastructures", "Address FormData Headers QueryParams State URL"),
        # Private in FastAPI; subclasses of its markers pass it for options that were not given: fastapi-jsonrpc, cadwyn.
        "_Unset": "typeway.compat.shapes.fields:UNSET",
    },
    "fastapi.dependencies": {},
    "fastapi.dependencies.models": shared("Dependant"),
    "fastapi.dependencies.utils": {
        **shared(
            "Dependant ModelField Undefined create_model_field get_dependant get_flat_params "
            "get_parameterless_sub_dependant get_typed_annotation get_typed_return_annotation get_typed_signature "
            "lenient_issubclass"
        ),
        # Private in FastAPI; fastapi-pagination imports the first and `_get_flat_body_params`, fastapi-jsonrpc the second.
        **renamed(
            "typeway.compat.shapes.fields",
            _get_body_field="get_body_field",
            _should_embed_body_fields="should_embed",
        ),
        "_get_flat_body_params": "typeway.compat.shapes.dependant:get_flat_body_params",
        # Not documented by FastAPI. fastapi-jsonrpc, fastapi-injectable and FastStream call the first, FastStream makes
        # the second of its own; titiler calls the third, cadwyn looks at the last.
        **same(
            "typeway.compat.shapes.solve",
            "solve_dependencies SolvedDependency request_params_to_args request_body_to_args",
        ),
    },
    "fastapi.encoders": same("typeway.encoders", "ENCODERS_BY_TYPE decimal_encoder isoformat jsonable_encoder"),
    "fastapi.exception_handlers": {
        **shared(
            "JSONResponse Request RequestValidationError Response WebSocket WebSocketRequestValidationError "
            f"is_body_allowed_for_status_code jsonable_encoder {HANDLERS}"
        ),
        **STARLETTE_EXCEPTION,
    },
    "fastapi.exceptions": {
        **shared(
            "FastAPIDeprecationWarning FastAPIError PydanticV1NotSupportedError RequestValidationError "
            "ResponseValidationError WebSocketException WebSocketRequestValidationError"
        ),
        **HTTP_EXCEPTION,
        **same("typeway.exceptions", "DependencyScopeError EndpointContext ValidationException"),
        **same("typeway.compat.shapes.errors", "RequestErrorModel WebSocketErrorModel"),
        **renamed(
            "starlette.exceptions",
            StarletteHTTPException="HTTPException",
            StarletteWebSocketException="WebSocketException",
        ),
    },
    "fastapi.logger": same("typeway.compat.shapes.application", "logger"),
    "fastapi.middleware": same("starlette.middleware", "Middleware"),
    # Not documented by FastAPI; applications that build their middleware stack themselves, and tests of OpenTelemetry's
    # instrumentation, put it around the router.
    "fastapi.middleware.asyncexitstack": same("typeway.compat.shapes.steps", "AsyncExitStackMiddleware"),
    "fastapi.middleware.cors": same("starlette.middleware.cors", "CORSMiddleware"),
    "fastapi.middleware.gzip": same("starlette.middleware.gzip", "GZipMiddleware"),
    "fastapi.middleware.httpsredirect": same("starlette.middleware.httpsredirect", "HTTPSRedirectMiddleware"),
    "fastapi.middleware.trustedhost": same("starlette.middleware.trustedhost", "TrustedHostMiddleware"),
    "fastapi.middleware.wsgi": same("typeway.middleware.wsgi", "WSGIMiddleware"),
    "fastapi.openapi": {},
    "fastapi.openapi.constants": shared("METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE"),
    "fastapi.openapi.docs": {
        **shared(f"HTMLResponse jsonable_encoder {PAGES}"),
        **same("typeway.describe.pages", "swagger_ui_default_parameters"),
    },
    "fastapi.openapi.models": same(
        "typeway.compat.shapes.models",
        "APIKey APIKeyIn Components Contact Discriminator Encoding Example ExternalDocumentation HTTPBase HTTPBearer "
        "Header Info License Link MediaType OAuth2 OAuthFlow OAuthFlowAuthorizationCode OAuthFlowClientCredentials "
        "OAuthFlowImplicit OAuthFlowPassword OAuthFlows OpenAPI OpenIdConnect Operation Parameter ParameterBase "
        "ParameterInType PathItem Reference RequestBody Response Schema SchemaOrBool SchemaType SecurityBase "
        "SecurityScheme SecuritySchemeType Server ServerVariable Tag XML",
    ),
    "fastapi.openapi.utils": {
        **shared(
            "Dependant JSONResponse METHODS_WITH_BODY ModelField REF_PREFIX Response deep_dict_update "
            "generate_operation_id generate_operation_id_for_path generate_operation_summary get_fields_from_routes "
            "get_flat_params get_openapi is_body_allowed_for_status_code jsonable_encoder lenient_issubclass "
            "status_code_ranges validation_error_definition validation_error_response_definition"
        ),
        # titiler documents parameters that FastAPI does not read with `_get_openapi_operation_parameters`; extensions that
        # write documents of another kind build them of the others.
        **same(
            "typeway.compat.shapes.definitions",
            "get_openapi_operation_metadata get_openapi_operation_request_body get_openapi_path "
            "get_definitions get_flat_models_from_fields get_model_name_map "
            "get_schema_from_model_field",
        ),
        **renamed(
            "typeway.compat.shapes.definitions",
            _OpenAPIDependencyData="DependencyData",
            _get_openapi_dependency_data="dependency_data_of",
            _get_openapi_operation_parameters="operation_parameters",
            _get_openapi_security_definitions="security_definitions",
        ),
    },
    "fastapi.param_functions": MARKS,
    "fastapi.params": {
        **same("typeway.declare.markers", "Body Cookie File Form Header Param Path Query"),
        **renamed("typeway.compat.shapes.models", ParamTypes="ParameterInType"),
        **same("typeway.declare.depends", "Depends Security"),
        **shared("Undefined"),
    },
    "fastapi.requests": shared("HTTPConnection Request"),
    "fastapi.responses": shared(
        "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse "
        "Response StreamingResponse UJSONResponse"
    ),
    "fastapi.routing": {
        **same("typeway.compat.shapes.routes", "APIRoute APIWebSocketRoute get_request_handler request_response"),
        **same("typeway.compat.shapes.contexts", "RouteContext iter_route_contexts"),
        # Not documented by FastAPI. Instrumentation replaces these, to be called for each request: Logfire the first two,
        # New Relic the second, Datadog the third. FastStream and fastapi-jsonrpc call them.
        **same("typeway.compat.shapes.steps", "run_endpoint_function serialize_response"),
        **same("typeway.compat.shapes.solve", "solve_dependencies"),
        # Routes of plugins' own for WebSockets are made of these.
        **same("typeway.compat.shapes.steps", "get_websocket_app websocket_session"),
        # Private in FastAPI. lite-bootstrap and Tortoise ORM join lifespans by the first; fastapi-jsonrpc and
        # FastStream import the second.
        **renamed(
            "typeway.compat.shapes.lifespans",
            _merge_lifespan_context="merge_lifespans",
            _DefaultLifespan="DefaultLifespan",
        ),
        # Private in FastAPI; cadwyn and OpenTelemetry's instrumentation import the first; fastapi-pagination,
        # prometheus-fastapi-instrumentator and elastic-apm the second.
        **renamed(
            "typeway.compat.shapes.contexts",
            _EffectiveRouteContext="EffectiveRouteContext",
            _IncludedRouter="IncludedRouter",
        ),
        **same("starlette.routing", "BaseRoute Match Mount NoMatchFound compile_path get_name"),
        **shared(
            "APIRouter ASGIApp DecoratedCallable Default DefaultPlaceholder Dependant EventSourceResponse FastAPIError "
            "IncEx JSONResponse Lifespan ModelField PlainTextResponse Receive RedirectResponse Request "
            "RequestValidationError Response ResponseValidationError Scope Send StreamingResponse Undefined WebSocket "
            "WebSocketRequestValidationError create_model_field generate_unique_id get_dependant "
            "get_parameterless_sub_dependant get_typed_return_annotation get_value_or_default "
            "is_body_allowed_for_status_code iterate_in_threadpool jsonable_encoder lenient_issubclass run_in_threadpool"
        ),
        **STARLETTE_EXCEPTION,
    },
    "fastapi.security": {
        **same("typeway.security", f"{API_KEYS} {HTTP} {OAUTH2} OpenIdConnect"),
        **shared("SecurityScopes"),
    },
    "fastapi.security.api_key": {
        **same("typeway.security.api_key", f"APIKeyBase {API_KEYS}"),
        **same("typeway.security.schemes", "APIKey APIKeyIn"),
        **shared(GUARD),
        **STARLETTE_EXCEPTION,
    },
    "fastapi.security.base": shared("SecurityBase"),
    "fastapi.security.http": {
        **same("typeway.security.http", f"HTTPBase {HTTP}"),
        **renamed("typeway.compat.shapes.models", HTTPBaseModel="HTTPBase", HTTPBearerModel="HTTPBearer"),
        **shared(f"{GUARD} get_authorization_scheme_param"),
        **HTTP_EXCEPTION,
    },
    "fastapi.security.oauth2": {
        **same("typeway.security.oauth2", OAUTH2),
        **renamed("typeway.security.schemes", OAuth2Model="OAuth2", OAuthFlowsModel="OAuthFlows"),
        **shared(f"{GUARD} SecurityScopes get_authorization_scheme_param"),
        **HTTP_EXCEPTION,
        "Form": MARKS["Form"],
    },
    "fastapi.security.open_id_connect_url": {
        **same("typeway.security.oauth2", "OpenIdConnect"),
        **renamed("typeway.security.schemes", OpenIdConnectModel="OpenIdConnect"),
        **shared(GUARD),
        **STARLETTE_EXCEPTION,
    },
    "fastapi.security.utils": shared("get_authorization_scheme_param"),
    "fastapi.sse": same("typeway.sse", "EventSourceResponse KEEPALIVE_COMMENT ServerSentEvent format_sse_event"),
    "fastapi.staticfiles": same("starlette.staticfiles", "StaticFiles"),
    "fastapi.telemetry": same("typeway.telemetry", "TelemetryConfig TelemetryData get_telemetry_data"),
    "fastapi.templating": same("starlette.templating", "Jinja2Templates"),
    "fastapi.testclient": same("starlette.testclient", "TestClient"),
    "fastapi.types": {
        **shared("DecoratedCallable IncEx"),
        **same("types", "UnionType"),
        # The types in the signatures of functions that plugins call; fastapi-jsonrpc imports the first.
        **same("typeway.compat.shapes.solve", "DependencyCacheKey"),
        **same("typeway.compat.shapes.definitions", "ModelNameMap"),
    },
    "fastapi.utils": shared(
        "DefaultPlaceholder FastAPIDeprecationWarning ModelField PydanticV1NotSupportedError Undefined "
        "create_model_field deep_dict_update generate_operation_id_for_path generate_unique_id get_path_param_names "
        "get_value_or_default is_body_allowed_for_status_code"
    ),
    "fastapi.websockets": shared("WebSocket WebSocketDisconnect WebSocketState"),
    # Private in FastAPI; fastapi-jsonrpc imports the first two, cadwyn the first, titiler those that make definitions.
    "fastapi._compat": {
        **shared("ModelField Undefined lenient_issubclass"),
        **same(
            "typeway.compat.shapes.definitions",
            "get_definitions get_flat_models_from_fields get_model_name_map get_schema_from_model_field",
        ),
    },
}

# What `import fastapi` imports: import hooks, such as those of New Relic, wait for these modules.
FIRST: Final = (
    "applications", "background", "concurrency", "datastructures", "dependencies.models", "dependencies.utils",
    "encoders", "exception_handlers", "exceptions", "logger", "middleware.asyncexitstack", "openapi.constants", "openapi.docs", "openapi.models",
    "openapi.utils", "param_functions", "params", "requests", "responses", "routing", "security.api_key", "security.base",
    "security.http", "security.oauth2", "security.open_id_connect_url", "security.utils", "sse", "telemetry", "types",
    "utils", "websockets",
)  # fmt: skip
