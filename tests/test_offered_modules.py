"""Modules that only offer names offer those of FastAPI, and cost nothing until they are used."""

import importlib
import subprocess
import sys

import pytest

OFFERED = {
    "background": "BackgroundTasks",
    "concurrency": "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool run_until_first_complete",
    "datastructures": "Address Default DefaultPlaceholder FormData Headers QueryParams State UploadFile URL",
    "encoders": "ENCODERS_BY_TYPE decimal_encoder isoformat jsonable_encoder",
    "middleware": "Middleware",
    "middleware.cors": "CORSMiddleware",
    "middleware.gzip": "GZipMiddleware",
    "middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "middleware.trustedhost": "TrustedHostMiddleware",
    "requests": "HTTPConnection Request",
    "responses": "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse "
    "RedirectResponse Response StreamingResponse UJSONResponse",
    "security": "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials "
    "HTTPBearer HTTPDigest OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict OpenIdConnect SecurityScopes",
    "sse": "EventSourceResponse KEEPALIVE_COMMENT ServerSentEvent format_sse_event",
    "staticfiles": "StaticFiles",
    "status": "HTTP_200_OK HTTP_422_UNPROCESSABLE_CONTENT WS_1008_POLICY_VIOLATION",
    "templating": "Jinja2Templates",
    "testclient": "TestClient",
    "types": "DecoratedCallable IncEx",
    "websockets": "WebSocket WebSocketDisconnect WebSocketState",
}


@pytest.mark.parametrize("module", OFFERED)
def test_each_module_offers_the_names_that_applications_import(module):
    """An application that changes `fastapi` to `typeway` in its imports finds every public name."""
    offered = importlib.import_module(f"typeway.{module}")
    assert [name for name in OFFERED[module].split() if not hasattr(offered, name)] == []
    assert [name for name in getattr(offered, "__all__", ()) if not hasattr(offered, name)] == []


def test_wsgi_is_offered_with_starlettes_own_warning():
    """WSGIMiddleware still works; Starlette says what to use instead."""
    from starlette.exceptions import StarletteDeprecationWarning

    sys.modules.pop("starlette.middleware.wsgi", None)
    sys.modules.pop("typeway.middleware.wsgi", None)
    with pytest.warns(StarletteDeprecationWarning, match="a2wsgi"):
        module = importlib.import_module("typeway.middleware.wsgi")
    assert callable(module.WSGIMiddleware)


def test_renamed_statuses_still_work_and_warn():
    """A status under the name it had before RFC 9110 gives its number and a warning; an unknown one is an error."""
    from starlette.exceptions import StarletteDeprecationWarning

    from typeway import status

    with pytest.warns(StarletteDeprecationWarning, match="HTTP_422_UNPROCESSABLE_CONTENT"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422
    with pytest.raises(AttributeError):
        _ = status.HTTP_299_NOTHING


@pytest.mark.parametrize(
    "unneeded", ["starlette.testclient", "httpx", "jinja2", "typeway.compat.shapes.models", "pydantic.v1"]
)
def test_importing_the_framework_imports_nothing_that_few_need(unneeded):
    """`import typeway` loads neither the test client nor templates nor the models of the document."""
    code = f"import typeway, typeway.responses, sys; sys.exit({unneeded!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
