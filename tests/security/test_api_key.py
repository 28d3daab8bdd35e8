"""An API key is read from where it was declared, and its absence is a 401 or None."""

from typing import Annotated

import pytest

from typeway import Depends, Typeway
from typeway.security import APIKeyCookie, APIKeyHeader, APIKeyQuery
from typeway.testclient import TestClient

KINDS = {"query": APIKeyQuery, "header": APIKeyHeader, "cookie": APIKeyCookie}


def client_for(kind: str, *, auto_error: bool = True) -> TestClient:
    """Serve one endpoint that answers with the key."""
    scheme = KINDS[kind](name="key", description="Ask for one", auto_error=auto_error)
    app = Typeway()

    @app.get("/")
    async def read(key: Annotated[str | None, Depends(scheme)]) -> str | None:
        return key

    return TestClient(app)


def send(client: TestClient, kind: str, key: str | None):
    """Send the key where its kind belongs."""
    if key is None:
        return client.get("/")
    return {
        "query": lambda: client.get("/", params={"key": key}),
        "header": lambda: client.get("/", headers={"KEY": key}),
        "cookie": lambda: client.get("/", headers={"cookie": f"key={key}"}),
    }[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_handed_to_the_endpoint(kind):
    """The dependency yields the key as it was sent."""
    answer = send(client_for(kind), kind, "secret")
    assert (answer.status_code, answer.json()) == (200, "secret")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_401_with_a_challenge(kind, key):
    """No key and an empty one are answered alike, and the answer says how to authenticate."""
    answer = send(client_for(kind), kind, key)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.headers["www-authenticate"] == "APIKey"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_may_be_none(kind, key):
    """Without `auto_error` the endpoint decides."""
    answer = send(client_for(kind, auto_error=False), kind, key)
    assert (answer.status_code, answer.json()) == (200, None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_names_place_and_key(kind):
    """The scheme stands in the document under its class's name, and the operation demands it."""
    document = client_for(kind).get("/openapi.json").json()
    name = KINDS[kind].__name__
    assert document["paths"]["/"]["get"]["security"] == [{name: []}]
    assert document["components"]["securitySchemes"] == {
        name: {"type": "apiKey", "in": kind, "name": "key", "description": "Ask for one"}
    }


def test_a_scheme_can_have_a_name_of_its_own():
    """Two keys of one kind are told apart by `scheme_name`."""
    assert APIKeyHeader(name="a", scheme_name="staff").scheme_name == "staff"


def test_an_option_that_no_scheme_has_is_refused():
    """A misspelled option is an error that names the nearest one."""
    with pytest.raises(TypeError, match=r"APIKeyHeader\(\) takes no option 'auto_eror'.*Did you mean 'auto_error'"):
        APIKeyHeader(name="a", auto_eror=False)


def test_the_answer_to_a_missing_key_can_be_changed():
    """A subclass overrides the error, for clients that expect 403."""

    class Forbidding(APIKeyHeader):
        def make_not_authenticated_error(self):
            error = super().make_not_authenticated_error()
            error.status_code = 403
            return error

    app = Typeway()

    @app.get("/", dependencies=[Depends(Forbidding(name="key"))])
    async def read() -> None: ...

    assert TestClient(app).get("/").status_code == 403
