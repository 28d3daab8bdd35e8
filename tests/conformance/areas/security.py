"""Security: ready-made schemes, their answers and their documentation, scopes."""

from typing import Annotated, Any

from tests.conformance.cases import case
from tests.frameworks import asked, talked

BASIC = (
    "Basic dXNlcjpwYXNz",
    "basic dXNlcjpwYXNz",
    "Basic dXNlcg==",
    "Basic ===",
    "Basic",
    "Basic w6k6w6k=",
    "Bearer x",
    "Basic  dXNlcjpwYXNz",
)
BEARER = ("Bearer token", "bearer token", "Bearer", "Bearer ", "Basic token", "token", "Bearer  a b", "")


def authorized(path: str, *values: str) -> list[Any]:
    """One request per value of the Authorization header."""
    return [asked(f"GET {path}", headers={"authorization": value}) for value in values]


def guarded(web: Any, **schemes: Any) -> Any:
    """An application with each scheme under its name."""
    app = web.FastAPI()
    for name, scheme in schemes.items():

        def read(found: Annotated[Any, web.Security(scheme)]):
            return found

        read.__name__ = f"read_{name}"
        app.get(f"/{name}")(read)
    return app


@case(
    "GET /query /query?key=k /query?key= /header /cookie /lax /lax?key=",
    asked("GET /header", headers={"x-key": "k"}),
    asked("GET /header", headers={"x-key": ""}),
    asked("GET /cookie", headers={"cookie": "key=k"}),
    asked("GET /cookie", headers={"cookie": "key="}),
)
def api_keys(web: Any) -> Any:
    security = web.security
    return guarded(
        web,
        query=security.APIKeyQuery(name="key", description="D"),
        header=security.APIKeyHeader(name="x-key", scheme_name="own"),
        cookie=security.APIKeyCookie(name="key"),
        lax=security.APIKeyQuery(name="key", auto_error=False, scheme_name="lax"),
    )


@case(
    *authorized("/basic", *BASIC),
    *authorized("/realm", *BASIC[:5]),
    *authorized("/lax", *BASIC),
    "GET /basic /realm /lax",
)
def basic(web: Any) -> Any:
    basic = web.security.HTTPBasic
    return guarded(web, basic=basic(), realm=basic(realm="r"), lax=basic(auto_error=False, scheme_name="lax"))


@case(*authorized("/bearer", *BEARER), *authorized("/lax", *BEARER), "GET /bearer /lax")
def bearer(web: Any) -> Any:
    bearer = web.security.HTTPBearer
    return guarded(
        web, bearer=bearer(bearerFormat="JWT", description="D"), lax=bearer(auto_error=False, scheme_name="lax")
    )


@case(*authorized("/digest", "Digest x", "Basic x"), *authorized("/base", "Own x", "x"), "GET /digest /base /lax")
def other_http(web: Any) -> Any:
    security = web.security
    return guarded(
        web,
        digest=security.HTTPDigest(),
        base=security.http.HTTPBase(scheme="Own"),
        lax=security.HTTPDigest(auto_error=False, scheme_name="lax"),
    )


@case(
    *authorized("/password", *BEARER),
    *authorized("/code", *BEARER),
    *authorized("/lax", *BEARER),
    "GET /password /code /lax",
)
def oauth2(web: Any) -> Any:
    security = web.security
    return guarded(
        web,
        password=security.OAuth2PasswordBearer(
            tokenUrl="token", scopes={"a": "A"}, refreshUrl="refresh", description="D"
        ),
        code=security.OAuth2AuthorizationCodeBearer(
            authorizationUrl="authorize", tokenUrl="token", refreshUrl="refresh"
        ),
        lax=security.OAuth2PasswordBearer(tokenUrl="token", auto_error=False, scheme_name="lax"),
    )


@case(*authorized("/own", *BEARER), *authorized("/openid", *BEARER), "GET /own /openid /lax")
def oauth2_of_ones_own(web: Any) -> Any:
    security = web.security
    flows = {"clientCredentials": {"tokenUrl": "token", "scopes": {"a": "A"}}, "implicit": {"authorizationUrl": "a"}}
    return guarded(
        web,
        own=security.OAuth2(flows=flows, scheme_name="own"),
        openid=security.OpenIdConnect(openIdConnectUrl="/.well-known", description="D"),
        lax=security.OpenIdConnect(openIdConnectUrl="/.well-known", auto_error=False, scheme_name="lax"),
    )


