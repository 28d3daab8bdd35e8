"""The documentation pages in a real browser: headless Chromium, strict Content-Security-Policy, no network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import uvicorn
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders

from tests.describe.chromium import Browser, Page, installed_chromium
from tests.docs.blocks import read_blocks
from typeway import Depends, Typeway
from typeway.compat.shapes import pages
from typeway.describe.pages import ASSETS
from typeway.responses import HTMLResponse
from typeway.security import OAuth2AuthorizationCodeBearer
from typeway.types import ASGIApp, Message, Receive, Scope, Send

pytestmark = pytest.mark.timeout(180)

CSP = (
    "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The strictest policy under which Swagger UI works in full with the files of the package.
SWAGGER_UI_CSP = f"{CSP}; style-src 'self'"
# ReDoc puts style elements into the page while it runs and searches in a `blob:` worker.
REDOC_CSP = f"{CSP}; style-src 'self' 'unsafe-inline'; worker-src blob:"

# The pages of compat mode carry their scripts, as FastAPI's do.
INLINE_CSP = SWAGGER_UI_CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")

POLICIES = {"/redoc": REDOC_CSP, "/compat/docs": INLINE_CSP, "/compat/docs/oauth2-redirect": INLINE_CSP}


@dataclass(frozen=True, slots=True)
class WithPolicy:
    """ASGI middleware that adds the strict policy of the page, and none of the pages' own."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to every answer."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = POLICIES.get(scope["path"], SWAGGER_UI_CSP)
                MutableHeaders(scope=message)["content-security-policy"] = policy
            await send(message)

        await self.app(scope, receive, with_policy)


login = OAuth2AuthorizationCodeBearer(authorizationUrl="/authorize", tokenUrl="/token", auto_error=False)


class Item(BaseModel):
    """A thing with a number."""

    id: int
    seen: str


def application() -> Typeway:
    """An application with one operation, its pages, and the strict policy."""
    app = Typeway(
        title="Things",
        description="Some **bold** words and a [link](/docs).",
        swagger_ui_init_oauth={"clientId": "the-client"},
    )

    @app.get("/items/{id}", tags=["things"])
    async def read_item(id: int, token: Annotated[str | None, Depends(login)], limit: int = 7) -> Item:
        return Item(id=id, seen=f"by the endpoint, with limit {limit}")

    @app.get("/compat/docs", include_in_schema=False)
    def compat_docs() -> HTMLResponse:
        return pages.get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Things",
            swagger_js_url=ASSETS["swagger-ui-bundle.js"],
            swagger_css_url=ASSETS["swagger-ui.css"],
            swagger_favicon_url=ASSETS["favicon.svg"],
            oauth2_redirect_url="/compat/docs/oauth2-redirect",
            init_oauth={"clientId": "the-client"},
        )

    app.get("/compat/docs/oauth2-redirect", include_in_schema=False)(pages.get_swagger_ui_oauth2_redirect_html)
    # Browsers ask for it where a page names no icon.
    app.get("/favicon.ico", include_in_schema=False, status_code=204)(lambda: None)
    app.add_middleware(WithPolicy)
    return app


def guarded() -> Typeway:
    """The application of the page about security headers, with the policy that it recommends and one operation."""
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    (example,) = [block.text for block in read_blocks(page) if "POLICY = " in block.text]
    names: dict[str, Any] = {"__name__": "guarded"}
    exec(example, names)
    app: Typeway = names["app"]

    @app.get("/items/{id}", tags=["things"])
    async def read_item(id: int, limit: int = 7) -> Item:
        return Item(id=id, seen=f"by the endpoint, with limit {limit}")

    return app


@contextmanager
def served(app: Typeway) -> Iterator[str]:
    """Serve an application on a free port, in a thread."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the application with the strictest policies."""
    with served(application()) as address:
        yield address


@pytest.fixture(scope="module")
def guarded_address() -> Iterator[str]:
    """The address of the application with the recommended policy."""
    with served(guarded()) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium; where there is none, skip, unless the environment insists on one."""
    with installed_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """Give a tab; whatever a test did with it, no error was reported and only this server was asked."""
    with browser.page() as tab:
        yield tab
        tab.evaluate("0")
        assert tab.errors == []
        foreign = [url for url in tab.requests if not url.startswith((f"{address}/", "data:", f"blob:{address}/"))]
        assert foreign == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A tab for the application with the strictest policies."""
    with opened(browser, address) as tab:
        yield tab


@pytest.fixture
def guarded_page(browser: Browser, guarded_address: str) -> Iterator[Page]:
    """A tab for the application with the recommended policy."""
    with opened(browser, guarded_address) as tab:
        yield tab


each_docs_page = pytest.mark.parametrize("docs", ["/docs", "/compat/docs"])


