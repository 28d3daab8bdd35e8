"""Accounts and tokens, without overrides."""

import pytest
from typeway.testclient import TestClient

ADA = {"name": "ada", "password": "analytical engine"}


def test_from_registration_to_a_request_with_a_token(client: TestClient) -> None:
    """An account is created, its password is exchanged for a token, and the token identifies the account."""
    assert client.post("/accounts", json=ADA).json() == {"id": 1, "name": "ada"}
    login = client.post("/token", data={"username": "ada", "password": "analytical engine"})
    token = login.json()["access_token"]
    me = client.get("/accounts/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json() == {"id": 1, "name": "ada"}


@pytest.mark.parametrize(("name", "password"), [("ada", "difference engine"), ("eve", "analytical engine")])
def test_a_wrong_name_or_password_is_refused(client: TestClient, name: str, password: str) -> None:
    """The response does not say which of the two is wrong."""
    client.post("/accounts", json=ADA)
    response = client.post("/token", data={"username": name, "password": password})
    assert response.status_code == 401
    assert response.json()["message"] == "The name or the password is wrong."


def test_a_name_is_used_once(client: TestClient) -> None:
    """A second account with the same name is refused."""
    client.post("/accounts", json=ADA)
    assert client.post("/accounts", json=ADA).status_code == 409
