"""authx: access and refresh tokens in headers, cookies and queries, scopes, and what is refused."""

from typing import Any

from authx import AuthX, AuthXConfig, RequestToken, TokenPayload
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel

config = AuthXConfig(
    JWT_SECRET_KEY="a secret that is long enough, and longer", JWT_TOKEN_LOCATION=["headers", "cookies", "query"],
    JWT_COOKIE_CSRF_PROTECT=True,
)  # fmt: skip
auth = AuthX(config=config)
app = FastAPI()
auth.handle_errors(app)
router = APIRouter(prefix="/me", dependencies=[Depends(auth.access_token_required)])


class Login(BaseModel):
    name: str
    password: str


@app.post("/login")
def login(given: Login) -> dict[str, str]:
    if given.password != "open":
        raise HTTPException(401, "wrong")
    return {
        "access": auth.create_access_token(given.name, fresh=True, data={"role": "reader"}),
        "refresh": auth.create_refresh_token(given.name),
    }


@router.get("")
async def me(token: TokenPayload = Depends(auth.access_token_required)) -> dict[str, Any]:
    return {"name": token.sub, "role": getattr(token, "role", None)}


@router.post("/fresh", dependencies=[Depends(auth.fresh_token_required)])
async def fresh(request: Request) -> str | None:
    token: RequestToken = await auth.get_access_token_from_request(request)
    return token.location


@app.post("/refresh")
def refresh(token: TokenPayload = Depends(auth.refresh_token_required)) -> str:
    return token.sub


app.include_router(router)


def play() -> Any:
    client = TestClient(app)
    made = client.post("/login", json={"name": "ada", "password": "open"}).json()
    seen: list[Any] = []

    def ask(method: str, path: str, **options: Any) -> None:
        response = client.request(method, path, **options)
        seen.append((method, path.partition("?")[0], response.status_code, response.json()))

    bearer = {"Authorization": f"Bearer {made['access']}"}
    ask("POST", "/login", json={"name": "ada", "password": "shut"})
    ask("GET", "/me")
    ask("GET", "/me", headers=bearer)
    ask("GET", "/me", headers={"Authorization": "Bearer nonsense"})
    ask("GET", f"/me?token={made['access']}")
    ask("GET", "/me", headers={"Authorization": f"Bearer {made['refresh']}"})
    ask("POST", "/me/fresh", headers=bearer)
    ask("POST", "/refresh", headers={"Authorization": f"Bearer {made['refresh']}"})
    ask("POST", "/refresh", headers=bearer)
    client.cookies.set("access_token_cookie", made["access"])
    ask("GET", "/me")
    ask("POST", "/me/fresh")
    assert seen[2][3] == {"name": "ada", "role": "reader"}, seen
    return {"seen": seen, "openapi": app.openapi()}
