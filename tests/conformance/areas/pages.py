"""The documentation's pages: where they are, what they name, how they are switched off."""

from typing import Any

from tests.conformance.cases import case

ALL = "GET /docs /redoc /openapi.json /docs/oauth2-redirect /docs/ /redoc/"


@case(ALL, "HEAD /docs /redoc /openapi.json /docs/oauth2-redirect", "POST /docs /openapi.json", document=False)
def default_pages(web: Any) -> Any:
    return web.FastAPI()


@case(ALL, document=False)
def without_a_document(web: Any) -> Any:
    return web.FastAPI(openapi_url=None)


@case(ALL, "GET /d /r /o.json /d/redirect", document=False)
def pages_elsewhere(web: Any) -> Any:
    return web.FastAPI(
        docs_url="/d", redoc_url="/r", openapi_url="/o.json", swagger_ui_oauth2_redirect_url="/d/redirect"
    )


@case(ALL, document=False)
def without_pages(web: Any) -> Any:
    return web.FastAPI(docs_url=None, redoc_url=None)


@case(ALL, document=False)
def without_a_redirect(web: Any) -> Any:
    return web.FastAPI(swagger_ui_oauth2_redirect_url=None)


@case("GET /docs /redoc", document=False)
def what_pages_say(web: Any) -> Any:
    return web.FastAPI(
        title="<script>alert('x')</script> & Co",
        swagger_ui_parameters={"deepLinking": False, "syntaxHighlight": {"theme": "</script>"}, "x": None, "own": "é"},
        swagger_ui_init_oauth={"clientId": "id", "usePkceWithAuthorizationCodeGrant": True, "scopes": "a b"},
    )


@case("GET /docs /redoc /redirect", document=False)
def pages_by_hand(web: Any) -> Any:
    docs = web.openapi.docs
    app = web.FastAPI(docs_url=None, redoc_url=None)

    @app.get("/docs", include_in_schema=False)
    def swagger():
        return docs.get_swagger_ui_html(
            openapi_url="/openapi.json", title="T", swagger_js_url="/s.js", swagger_css_url="/s.css", swagger_favicon_url="/f.png",
            oauth2_redirect_url="/redirect", init_oauth={"a": 1}, swagger_ui_parameters={"b": 2},
        )  # fmt: skip

    @app.get("/redoc", include_in_schema=False)
    def redoc():
        return docs.get_redoc_html(
            openapi_url="/openapi.json",
            title="T",
            redoc_js_url="/r.js",
            redoc_favicon_url="/f.png",
            with_google_fonts=False,
        )

    @app.get("/redirect", include_in_schema=False)
    def redirect():
        return docs.get_swagger_ui_oauth2_redirect_html()

    return app


@case("GET /openapi.json /extra /openapi.json", document=False)
def documents_that_change(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/extra")
    def extra():
        app.get("/late")(lambda: 1)
        return list(app.openapi()["paths"])

    return app


@case("GET /openapi.json /again", document=False)
def documents_by_hand(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/again")
    def again():
        return app.openapi() is app.openapi()

    def openapi():
        document = web.openapi.utils.get_openapi(
            title="Own",
            version="9",
            routes=app.routes,
            summary="S",
            description="D",
            tags=[{"name": "t"}],
            servers=[{"url": "/s"}],
        )
        document["info"]["x-logo"] = {"url": "logo.png"}
        return document

    app.openapi = openapi
    return app


@case("GET /openapi.json", document=False)
def a_document_that_was_set(web: Any) -> Any:
    app = web.FastAPI()
    app.openapi_schema = {"openapi": "3.1.0", "info": {"title": "set", "version": "1"}}

    @app.get("/")
    def read(): ...

    return app


@case("GET /openapi.json", document=False)
def another_version(web: Any) -> Any:
    app = web.FastAPI(title="T", version="2", summary="S", description="D é", terms_of_service="https://t.example")
    app.openapi_version = "3.0.2"
    return app
