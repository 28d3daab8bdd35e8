"""The documentation pages and the packaged files they load."""

import hashlib
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import typeway.describe
from typeway.describe.pages import (
    ASSET_PATH,
    ASSETS,
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
    serve_asset,
    swagger_ui_default_parameters,
)

FOLDER = Path(typeway.describe.__file__).parent / "assets"

PAGES: list[Callable[[], HTMLResponse]] = [
    lambda: get_swagger_ui_html(
        openapi_url="/openapi.json", title="T", oauth2_redirect_url="/back", init_oauth={"clientId": "a"}
    ),
    lambda: get_redoc_html(openapi_url="/openapi.json", title="T"),
    get_swagger_ui_oauth2_redirect_html,
]


def text_of(page: HTMLResponse) -> str:
    return bytes(page.body).decode()


def block_of(page: HTMLResponse, block_id: str) -> dict[str, object]:
    """Read one JSON block as a browser would: up to the first end of a script element."""
    found = re.search(rf'<script type="application/json" id="{block_id}">(.*?)</script', text_of(page), re.DOTALL)
    assert found is not None
    content: dict[str, object] = json.loads(found[1])
    return content


def address_of(file: str) -> str:
    return ASSETS[file]


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(ASSET_PATH + "/{name:path}", serve_asset)]))


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_inline_script_and_no_foreign_address(page: Callable[[], HTMLResponse]) -> None:
    """Every script is a packaged file or plain data, so that `script-src 'self'` suffices and no CDN is asked."""
    text = text_of(page())
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert 'type="application/json"' in attributes or (f'src="{ASSET_PATH}/' in attributes and not content)
    assert not re.search(r"\son\w+=|javascript:|<style|\sstyle=", text)
    assert "http:" not in text
    assert "https:" not in text


@pytest.mark.parametrize("page", PAGES)
def test_every_address_in_a_page_is_served(page: Callable[[], HTMLResponse], client: TestClient) -> None:
    """What a page loads is what the package serves, under the same versioned address."""
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text_of(page()))
    assert addresses
    for address in addresses:
        assert client.get(address).status_code == 200, address


def test_swagger_ui_page_carries_its_parameters_one_on_a_line() -> None:
    """Parameters stand as JSON, one on a line, with the user's values over the defaults."""
    page = get_swagger_ui_html(
        openapi_url="/api/openapi.json",
        title="Tasks",
        swagger_ui_parameters={"deepLinking": False, "syntaxHighlight": {"theme": "obsidian"}},
    )
    assert block_of(page, "swagger-ui-configuration") == {
        **swagger_ui_default_parameters,
        "deepLinking": False,
        "syntaxHighlight": {"theme": "obsidian"},
        "url": "/api/openapi.json",
    }
    lines = text_of(page).splitlines()
    assert '  "dom_id": "#swagger-ui",' in lines
    assert '  "layout": "BaseLayout",' in lines
    assert '  "deepLinking": false,' in lines
    assert '  "syntaxHighlight": {"theme": "obsidian"}' in lines
    assert "<title>Tasks</title>" in lines


def test_default_parameters_cannot_be_changed_for_every_application() -> None:
    """One application's wishes stay its own: the shared defaults are read-only."""
    with pytest.raises(TypeError):
        swagger_ui_default_parameters["deepLinking"] = False  # type: ignore[index]


def test_oauth_settings_are_a_block_of_their_own() -> None:
    """`init_oauth` and the redirect address reach the page only where they are given."""
    with_oauth = get_swagger_ui_html(
        openapi_url="/o.json",
        title="T",
        oauth2_redirect_url="/docs/back",
        init_oauth={"clientId": "me", "scopes": "a b"},
    )
    assert block_of(with_oauth, "swagger-ui-oauth") == {"clientId": "me", "scopes": "a b"}
    assert block_of(with_oauth, "swagger-ui-configuration")["oauth2RedirectUrl"] == "/docs/back"
    without = text_of(get_swagger_ui_html(openapi_url="/o.json", title="T"))
    assert "swagger-ui-oauth" not in without
    assert "oauth2RedirectUrl" not in without
    assert "initOAuth" not in without


EVIL = "</script><script>alert(1)</script><!-- & <img src=x onerror=alert(1)> -->"


def test_nothing_that_is_given_can_leave_its_place_in_the_page() -> None:
    """Titles, addresses and parameters are data: none of them can open an element or end a comment."""
    swagger = get_swagger_ui_html(
        openapi_url=EVIL,
        title=EVIL,
        swagger_js_url=EVIL + '"',
        swagger_css_url=EVIL + '"',
        swagger_favicon_url=EVIL + '"',
        oauth2_redirect_url=EVIL,
        init_oauth={EVIL: EVIL},
        swagger_ui_parameters={EVIL: {"deep": [EVIL]}},
    )
    redoc = get_redoc_html(openapi_url=EVIL, title=EVIL, redoc_js_url=EVIL + '"', redoc_favicon_url=EVIL + '"')
    for page in (swagger, redoc):
        text = text_of(page)
        assert "alert(1)</script>" not in text
        assert "<img" not in text
        assert text.count("<!--") == text.count("-->")
    assert block_of(swagger, "swagger-ui-configuration")["url"] == EVIL
    assert block_of(swagger, "swagger-ui-oauth") == {EVIL: EVIL}
    assert block_of(redoc, "redoc-configuration")["specUrl"] == EVIL


