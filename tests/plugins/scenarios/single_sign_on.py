"""fastapi-sso: log-in by an OpenID provider, from the redirect to the user's data."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from fastapi_sso.sso.base import OpenID, SSOLoginError
from fastapi_sso.sso.generic import create_provider


def to_user(response: dict[str, Any], client: Any) -> OpenID:
    return OpenID(id=response["sub"], email=response["mail"], provider="shop")


Provider = create_provider(
    name="shop", response_convertor=to_user,
    discovery_document={
        "authorization_endpoint": "https://sso.example/authorize", "token_endpoint": "https://sso.example/token",
        "userinfo_endpoint": "https://sso.example/user",
    },
)  # fmt: skip
sso = Provider("client", "secret", redirect_uri="http://testserver/callback", allow_insecure_http=True)
app = FastAPI()


@app.get("/login")
async def login(next: str = "/") -> Any:
    async with sso:
        return await sso.get_login_redirect(params={"prompt": "consent"}, state=next)


@app.get("/callback")
async def callback(request: Request) -> OpenID | None:
    async with sso:
        try:
            return await sso.verify_and_process(request)
        except SSOLoginError as error:
            raise HTTPException(error.status_code, error.detail) from error


def play() -> Any:
    client = TestClient(app, follow_redirects=False)
    sent = client.get("/login?next=/shop")
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    failures = [client.get(path) for path in ("/callback", "/callback?code=1", "/callback?error=denied&code=1")]
    return {
        "status": sent.status_code,
        "query": {name: query.get(name) for name in ("client_id", "prompt", "redirect_uri", "response_type", "state")},
        "cookie": [header.split("=")[0] for header in sent.headers.get_list("set-cookie")],
        "failures": [(response.status_code, response.text) for response in failures],
        "client": httpx.__name__,
        "openapi": app.openapi(),
    }
