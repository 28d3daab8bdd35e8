"""The documentation pages of compat mode are complete in themselves, and can be changed in the usual ways."""

import inspect
import re
import sys
from types import ModuleType
from typing import Any

import fastapi
import pytest

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.compat.shapes.facade import Facade
from typeway.testclient import TestClient

FUNCTIONS = ("get_swagger_ui_html", "get_redoc_html", "get_swagger_ui_oauth2_redirect_html")


def text(web: ModuleType, path: str, **options: Any) -> str:
    return TestClient(web.FastAPI(**options)).get(path).text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_fastapis_defaults(name: str) -> None:
    """Whoever leaves an address out gets the one that FastAPI would take."""
    ours, theirs = (getattr(web.openapi.docs, name) for web in (COMPAT, fastapi))
    defaults = [{p.name: p.default for p in inspect.signature(f).parameters.values()} for f in (ours, theirs)]
    assert defaults[0] == defaults[1]


@compat_and_fastapi
def test_pages_load_from_the_cdn(web: ModuleType) -> None:
    """Swagger UI, ReDoc and its fonts come from where FastAPI takes them."""
    docs, redoc = text(web, "/docs"), text(web, "/redoc")
    assert 'src="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js"' in docs
    assert 'href="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css"' in docs
    assert "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js" in redoc
    assert "https://fonts.googleapis.com" in redoc


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_pages_need_nothing_of_the_application(path: str) -> None:
    """No page refers to files that only an application of Typeway's own would serve."""
    page = text(COMPAT, path)
    assert "_typeway" not in page
    assert "<script" in page
    assert TestClient(COMPAT.FastAPI()).get("/_typeway/docs/favicon.svg").status_code == 404


@compat_and_fastapi
def test_an_application_has_fastapis_routes_and_no_others(web: ModuleType) -> None:
    """Code that counts or filters routes finds those of the documentation that it expects."""
    assert [route.path for route in web.FastAPI().routes] == [
        "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc",
    ]  # fmt: skip


@compat_and_fastapi
def test_pages_can_be_written_by_hand(web: ModuleType) -> None:
    """An application without pages of its own can serve them where, and from where, it likes."""
    app = web.FastAPI(docs_url=None, redoc_url=None)
    docs = web.openapi.docs

    @app.get("/own", include_in_schema=False)
    def own() -> Any:
        return docs.get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Own",
            swagger_js_url="/static/ui.js",
            oauth2_redirect_url="/back",
            init_oauth={"clientId": "me"},
            swagger_ui_parameters={"filter": True, "note": "</script>"},
        )

    page = TestClient(app).get("/own").text
    assert 'src="/static/ui.js"' in page
    assert '"filter": true' in page
    assert "clientId" in page
    assert '</script>"' not in page
    assert '"dom_id": "#swagger-ui"' in page


@compat_and_fastapi
def test_the_page_calls_swagger_ui_itself(web: ModuleType) -> None:
    """The script in the page makes the call of FastAPI's page, which other code and tests look for."""
    page = text(web, "/docs", swagger_ui_init_oauth={"clientId": "me"}, swagger_ui_parameters={"deepLinking": False})
    code = re.findall("<script>(.*?)</script", page, re.DOTALL)[0]
    for part in (
        "const ui = SwaggerUIBundle({",
        '"deepLinking": false,',
        "SwaggerUIBundle.presets.apis,",
        "SwaggerUIBundle.SwaggerUIStandalonePreset",
        "oauth2RedirectUrl: window.location.origin + '/docs/oauth2-redirect',",
        "ui.initOAuth({",
    ):
        assert part in code
    assert "window.opener.swaggerUIRedirectOauth2" in text(web, "/docs/oauth2-redirect")


EVIL = "'\"</script><script>alert(1)</script><!-- & <img src=x onerror=alert(1)> -->"


def test_nothing_that_is_given_can_leave_its_place_in_the_page() -> None:
    """Titles, addresses and parameters are data: none of them can end a string, a script, an element or a comment."""
    docs = COMPAT.openapi.docs
    swagger = docs.get_swagger_ui_html(
        openapi_url=EVIL,
        title=EVIL,
        swagger_js_url=EVIL,
        swagger_css_url=EVIL,
        swagger_favicon_url=EVIL,
        oauth2_redirect_url=EVIL,
        init_oauth={EVIL: EVIL},
        swagger_ui_parameters={EVIL: {"deep": [EVIL]}},
    )
    redoc = docs.get_redoc_html(openapi_url=EVIL, title=EVIL, redoc_js_url=EVIL, redoc_favicon_url=EVIL)
    for page in (bytes(swagger.body).decode(), bytes(redoc.body).decode()):
        assert "alert(1)</script>" not in page
        assert "<img" not in page
        assert "<!--" not in page
    origin = next(line for line in bytes(swagger.body).decode().splitlines() if "oauth2RedirectUrl" in line)
    assert origin.count("'") == 2


@compat_and_fastapi
def test_the_functions_can_be_replaced(web: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline applications replace the functions in `fastapi.applications`: what stands there writes the pages."""
    applications = web.applications
    if web is COMPAT:
        assert isinstance(applications, Facade)
        monkeypatch.setitem(sys.modules, "fastapi.applications", applications)
    original = applications.get_swagger_ui_html
    monkeypatch.setattr(
        applications,
        "get_swagger_ui_html",
        lambda *args, **options: original(*args, **options, swagger_js_url="/own.js"),
    )
    assert 'src="/own.js"' in text(web, "/docs")
    assert "redoc@2" in text(web, "/redoc")
