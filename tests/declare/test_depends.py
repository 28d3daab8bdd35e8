"""Depends and Security are frozen records that refuse what cannot be meant."""

from dataclasses import FrozenInstanceError, replace

import fastapi
import pytest

from typeway import Depends, Security
from typeway.declare import depends as declared
from typeway.declare.depends import SecurityScopes
from typeway.exceptions import DeclarationError


def get_db(): ...


@pytest.mark.parametrize("limit", [0, -1, 1.5, "2", True])
def test_a_limit_must_be_a_positive_integer(limit):
    """max_concurrency is a positive whole number or nothing, as in FastAPI."""
    with pytest.raises(ValueError, match="max_concurrency"):
        fastapi.Depends(get_db, max_concurrency=limit)
    with pytest.raises(ValueError, match="max_concurrency must be a positive integer or None") as caught:
        Depends(get_db, max_concurrency=limit)
    assert isinstance(caught.value, DeclarationError)


@pytest.mark.parametrize("limit", [None, 1, 10])
def test_a_sensible_limit_is_kept(limit):
    """max_concurrency is kept as it was given."""
    assert Depends(get_db, max_concurrency=limit).max_concurrency == limit


def test_a_changed_copy_keeps_its_limit_only_if_that_is_the_same():
    """A copy with another function shares the limit of its original; a copy with another limit has its own."""
    original = declared.Depends(get_db, max_concurrency=2)
    assert replace(original, dependency=print).capacity is original.capacity
    assert replace(original, max_concurrency=3).capacity is not original.capacity
    assert replace(original, max_concurrency=None).capacity is None


def test_dependencies_are_frozen_and_comparable():
    """Two equal declarations are equal and can be keys; none can be changed."""
    assert Depends(get_db) == Depends(get_db)
    assert {Depends(get_db), Depends(get_db), Depends(get_db, use_cache=False)} == {
        Depends(get_db),
        Depends(get_db, use_cache=False),
    }
    with pytest.raises(FrozenInstanceError):
        Depends(get_db).use_cache = False


def test_security_is_a_dependency_with_scopes():
    """Security adds scopes to all that Depends can say."""
    security = Security(get_db, scopes=["a", "b"], use_cache=False, scope="function")
    assert isinstance(security, declared.Depends)
    assert (security.scopes, security.use_cache, security.scope) == (["a", "b"], False, "function")


def test_scopes_are_joined_with_spaces():
    """SecurityScopes has the list and the space-delimited form of RFC 6749."""
    assert (SecurityScopes(["a", "b"]).scope_str, SecurityScopes().scopes) == ("a b", [])
