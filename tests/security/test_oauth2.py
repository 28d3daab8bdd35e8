"""OAuth 2 tokens are read from the Authorization header, and the password form as the specification has it."""

from typing import Annotated, Any

import pytest

from typeway import Depends, Security, Typeway
from typeway.security import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    OpenIdConnect,
    SecurityScopes,
)
from typeway.security.base import SecurityBase
from typeway.testclient import TestClient

WHOLE_HEADER = {
    "OAuth2": OAuth2,
    "OpenIdConnect": lambda **options: OpenIdConnect(openIdConnectUrl="/login", **options),
}
TOKEN = {
    "OAuth2PasswordBearer": lambda **options: OAuth2PasswordBearer("token", **options),
    "OAuth2AuthorizationCodeBearer": lambda **options: OAuth2AuthorizationCodeBearer("authorize", "token", **options),
}
REFUSED = (401, {"detail": "Not authenticated"}, "Bearer")


def client_for(scheme: SecurityBase) -> TestClient:
    """Serve one endpoint that answers with what the scheme read."""
    app = Typeway()

    @app.get("/")
    async def read(token: Annotated[str | None, Security(scheme)]) -> str | None:
        return token

    return TestClient(app)


def ask(scheme: SecurityBase, header: str | None) -> tuple[int, Any, str | None]:
    """Return status, body and challenge for this Authorization header."""
    answer = client_for(scheme).get("/", headers={} if header is None else {"Authorization": header})
    return answer.status_code, answer.json(), answer.headers.get("www-authenticate")


@pytest.mark.parametrize("kind", WHOLE_HEADER.values(), ids=WHOLE_HEADER)
def test_the_general_schemes_yield_the_whole_header(kind):
    """What the header means is the application's task; its absence is a 401 or None."""
    assert ask(kind(), "Mac abc") == (200, "Mac abc", None)
    for header in (None, ""):
        assert ask(kind(), header) == REFUSED
        assert ask(kind(auto_error=False), header) == (200, None, None)


@pytest.mark.parametrize("kind", TOKEN.values(), ids=TOKEN)
def test_the_bearer_schemes_yield_the_token(kind):
    """The token is handed over without its scheme; another scheme counts as none."""
    assert ask(kind(), "bEARER abc") == (200, "abc", None)
    assert ask(kind(), "Bearer") == (200, "", None)
    for header in (None, "", "Basic abc"):
        assert ask(kind(), header) == REFUSED
        assert ask(kind(auto_error=False), header) == (200, None, None)


@pytest.mark.parametrize(
    ("scheme", "described"),
    [
        (OAuth2(), {"type": "oauth2", "flows": {}}),
        (
            OAuth2(flows={"implicit": {"authorizationUrl": "a", "scopes": {"read": "Read"}}}, description="d"),
            {
                "type": "oauth2",
                "description": "d",
                "flows": {"implicit": {"authorizationUrl": "a", "scopes": {"read": "Read"}}},
            },
        ),
        (
            OAuth2PasswordBearer("token", scopes={"me": "Me"}, refreshUrl="again"),
            {
                "type": "oauth2",
                "flows": {"password": {"tokenUrl": "token", "refreshUrl": "again", "scopes": {"me": "Me"}}},
            },
        ),
        (
            OAuth2AuthorizationCodeBearer("authorize", "token"),
            {
                "type": "oauth2",
                "flows": {"authorizationCode": {"authorizationUrl": "authorize", "tokenUrl": "token", "scopes": {}}},
            },
        ),
        (OpenIdConnect(openIdConnectUrl="/login"), {"type": "openIdConnect", "openIdConnectUrl": "/login"}),
    ],
)
def test_the_document_describes_the_flows(scheme, described):
    """The scheme stands in the document as the author declared it."""
    document = client_for(scheme).get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {type(scheme).__name__: described}


def test_scopes_gather_on_the_way_down():
    """A dependency sees the scopes that all above it demand, in order, and the document lists them."""
    app = Typeway()
    bearer = OAuth2PasswordBearer("token", scopes={"me": "Me", "items": "Items"})

    def user(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> list[str]:
        return [token, *scopes.scopes, scopes.scope_str]

    def active(user: Annotated[list[str], Security(user, scopes=["me"])]) -> list[str]:
        return user

    @app.get("/")
    async def read(user: Annotated[list[str], Security(active, scopes=["items"])]) -> list[str]:
        return user

    client = TestClient(app)
    answer = client.get("/", headers={"Authorization": "Bearer t"})
    assert answer.json() == ["t", "items", "me", "items me"]
    document = client.get("/openapi.json").json()
    assert document["paths"]["/"]["get"]["security"] == [{"OAuth2PasswordBearer": ["items", "me"]}]


def form_client(form: type[Any]) -> TestClient:
    """Serve one endpoint that answers with what the form held."""
    app = Typeway()

    @app.post("/token")
    async def token(form: Annotated[Any, Depends(form)]) -> dict[str, Any]:
        return vars(form)

    return TestClient(app)


FORMS = [OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict]
SENT = {"grant_type": "password", "username": "ada", "password": "lovelace"}


@pytest.mark.parametrize("form", FORMS)
def test_the_password_form_is_read(form):
    """Scopes come as one string and are handed over as a list."""
    answer = form_client(form).post("/token", data={**SENT, "scope": " me  items ", "client_id": "app"})
    assert answer.json() == {
        "grant_type": "password",
        "username": "ada",
        "password": "lovelace",
        "scopes": ["me", "items"],
        "client_id": "app",
        "client_secret": None,
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_password_form_without_its_fields_is_422(form):
    """User name and password are demanded, and another grant is refused."""
    client = form_client(form)
    missing = client.post("/token", data={"grant_type": "password"})
    assert missing.status_code == 422
    assert [error["loc"] for error in missing.json()["detail"]] == [["body", "username"], ["body", "password"]]
    assert client.post("/token", data={**SENT, "grant_type": "implicit"}).status_code == 422


def test_only_the_strict_form_demands_the_grant_type():
    """The specification demands it; most clients' users would not know why."""
    sent = {key: value for key, value in SENT.items() if key != "grant_type"}
    assert form_client(OAuth2PasswordRequestForm).post("/token", data=sent).status_code == 200
    refused = form_client(OAuth2PasswordRequestFormStrict).post("/token", data=sent)
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "grant_type"])


def test_a_refusal_does_not_echo_the_password():
    """A form that is refused for another field leaves the password out of the answer."""
    refused = form_client(OAuth2PasswordRequestForm).post("/token", data={"password": "lovelace"})
    assert refused.status_code == 422
    assert "lovelace" not in refused.text


def test_a_scheme_of_your_own_needs_only_a_model_and_a_name():
    """Deriving from SecurityBase gives the challenge, the 401 and a place in the document."""
    from typeway import Request
    from typeway.security.schemes import APIKey

    class Signature(SecurityBase):
        def __init__(self) -> None:
            self.model = APIKey.model_validate({"in": "query", "name": "signature"})
            self.scheme_name = "Signature"

        async def __call__(self, request: Request) -> str | None:
            return self.require(request.query_params.get("signature"))

    client = client_for(Signature())
    assert client.get("/", params={"signature": "s"}).json() == "s"
    assert ask(Signature(), None) == REFUSED
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "Signature": {"type": "apiKey", "in": "query", "name": "signature"}
    }