@each_docs_page
def test_swagger_ui_shows_an_operation_and_executes_it(page: Page, address: str, docs: str) -> None:
    """Someone opens /docs, tries an operation out, and sees the answer of the real endpoint."""
    page.open(f"{address}{docs}")
    page.click(".opblock-get .opblock-summary-control")
    assert "Read Item" in page.evaluate("document.querySelector('.opblock-summary').innerText")
    page.click(".try-out__btn")
    page.type("tr[data-param-name=id] input", "42")
    page.click(".execute")
    status = "document.querySelector('.live-responses-table .response .response-col_status')?.innerText"
    assert page.wait_for(status).strip() == "200"
    answer = page.evaluate("document.querySelector('.live-responses-table .response').innerText")
    assert "by the endpoint, with limit 7" in answer
    assert f"{address}/items/42?limit=7" in page.requests


@each_docs_page
def test_swagger_ui_knows_the_oauth_settings(page: Page, address: str, docs: str) -> None:
    """The client id of `init_oauth` stands in the Authorize dialog, and the redirect address is absolute."""
    page.open(f"{address}{docs}")
    page.click(".btn.authorize")
    assert page.wait_for("document.querySelector('.auth-container input[type=text]')?.value") == "the-client"
    page.evaluate("window.open = (url) => { window.opened = url; }")
    page.click(".auth-container .btn.authorize")
    opened = page.wait_for("window.opened")
    assert f"redirect_uri={address}{docs}/oauth2-redirect".replace(":", "%3A").replace("/", "%2F") in opened


@each_docs_page
@pytest.mark.parametrize(
    ("flow", "query", "expected"),
    [
        ("authorizationCode", "?code=c1&state=s%2B1", {"code": "c1", "errors": []}),
        ("authorizationCode", "?code=c1&state=other", {"code": "c1", "errors": ["warning"]}),
        ("authorizationCode", "?error=access_denied&error_description=No&state=s%2B1", {"errors": ["error"]}),
        ("authorizationCode", "?state=s%2B1", {"errors": ["error"]}),
        ("implicit", "#access_token=t1&state=s%2B1", {"token": "t1", "valid": True, "errors": []}),
        ("implicit", "#access_token=t1&state=forged", {"token": "t1", "valid": False, "errors": []}),
    ],
)
def test_oauth2_redirect_hands_the_answer_back(
    page: Page, address: str, flow: str, query: str, expected: dict[str, object], docs: str
) -> None:
    """The window that the authorization server sends back tells its opener what came, and closes."""
    page.open(f"{address}{docs}/oauth2-redirect")
    page.wait_for("document.getElementById('message')?.textContent.includes('press Authorize')")
    page.evaluate(
        """
        window.answer = { errors: [] };
        window.swaggerUIRedirectOauth2 = {
            auth: { name: "login", schema: new Map([["flow", "FLOW"]]) },
            state: "s+1",
            redirectUrl: "/docs/oauth2-redirect",
            callback: ({ auth, token, isValid }) => {
                if (auth.code) answer.code = auth.code;
                if (token) Object.assign(answer, { token: token.access_token, valid: isValid });
            },
            errCb: ({ level }) => answer.errors.push(level),
        };
        """.replace("FLOW", flow)
    )
    page.call(
        "Runtime.evaluate", expression=f"window.child = window.open('{docs}/oauth2-redirect{query}')", userGesture=True
    )
    page.wait_for("window.child.closed")
    assert page.evaluate("window.answer") == expected


def test_redoc_shows_an_operation_and_finds_it(page: Page, address: str) -> None:
    """Someone opens /redoc, reads an operation, and finds it with the search."""
    page.open(f"{address}/redoc")
    assert page.wait_for("document.querySelector('#redoc h1')?.innerText").startswith("Things")
    page.wait_for("document.querySelector('#redoc').innerText.includes('/items/{id}')")
    page.type("#redoc input[type=text]", "item")
    found = page.wait_for("document.querySelector('[data-role=\"search:results\"]')?.innerText")
    assert "Read Item" in found
    assert "API docs by Redocly" in page.evaluate("document.querySelector('#redoc').innerText")


def test_swagger_ui_works_with_the_recommended_security_headers(guarded_page: Page, guarded_address: str) -> None:
    """With `SecurityHeadersMiddleware` as the documentation shows it, an operation is shown and executed, and nothing is refused."""
    guarded_page.open(f"{guarded_address}/docs")
    guarded_page.click(".opblock-get .opblock-summary-control")
    guarded_page.click(".try-out__btn")
    guarded_page.type("tr[data-param-name=id] input", "42")
    guarded_page.click(".execute")
    answer = "document.querySelector('.live-responses-table .response')?.innerText"
    shown = guarded_page.wait_for(answer)
    assert "by the endpoint, with limit 7" in shown
    assert "content-security-policy: default-src 'self'" in shown


def test_redoc_works_with_the_recommended_security_headers(guarded_page: Page, guarded_address: str) -> None:
    """ReDoc shows an operation and finds it with its search, which runs in a worker."""
    guarded_page.open(f"{guarded_address}/redoc")
    guarded_page.wait_for("document.querySelector('#redoc')?.innerText.includes('/items/{id}')")
    guarded_page.type("#redoc input[type=text]", "item")
    assert "Read Item" in guarded_page.wait_for("document.querySelector('[data-role=\"search:results\"]')?.innerText")
