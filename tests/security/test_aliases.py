"""A dependency that stands behind a type alias is a dependency: no client answers in its place."""

import typing
from typing import Annotated, Any, TypeVar

import pytest
import typing_extensions

from typeway import Depends, Header, HTTPException, Security, Typeway
from typeway.testclient import TestClient

T = TypeVar("T")


def current_user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization != "Bearer good":
        raise HTTPException(401)
    return "good"


GUARDED: dict[str, Any] = {
    "depends": Annotated[str, Depends(current_user)],
    "security": Annotated[str, Security(current_user, scopes=["admin"])],
}

# Python has a class of its own from 3.12; below 3.15 the one of typing_extensions is another.
CLASSES = {kind: None for kind in (typing_extensions.TypeAliasType, getattr(typing, "TypeAliasType", None)) if kind}


def spellings(make: Any) -> dict[str, Any]:
    """Every way in which an alias of this class leads to a dependency."""
    found = {}
    for name, guarded in GUARDED.items():
        alias = make("CurrentUser", guarded)
        generic = make("Dep", Annotated[T, guarded.__metadata__[0]], type_params=(T,))
        found |= {
            name: alias,
            f"{name}, alias of an alias": make("Again", alias),
            f"{name}, with a note": Annotated[alias, "note"],
            f"{name}, generic": generic[str],
            f"{name}, alias of a generic": make("UserOf", generic[str]),
            f"{name}, inside Annotated": make("Noted", Annotated[make("Name", str), "note", guarded.__metadata__[0]]),
        }
    return found


@pytest.mark.parametrize("make", CLASSES)
@pytest.mark.parametrize("spelling", spellings(typing_extensions.TypeAliasType))
def test_nobody_says_who_he_is(make, spelling):
    """A query parameter of the dependency's name is not believed, however the alias is written."""
    app = Typeway()
    kind = spellings(make)[spelling]

    @app.get("/me")
    def me(user: kind):
        return {"user": user}

    client = TestClient(app)
    assert client.get("/me?user=admin").status_code == 401
    assert client.get("/me?user=admin", headers={"authorization": "Bearer good"}).json() == {"user": "good"}