FORM = {"grant_type": "password", "username": "u", "password": "p", "scope": "a b:c"}


@case(
    asked("POST /form", data=FORM),
    asked("POST /form", data={"username": "u", "password": "p"}),
    asked("POST /form", data={}),
    asked("POST /form", data={**FORM, "grant_type": "code", "client_id": "c", "client_secret": "s"}),
    asked("POST /strict", data=FORM),
    asked("POST /strict", data={"username": "u", "password": "p"}),
    asked("POST /strict", data={**FORM, "grant_type": "code"}),
    asked("POST /form", json=FORM),
)
def password_forms(web: Any) -> Any:
    security = web.security
    app = web.FastAPI()

    @app.post("/form")
    def form(form: Annotated[security.OAuth2PasswordRequestForm, web.Depends()]):
        return vars(form)

    @app.post("/strict")
    def strict(form: security.OAuth2PasswordRequestFormStrict = web.Depends()):
        return vars(form)

    return app


@case("GET /none /items /me /again /deep", *authorized("/deep", "Bearer t"))
def scopes(web: Any) -> Any:
    scheme = web.security.OAuth2PasswordBearer(
        tokenUrl="token", scopes={"me": "Me", "items": "Items"}, auto_error=False
    )

    def user(scopes: web.security.SecurityScopes, token: Annotated[str, web.Depends(scheme)]):
        return [scopes.scopes, scopes.scope_str, token]

    def active(user: Annotated[Any, web.Security(user, scopes=["me"])]):
        return user

    app = web.FastAPI()

    @app.get("/none")
    def none(found: Annotated[Any, web.Depends(user)]):
        return found

    @app.get("/items")
    def items(found: Annotated[Any, web.Security(active, scopes=["items"])]):
        return found

    @app.get("/me")
    def me(found: Annotated[Any, web.Depends(active)]):
        return found

    @app.get("/again", dependencies=[web.Security(user, scopes=["items", "me"])])
    def again(first: Annotated[Any, web.Security(active, scopes=["me"])], second: Annotated[Any, web.Depends(user)]):
        return [first, second]

    router = web.APIRouter(dependencies=[web.Security(scheme, scopes=["router"])])

    @router.get("/deep", dependencies=[web.Security(active, scopes=["route"])])
    def deep(found: Annotated[Any, web.Security(active, scopes=["own"])]):
        return found

    app.include_router(router)
    return app


@case("GET /", asked("GET /", headers={"x-first": "a", "x-second": "b"}), asked("GET /", headers={"x-first": "a"}))
def several_schemes(web: Any) -> Any:
    first, second = (web.security.APIKeyHeader(name=f"x-{name}", scheme_name=name) for name in ("first", "second"))
    app = web.FastAPI(dependencies=[web.Depends(first)])

    @app.get("/")
    def read(a: Annotated[str, web.Depends(first)], b: Annotated[str, web.Security(second)]):
        return [a, b]

    return app


@case(*authorized("/", "Bearer x", "Basic x"), "GET /", document=True)
def schemes_of_ones_own(web: Any) -> Any:
    class Own(web.security.HTTPBearer):
        def make_not_authenticated_error(self):
            return web.HTTPException(403, "own", {"x-own": "1"})

    class Called(web.security.base.SecurityBase):
        def __init__(self):
            self.model = web.openapi.models.APIKey(**{"in": web.openapi.models.APIKeyIn.header}, name="x-own")
            self.scheme_name = "called"

        async def __call__(self, request: web.Request) -> str:
            return request.headers.get("x-own", "-")

    app = web.FastAPI()

    @app.get("/")
    def read(found: Annotated[Any, web.Depends(Own())], other: Annotated[str, web.Depends(Called())]):
        return [found, other]

    return app


@case(
    talked("/ws"),
    talked("/ws", headers={"authorization": "Bearer t"}),
    talked("/basic", headers={"authorization": "Basic x"}),
)
def sockets(web: Any) -> Any:
    app = web.FastAPI()

    @app.websocket("/ws")
    async def socket(websocket: web.WebSocket, found: Annotated[Any, web.Depends(web.security.HTTPBearer())]):
        await websocket.accept()
        await websocket.send_text(found.credentials)
        await websocket.close()

    @app.websocket("/basic")
    async def guarded_socket(websocket: web.WebSocket, found: Annotated[Any, web.Depends(web.security.HTTPBasic())]):
        await websocket.accept()

    return app