def test_addresses_of_the_user_stand_in_the_page_as_given() -> None:
    """Whoever serves other builds of the tools gets exactly the addresses they named."""
    swagger = text_of(
        get_swagger_ui_html(
            openapi_url="/o.json",
            title="T",
            swagger_js_url="/static/ui.js",
            swagger_css_url="https://cdn.example.com/ui.css",
            swagger_favicon_url="/static/icon.png",
        )
    )
    redoc = text_of(
        get_redoc_html(openapi_url="/o.json", title="T", redoc_js_url="/static/r.js", redoc_favicon_url="/i.png")
    )
    for address in ("/static/ui.js", "https://cdn.example.com/ui.css", "/static/icon.png"):
        assert f'"{address}"' in swagger
    for address in ("/static/r.js", "/i.png"):
        assert f'"{address}"' in redoc


def test_default_addresses_are_plain_defaults_that_stand_in_the_page() -> None:
    """The addresses that a signature shows are the ones that the page uses."""
    for function, page in (
        (get_swagger_ui_html, get_swagger_ui_html(openapi_url="/o.json", title="T")),
        (get_redoc_html, get_redoc_html(openapi_url="/o.json", title="T")),
    ):
        parameters = inspect.signature(function).parameters
        defaults = [parameter.default for name, parameter in parameters.items() if name.endswith(("js_url", "css_url"))]
        assert defaults
        assert all(default in text_of(page) for default in defaults)


def test_packaged_addresses_follow_the_application_behind_a_prefix() -> None:
    """An application below a root path finds its packaged files there; the user's own addresses stay."""
    page = get_swagger_ui_html(
        openapi_url="/api/o.json", title="T", swagger_css_url="/own.css", asset_path="/api" + ASSET_PATH
    )
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text_of(page))
    assert "/own.css" in addresses
    assert all(address.startswith(f"/api{ASSET_PATH}/") for address in addresses if address != "/own.css")


def test_redoc_takes_fonts_from_google_only_when_asked() -> None:
    """Without the wish the page stays on its own server."""
    assert "fonts.googleapis.com" in text_of(get_redoc_html(openapi_url="/o.json", title="T", with_google_fonts=True))
    assert "google" not in text_of(get_redoc_html(openapi_url="/o.json", title="T"))


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"),
    ],
)
def test_asset_is_served_with_its_type_and_for_good(client: TestClient, file: str, media_type: str) -> None:
    """An address names one version of a file, so that a browser may keep it for as long as it likes."""
    response = client.get(address_of(file))
    assert response.content == (FOLDER / file).read_bytes()
    assert response.headers["content-type"] == media_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize("header", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
def test_asset_that_the_client_has_is_not_sent_again(client: TestClient, header: str) -> None:
    """If-None-Match with the current tag, weak or strong, alone or in a list, is answered with 304 and no body."""
    etag = client.get(address_of("swagger-ui.css")).headers["etag"]
    response = client.get(address_of("swagger-ui.css"), headers={"If-None-Match": header.format(etag=etag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == etag


def test_asset_that_the_client_has_in_another_version_is_sent(client: TestClient) -> None:
    """A tag that is not the current one changes nothing."""
    assert client.get(address_of("favicon.svg"), headers={"If-None-Match": '"older"'}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "",
        "swagger-ui.css",
        "VERSIONS.json",
        "typeway@0/VERSIONS.json",
        "swagger-ui-dist@5.0.0/swagger-ui.css",
        "../pages.py",
        "..%2fpages.py",
        "%2e%2e/pages.py",
        "swagger-ui-dist@5/../../pages.py",
        "/etc/passwd",
        "nul\x00byte",
    ],
)
def test_any_other_name_is_not_found(client: TestClient, name: str) -> None:
    """The table is closed: paths, other versions and other files of the package are 404 in JSON."""
    scope = {"type": "http", "headers": [], "path_params": {"name": name}}
    assert serve_asset(Request(scope)).status_code == 404
    response = client.get(f"{ASSET_PATH}/{name}".replace("\x00", "%00"))
    assert response.status_code == 404


def test_the_recorded_files_are_the_packaged_ones(client: TestClient) -> None:
    """VERSIONS.json names version, licence and SHA-256 of everything that others wrote, and every file is accounted for."""
    record = json.loads((FOLDER / "VERSIONS.json").read_text())
    foreign = set()
    for package in record.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["license"]
        assert any("LICENSE" in file for file in package["files"])
        for file, digest in package["files"].items():
            assert hashlib.sha256((FOLDER / file).read_bytes()).hexdigest() == digest, file
            foreign.add(file)
    own = {file.name for file in FOLDER.iterdir()} - foreign - {"VERSIONS.json"}
    assert own == {"favicon.svg"} | {name for name in own if name.startswith("typeway-")}
    assert all(client.get(address_of(name)).status_code == 200 for name in own)
