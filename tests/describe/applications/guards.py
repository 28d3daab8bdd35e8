"""Applications that show security schemes."""

from typing import Annotated, Any

from tests.describe.applications.registry import application


@application
def schemes(web: Any) -> Any:
    """Every ready-made scheme."""
    app = web.FastAPI(title="T")
    s = web.security
    for number, scheme in enumerate(
        (
            s.APIKeyQuery(name="k"),
            s.APIKeyHeader(name="X-K", description="D"),
            s.APIKeyCookie(name="c", scheme_name="Own name"),
            s.HTTPBasic(realm="r"),
            s.HTTPBearer(bearerFormat="JWT", description="D"),
            s.HTTPDigest(),
            s.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A"}, refreshUrl="again"),
            s.OAuth2AuthorizationCodeBearer(authorizationUrl="auth", tokenUrl="token", scopes={"b": "B"}),
            s.OAuth2(flows={"implicit": {"authorizationUrl": "x", "scopes": {}}}, description="D"),
            s.OpenIdConnect(openIdConnectUrl="/o"),
        )
    ):

        def endpoint(): ...

        app.get(f"/{number}", dependencies=[web.Depends(scheme)])(endpoint)
    return app


@application
def scopes(web: Any) -> Any:
    """Scopes add up from above, each once."""
    token = web.security.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B"})
    other = web.security.OAuth2PasswordBearer(tokenUrl="token2", scheme_name="other")
    key = web.security.APIKeyHeader(name="X-Key")

    def user(t: Annotated[str, web.Security(token, scopes=["z"])]): ...

    def keyed(k: Annotated[str, web.Depends(key)]): ...

    app = web.FastAPI(title="T", dependencies=[web.Depends(web.security.OpenIdConnect(openIdConnectUrl="/o"))])

    @app.get("/1")
    def one(u: Any = web.Security(user, scopes=["a"]), v: Any = web.Security(user, scopes=["b", "a"])): ...

    @app.get("/2", dependencies=[web.Depends(keyed), web.Security(other, scopes=["q"])])
    def two(u: Any = web.Depends(user), t: Any = web.Depends(token)): ...

    @app.get("/3")
    def three(
        u: Any = web.Security(user, scopes=["a"]),
        k: Any = web.Depends(keyed),
        q: int = 0,
        h: Any = web.Depends(web.security.HTTPBearer()),
        i: Any = web.Depends(web.security.HTTPBearer(scheme_name="HTTPBearer", bearerFormat="JWT")),
    ): ...

    return app


@application
def password_form(web: Any) -> Any:
    """The form of the password grant."""
    app = web.FastAPI(title="T")

    @app.post("/token")
    def token(form: Annotated[web.security.OAuth2PasswordRequestForm, web.Depends()]): ...

    @app.post("/strict")
    def strict(form: Annotated[web.security.OAuth2PasswordRequestFormStrict, web.Depends()]): ...

    return app
